//! What owners are told of webhook endpoints (EVT-7).

use super::delivering;
use crate::db::ids::WebhookEndpointId;
use crate::domain::mails::{Desk, Letter};
use crate::error::Result;

/// A delivery was given up, or the endpoint is gone.
pub async fn about_endpoint(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(url) = delivering::url_of(desk.tx, WebhookEndpointId(desk.subject)).await? else {
        return Ok(None);
    };
    Ok(desk.letter_to_owner().await?.map(|letter| letter.with("endpoint", url)))
}

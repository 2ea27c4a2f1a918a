//! What the team is mailed about: what clients did on records that a member owns or watches, files that
//! they sent among it, and feedback in a member's inbox (FILE-2, MSG-2, MSG-3). The database queues these in
//! the transaction of what was done; here they are put into a letter. Not here: mails to clients
//! ([`super::notifications`]).

pub mod letters;
mod rows;

use chrono::{DateTime, Utc};

use crate::db::ids::OrgId;
use crate::db::scope::Tx;
use crate::error::Result;

/// Forgets what was queued before a moment.
pub async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    rows::forget(tx, before).await
}

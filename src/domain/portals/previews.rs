//! Previews: staff looking through a portal's eyes for a few minutes (LINK-9). What a preview shows
//! is decided by `enter_preview` in the database; here it is only made.

use chrono::{DateTime, TimeDelta, Utc};

use super::manage::{about, live};
use super::rows::{self, NewPreview};
use crate::db::ids::PortalId;
use crate::domain::changes::{Change, Write};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;

/// How long a preview shows anything. It ends with the session it was asked for in, too.
const PREVIEW_LIFE: TimeDelta = TimeDelta::minutes(15);

/// A preview as it was made. The token is shown once.
#[derive(Debug)]
pub struct Preview {
    pub token: Token,
    pub expires_at: DateTime<Utc>,
}

/// Makes a preview of a portal that is not revoked. Needs no permission: members read all of it
/// anyway.
pub async fn preview(write: &Write, id: PortalId) -> Result<Preview> {
    let portal = live(write, id).await?;
    let preview = Preview { token: Token::new(TokenKind::Preview)?, expires_at: write.at() + PREVIEW_LIFE };
    let new = NewPreview {
        org_id: write.scope().org_id,
        id: write.id(),
        portal_id: id,
        staff_session_id: write.scope().member()?.session_id,
        token_hash: preview.token.hash().to_vec(),
        expires_at: preview.expires_at,
    };
    rows::insert_preview(write, &new).await?;
    write.done(about(Change::new("portal.previewed", id), portal.company_id, portal.record_id));
    Ok(preview)
}

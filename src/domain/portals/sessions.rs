//! Opening a link through the API, and leaving again.

use chrono::{DateTime, TimeDelta, Utc};

use super::rows;
use crate::clock::Clock;
use crate::db::pool::Pools;
use crate::db::scope::{Access, CredentialHash};
use crate::domain::callers::enter_portal;
use crate::domain::origins::{self, ForeignPage};
use crate::domain::tokens::{Token, TokenKind, hash_link};
use crate::error::Result;

/// How long a portal session lives; its link may end sooner.
const SESSION_LIFE: TimeDelta = TimeDelta::days(30);

/// A portal session as it was opened.
pub struct OpenedPortal {
    pub token: Token,
    pub expires_at: DateTime<Utc>,
}

/// Turns a link's token into a session; a session's own token cannot renew itself. Dead links answer LINK_INACTIVE, whatever killed them.
pub async fn open(
    pools: &Pools,
    clock: &Clock,
    page: Option<&ForeignPage>,
    link_token: &str,
) -> Result<OpenedPortal> {
    let tx = enter_portal(pools, hash_link(link_token), Access::Write).await?;
    if let Err(refused) = origins::admit(page, &tx).await {
        tx.rollback().await?;
        return Err(refused);
    }
    let opened =
        OpenedPortal { token: Token::new(TokenKind::PortalSession)?, expires_at: clock.now() + SESSION_LIFE };
    rows::insert_session(&tx, clock.id().into(), &opened).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Ends the session that a credential stands for. A link's own token has none to end.
pub async fn end_session(pools: &Pools, credential: CredentialHash) -> Result<bool> {
    let tx = enter_portal(pools, credential, Access::Write).await?;
    let ended = rows::end_own_session(&tx).await?;
    tx.commit().await?;
    Ok(ended)
}

//! Opening a link, and leaving again (DOOR-2, DOOR-4).

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use super::rows;
use crate::clock::Clock;
use crate::db::enums::PortalSessionKind;
use crate::db::pool::Pools;
use crate::db::scope::{Access, CredentialHash, Door, PortalPass, Tx};
use crate::domain::callers::{self, Portal, enter_portal};
use crate::domain::origins::{self, ForeignPage};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::{Error, Result};

/// How long a portal session lives; its link may end sooner.
const SESSION_LIFE: TimeDelta = TimeDelta::days(30);

diesel::define_sql_function! {
    fn tie_to_visitor(token: sql_types::Binary) -> sql_types::Bool;
}

diesel::define_sql_function! {
    fn start_portal_session(
        link: sql_types::Binary,
        session: sql_types::Uuid,
        token: sql_types::Binary,
        session_kind: sql_types::Text,
        expires: sql_types::Timestamptz,
        passed: sql_types::Nullable<sql_types::Binary>
    );
}

diesel::define_sql_function! {
    fn end_portal_session(token: sql_types::Binary) -> sql_types::Bool;
}

/// Who opens which link.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Of the link's token.
    pub link: CredentialHash,
    pub kind: PortalSessionKind,
    /// The mark of the access code, once it was checked.
    pub passed: Option<CredentialHash>,
    /// The page of another origin that asks (API-7).
    pub page: Option<&'a ForeignPage>,
    /// The bypass that the code was passed with; used up.
    pub bypass: Option<Uuid>,
    /// The visitor who opens it by their address, and whose signing out closes it (DOOR-7).
    pub visitor: Option<CredentialHash>,
}

/// A portal session as it was opened.
pub struct OpenedPortal {
    pub token: Token,
    pub expires_at: DateTime<Utc>,
}

/// Turns a link's token into a session; a session's own token cannot renew itself. Dead links
/// answer LINK_INACTIVE, whatever killed them.
pub async fn open(pools: &Pools, clock: &Clock, opening: &Opening<'_>) -> Result<OpenedPortal> {
    let kind = if opening.passed.is_some() { TokenKind::CodedSession } else { TokenKind::PortalSession };
    let opened = OpenedPortal { token: Token::new(kind)?, expires_at: clock.now() + SESSION_LIFE };
    let tx = start(pools, clock, opening, &opened).await?.ok_or(Error::LinkInactive)?;
    let admitted = match (origins::admit(opening.page, &tx).await, opening.bypass) {
        (Ok(()), Some(bypass)) => rows::use_up_bypass(&tx, bypass).await,
        (admitted, _) => admitted,
    };
    match admitted {
        Ok(()) => tx.commit().await.map(|()| opened),
        Err(refused) => {
            tx.rollback().await?;
            Err(refused)
        }
    }
}

async fn start(
    pools: &Pools,
    clock: &Clock,
    opening: &Opening<'_>,
    opened: &OpenedPortal,
) -> Result<Option<Tx<Portal>>> {
    let id = clock.id();
    pools
        .enter(Door::Doorstep, Access::Write, |mut connection| {
            let started = start_portal_session(
                opening.link.to_vec(),
                id,
                opened.token.hash().to_vec(),
                opening.kind.as_str(),
                opened.expires_at,
                opening.passed.map(Vec::from),
            );
            let visitor = opening.visitor;
            async move {
                diesel::select(started).execute(&mut connection).await?;
                if let Some(visitor) = visitor
                    && !diesel::select(tie_to_visitor(visitor.to_vec()))
                        .get_result::<bool>(&mut connection)
                        .await?
                {
                    return Ok(None);
                }
                callers::read_portal(connection).await
            }
            .boxed()
        })
        .await
}

/// Ends the session that a credential stands for. A link's own token has none to end.
pub async fn end_session(pools: &Pools, pass: PortalPass) -> Result<bool> {
    let tx = enter_portal(pools, pass, Access::Write).await?;
    let ended = rows::end_own_session(&tx).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends the session of a token, for whoever cannot show that they passed the door's access code. Whether
/// there was one to end.
pub async fn end_session_of(pools: &Pools, token: CredentialHash) -> Result<bool> {
    let entered = pools
        .enter(Door::Doorstep, Access::Write, |mut connection| {
            let ended = end_portal_session(token.to_vec());
            async move { diesel::select(ended).get_result::<bool>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(false) };
    let ended = *tx.scope();
    tx.commit().await?;
    Ok(ended)
}

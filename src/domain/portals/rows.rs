//! Portals, links and sessions in Diesel.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::OpenedPortal;
use crate::db::ids::PortalSessionId;
use crate::db::schema::portal;
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::Result;

pub(super) async fn insert_session(
    tx: &Tx<Portal>,
    id: PortalSessionId,
    opened: &OpenedPortal,
) -> Result<()> {
    use portal::portal_sessions as sessions;
    let caller = tx.scope();
    diesel::insert_into(sessions::table)
        .values((
            sessions::org_id.eq(caller.org_id),
            sessions::id.eq(id),
            sessions::link_id.eq(caller.link_id),
            sessions::generation.eq(caller.generation),
            sessions::token_hash.eq(opened.token.hash().to_vec()),
            sessions::expires_at.eq(opened.expires_at),
        ))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// The policy lets a session see itself only.
pub(super) async fn end_own_session(tx: &Tx<Portal>) -> Result<bool> {
    use portal::portal_sessions as sessions;
    let ended = diesel::update(sessions::table)
        .set(sessions::ended_at.eq(diesel::dsl::now))
        .execute(&mut tx.connection())
        .await?;
    Ok(ended == 1)
}

//! The sessions that are open at a portal, for staff (DOOR-4): seen, and ended, by them or by another code.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, count_star, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::manage::about;
use super::rows;
use crate::db::enums::{Permission, PortalSessionKind};
use crate::db::ids::{LinkId, PortalId, PortalSessionId};
use crate::db::paging::{MAX_COUNT, Page, Rows};
use crate::db::schema::staff::{portal_links as links, portal_sessions as sessions, portals};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write};
use crate::error::{Error, Result};

/// A session that opens a portal.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct OpenSession {
    pub id: PortalSessionId,
    pub link_id: LinkId,
    pub kind: PortalSessionKind,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// How many sessions are open at a link.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct OpenSessions {
    pub portal_id: PortalId,
    pub link_id: LinkId,
    pub count: i64,
}

/// The sessions that open a portal now, as far as links and portals tell. The database's now, since
/// its doors judge by that.
#[auto_type]
fn open() -> _ {
    sessions::table
        .inner_join(links::table.on(links::id.eq(sessions::link_id)))
        .inner_join(portals::table.on(portals::id.eq(links::portal_id)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::generation.eq(links::generation))
        .filter(links::revoked_at.is_null())
        .filter(portals::revoked_at.is_null())
        .filter(links::expires_at.is_null().or(links::expires_at.gt(now)))
        .filter(portals::expires_at.is_null().or(portals::expires_at.gt(now)))
}

/// A page of the sessions that are open at a portal, newest first.
pub async fn open_sessions(
    tx: &Tx<Staff>,
    portal: PortalId,
    page: &Page<PortalSessionId>,
) -> Result<Rows<OpenSession>> {
    let mut query = open()
        .filter(portals::id.eq(portal))
        .order(sessions::id.desc())
        .limit(page.fetch())
        .select(OpenSession::as_select())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(sessions::id.lt(after));
    }
    Ok(page.cut(query.load(&mut tx.connection()).await?))
}

/// How many there are, counted up to [`MAX_COUNT`].
pub async fn count_open_sessions(tx: &Tx<Staff>, portal: PortalId) -> Result<i64> {
    let open = open().filter(portals::id.eq(portal)).limit(MAX_COUNT).select(sessions::id);
    let ids: Vec<PortalSessionId> = open.load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

/// How many sessions are open at each link of several portals; a link without any is not in it.
pub async fn open_sessions_of(tx: &Tx<Staff>, of: &[PortalId]) -> Result<Vec<OpenSessions>> {
    Ok(open()
        .filter(portals::id.eq_any(of))
        .group_by((links::portal_id, links::id))
        .select((links::portal_id, links::id, count_star()))
        .load(&mut tx.connection())
        .await?)
}

/// Ends a session: it opens nothing from the commit on. Again is no error.
pub async fn end_open_session(write: &Write, id: PortalSessionId) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let link: Option<LinkId> = sessions::table
        .filter(sessions::id.eq(id))
        .select(sessions::link_id)
        .first(&mut write.connection())
        .await
        .optional()?;
    let link = link.ok_or(Error::NotFound("portal session"))?;
    let living = sessions::table.filter(sessions::id.eq(id)).filter(sessions::ended_at.is_null());
    let ended = diesel::update(living)
        .set(sessions::ended_at.eq(write.at()))
        .execute(&mut write.connection())
        .await?;
    if ended == 1 {
        let link = rows::link(write, link).await?.ok_or(Error::NotFound("link"))?;
        let portal = rows::by_ids(write, &[link.portal_id]).await?.pop().ok_or(Error::NotFound("portal"))?;
        let change = Change::new("portal_session.ended", id)
            .payload(json!({ "portalId": portal.id, "linkId": link.id }));
        write.done(about(change, portal.company_id, portal.record_id));
    }
    Ok(())
}

/// Ends the sessions at a portal's links without an access code of their own, once the portal asks for
/// another one: none of them has passed it, and none can any more (DOOR-2).
pub(super) async fn end_behind_portal_code(write: &Write, portal: PortalId) -> Result<()> {
    let asking =
        links::table.filter(links::portal_id.eq(portal)).filter(links::own_code.eq(false)).select(links::id);
    let living =
        sessions::table.filter(sessions::link_id.eq_any(asking)).filter(sessions::ended_at.is_null());
    diesel::update(living).set(sessions::ended_at.eq(write.at())).execute(&mut write.connection()).await?;
    Ok(())
}

/// The same at a link whose own code was changed, or taken away. Where its door asks for no code now,
/// its sessions go on opening it.
pub(super) async fn end_behind_link_code(write: &Write, link: LinkId) -> Result<()> {
    let asking = links::table
        .inner_join(portals::table.on(portals::id.eq(links::portal_id)))
        .filter(links::id.eq(link))
        .filter(links::has_code.or(links::own_code.eq(false).and(portals::has_code)))
        .select(links::id);
    let living =
        sessions::table.filter(sessions::link_id.eq_any(asking)).filter(sessions::ended_at.is_null());
    diesel::update(living).set(sessions::ended_at.eq(write.at())).execute(&mut write.connection()).await?;
    Ok(())
}

//! Portals, links and sessions in Diesel.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, ContactId, LinkId, MemberId, OrgId, PortalId, RecordId, StaffSessionId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::prepared::{Prepare as _, literal};
use crate::db::schema::portal::portal_sessions;
use crate::db::schema::staff::{contacts, portal_links, portal_previews, portals, records};
use crate::db::scope::{CredentialHash, Tx};
use crate::domain::callers::{self, Staff};
use crate::error::Result;

/// A portal as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = portals)]
pub struct Portal {
    pub id: PortalId,
    pub label: String,
    pub title: String,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub modes: Vec<PortalMode>,
    pub starts_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub notifications: bool,
    pub tell_first_view: bool,
    pub attribution: Option<String>,
    pub upload_folder: Option<String>,
    pub created_by: MemberId,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub has_code: bool,
}

/// A link as staff see it: never its secret.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = portal_links)]
pub struct Link {
    pub id: LinkId,
    pub portal_id: PortalId,
    pub recipient_contact_id: Option<ContactId>,
    pub recipient_email: Option<String>,
    pub own_start: bool,
    pub starts_at: Option<DateTime<Utc>>,
    pub own_expiry: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub notifications: Option<bool>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// A code of its own.
    pub has_code: bool,
}

/// Which portals to list; an absent part does not narrow.
#[derive(Clone, Debug, Default)]
pub struct PortalFilter {
    pub company: Option<CompanyId>,
    pub record: Option<RecordId>,
    pub revoked: Option<bool>,
    /// Only those whose door opens now: the inventory of LINK-11.
    pub live: bool,
}

/// Whether any link of a portal opens now, by the conditions of `live_doorways` and `open_scope`.
const OPENS_NOW: &str = "(portals.revoked_at is null and coalesce(portals.expires_at, 'infinity') > now()
    and exists (select from organizations o where o.org_id = portals.org_id and o.portal_enabled)
    and exists (select from companies c where c.org_id = portals.org_id and c.id = portals.company_id
        and not c.internal and c.archived_at is null)
    and exists (select from portal_links l where l.org_id = portals.org_id and l.portal_id = portals.id
        and l.revoked_at is null
        and coalesce(case when l.own_start then l.starts_at else portals.starts_at end, '-infinity') <= now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now())
    and (portals.record_id is null
        or exists (select from visible_records(portals.org_id, portals.company_id, portals.record_id, null))))";

#[derive(Debug, Insertable)]
#[diesel(table_name = portals)]
pub(super) struct NewPortal {
    pub org_id: OrgId,
    pub id: PortalId,
    pub label: String,
    pub title: String,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub modes: Vec<PortalMode>,
    pub starts_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub notifications: bool,
    pub tell_first_view: bool,
    pub attribution: Option<String>,
    pub created_by: MemberId,
    pub code_key: Option<String>,
    pub code_hash: Option<Vec<u8>>,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = portals)]
pub(super) struct PortalPatch {
    pub label: Option<String>,
    pub title: Option<String>,
    pub modes: Option<Vec<PortalMode>>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub expires_at: Option<Option<DateTime<Utc>>>,
    pub notifications: Option<bool>,
    pub tell_first_view: Option<bool>,
    pub attribution: Option<Option<String>>,
    pub upload_folder: Option<Option<String>>,
    pub revoked_at: Option<Option<DateTime<Utc>>>,
    pub code_key: Option<Option<String>>,
    pub code_hash: Option<Option<Vec<u8>>>,
    /// The version that the portal then has.
    pub code_version: Option<i32>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = portal_links)]
pub(super) struct NewLink {
    pub org_id: OrgId,
    pub id: LinkId,
    pub portal_id: PortalId,
    pub company_id: CompanyId,
    pub token_hash: Vec<u8>,
    pub recipient_contact_id: Option<ContactId>,
    pub recipient_email: Option<String>,
    pub own_start: bool,
    pub starts_at: Option<DateTime<Utc>>,
    pub own_expiry: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub notifications: Option<bool>,
    pub own_code: bool,
    pub code_key: Option<String>,
    pub code_hash: Option<Vec<u8>>,
}

#[derive(Debug, AsChangeset)]
#[diesel(table_name = portal_links)]
pub(super) struct LinkPatch {
    pub own_start: Option<bool>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub own_expiry: Option<bool>,
    pub expires_at: Option<Option<DateTime<Utc>>>,
    pub notifications: Option<Option<bool>>,
    pub own_code: Option<bool>,
    pub code_key: Option<Option<String>>,
    pub code_hash: Option<Option<Vec<u8>>>,
    /// The version that the link then has.
    pub code_version: Option<i32>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = portal_previews)]
pub(super) struct NewPreview {
    pub org_id: OrgId,
    pub id: Uuid,
    pub portal_id: PortalId,
    pub staff_session_id: StaffSessionId,
    pub token_hash: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

/// What of a record decides whether it can be shared.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub(super) struct ShareableRecord {
    pub company_id: CompanyId,
    pub portal_enabled: bool,
    pub archived_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewPortal) -> Result<()> {
    diesel::insert_into(portals::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn update(tx: &Tx<Staff>, id: PortalId, version: i32, patch: &PortalPatch) -> Result<usize> {
    let row = portals::table.filter(portals::id.eq(id)).filter(portals::version.eq(version));
    Ok(diesel::update(row)
        .set((patch, portals::version.eq(version + 1)))
        .execute(&mut tx.connection())
        .await?)
}

pub(super) async fn revoke(tx: &Tx<Staff>, id: PortalId, at: DateTime<Utc>) -> Result<bool> {
    let row = portals::table.filter(portals::id.eq(id)).filter(portals::revoked_at.is_null());
    let revoked = diesel::update(row)
        .set((portals::revoked_at.eq(at), portals::version.eq(portals::version + 1)))
        .execute(&mut tx.connection())
        .await?;
    Ok(revoked == 1)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[PortalId]) -> Result<Vec<Portal>> {
    Ok(portals::table
        .filter(portals::id.eq_any(ids))
        .select(Portal::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &PortalFilter,
    page: &Page<PortalId>,
) -> Result<Vec<Portal>> {
    let mut query = filtered(filter).order(portals::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(portals::id.lt(after));
    }
    Ok(query.select(Portal::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &PortalFilter) -> Result<i64> {
    let ids: Vec<PortalId> =
        filtered(filter).select(portals::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &PortalFilter) -> portals::BoxedQuery<'static, Pg> {
    let mut query = portals::table.into_boxed();
    if let Some(company) = filter.company {
        query = query.filter(portals::company_id.eq(company));
    }
    if let Some(record) = filter.record {
        query = query.filter(portals::record_id.eq(record));
    }
    if filter.live {
        query = query.filter(literal::<sql_types::Bool>(OPENS_NOW));
    }
    match filter.revoked {
        Some(true) => query.filter(portals::revoked_at.is_not_null()),
        Some(false) => query.filter(portals::revoked_at.is_null()),
        None => query,
    }
}

pub(super) async fn portals_of_record(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    Ok(portals::table.filter(portals::record_id.eq(record)).count().get_result(&mut tx.connection()).await?)
}

pub(super) async fn record(tx: &Tx<Staff>, id: RecordId) -> Result<Option<ShareableRecord>> {
    Ok(records::table
        .filter(records::id.eq(id))
        .select(ShareableRecord::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// Switches a record on; false if it was on already.
pub(super) async fn enable_record(tx: &Tx<Staff>, id: RecordId) -> Result<bool> {
    let off = records::table.filter(records::id.eq(id)).filter(records::portal_enabled.eq(false));
    let enabled = diesel::update(off)
        .set((records::portal_enabled.eq(true), records::version.eq(records::version + 1)))
        .execute(&mut tx.connection())
        .await?;
    Ok(enabled == 1)
}

/// The address of a contact of this company who is not archived; none if there is no such.
pub(super) async fn contact_email(
    tx: &Tx<Staff>,
    contact: ContactId,
    company: CompanyId,
) -> Result<Option<String>> {
    let contact = contacts::table
        .filter(contacts::id.eq(contact))
        .filter(contacts::company_id.eq(company))
        .filter(contacts::archived_at.is_null());
    Ok(contact.select(contacts::email).first(&mut tx.connection()).await.optional()?)
}

pub(super) async fn insert_link(tx: &Tx<Staff>, new: &NewLink) -> Result<()> {
    diesel::insert_into(portal_links::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn link(tx: &Tx<Staff>, id: LinkId) -> Result<Option<Link>> {
    Ok(portal_links::table
        .filter(portal_links::id.eq(id))
        .select(Link::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn links_of(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<Link>> {
    Ok(portal_links::table
        .filter(portal_links::portal_id.eq_any(portals))
        .order(portal_links::id)
        .select(Link::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn update_link(
    tx: &Tx<Staff>,
    id: LinkId,
    version: i32,
    patch: &LinkPatch,
) -> Result<usize> {
    let row = portal_links::table.filter(portal_links::id.eq(id)).filter(portal_links::version.eq(version));
    Ok(diesel::update(row)
        .set((patch, portal_links::version.eq(version + 1)))
        .execute(&mut tx.connection())
        .await?)
}

/// The next generation of each link: the old secrets and every session of them are dead from the
/// commit on. One statement, however many.
pub(super) async fn replace_tokens(
    tx: &Tx<Staff>,
    fresh: impl Iterator<Item = (LinkId, CredentialHash)>,
) -> Result<()> {
    let (links, hashes): (Vec<LinkId>, Vec<Vec<u8>>) =
        fresh.map(|(link, hash)| (link, hash.to_vec())).unzip();
    diesel::sql_query(
        "update portal_links l set token_hash = n.hash, generation = l.generation + 1, version = l.version + 1
         from unnest($1, $2) n (id, hash) where l.org_id = (select app_org()) and l.id = n.id",
    )
    .bind::<sql_types::Array<sql_types::Uuid>, _>(links)
    .bind::<sql_types::Array<sql_types::Binary>, _>(hashes)
    .prepared()
    .execute(&mut tx.connection())
    .await?;
    Ok(())
}

/// Revokes the links of a portal that are meant for a contact, and says which those were.
pub(super) async fn revoke_links_of(
    tx: &Tx<Staff>,
    portal: PortalId,
    contact: ContactId,
    at: DateTime<Utc>,
) -> Result<Vec<LinkId>> {
    let links = portal_links::table
        .filter(portal_links::portal_id.eq(portal))
        .filter(portal_links::recipient_contact_id.eq(contact))
        .filter(portal_links::revoked_at.is_null());
    Ok(diesel::update(links)
        .set((portal_links::revoked_at.eq(at), portal_links::version.eq(portal_links::version + 1)))
        .returning(portal_links::id)
        .get_results(&mut tx.connection())
        .await?)
}

pub(super) async fn revoke_link(tx: &Tx<Staff>, id: LinkId, at: DateTime<Utc>) -> Result<bool> {
    let row = portal_links::table.filter(portal_links::id.eq(id)).filter(portal_links::revoked_at.is_null());
    let revoked = diesel::update(row)
        .set((portal_links::revoked_at.eq(at), portal_links::version.eq(portal_links::version + 1)))
        .execute(&mut tx.connection())
        .await?;
    Ok(revoked == 1)
}

pub(super) async fn insert_preview(tx: &Tx<Staff>, new: &NewPreview) -> Result<()> {
    diesel::insert_into(portal_previews::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

diesel::define_sql_function! {
    fn use_bypass(bypass: sql_types::Uuid);
}

pub(super) async fn use_up_bypass(tx: &Tx<callers::Portal>, bypass: Uuid) -> Result<()> {
    diesel::select(use_bypass(bypass)).execute(&mut tx.connection()).await?;
    Ok(())
}

/// The policy lets a session see itself only.
pub(super) async fn end_own_session(tx: &Tx<callers::Portal>) -> Result<bool> {
    let ended = diesel::update(portal_sessions::table)
        .set(portal_sessions::ended_at.eq(diesel::dsl::now))
        .execute(&mut tx.connection())
        .await?;
    Ok(ended == 1)
}

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
    pub attribution: Option<String>,
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
}

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
    pub attribution: Option<Option<String>>,
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

pub(super) async fn is_contact_of(tx: &Tx<Staff>, contact: ContactId, company: CompanyId) -> Result<bool> {
    let contact = contacts::table
        .filter(contacts::id.eq(contact))
        .filter(contacts::company_id.eq(company))
        .filter(contacts::archived_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(contact)).get_result(&mut tx.connection()).await?)
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

/// The next generation: the old secret and every session of it are dead from the commit on.
pub(super) async fn replace_token(tx: &Tx<Staff>, id: LinkId, hash: CredentialHash) -> Result<()> {
    diesel::update(portal_links::table.filter(portal_links::id.eq(id)))
        .set((
            portal_links::token_hash.eq(hash.to_vec()),
            portal_links::generation.eq(portal_links::generation + 1),
            portal_links::version.eq(portal_links::version + 1),
        ))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
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

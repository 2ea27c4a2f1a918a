//! Deliverables in Diesel, for staff.

pub(super) mod shared;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, max, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::{Approval, Verdict};
use crate::db::ids::{
    DecisionId, DeliverableId, DeliverableVersionId, FileId, OrgId, PortalSessionId, RecordId,
};
use crate::db::schema::staff::{
    deliverable_decisions as decisions, deliverable_version_files as version_files,
    deliverable_versions as versions, deliverables, files,
};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::Result;

/// A deliverable as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliverables)]
pub struct Deliverable {
    pub id: DeliverableId,
    pub record_id: RecordId,
    pub title: String,
    pub kind: String,
    pub format: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    pub visible: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// A version as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = versions)]
pub struct Version {
    pub id: DeliverableVersionId,
    pub record_id: RecordId,
    pub deliverable_id: DeliverableId,
    pub number: i32,
    pub note: Option<String>,
    pub ready_at: Option<DateTime<Utc>>,
    pub approval: Approval,
    pub created_at: DateTime<Utc>,
}

/// A file of a version.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = files)]
pub struct DeliverableFile {
    pub id: FileId,
    pub name: String,
    pub media_type: String,
    pub byte_size: i64,
    pub shared: bool,
}

/// What a client decided, as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = decisions)]
pub struct Decision {
    pub id: DecisionId,
    pub version_id: DeliverableVersionId,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub decided_by: String,
    pub verified: bool,
    pub session_id: PortalSessionId,
    pub decided_at: DateTime<Utc>,
    pub files_hash: Vec<u8>,
    pub receipt: String,
    pub receipt_key: String,
    pub public_key: Vec<u8>,
    pub signature: Vec<u8>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = deliverables)]
pub(super) struct NewDeliverable {
    pub org_id: OrgId,
    pub id: DeliverableId,
    pub record_id: RecordId,
    pub title: String,
    pub kind: String,
    pub format: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    pub visible: bool,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = deliverables)]
pub(super) struct DeliverablePatch {
    pub title: Option<String>,
    pub kind: Option<String>,
    pub format: Option<Option<String>>,
    pub internal_status: Option<Option<String>>,
    pub client_status: Option<Option<String>>,
    pub visible: Option<bool>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

impl DeliverablePatch {
    /// Whether it changes anything that clients may see.
    pub fn shows(&self) -> bool {
        self.title.is_some()
            || self.kind.is_some()
            || self.format.is_some()
            || self.client_status.is_some()
            || self.visible.is_some()
    }
}

pub(super) async fn insert(write: &Write, new: &NewDeliverable) -> Result<()> {
    diesel::insert_into(deliverables::table).values(new).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn update(write: &Write, id: DeliverableId, patch: &DeliverablePatch) -> Result<()> {
    let raised = (deliverables::version.eq(deliverables::version + 1), deliverables::updated_at.eq(now));
    diesel::update(deliverables::table.filter(deliverables::id.eq(id)))
        .set((patch, raised))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn lock(write: &Write, id: DeliverableId) -> Result<Option<Deliverable>> {
    Ok(deliverables::table
        .filter(deliverables::id.eq(id))
        .for_update()
        .select(Deliverable::as_select())
        .first(&mut write.connection())
        .await
        .optional()?)
}

/// How many living ones a record has.
pub(super) async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    Ok(deliverables::table
        .filter(deliverables::record_id.eq(record))
        .filter(deliverables::archived_at.is_null())
        .select(count_star())
        .first(&mut tx.connection())
        .await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[DeliverableId]) -> Result<Vec<Deliverable>> {
    Ok(deliverables::table
        .filter(deliverables::id.eq_any(ids))
        .select(Deliverable::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn of_records(tx: &Tx<Staff>, records: &[RecordId]) -> Result<Vec<Deliverable>> {
    Ok(deliverables::table
        .filter(deliverables::record_id.eq_any(records))
        .order((deliverables::archived_at.is_not_null(), deliverables::id))
        .select(Deliverable::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn insert_version(
    write: &Write,
    (id, deliverable): (DeliverableVersionId, DeliverableId),
    record: RecordId,
    (number, note): (i32, Option<String>),
) -> Result<()> {
    let row = (
        versions::org_id.eq(write.scope().org_id),
        versions::id.eq(id),
        versions::record_id.eq(record),
        versions::deliverable_id.eq(deliverable),
        versions::number.eq(number),
        versions::note.eq(note),
    );
    diesel::insert_into(versions::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn lock_version(write: &Write, id: DeliverableVersionId) -> Result<Option<Version>> {
    Ok(versions::table
        .filter(versions::id.eq(id))
        .for_update()
        .select(Version::as_select())
        .first(&mut write.connection())
        .await
        .optional()?)
}

pub(super) async fn newest_number(tx: &Tx<Staff>, deliverable: DeliverableId) -> Result<i32> {
    let of = versions::table.filter(versions::deliverable_id.eq(deliverable));
    let newest: Option<i32> = of.select(max(versions::number)).first(&mut tx.connection()).await?;
    Ok(newest.unwrap_or(0))
}

/// The highest number that clients were asked about; 0 is none.
pub(super) async fn newest_ready(tx: &Tx<Staff>, deliverable: DeliverableId) -> Result<i32> {
    let of = versions::table.filter(versions::deliverable_id.eq(deliverable));
    let ready = of.filter(versions::ready_at.is_not_null());
    let newest: Option<i32> = ready.select(max(versions::number)).first(&mut tx.connection()).await?;
    Ok(newest.unwrap_or(0))
}

pub(super) async fn mark_ready(write: &Write, id: DeliverableVersionId) -> Result<()> {
    diesel::update(versions::table.filter(versions::id.eq(id)))
        .set(versions::ready_at.eq(write.at()))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn versions_of(tx: &Tx<Staff>, of: &[DeliverableId]) -> Result<Vec<Version>> {
    Ok(versions::table
        .filter(versions::deliverable_id.eq_any(of))
        .order(versions::number.desc())
        .select(Version::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn versions_by_ids(tx: &Tx<Staff>, ids: &[DeliverableVersionId]) -> Result<Vec<Version>> {
    Ok(versions::table
        .filter(versions::id.eq_any(ids))
        .select(Version::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn files_of(
    tx: &Tx<Staff>,
    of: &[DeliverableVersionId],
) -> Result<Vec<(DeliverableVersionId, DeliverableFile)>> {
    Ok(version_files::table
        .inner_join(files::table.on(files::id.eq(version_files::file_id)))
        .filter(version_files::version_id.eq_any(of))
        .order((files::name, files::id))
        .select((version_files::version_id, DeliverableFile::as_select()))
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn count_files(tx: &Tx<Staff>, version: DeliverableVersionId) -> Result<i64> {
    let of = version_files::table.filter(version_files::version_id.eq(version));
    Ok(of.select(count_star()).first(&mut tx.connection()).await?)
}

/// How many rows came: none if it was there.
pub(super) async fn insert_file(write: &Write, version: &Version, file: FileId) -> Result<usize> {
    let row = (
        version_files::org_id.eq(write.scope().org_id),
        version_files::version_id.eq(version.id),
        version_files::file_id.eq(file),
        version_files::record_id.eq(version.record_id),
    );
    let insert = diesel::insert_into(version_files::table).values(row).on_conflict_do_nothing();
    Ok(insert.execute(&mut write.connection()).await?)
}

pub(super) async fn delete_file(write: &Write, version: DeliverableVersionId, file: FileId) -> Result<usize> {
    let row = version_files::table
        .filter(version_files::version_id.eq(version))
        .filter(version_files::file_id.eq(file));
    Ok(diesel::delete(row).execute(&mut write.connection()).await?)
}

pub(super) async fn decisions_of(tx: &Tx<Staff>, of: &[DeliverableVersionId]) -> Result<Vec<Decision>> {
    Ok(decisions::table
        .filter(decisions::version_id.eq_any(of))
        .select(Decision::as_select())
        .load(&mut tx.connection())
        .await?)
}

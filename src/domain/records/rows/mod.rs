//! `records` and their watchers in Diesel, for staff.

pub(super) mod lists;
pub(super) mod milestones;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::enums::ClientPhase;
use crate::db::ids::{CompanyId, MemberId, OrgId, RecordId, RecordTypeId, StageId};
use crate::db::schema::staff::{record_watchers, records};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A record as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct Record {
    pub id: RecordId,
    pub type_id: RecordTypeId,
    pub company_id: CompanyId,
    pub stage_id: StageId,
    pub name: String,
    pub description: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    pub owner_id: MemberId,
    pub lead_id: Option<MemberId>,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub percent_set: Option<i16>,
    pub percent_done: i16,
    pub portal_enabled: bool,
    /// Values by key, those of archived fields too: see [`super::custom::living`].
    pub custom: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// What clients see of a record, to tell whether a change is theirs to learn of.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = records)]
pub(super) struct Shown {
    name: String,
    shared_phase: Option<ClientPhase>,
    shared_stage_id: Option<StageId>,
    shared_status: Option<String>,
    shared_description: Option<String>,
    shared_percent: Option<i16>,
    shared_starts_on: Option<NaiveDate>,
    shared_due_on: Option<NaiveDate>,
    custom_shared: Value,
}

impl Shown {
    /// Whether clients see it stand elsewhere than `before`: what they can be mailed about (NOTE-1).
    pub fn has_moved_since(&self, before: &Self) -> bool {
        let stands = |shown: &Self| (shown.shared_phase, shown.shared_stage_id, shown.shared_status.clone());
        stands(self) != stands(before)
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = records)]
pub(super) struct NewRecord {
    pub org_id: OrgId,
    pub id: RecordId,
    pub type_id: RecordTypeId,
    pub company_id: CompanyId,
    pub stage_id: StageId,
    pub name: String,
    pub description: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    pub owner_id: MemberId,
    pub lead_id: Option<MemberId>,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub percent_set: Option<i16>,
    pub percent_done: i16,
    pub portal_enabled: bool,
    pub custom: Value,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = records)]
pub(super) struct RecordPatch {
    pub stage_id: Option<StageId>,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub internal_status: Option<Option<String>>,
    pub client_status: Option<Option<String>>,
    pub owner_id: Option<MemberId>,
    pub lead_id: Option<Option<MemberId>>,
    pub starts_on: Option<Option<NaiveDate>>,
    pub due_on: Option<Option<NaiveDate>>,
    pub percent_set: Option<Option<i16>>,
    pub percent_done: Option<i16>,
    pub portal_enabled: Option<bool>,
    pub custom: Option<Value>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewRecord) -> Result<()> {
    diesel::insert_into(records::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

/// The record, held alone until the transaction ends. Hold its type first.
pub(super) async fn lock(tx: &Tx<Staff>, id: RecordId) -> Result<Option<Record>> {
    Ok(records::table
        .filter(records::id.eq(id))
        .select(Record::as_select())
        .for_no_key_update()
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn update(tx: &Tx<Staff>, id: RecordId, patch: &RecordPatch) -> Result<()> {
    let touched = (records::version.eq(records::version + 1), records::updated_at.eq(now));
    diesel::update(records::table.filter(records::id.eq(id)))
        .set((patch, touched))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// The percentage that follows from milestones. The version stays: nobody edited the record.
pub(super) async fn store_percent(tx: &Tx<Staff>, id: RecordId, percent: i16) -> Result<()> {
    diesel::update(records::table.filter(records::id.eq(id)))
        .set((records::percent_done.eq(percent), records::updated_at.eq(now)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// What clients see of a record now.
pub(super) async fn shown(tx: &Tx<Staff>, id: RecordId) -> Result<Shown> {
    Ok(records::table
        .filter(records::id.eq(id))
        .select(Shown::as_select())
        .first(&mut tx.connection())
        .await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[RecordId]) -> Result<Vec<Record>> {
    Ok(records::table
        .filter(records::id.eq_any(ids))
        .select(Record::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// Who watches each of these records.
pub(super) async fn watchers(tx: &Tx<Staff>, ids: &[RecordId]) -> Result<Vec<(RecordId, MemberId)>> {
    Ok(record_watchers::table
        .filter(record_watchers::record_id.eq_any(ids))
        .order((record_watchers::record_id, record_watchers::member_id))
        .select((record_watchers::record_id, record_watchers::member_id))
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn set_watchers(tx: &Tx<Staff>, id: RecordId, members: &[MemberId]) -> Result<()> {
    diesel::delete(record_watchers::table.filter(record_watchers::record_id.eq(id)))
        .execute(&mut tx.connection())
        .await?;
    let org = tx.scope().org_id;
    let watchers: Vec<_> = members
        .iter()
        .map(|member| {
            (
                record_watchers::org_id.eq(org),
                record_watchers::record_id.eq(id),
                record_watchers::member_id.eq(*member),
            )
        })
        .collect();
    diesel::insert_into(record_watchers::table).values(watchers).execute(&mut tx.connection()).await?;
    Ok(())
}

//! Shared records in Diesel, as `app_portal`. No filter by organisation or company anywhere: the
//! policies put it there.

use async_graphql::Enum;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::enums::{ClientPhase, FieldKind};
use crate::db::ids::{FieldId, MilestoneId, RecordId, RecordTypeId, StageId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::portal::{
    field_definitions, files, messages, milestones, record_types, records, stages,
};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::Result;

/// A record type as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = record_types)]
pub struct SharedType {
    pub id: RecordTypeId,
    pub key: String,
    pub name: String,
    pub name_plural: String,
    pub show_stage_names: bool,
}

/// A stage as clients see it, where its type shows stage names.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = stages)]
pub struct SharedStage {
    pub id: StageId,
    pub type_id: RecordTypeId,
    pub name: String,
    pub color: String,
    pub client_phase: ClientPhase,
    /// An archived stage shows only for records that still stand in it.
    pub archived_at: Option<DateTime<Utc>>,
}

/// What a record shares. An absent value is not shared, or not set: nothing tells which.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct SharedRecord {
    pub id: RecordId,
    pub type_id: RecordTypeId,
    pub name: String,
    #[diesel(column_name = shared_phase)]
    pub phase: Option<ClientPhase>,
    #[diesel(column_name = shared_stage_id)]
    pub stage_id: Option<StageId>,
    #[diesel(column_name = shared_status)]
    pub status: Option<String>,
    #[diesel(column_name = shared_description)]
    pub description: Option<String>,
    #[diesel(column_name = shared_percent)]
    pub percent: Option<i16>,
    #[diesel(column_name = shared_starts_on)]
    pub starts_on: Option<NaiveDate>,
    #[diesel(column_name = shared_due_on)]
    pub due_on: Option<NaiveDate>,
    pub custom_shared: serde_json::Value,
}

/// A custom field that its type shares.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = field_definitions)]
pub struct SharedField {
    pub id: FieldId,
    pub type_id: RecordTypeId,
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
}

/// A milestone as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = milestones)]
pub struct SharedMilestone {
    pub id: MilestoneId,
    pub record_id: RecordId,
    pub name: String,
    pub weight: i32,
    #[diesel(column_name = shared_due_on)]
    pub due_on: Option<NaiveDate>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Which visible records to list. Shared columns only (REC-4, API-4).
#[derive(Clone, Debug, Default)]
pub struct SharedRecordFilter {
    pub type_id: Option<RecordTypeId>,
    pub phase: Option<ClientPhase>,
    pub order: SharedRecordOrder,
}

/// In which order a portal's records are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(name = "PortalRecordOrder")]
pub enum SharedRecordOrder {
    /// By name, as people sort.
    #[default]
    Name,
    /// Those due first at the front; those without a shared date last.
    Due,
}

/// Where a page of records ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SharedRecordKey {
    pub name: String,
    pub due_on: Option<NaiveDate>,
    pub id: RecordId,
}

impl From<&SharedRecord> for SharedRecordKey {
    fn from(record: &SharedRecord) -> Self {
        Self { name: record.name.clone(), due_on: record.due_on, id: record.id }
    }
}

pub(super) async fn by_ids(tx: &Tx<Portal>, ids: &[RecordId]) -> Result<Vec<SharedRecord>> {
    Ok(records::table
        .filter(records::id.eq_any(ids))
        .select(SharedRecord::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Portal>,
    filter: &SharedRecordFilter,
    page: &Page<SharedRecordKey>,
) -> Result<Vec<SharedRecord>> {
    let mut query = filtered(filter).limit(page.fetch());
    if let Some(key) = page.after.clone() {
        query = following(query, filter.order, key);
    }
    query = match filter.order {
        SharedRecordOrder::Name => query.order((records::name.asc(), records::id.asc())),
        SharedRecordOrder::Due => query.order((records::shared_due_on.asc().nulls_last(), records::id.asc())),
    };
    Ok(query.select(SharedRecord::as_select()).load(&mut tx.connection()).await?)
}

type Query = records::BoxedQuery<'static, Pg>;

fn following(query: Query, order: SharedRecordOrder, key: SharedRecordKey) -> Query {
    let SharedRecordKey { name, due_on, id } = key;
    match (order, due_on) {
        (SharedRecordOrder::Name, _) => {
            query.filter(records::name.gt(name.clone()).or(records::name.eq(name).and(records::id.gt(id))))
        }
        (SharedRecordOrder::Due, None) => {
            query.filter(records::shared_due_on.is_null()).filter(records::id.gt(id))
        }
        (SharedRecordOrder::Due, Some(day)) => query.filter(
            records::shared_due_on
                .is_null()
                .or(records::shared_due_on.assume_not_null().gt(day))
                .or(records::shared_due_on.assume_not_null().eq(day).and(records::id.gt(id))),
        ),
    }
}

pub(super) async fn count(tx: &Tx<Portal>, filter: &SharedRecordFilter) -> Result<i64> {
    let ids: Vec<RecordId> =
        filtered(filter).select(records::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &SharedRecordFilter) -> Query {
    let mut query = records::table.into_boxed();
    if let Some(kind) = filter.type_id {
        query = query.filter(records::type_id.eq(kind));
    }
    if let Some(phase) = filter.phase {
        query = query.filter(records::shared_phase.eq(phase));
    }
    query
}

pub(super) async fn types(tx: &Tx<Portal>, ids: &[RecordTypeId]) -> Result<Vec<SharedType>> {
    Ok(record_types::table
        .filter(record_types::id.eq_any(ids))
        .select(SharedType::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn stages(tx: &Tx<Portal>, types: &[RecordTypeId]) -> Result<Vec<SharedStage>> {
    Ok(stages::table
        .filter(stages::type_id.eq_any(types))
        .order((stages::position, stages::id))
        .select(SharedStage::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn fields(tx: &Tx<Portal>, types: &[RecordTypeId]) -> Result<Vec<SharedField>> {
    Ok(field_definitions::table
        .filter(field_definitions::type_id.eq_any(types))
        .order((field_definitions::position, field_definitions::id))
        .select(SharedField::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn milestones(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<SharedMilestone>> {
    Ok(milestones::table
        .filter(milestones::record_id.eq_any(records))
        .order((milestones::position, milestones::id))
        .select(SharedMilestone::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn file_counts(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<(RecordId, i64)>> {
    Ok(files::table
        .filter(files::record_id.eq_any(records))
        .group_by(files::record_id)
        .select((files::record_id, count_star()))
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn message_counts(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<(RecordId, i64)>> {
    Ok(messages::table
        .filter(messages::record_id.eq_any(records))
        .group_by(messages::record_id)
        .select((messages::record_id, count_star()))
        .load(&mut tx.connection())
        .await?)
}

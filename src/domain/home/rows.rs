//! The home's statements, as `app_portal`. No filter by organisation or company anywhere: the
//! policies put it there.

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::ClientPhase;
use crate::db::ids::{RecordId, RecordTypeId, StageId};
use crate::db::schema::portal::{files, messages, record_types, records, stages};
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
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stages)]
pub struct SharedStage {
    pub id: StageId,
    pub type_id: RecordTypeId,
    pub name: String,
    pub color: String,
    pub client_phase: ClientPhase,
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

pub(super) async fn types(tx: &Tx<Portal>) -> Result<Vec<SharedType>> {
    Ok(record_types::table
        .order(record_types::id)
        .select(SharedType::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn stages(tx: &Tx<Portal>) -> Result<Vec<SharedStage>> {
    Ok(stages::table
        .order((stages::position, stages::id))
        .select(SharedStage::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn records(tx: &Tx<Portal>) -> Result<Vec<SharedRecord>> {
    Ok(records::table
        .order((records::shared_due_on.asc().nulls_last(), records::id))
        .select(SharedRecord::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn file_counts(tx: &Tx<Portal>) -> Result<Vec<(RecordId, i64)>> {
    Ok(files::table
        .group_by(files::record_id)
        .select((files::record_id, count_star()))
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn message_counts(tx: &Tx<Portal>) -> Result<Vec<(RecordId, i64)>> {
    Ok(messages::table
        .group_by(messages::record_id)
        .select((messages::record_id, count_star()))
        .load(&mut tx.connection())
        .await?)
}

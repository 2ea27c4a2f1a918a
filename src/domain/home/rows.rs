//! The home's statements, as `app_portal`. No filter by organisation or company anywhere: the
//! policies put it there.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::RecordId;
use crate::db::schema::portal::{files, messages, record_types, records, stages};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::shared_records::{SharedRecord, SharedStage, SharedType};
use crate::error::Result;

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

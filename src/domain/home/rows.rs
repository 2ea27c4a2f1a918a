//! The home's statements, as `app_portal`. No filter by organisation or company anywhere: the
//! policies put it there.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::HomeRecord;
use crate::db::enums::ClientPhase;
use crate::db::ids::{RecordId, RecordTypeId, StageId};
use crate::db::schema::portal::{files, messages, record_types, records, stages};
use crate::domain::shared_records::{SharedStage, SharedType};

/// What the home is arranged from.
#[derive(Debug)]
pub struct Rows {
    pub(super) types: Vec<SharedType>,
    pub(super) stages: Vec<SharedStage>,
    pub(super) records: Vec<HomeRecord>,
}

/// Reads it in two pipelined statements. Sent ahead of knowing who asks, they find nothing where
/// the scope was not entered.
pub async fn rows(connection: &AsyncPgConnection) -> QueryResult<Rows> {
    let (pipelines, records) = futures::try_join!(pipelines(connection), records(connection))?;
    let (mut types, stages): (Vec<SharedType>, Vec<Option<SharedStage>>) = pipelines.into_iter().unzip();
    types.dedup_by_key(|kind| kind.id);
    Ok(Rows { types, stages: stages.into_iter().flatten().collect(), records })
}

/// Each type with each of its stages, where these show; in one statement, since each costs Postgres and
/// us a message of its own.
async fn pipelines(
    mut connection: &AsyncPgConnection,
) -> QueryResult<Vec<(SharedType, Option<SharedStage>)>> {
    record_types::table
        .left_join(stages::table.on(stages::type_id.eq(record_types::id)))
        .order((record_types::id, stages::position, stages::id))
        .select((SharedType::as_select(), Option::<SharedStage>::as_select()))
        .load(&mut connection)
        .await
}

/// What the home shows of a record. An absent value is not shared, or not set: nothing tells which.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct RecordSummary {
    pub id: RecordId,
    pub type_id: RecordTypeId,
    pub name: String,
    #[diesel(column_name = shared_phase)]
    pub phase: Option<ClientPhase>,
    #[diesel(column_name = shared_stage_id)]
    pub stage_id: Option<StageId>,
    #[diesel(column_name = shared_status)]
    pub status: Option<String>,
    #[diesel(column_name = shared_percent)]
    pub percent: Option<i16>,
    #[diesel(column_name = shared_starts_on)]
    pub starts_on: Option<NaiveDate>,
    #[diesel(column_name = shared_due_on)]
    pub due_on: Option<NaiveDate>,
}

/// Each record with its shared files and its messages counted, in one statement: an index-only
/// look-up for each count.
async fn records(mut connection: &AsyncPgConnection) -> QueryResult<Vec<HomeRecord>> {
    let files = files::table.filter(files::record_id.eq(records::id)).count().single_value();
    let messages = messages::table.filter(messages::record_id.eq(records::id)).count().single_value();
    let rows: Vec<(RecordSummary, Option<i64>, Option<i64>)> = records::table
        .order((records::shared_due_on.asc().nulls_last(), records::id))
        .select((RecordSummary::as_select(), files, messages))
        .load(&mut connection)
        .await?;
    let counted = |(record, files, messages): (RecordSummary, Option<i64>, Option<i64>)| HomeRecord {
        record,
        file_count: files.unwrap_or(0),
        message_count: messages.unwrap_or(0),
    };
    Ok(rows.into_iter().map(counted).collect())
}

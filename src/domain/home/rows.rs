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

/// What the home is arranged from: each record with its type and, where that shows, its stage.
#[derive(Debug)]
pub struct Rows(pub(super) Vec<(HomeRecord, SharedType, Option<SharedStage>)>);

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

/// Reads it in one statement, since each costs Postgres and us a message of its own, with an
/// index-only look-up for each count. By due date, and the stages in pipeline order before that.
/// Sent ahead of knowing who asks, it finds nothing where the scope was not entered.
pub async fn rows(mut connection: &AsyncPgConnection) -> QueryResult<Rows> {
    type Row = (RecordSummary, Option<i64>, Option<i64>, SharedType, Option<SharedStage>);
    let files = files::table.filter(files::record_id.eq(records::id)).count().single_value();
    let messages = messages::table.filter(messages::record_id.eq(records::id)).count().single_value();
    let rows: Vec<Row> = records::table
        .inner_join(record_types::table.on(record_types::id.eq(records::type_id)))
        .left_join(stages::table.on(stages::id.nullable().eq(records::shared_stage_id)))
        .order((
            record_types::id,
            stages::position.asc().nulls_last(),
            stages::id,
            records::shared_due_on.asc().nulls_last(),
            records::id,
        ))
        .select((
            RecordSummary::as_select(),
            files,
            messages,
            SharedType::as_select(),
            Option::<SharedStage>::as_select(),
        ))
        .load(&mut connection)
        .await?;
    let counted = |(record, files, messages, kind, stage): Row| {
        let (file_count, message_count) = (files.unwrap_or(0), messages.unwrap_or(0));
        (HomeRecord { record, file_count, message_count }, kind, stage)
    };
    Ok(Rows(rows.into_iter().map(counted).collect()))
}

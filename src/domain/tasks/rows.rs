//! `tasks` in Diesel, for staff, and the functions by which visitors add to them.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::ids::{CompanyId, MemberId, PortalSessionId, RecordId, TaskId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::prepared::Prepare as _;
use crate::db::schema::staff::tasks;
use crate::db::scope::Tx;
use crate::domain::callers::{Portal, Staff};
use crate::domain::changes::Write;
use crate::error::{Error, Result};

diesel::define_sql_function! {
    fn give_feedback(task: SqlUuid, record: Nullable<SqlUuid>, words: Text) -> Bool;
}

/// A task.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub struct Task {
    pub id: TaskId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub body: String,
    pub sender_name: String,
    pub sender_verified: bool,
    pub sender_session_id: Option<PortalSessionId>,
    pub assignee_id: Option<MemberId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by: Option<MemberId>,
}

/// Whether a task is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TaskState {
    /// It waits for somebody.
    Open,
    /// It is done.
    Closed,
}

/// Which tasks to list; an absent part does not narrow.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    pub state: Option<TaskState>,
    pub assignee: Option<MemberId>,
    /// Only those in nobody's inbox.
    pub unassigned: bool,
    pub record: Option<RecordId>,
    pub company: Option<CompanyId>,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = tasks)]
pub(super) struct TaskPatch {
    pub assignee_id: Option<Option<MemberId>>,
    pub closed_at: Option<Option<DateTime<Utc>>>,
    pub closed_by: Option<Option<MemberId>>,
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[TaskId]) -> Result<Vec<Task>> {
    Ok(tasks::table
        .filter(tasks::id.eq_any(ids))
        .select(Task::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(tx: &Tx<Staff>, filter: &TaskFilter, page: &Page<TaskId>) -> Result<Vec<Task>> {
    let mut query = filtered(filter).order(tasks::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(tasks::id.lt(after));
    }
    Ok(query.select(Task::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &TaskFilter) -> Result<i64> {
    let ids: Vec<TaskId> =
        filtered(filter).select(tasks::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &TaskFilter) -> tasks::BoxedQuery<'static, Pg> {
    let mut query = tasks::table.into_boxed();
    query = match filter.state {
        Some(TaskState::Open) => query.filter(tasks::closed_at.is_null()),
        Some(TaskState::Closed) => query.filter(tasks::closed_at.is_not_null()),
        None => query,
    };
    if let Some(assignee) = filter.assignee {
        query = query.filter(tasks::assignee_id.eq(assignee));
    }
    if filter.unassigned {
        query = query.filter(tasks::assignee_id.is_null());
    }
    if let Some(record) = filter.record {
        query = query.filter(tasks::record_id.eq(record));
    }
    if let Some(company) = filter.company {
        query = query.filter(tasks::company_id.eq(company));
    }
    query
}

/// How many rows it touched: none if the version has moved on.
pub(super) async fn update(write: &Write, id: TaskId, version: i32, patch: &TaskPatch) -> Result<usize> {
    let row = tasks::table.filter(tasks::id.eq(id)).filter(tasks::version.eq(version));
    Ok(diesel::update(row)
        .set((patch, tasks::version.eq(tasks::version + 1)))
        .execute(&mut write.connection())
        .await?)
}

#[derive(QueryableByName)]
struct Takes {
    #[diesel(sql_type = Bool)]
    takes: bool,
}

/// Whether the portal takes feedback on that record, or on the company.
pub(super) async fn takes_feedback(write: &Write<Portal>, record: Option<RecordId>) -> Result<bool> {
    let query = "select 'FEEDBACK' = any (app_modes())
        and ($1 is null or $1 = any (app_ids('app.shown_records'))) as takes";
    let found: Takes = diesel::sql_query(query)
        .bind::<Nullable<SqlUuid>, _>(record)
        .prepared()
        .get_result(&mut write.connection())
        .await?;
    Ok(found.takes)
}

pub(super) async fn give(
    write: &Write<Portal>,
    (id, record): (TaskId, Option<RecordId>),
    body: &str,
) -> Result<()> {
    let given: bool =
        diesel::select(give_feedback(id, record, body)).get_result(&mut write.connection()).await?;
    if given { Ok(()) } else { Err(Error::NotFound("record")) }
}

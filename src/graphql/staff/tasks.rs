//! Clients' feedback as tasks of the team, in the staff root (MSG-3).

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::companies::Company;
use super::members::Member;
use super::records::{self, Record};
use crate::db::ids::{CompanyId, MemberId, PortalSessionId, RecordId, TaskId};
use crate::db::paging::Page;
use crate::domain::tasks::{self, Closing, TaskFilter, TaskState};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A client's feedback, for somebody of the team to look at. No client sees it.
#[derive(async_graphql::Description)]
pub struct Task(tasks::Task);

#[Object(use_type_description)]
impl Task {
    /// Its id.
    async fn id(&self) -> TaskId {
        self.0.id
    }

    /// The company whose feedback it is.
    async fn company(&self, ctx: &Context<'_>) -> Result<Company> {
        Ok(request(ctx).staff().await?.loaders.required(self.0.company_id, "company").await?.into())
    }

    /// The record it is about; null for the company as a whole.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Record>> {
        match self.0.record_id {
            Some(record) => Ok(Some(records::load(ctx, record).await?)),
            None => Ok(None),
        }
    }

    /// The client's words, plain text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The client's name.
    async fn sender_name(&self) -> &str {
        &self.0.sender_name
    }

    /// False where the name is only what they said it is.
    async fn sender_verified(&self) -> bool {
        self.0.sender_verified
    }

    /// The portal session whose holder wrote it.
    async fn sender_session_id(&self) -> Option<PortalSessionId> {
        self.0.sender_session_id
    }

    /// In whose inbox it lies; null is nobody's yet.
    async fn assignee(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.assignee_id).await
    }

    /// Whether it is still to be done.
    async fn state(&self) -> TaskState {
        if self.0.closed_at.is_some() { TaskState::Closed } else { TaskState::Open }
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it came.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was closed, if it is.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// Who closed it.
    async fn closed_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.closed_by).await
    }
}

async fn member(ctx: &Context<'_>, id: Option<MemberId>) -> Result<Option<Member>> {
    let Some(id) = id else { return Ok(None) };
    Ok(request(ctx).staff().await?.loaders.one(id).await?.map(Member::from))
}

impl From<tasks::Task> for Task {
    fn from(task: tasks::Task) -> Self {
        Self(task)
    }
}

connection!(TaskConnection, TaskEdge, Task, "tasks");

/// Which tasks to list; an absent field does not narrow.
#[derive(Default, InputObject)]
pub struct TaskFilterInput {
    /// Only those that are open, or closed.
    state: Option<TaskState>,
    /// Only those in this member's inbox.
    assignee_id: Option<MemberId>,
    /// True: only those in nobody's inbox.
    #[graphql(default)]
    unassigned: bool,
    /// Only those about this record.
    record_id: Option<RecordId>,
    /// Only those of this company.
    company_id: Option<CompanyId>,
}

impl From<TaskFilterInput> for TaskFilter {
    fn from(filter: TaskFilterInput) -> Self {
        Self {
            state: filter.state,
            assignee: filter.assignee_id,
            unassigned: filter.unassigned,
            record: filter.record_id,
            company: filter.company_id,
        }
    }
}

/// Reading tasks.
#[derive(Default)]
pub struct TaskQueries;

#[Object]
impl TaskQueries {
    /// Tasks, newest first, a page at a time.
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which tasks.")] filter: Option<TaskFilterInput>,
    ) -> Option<Result<TaskConnection>> {
        Some(list(ctx, first, after, filter.unwrap_or_default().into()).await)
    }

    /// A task by its id. NOT_FOUND if there is none.
    async fn task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task's id.")] id: TaskId,
    ) -> Option<Result<Task>> {
        Some(load(ctx, id).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: TaskFilter,
) -> Result<TaskConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = tasks::list(&reading.tx, &filter, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(tasks::count(&reading.tx, &filter).await.map_err(coded)?),
        false => None,
    };
    Ok(TaskConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

async fn load(ctx: &Context<'_>, id: TaskId) -> Result<Task> {
    let reading = request(ctx).staff().await?;
    let found = tasks::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    found.map(Task::from).ok_or_else(|| coded(Error::NotFound("task")))
}

/// Whose inbox a task goes to.
#[derive(InputObject)]
pub struct AssignTaskInput {
    /// The task.
    id: TaskId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// Who is to do it; absent or null is nobody yet.
    assignee_id: MaybeUndefined<MemberId>,
}

/// Which task is done, or open again.
#[derive(InputObject)]
pub struct CloseTaskInput {
    /// The task.
    id: TaskId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False opens it again.
    #[graphql(default = true)]
    closed: bool,
}

/// The task as it was assigned.
#[derive(SimpleObject)]
pub struct AssignTaskPayload {
    /// The task.
    task: Task,
}

/// The task as it was closed or opened again.
#[derive(SimpleObject)]
pub struct CloseTaskPayload {
    /// The task.
    task: Task,
}

/// Working on tasks.
#[derive(Default)]
pub struct TaskMutations;

#[Object]
impl TaskMutations {
    /// Puts a task into somebody's inbox, or into nobody's. Needs RECORDS_WRITE, unless it lies in one's
    /// own.
    async fn assign_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and whose it is.")] input: AssignTaskInput,
    ) -> Option<Result<AssignTaskPayload>> {
        Some(assign(ctx, input).await)
    }

    /// Closes a task, or opens it again. Needs RECORDS_WRITE, unless it lies in one's own inbox.
    async fn close_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: CloseTaskInput,
    ) -> Option<Result<CloseTaskPayload>> {
        Some(close(ctx, input).await)
    }
}

async fn assign(ctx: &Context<'_>, input: AssignTaskInput) -> Result<AssignTaskPayload> {
    let assignee: Option<Option<MemberId>> = input.assignee_id.into();
    let write = request(ctx).write().await?;
    let assigned = tasks::assign(&write, input.id, input.version, assignee.flatten()).await;
    write.finish(assigned).await.map_err(coded)?;
    Ok(AssignTaskPayload { task: load(ctx, input.id).await? })
}

async fn close(ctx: &Context<'_>, input: CloseTaskInput) -> Result<CloseTaskPayload> {
    let closing = if input.closed { Closing::Close } else { Closing::Reopen };
    let write = request(ctx).write().await?;
    let closed = tasks::close(&write, input.id, input.version, closing).await;
    write.finish(closed).await.map_err(coded)?;
    Ok(CloseTaskPayload { task: load(ctx, input.id).await? })
}

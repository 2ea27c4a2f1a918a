//! Tasks (MSG-3): a client's feedback, in the inbox of whoever leads the record. Staff list, assign and
//! close them. No client reads them again: [`feedback`] is all that the portal side has.

pub mod feedback;
mod rows;

pub use rows::{Task, TaskFilter, TaskState};

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::members;
use super::portals::about;
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{MemberId, TaskId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::TaskPatch;

/// Out of the inbox, or back into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    Close,
    Reopen,
}

/// Puts a task that stands at `version` into somebody's inbox, or into nobody's (API-8).
pub async fn assign(write: &Write, id: TaskId, version: i32, assignee: Option<MemberId>) -> Result<()> {
    let task = own(write, id).await?;
    let mut checks = Checks::new();
    if let Some(assignee) = assignee {
        let found = members::by_ids(write, &[assignee]).await?.pop();
        if found.is_none_or(|member| member.ended_at.is_some()) {
            checks.problem("assigneeId", "This names nobody, or somebody who has left.");
        }
    }
    checks.finish()?;
    let patch = TaskPatch { assignee_id: Some(assignee), ..TaskPatch::default() };
    change(write, (&task, version), &patch, "task.assigned").await
}

/// Closes a task that stands at `version`, or opens it again (API-8). Doing so twice keeps the first time.
pub async fn close(write: &Write, id: TaskId, version: i32, closing: Closing) -> Result<()> {
    let task = own(write, id).await?;
    let (kind, patch) = match (closing, task.closed_at) {
        (Closing::Close, None) => {
            let by = Some(Some(write.scope().member()?.id));
            ("task.closed", TaskPatch { closed_at: Some(Some(write.at())), closed_by: by, assignee_id: None })
        }
        (Closing::Reopen, Some(_)) => {
            ("task.reopened", TaskPatch { closed_at: Some(None), closed_by: Some(None), assignee_id: None })
        }
        _ => return Ok(()),
    };
    change(write, (&task, version), &patch, kind).await
}

async fn change(
    write: &Write,
    (task, version): (&Task, i32),
    patch: &TaskPatch,
    kind: &'static str,
) -> Result<()> {
    if rows::update(write, task.id, version, patch).await? == 0 {
        return Err(missed_update(true, "task"));
    }
    write.done(about(Change::new(kind, task.id), task.company_id, task.record_id));
    Ok(())
}

/// A task that the caller may change: whoever may write records, and the one in whose inbox it is.
async fn own(write: &Write, id: TaskId) -> Result<Task> {
    let member = write.scope().member()?.id;
    let task = rows::by_ids(write, &[id]).await?.pop().ok_or(Error::NotFound("task"))?;
    if task.assignee_id != Some(member) {
        write.scope().require(Permission::RecordsWrite)?;
    }
    Ok(task)
}

/// A page of tasks, newest first.
pub async fn list(tx: &Tx<Staff>, filter: &TaskFilter, page: &Page<TaskId>) -> Result<Rows<Task>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &TaskFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

/// The tasks of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[TaskId]) -> Result<Vec<Task>> {
    rows::by_ids(tx, ids).await
}

//! The milestones of projects, and the percentage that follows from them (REC-8). Whoever changes
//! a milestone holds its project, so that the stored percentage is that of the stored milestones.

use chrono::NaiveDate;
use serde::Serialize;

pub use super::rows::milestones::Milestone;

use super::rows::milestones::{MilestonePatch, NewMilestone};
use super::rows::{self, milestones};
use super::{Record, hold};
use crate::db::enums::{Permission, SharedField};
use crate::db::ids::{MilestoneId, RecordId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write, missed_update};
use crate::domain::companies::Archival;
use crate::domain::idempotency::{self, Claim};
use crate::domain::positions::{Shift, place};
use crate::domain::record_types::RecordType;
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// The most living milestones of one project.
const MOST: i64 = 200;

/// What a new milestone is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct MilestoneDraft {
    pub record_id: RecordId,
    pub name: String,
    pub weight: i32,
    pub due_on: Option<NaiveDate>,
    pub position: Option<i32>,
}

/// What changes of a milestone: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct MilestoneEdit {
    pub name: Option<String>,
    pub weight: Option<i32>,
    pub due_on: Option<Option<NaiveDate>>,
    pub position: Option<i32>,
}

/// Into completion or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    Complete,
    Reopen,
}

/// Adds a milestone to a project, once for each idempotency key; last unless a position is named.
pub async fn create(write: &Write, draft: MilestoneDraft, key: Option<&str>) -> Result<MilestoneId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "milestone.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let (kind, project) = hold(write, draft.record_id).await?;
    let count = milestones::count(write, project.id).await?;
    let mut checks = Checks::new();
    if !kind.is_project() {
        checks.problem("recordId", "Only a project has milestones.");
    }
    if count >= MOST {
        checks.problem("recordId", format!("A project has at most {MOST} milestones."));
    }
    let new = NewMilestone {
        org_id: write.scope().org_id,
        id: write.id(),
        record_id: project.id,
        name: checks.line("name", &draft.name, 200),
        weight: check_weight(&mut checks, draft.weight),
        due_on: draft.due_on.map(|day| checks.day("dueOn", day)),
        position: place(draft.position, count),
    };
    checks.finish()?;
    milestones::shift(write, project.id, Shift::opening(new.position)).await?;
    milestones::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    conclude(write, "milestone.created", new.id, (&kind, &project)).await?;
    Ok(new.id)
}

/// Changes a milestone, or its place in the project.
pub async fn update(write: &Write, id: MilestoneId, version: i32, edit: MilestoneEdit) -> Result<()> {
    let (kind, project, before) = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let mut patch = MilestonePatch {
        name: edit.name.map(|v| checks.line("name", &v, 200)),
        weight: edit.weight.map(|v| check_weight(&mut checks, v)),
        due_on: edit.due_on.map(|day| day.map(|day| checks.day("dueOn", day))),
        ..MilestonePatch::default()
    };
    if edit.position.is_some() && before.archived_at.is_some() {
        checks.problem("position", "An archived milestone has no place in the project.");
    }
    checks.finish()?;
    if let Some(position) = edit.position {
        let to = place(Some(position), milestones::count(write, project.id).await? - 1);
        if let Some(shift) = Shift::moving(before.position, to) {
            milestones::shift(write, project.id, shift).await?;
        }
        patch.position = Some(to);
    }
    milestones::update(write, id, &patch).await?;
    conclude(write, "milestone.updated", id, (&kind, &project)).await
}

/// Marks a milestone done, or open again. Doing so twice keeps the first time.
pub async fn complete(write: &Write, id: MilestoneId, version: i32, completion: Completion) -> Result<()> {
    let (kind, project, before) = lock(write, id, version).await?;
    let (event, completed_at) = match (completion, before.completed_at) {
        (Completion::Complete, None) => ("milestone.completed", Some(write.at())),
        (Completion::Reopen, Some(_)) => ("milestone.reopened", None),
        _ => return Ok(()),
    };
    let patch = MilestonePatch { completed_at: Some(completed_at), ..MilestonePatch::default() };
    milestones::update(write, id, &patch).await?;
    conclude(write, event, id, (&kind, &project)).await
}

/// Takes a milestone out of its project and the percentage, or brings it back, last.
pub async fn archive(write: &Write, id: MilestoneId, version: i32, archival: Archival) -> Result<()> {
    let (kind, project, before) = lock(write, id, version).await?;
    let mut patch = MilestonePatch::default();
    let event = match (archival, before.archived_at) {
        (Archival::Archive, None) => {
            milestones::shift(write, project.id, Shift::closing(before.position)).await?;
            patch.archived_at = Some(Some(write.at()));
            "milestone.archived"
        }
        (Archival::Restore, Some(_)) => {
            let count = milestones::count(write, project.id).await?;
            if count >= MOST {
                return Err(Error::invalid("input.id", format!("A project has at most {MOST} milestones.")));
            }
            patch.archived_at = Some(None);
            patch.position = Some(place(None, count));
            "milestone.restored"
        }
        _ => return Ok(()),
    };
    milestones::update(write, id, &patch).await?;
    conclude(write, event, id, (&kind, &project)).await
}

/// The weighted share of completed milestones, 0 to 100; rounded down, so that 100 is all of them.
pub(super) async fn share(tx: &Tx<Staff>, record: RecordId) -> Result<i16> {
    let milestones = milestones::of_records(tx, &[record]).await?;
    let living = milestones.iter().filter(|milestone| milestone.archived_at.is_none());
    let (mut done, mut total) = (0, 0);
    for milestone in living {
        total += i64::from(milestone.weight);
        done += if milestone.completed_at.is_some() { i64::from(milestone.weight) } else { 0 };
    }
    let percent = if total == 0 { 0 } else { 100 * done / total };
    i16::try_from(percent).map_err(Error::internal)
}

/// Brings the project's percentage up to date, and notes what was done.
async fn conclude(
    write: &Write,
    event: &'static str,
    id: MilestoneId,
    (kind, project): (&RecordType, &Record),
) -> Result<()> {
    if project.percent_set.is_none() {
        let percent = share(write, project.id).await?;
        if percent != project.percent_done {
            rows::store_percent(write, project.id, percent).await?;
        }
    }
    let change = Change::new(event, id).company(project.company_id).record(project.id);
    let shown = kind.sharing.shared_fields.contains(&SharedField::Milestones);
    write.done(if shown { change.client_visible() } else { change });
    Ok(())
}

/// Holds a milestone's project, and gives the milestone at the version that the caller read (API-8).
async fn lock(write: &Write, id: MilestoneId, version: i32) -> Result<(RecordType, Record, Milestone)> {
    write.scope().require(Permission::RecordsWrite)?;
    let record = required(write, id).await?.record_id;
    let (kind, project) = hold(write, record).await?;
    let found = required(write, id).await?;
    if found.version == version { Ok((kind, project, found)) } else { Err(missed_update(true, "milestone")) }
}

fn check_weight(checks: &mut Checks, weight: i32) -> i32 {
    if !(1..=1000).contains(&weight) {
        checks.problem("weight", "A weight is 1 to 1000.");
    }
    weight
}

async fn required(tx: &Tx<Staff>, id: MilestoneId) -> Result<Milestone> {
    milestones::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("milestone"))
}

/// The milestones of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[MilestoneId]) -> Result<Vec<Milestone>> {
    milestones::by_ids(tx, ids).await
}

/// The milestones of these records in their order, the archived ones last.
pub async fn of_records(tx: &Tx<Staff>, records: &[RecordId]) -> Result<Vec<Milestone>> {
    milestones::of_records(tx, records).await
}

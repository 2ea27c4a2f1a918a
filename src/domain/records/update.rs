//! Changing a record: its content, its stage, its watchers, its archival. Clients may learn of a
//! change only if what they see of the record changed with it (REC-4).

use chrono::NaiveDate;
use serde_json::Value;

use super::create::{check_lead, check_order, check_stage};
use super::rows::{self, RecordPatch};
use super::{Record, change, check_member, check_members, check_percent, custom, lock, milestones};
use crate::db::enums::NotificationTopic;
use crate::db::ids::{MemberId, RecordId, StageId};
use crate::domain::changes::Write;
use crate::domain::companies::Archival;
use crate::domain::notifications::{self, News};
use crate::domain::record_types::{RecordType, fields};
use crate::domain::validation::Checks;
use crate::error::Result;

/// The most members who watch one record.
const MOST_WATCHERS: usize = 100;

/// What changes of a record: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct RecordEdit {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub internal_status: Option<Option<String>>,
    pub client_status: Option<Option<String>>,
    pub owner_id: Option<MemberId>,
    pub lead_id: Option<Option<MemberId>>,
    pub starts_on: Option<Option<NaiveDate>>,
    pub due_on: Option<Option<NaiveDate>>,
    /// `Some(None)`: the milestones decide again (REC-8).
    pub percent_set: Option<Option<i32>>,
    pub portal_enabled: Option<bool>,
    /// Values by key; those not named stay, null takes one away.
    pub custom: Option<Value>,
}

/// Changes a record that stands at `version` (API-8).
pub async fn update(write: &Write, id: RecordId, version: i32, edit: RecordEdit) -> Result<()> {
    let (kind, record) = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let patch = check(write, &mut checks, (&kind, &record), edit).await?;
    checks.finish()?;
    apply(write, "record.updated", &record, &patch).await?;
    match patch.portal_enabled {
        Some(true) if !record.portal_enabled => {
            write.done(change("record.portal_enabled", &record).client_visible());
        }
        Some(false) if record.portal_enabled => write.done(change("record.portal_disabled", &record)),
        _ => {}
    }
    Ok(())
}

async fn check(
    write: &Write,
    checks: &mut Checks,
    (kind, record): (&RecordType, &Record),
    edit: RecordEdit,
) -> Result<RecordPatch> {
    let mut patch = RecordPatch {
        name: edit.name.map(|v| checks.line("name", &v, 200)),
        description: checks.optional(edit.description, |c, v| c.text("description", v, 10_000)),
        internal_status: checks.optional(edit.internal_status, |c, v| c.line("internalStatus", v, 80)),
        client_status: checks.optional(edit.client_status, |c, v| c.line("clientStatus", v, 80)),
        starts_on: edit.starts_on.map(|day| day.map(|day| checks.day("startsOn", day))),
        due_on: edit.due_on.map(|day| day.map(|day| checks.day("dueOn", day))),
        percent_set: edit.percent_set.map(|v| v.map(|v| check_percent(checks, kind, v))),
        portal_enabled: edit.portal_enabled,
        ..RecordPatch::default()
    };
    check_order(checks, patch.starts_on.unwrap_or(record.starts_on), patch.due_on.unwrap_or(record.due_on));
    if let Some(owner) = edit.owner_id {
        patch.owner_id = Some(check_member(write, checks, "ownerId", owner).await?);
    }
    if let Some(lead) = edit.lead_id {
        patch.lead_id = Some(match lead {
            Some(lead) => Some(check_lead(write, checks, kind, lead).await?),
            None => None,
        });
    }
    if edit.custom.is_some() {
        let fields = fields::of_types(write, &[kind.id]).await?;
        patch.custom = Some(custom::merge(checks, record.custom.clone(), &fields, edit.custom));
    }
    patch.percent_done = match patch.percent_set {
        Some(Some(percent)) => Some(percent),
        Some(None) => Some(milestones::share(write, record.id).await?),
        None => None,
    };
    Ok(patch)
}

/// Moves a record to an open stage of its type.
pub async fn move_to(write: &Write, id: RecordId, version: i32, stage: StageId) -> Result<()> {
    let (kind, record) = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let stage = check_stage(write, &mut checks, kind.id, Some(stage)).await?;
    checks.finish()?;
    if stage == record.stage_id {
        return Ok(());
    }
    let patch = RecordPatch { stage_id: Some(stage), ..RecordPatch::default() };
    apply(write, "record.moved", &record, &patch).await
}

/// Hides a record from lists and clients, or brings it back.
pub async fn archive(write: &Write, id: RecordId, version: i32, archival: Archival) -> Result<()> {
    let (_, record) = lock(write, id, version).await?;
    let (kind, archived_at) = match (archival, record.archived_at) {
        (Archival::Archive, None) => ("record.archived", Some(write.at())),
        (Archival::Restore, Some(_)) => ("record.restored", None),
        _ => return Ok(()),
    };
    let patch = RecordPatch { archived_at: Some(archived_at), ..RecordPatch::default() };
    rows::update(write, id, &patch).await?;
    write.done(change(kind, &record).client_visible());
    Ok(())
}

/// Says who watches a record that stands at `version` (API-8); those named before and not now no
/// longer do.
pub async fn set_watchers(
    write: &Write,
    id: RecordId,
    version: i32,
    mut members: Vec<MemberId>,
) -> Result<()> {
    let (_, record) = lock(write, id, version).await?;
    members.sort_unstable();
    members.dedup();
    let mut checks = Checks::new();
    if members.len() > MOST_WATCHERS {
        checks.problem("memberIds", format!("A record has at most {MOST_WATCHERS} watchers."));
    }
    check_members(write, &mut checks, "memberIds", &members).await?;
    checks.finish()?;
    rows::set_watchers(write, id, &members).await?;
    rows::update(write, id, &RecordPatch::default()).await?;
    write.done(change("record.watchers_set", &record));
    Ok(())
}

async fn apply(write: &Write, kind: &'static str, record: &Record, patch: &RecordPatch) -> Result<()> {
    let before = rows::shown(write, record.id).await?;
    rows::update(write, record.id, patch).await?;
    let after = rows::shown(write, record.id).await?;
    let change = change(kind, record);
    write.done(if after != before { change.client_visible() } else { change });
    if after.has_moved_since(&before) {
        tell(write, record).await?;
    }
    Ok(())
}

/// Clients may want to know that the record stands elsewhere. Each move is a change of its own.
async fn tell(write: &Write, record: &Record) -> Result<()> {
    let news = News {
        topic: NotificationTopic::Status,
        change: write.id(),
        company: record.company_id,
        record: Some(record.id),
    };
    notifications::tell(write, &news).await
}

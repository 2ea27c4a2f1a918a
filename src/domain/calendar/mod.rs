//! The calendar (CAL-1): what staff plan with a company, for clients where it is marked visible, beside the
//! milestones of the records they see. Here what staff do; what a portal shows of it is in [`entries`],
//! under which address calendar programs read that in [`subscriptions`].

pub mod entries;
pub mod feed;
pub mod subscriptions;

mod rows;

pub use rows::{CalendarEvent, CalendarFilter};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::companies::Archival;
use super::idempotency::{self, Claim};
use super::portals::about;
use super::subjects::{self, Subject};
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{CalendarEventId, CompanyId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{EventPatch, NewEvent};

/// When an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Timing {
    /// From one moment to another, which may be the same.
    Times(DateTime<Utc>, DateTime<Utc>),
    /// Whole days, the last one included, in the organisation's time zone.
    Days(NaiveDate, NaiveDate),
}

/// What a new event is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct EventDraft {
    pub subject: Subject,
    pub title: String,
    pub body: Option<String>,
    pub location: Option<String>,
    pub timing: Timing,
    pub client_visible: bool,
}

/// What changes of an event: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct EventEdit {
    pub title: Option<String>,
    pub body: Option<Option<String>>,
    pub location: Option<Option<String>>,
    pub timing: Option<Timing>,
    pub client_visible: Option<bool>,
}

/// Plans something, once for each idempotency key.
pub async fn create(write: &Write, draft: EventDraft, key: Option<&str>) -> Result<CalendarEventId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "calendar_event.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let (company_id, record_id) = subjects::find(write, &[draft.subject]).await?.place(draft.subject)?;
    let mut checks = Checks::new();
    let id: CalendarEventId = write.id();
    let new = NewEvent {
        org_id: write.scope().org_id,
        id,
        company_id,
        record_id,
        title: checks.line("title", &draft.title, 200),
        body: checks.optional(Some(draft.body), |c, v| c.text("body", v, 4000)).flatten(),
        location: checks.optional(Some(draft.location), |c, v| c.line("location", v, 300)).flatten(),
        when: check_timing(&mut checks, draft.timing).into(),
        client_visible: draft.client_visible,
        created_by: write.scope().member()?.id,
    };
    checks.finish()?;
    rows::insert(write, &new).await?;
    fresh.settle(write, id).await?;
    note(write, "calendar_event.created", id, (company_id, record_id), draft.client_visible);
    Ok(id)
}

/// Changes an event that stands at `version` (API-8).
pub async fn update(write: &Write, id: CalendarEventId, version: i32, edit: EventEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let before = required(write, id).await?;
    let mut checks = Checks::new();
    let patch = EventPatch {
        title: edit.title.map(|title| checks.line("title", &title, 200)),
        body: checks.optional(edit.body, |c, v| c.text("body", v, 4000)),
        location: checks.optional(edit.location, |c, v| c.line("location", v, 300)),
        when: edit.timing.map(|timing| check_timing(&mut checks, timing).into()),
        client_visible: edit.client_visible,
        archived_at: None,
    };
    checks.finish()?;
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "calendar event"));
    }
    let visible = before.client_visible || edit.client_visible == Some(true);
    note(write, "calendar_event.updated", id, (before.company_id, before.record_id), visible);
    Ok(())
}

/// Takes an event out of the calendar, or puts it back. Again is no error.
pub async fn archive(write: &Write, id: CalendarEventId, version: i32, archival: Archival) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let before = required(write, id).await?;
    let (kind, archived_at) = match (archival, before.archived_at) {
        (Archival::Archive, None) => ("calendar_event.archived", Some(write.at())),
        (Archival::Restore, Some(_)) => ("calendar_event.restored", None),
        _ => return Ok(()),
    };
    let patch = EventPatch { archived_at: Some(archived_at), ..EventPatch::default() };
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "calendar event"));
    }
    note(write, kind, id, (before.company_id, before.record_id), before.client_visible);
    Ok(())
}

fn note(
    write: &Write,
    kind: &'static str,
    id: CalendarEventId,
    (company, record): (CompanyId, Option<RecordId>),
    visible: bool,
) {
    let change = about(Change::new(kind, id), company, record);
    write.done(if visible { change.client_visible() } else { change });
}

fn check_timing(checks: &mut Checks, timing: Timing) -> Timing {
    let (first, last, begins_first) = match timing {
        Timing::Times(start, end) => (start.date_naive(), end.date_naive(), start <= end),
        Timing::Days(first, last) => (first, last, first <= last),
    };
    if !begins_first {
        checks.problem("timing", "This must not end before it begins.");
    }
    if [first, last].iter().any(|day| !(1..=9999).contains(&day.year())) {
        checks.problem("timing", "These must be days of the years 1 to 9999.");
    }
    timing
}

async fn required(tx: &Tx<Staff>, id: CalendarEventId) -> Result<CalendarEvent> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("calendar event"))
}

/// The events of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[CalendarEventId]) -> Result<Vec<CalendarEvent>> {
    rows::by_ids(tx, ids).await
}

/// A page of events, those planned last first.
pub async fn list(
    tx: &Tx<Staff>,
    filter: &CalendarFilter,
    page: &Page<CalendarEventId>,
) -> Result<Rows<CalendarEvent>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &CalendarFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

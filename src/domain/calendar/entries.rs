//! The calendar as a portal shows it: visible events and the milestones of visible records, by day. Reads as
//! a portal caller; which of them there are, row-level security decides.

use async_graphql::Enum;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::ids::RecordId;
use crate::db::prepared::literal;
use crate::db::schema::portal::{calendar_events as events, milestones, records};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::portals::end_of_day;
use crate::error::{Error, Result};

/// The most days that are read at once, and the most entries of a kind.
const LONGEST: i64 = 100;
const MOST: i64 = 500;

/// Days in a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// When the first day begins, and when the last is over.
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

impl Span {
    /// From one day to another, both included.
    pub fn new(first: NaiveDate, last: NaiveDate, zone: Tz) -> Result<Self> {
        let wrong =
            || Error::invalid("to", "Ask for days of the years 1 to 9999, the last not before the first.");
        let before = first.checked_sub_days(Days::new(1)).ok_or_else(wrong)?;
        let (start, end) = (end_of_day(before, zone), end_of_day(last, zone));
        match (start, end) {
            (Some(start), Some(end)) if first <= last && is_written(first) && is_written(last) => {
                Ok(Self { first, last, start, end })
            }
            _ => Err(wrong()),
        }
    }

    /// The same, of at most `LONGEST` days.
    pub fn bounded(first: NaiveDate, last: NaiveDate, zone: Tz) -> Result<Self> {
        if (last - first).num_days() >= LONGEST {
            return Err(Error::invalid("to", format!("Ask for at most {LONGEST} days at a time.")));
        }
        Self::new(first, last, zone)
    }
}

fn is_written(day: NaiveDate) -> bool {
    (1..=9999).contains(&chrono::Datelike::year(&day))
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[graphql(name = "PortalCalendarEntryKind")]
pub enum EntryKind {
    /// A step of a project, on the day it is planned for.
    Milestone,
    /// Something planned.
    Event,
}

/// Something in the calendar.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: EntryKind,
    pub id: Uuid,
    pub title: String,
    pub body: Option<String>,
    pub location: Option<String>,
    /// None: it lasts whole days.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The days it touches, where the organisation is.
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub record_id: Option<RecordId>,
    /// None where the portal does not show records.
    pub record_name: Option<String>,
    /// Of a milestone: whether it is reached.
    pub completed: bool,
}

#[derive(Debug, Queryable)]
struct EventRow {
    id: Uuid,
    record_id: Option<RecordId>,
    title: String,
    body: Option<String>,
    location: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    starts_on: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    record_name: Option<String>,
}

#[derive(Debug, Queryable)]
struct MilestoneRow {
    id: Uuid,
    record_id: RecordId,
    name: String,
    due_on: Option<NaiveDate>,
    completed_at: Option<DateTime<Utc>>,
    record_name: Option<String>,
}

/// What lies in these days, in order; of each kind the last `MOST`: what is over is missed least.
pub async fn entries(tx: &Tx<Portal>, span: &Span) -> Result<Vec<Entry>> {
    let (planned, steps) = futures::try_join!(planned(tx, span), steps(tx, span))?;
    let zone = tx.scope().time_zone();
    let planned = planned.into_iter().filter_map(|row| Entry::planned(row, zone));
    let mut entries: Vec<Entry> = planned.chain(steps.into_iter().filter_map(Entry::step)).collect();
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.first, entry.times, entry.kind);
        key(a).cmp(&key(b)).then_with(|| a.title.cmp(&b.title)).then(a.id.cmp(&b.id))
    });
    Ok(entries)
}

async fn planned(tx: &Tx<Portal>, span: &Span) -> Result<Vec<EventRow>> {
    // What ends as the first day begins is of the day before, unless that is all there is of it.
    let lasts = events::ends_at.gt(span.start).or(events::starts_at.ge(span.start));
    let timed = events::starts_at.lt(span.end).and(lasts);
    let whole = events::starts_on.le(span.last).and(events::ends_on.ge(span.first));
    let begins =
        literal::<Nullable<Timestamptz>>("coalesce(calendar_events.starts_at, calendar_events.starts_on)");
    let record = records::id.nullable().eq(events::record_id);
    Ok(events::table
        .left_join(records::table.on(record))
        .filter(timed.assume_not_null().or(whole.assume_not_null()))
        .order((begins.desc(), events::id))
        .limit(MOST)
        .select((
            events::id,
            events::record_id,
            events::title,
            events::body,
            events::location,
            events::starts_at,
            events::ends_at,
            events::starts_on,
            events::ends_on,
            records::name.nullable(),
        ))
        .load(&mut tx.connection())
        .await?)
}

async fn steps(tx: &Tx<Portal>, span: &Span) -> Result<Vec<MilestoneRow>> {
    Ok(milestones::table
        .left_join(records::table.on(records::id.eq(milestones::record_id)))
        .filter(milestones::shared_due_on.between(span.first, span.last))
        .order((milestones::shared_due_on.desc(), milestones::id))
        .limit(MOST)
        .select((
            milestones::id,
            milestones::record_id,
            milestones::name,
            milestones::shared_due_on,
            milestones::completed_at,
            records::name.nullable(),
        ))
        .load(&mut tx.connection())
        .await?)
}

impl Entry {
    fn planned(row: EventRow, zone: Tz) -> Option<Self> {
        let day = |moment: DateTime<Utc>| moment.with_timezone(&zone).date_naive();
        let times = row.starts_at.zip(row.ends_at);
        let (first, last) = match times {
            // What ends at midnight ends on the day before.
            Some((start, end)) => (day(start), day(start.max(end - TimeDelta::nanoseconds(1)))),
            None => row.starts_on.zip(row.ends_on)?,
        };
        Some(Self {
            kind: EntryKind::Event,
            id: row.id,
            title: row.title,
            body: row.body,
            location: row.location,
            times,
            first,
            last,
            record_id: row.record_id,
            record_name: row.record_name,
            completed: false,
        })
    }

    fn step(row: MilestoneRow) -> Option<Self> {
        let day = row.due_on?;
        Some(Self {
            kind: EntryKind::Milestone,
            id: row.id,
            title: row.name,
            body: None,
            location: None,
            times: None,
            first: day,
            last: day,
            record_id: Some(row.record_id),
            record_name: row.record_name,
            completed: row.completed_at.is_some(),
        })
    }
}

//! `calendar_events` in Diesel, for staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Timing;
use super::entries::Span;
use crate::db::ids::{CalendarEventId, CompanyId, MemberId, OrgId, RecordId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::calendar_events as events;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// Something planned, as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct CalendarEvent {
    pub id: CalendarEventId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub title: String,
    pub body: Option<String>,
    pub location: Option<String>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub client_visible: bool,
    pub created_by: MemberId,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// Which events to list; an absent part does not narrow.
#[derive(Clone, Debug, Default)]
pub struct CalendarFilter {
    pub company: Option<CompanyId>,
    pub record: Option<RecordId>,
    /// Those of these days.
    pub span: Option<Span>,
    /// The archived ones instead of the others.
    pub archived: bool,
}

/// The four columns that say when: two of them, never more.
#[derive(Clone, Copy, Debug, Insertable, AsChangeset)]
#[diesel(table_name = events, treat_none_as_null = true)]
pub(super) struct When {
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    starts_on: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
}

impl From<Timing> for When {
    fn from(timing: Timing) -> Self {
        let (times, days) = match timing {
            Timing::Times(start, end) => (Some((start, end)), None),
            Timing::Days(first, last) => (None, Some((first, last))),
        };
        let ((starts_at, ends_at), (starts_on, ends_on)) = (times.unzip(), days.unzip());
        Self { starts_at, ends_at, starts_on, ends_on }
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = events)]
pub(super) struct NewEvent {
    pub org_id: OrgId,
    pub id: CalendarEventId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub title: String,
    pub body: Option<String>,
    pub location: Option<String>,
    #[diesel(embed)]
    pub when: When,
    pub client_visible: bool,
    pub created_by: MemberId,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = events)]
pub(super) struct EventPatch {
    pub title: Option<String>,
    pub body: Option<Option<String>>,
    pub location: Option<Option<String>>,
    #[diesel(embed)]
    pub when: Option<When>,
    pub client_visible: Option<bool>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewEvent) -> Result<()> {
    diesel::insert_into(events::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: CalendarEventId,
    version: i32,
    patch: &EventPatch,
) -> Result<usize> {
    let row = events::table.filter(events::id.eq(id)).filter(events::version.eq(version));
    let raised = events::version.eq(events::version + 1);
    Ok(diesel::update(row).set((patch, raised)).execute(&mut tx.connection()).await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[CalendarEventId]) -> Result<Vec<CalendarEvent>> {
    let found = events::table.filter(events::id.eq_any(ids)).select(CalendarEvent::as_select());
    Ok(found.load(&mut tx.connection()).await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &CalendarFilter,
    page: &Page<CalendarEventId>,
) -> Result<Vec<CalendarEvent>> {
    let mut query = filtered(filter).order(events::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(events::id.lt(after));
    }
    Ok(query.select(CalendarEvent::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &CalendarFilter) -> Result<i64> {
    let ids: Vec<CalendarEventId> =
        filtered(filter).select(events::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &CalendarFilter) -> events::BoxedQuery<'static, Pg> {
    let mut query = events::table.into_boxed();
    query = match filter.archived {
        true => query.filter(events::archived_at.is_not_null()),
        false => query.filter(events::archived_at.is_null()),
    };
    if let Some(company) = filter.company {
        query = query.filter(events::company_id.eq(company));
    }
    if let Some(record) = filter.record {
        query = query.filter(events::record_id.eq(record));
    }
    if let Some(span) = filter.span {
        let lasts = events::ends_at.gt(span.start).or(events::starts_at.ge(span.start));
        let timed = events::starts_at.lt(span.end).and(lasts);
        let whole = events::starts_on.le(span.last).and(events::ends_on.ge(span.first));
        query = query.filter(timed.assume_not_null().or(whole.assume_not_null()));
    }
    query
}

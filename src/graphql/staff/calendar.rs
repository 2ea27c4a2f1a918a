//! The calendar in the staff root (CAL-1): what is planned with companies.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, OneofObject, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::companies::Company;
use super::records::Record;
use crate::db::ids::{CalendarEventId, CompanyId, MemberId, RecordId};
use crate::db::paging::Page;
use crate::domain::calendar::entries::Span;
use crate::domain::calendar::{self, CalendarFilter, EventDraft, EventEdit, Timing};
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};
use crate::graphql::staff::subjects::SubjectInput;

/// Something planned with a company.
#[derive(async_graphql::Description)]
pub struct CalendarEvent(calendar::CalendarEvent);

#[Object(use_type_description)]
impl CalendarEvent {
    /// Its id.
    async fn id(&self) -> CalendarEventId {
        self.0.id
    }

    /// The company it is planned with.
    async fn company(&self, ctx: &Context<'_>) -> Result<Company> {
        let reading = request(ctx).staff().await?;
        reading.loaders.required(self.0.company_id, "company").await.map(Company::from)
    }

    /// The record it is about; null: the company as a whole.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Record>> {
        let Some(record) = self.0.record_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(record).await?.map(Record::from))
    }

    /// What it is.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// More about it, plain text.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Where it is.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// When it begins; null: it lasts whole days.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    /// When it is over; null: it lasts whole days.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.ends_at
    }

    /// Of whole days the first, in the organisation's time zone; null: it has times.
    async fn starts_on(&self) -> Option<NaiveDate> {
        self.0.starts_on
    }

    /// Of whole days the last; null: it has times.
    async fn ends_on(&self) -> Option<NaiveDate> {
        self.0.ends_on
    }

    /// Whether clients see it: in portals with the mode CALENDAR, and of a record where the record shows.
    async fn client_visible(&self) -> bool {
        self.0.client_visible
    }

    /// The member who planned it.
    async fn created_by(&self) -> MemberId {
        self.0.created_by
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was planned.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was taken out of the calendar, if it was.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

impl From<calendar::CalendarEvent> for CalendarEvent {
    fn from(event: calendar::CalendarEvent) -> Self {
        Self(event)
    }
}

connection!(CalendarEventConnection, CalendarEventEdge, CalendarEvent, "calendar's events");

impl Loader<CalendarEventId> for Batch<Staff> {
    type Value = calendar::CalendarEvent;
    type Error = Error;

    async fn load(
        &self,
        ids: &[CalendarEventId],
    ) -> Result<HashMap<CalendarEventId, calendar::CalendarEvent>, Error> {
        Ok(keyed(calendar::by_ids(&self.0, ids).await?, |event| event.id))
    }
}

/// Which of the calendar's events; a part left out does not narrow.
#[derive(Default, InputObject)]
pub struct CalendarEventFilter {
    /// Those planned with this company.
    company_id: Option<CompanyId>,
    /// Those about this record.
    record_id: Option<RecordId>,
    /// Those of these days.
    days: Option<CalendarDaysInput>,
    /// The archived ones instead of the others.
    #[graphql(default)]
    archived: bool,
}

/// Days, the last one included, in the organisation's time zone.
#[derive(InputObject)]
pub struct CalendarDaysInput {
    /// The first.
    starts_on: NaiveDate,
    /// The last; the first if absent.
    ends_on: Option<NaiveDate>,
}

/// From one moment to another.
#[derive(InputObject)]
pub struct CalendarTimesInput {
    /// When it begins.
    starts_at: DateTime<Utc>,
    /// When it is over; as it begins, if absent.
    ends_at: Option<DateTime<Utc>>,
}

/// When something is: exactly one of these.
#[derive(OneofObject)]
pub enum CalendarTimingInput {
    /// From one moment to another.
    Times(CalendarTimesInput),
    /// Whole days.
    Days(CalendarDaysInput),
}

impl From<CalendarTimingInput> for Timing {
    fn from(input: CalendarTimingInput) -> Self {
        match input {
            CalendarTimingInput::Times(times) => {
                Self::Times(times.starts_at, times.ends_at.unwrap_or(times.starts_at))
            }
            CalendarTimingInput::Days(days) => {
                Self::Days(days.starts_on, days.ends_on.unwrap_or(days.starts_on))
            }
        }
    }
}

/// What to plan.
#[derive(InputObject)]
pub struct CreateCalendarEventInput {
    /// What it is planned for.
    subject: SubjectInput,
    /// What it is, 1 to 200 characters.
    title: String,
    /// More about it, plain text of up to 4,000 characters.
    body: Option<String>,
    /// Where it is, up to 300 characters.
    location: Option<String>,
    /// When it is.
    timing: CalendarTimingInput,
    /// Whether clients see it.
    #[graphql(default)]
    client_visible: bool,
    /// The same key and input within 24 hours plan it only once.
    idempotency_key: Option<String>,
}

/// What to change of something planned. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateCalendarEventInput {
    /// Which one.
    id: CalendarEventId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// What it is, 1 to 200 characters.
    title: Option<String>,
    /// More about it, plain text of up to 4,000 characters; null empties it.
    body: MaybeUndefined<String>,
    /// Where it is, up to 300 characters; null empties it.
    location: MaybeUndefined<String>,
    /// When it is.
    timing: Option<CalendarTimingInput>,
    /// Whether clients see it.
    client_visible: Option<bool>,
}

/// What to take out of the calendar, or to put back.
#[derive(InputObject)]
pub struct ArchiveCalendarEventInput {
    /// Which one.
    id: CalendarEventId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False puts it back.
    #[graphql(default = true)]
    archived: bool,
}

/// What was planned.
#[derive(SimpleObject)]
pub struct CreateCalendarEventPayload {
    /// The calendar's new event.
    event: CalendarEvent,
}

/// What was changed.
#[derive(SimpleObject)]
pub struct UpdateCalendarEventPayload {
    /// The changed event.
    event: CalendarEvent,
}

/// What was taken out of the calendar, or put back.
#[derive(SimpleObject)]
pub struct ArchiveCalendarEventPayload {
    /// The event.
    event: CalendarEvent,
}

/// Reading the calendar.
#[derive(Default)]
pub struct StaffCalendarQueries;

#[Object]
impl StaffCalendarQueries {
    /// One of the calendar's events by its id.
    async fn calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event's id.")] id: CalendarEventId,
    ) -> Option<Result<CalendarEvent>> {
        Some(load(ctx, id).await)
    }

    /// What is planned with companies, those planned last first, a page at a time.
    async fn calendar_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<CalendarEventFilter>,
    ) -> Result<CalendarEventConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let reading = request(ctx).staff().await?;
        let asked = filter.unwrap_or_default();
        let zone = reading.tx.scope().time_zone();
        let days = asked.days.map(|days| (days.starts_on, days.ends_on.unwrap_or(days.starts_on)));
        let span = days.map(|(first, last)| Span::new(first, last, zone)).transpose().map_err(coded)?;
        let filter = CalendarFilter {
            company: asked.company_id,
            record: asked.record_id,
            span,
            archived: asked.archived,
        };
        let rows = calendar::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(calendar::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(CalendarEventConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

/// Planning.
#[derive(Default)]
pub struct StaffCalendarMutations;

#[Object]
impl StaffCalendarMutations {
    /// Plans something with a company, or for one of its records. Needs RECORDS_WRITE.
    async fn create_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to plan.")] input: CreateCalendarEventInput,
    ) -> Option<Result<CreateCalendarEventPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes something planned. Needs RECORDS_WRITE.
    async fn update_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCalendarEventInput,
    ) -> Option<Result<UpdateCalendarEventPayload>> {
        Some(update(ctx, input).await)
    }

    /// Takes something out of the calendar, or puts it back. Needs RECORDS_WRITE.
    async fn archive_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveCalendarEventInput,
    ) -> Option<Result<ArchiveCalendarEventPayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateCalendarEventInput) -> Result<CreateCalendarEventPayload> {
    let draft = EventDraft {
        subject: input.subject.into(),
        title: input.title,
        body: input.body,
        location: input.location,
        timing: input.timing.into(),
        client_visible: input.client_visible,
    };
    let write = request(ctx).write().await?;
    let created = calendar::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateCalendarEventPayload { event: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateCalendarEventInput) -> Result<UpdateCalendarEventPayload> {
    let edit = EventEdit {
        title: input.title,
        body: input.body.into(),
        location: input.location.into(),
        timing: input.timing.map(Timing::from),
        client_visible: input.client_visible,
    };
    let write = request(ctx).write().await?;
    let updated = calendar::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateCalendarEventPayload { event: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveCalendarEventInput) -> Result<ArchiveCalendarEventPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = calendar::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveCalendarEventPayload { event: load(ctx, input.id).await? })
}

async fn load(ctx: &Context<'_>, id: CalendarEventId) -> Result<CalendarEvent> {
    request(ctx).staff().await?.loaders.required(id, "calendar event").await.map(CalendarEvent)
}

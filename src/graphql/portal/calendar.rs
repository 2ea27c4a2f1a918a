//! A portal's calendar (CAL-1): what is planned, the milestones, and addresses under which the visitor's own
//! calendar program reads them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};

use crate::db::enums::PortalMode;
use crate::db::ids::{CalendarSubscriptionId, RecordId};
use crate::domain::calendar::entries::{self, Entry, EntryKind, Span};
use crate::domain::calendar::subscriptions::{self, Subscription};
use crate::error::Error;
use crate::graphql::at_hand::AtHand;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Some days of the calendar.
#[derive(SimpleObject)]
pub struct PortalCalendar {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// What lies in them, in order: of each day what lasts it whole first. Of each kind the last 500.
    entries: AtHand<PortalCalendarEntry>,
}

/// Something in the calendar.
#[derive(SimpleObject)]
pub struct PortalCalendarEntry {
    /// What it is.
    kind: EntryKind,
    /// Its id.
    id: ID,
    /// Its title; the name of a milestone.
    title: String,
    /// More about it, plain text.
    body: Option<String>,
    /// Where it is.
    location: Option<String>,
    /// Whether it lasts whole days.
    all_day: bool,
    /// When it begins, unless it lasts whole days.
    starts_at: Option<DateTime<Utc>>,
    /// When it is over, unless it lasts whole days.
    ends_at: Option<DateTime<Utc>>,
    /// The first day that it touches, where the organisation is.
    starts_on: NaiveDate,
    /// The last day that it touches.
    ends_on: NaiveDate,
    /// The record it is about; null: no single one.
    record_id: Option<RecordId>,
    /// The record's name, where the portal shows records.
    record_name: Option<String>,
    /// Of a milestone: whether it is reached.
    completed: bool,
}

impl From<Entry> for PortalCalendarEntry {
    fn from(entry: Entry) -> Self {
        let (starts_at, ends_at) = entry.times.unzip();
        Self {
            kind: entry.kind,
            id: entry.id.into(),
            title: entry.title,
            body: entry.body,
            location: entry.location,
            all_day: starts_at.is_none(),
            starts_at,
            ends_at,
            starts_on: entry.first,
            ends_on: entry.last,
            record_id: entry.record_id,
            record_name: entry.record_name,
            completed: entry.completed,
        }
    }
}

/// An address under which a calendar program reads this calendar. It is dead once the session that it was
/// made in has ended, or its link or portal is closed.
#[derive(SimpleObject)]
pub struct PortalCalendarSubscription {
    /// Its id.
    id: CalendarSubscriptionId,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl From<Subscription> for PortalCalendarSubscription {
    fn from(subscription: Subscription) -> Self {
        Self { id: subscription.id, created_at: subscription.created_at }
    }
}

/// Reading the calendar.
#[derive(Default)]
pub struct CalendarQueries;

#[Object]
impl CalendarQueries {
    /// What is planned, and the milestones that have a day: empty where the portal shows no calendar.
    async fn calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; the first of this month if absent.")] from: Option<NaiveDate>,
        #[graphql(desc = "The last day, at most 100 from the first; a month after the first if absent.")] to: Option<
            NaiveDate,
        >,
    ) -> Result<PortalCalendar> {
        let request = request(ctx);
        let reading = request.portal().await?;
        let portal = reading.tx.scope();
        let today = portal.today(request.app.clock.now());
        let from = from.unwrap_or_else(|| today.with_day(1).unwrap_or(today));
        let month =
            from.checked_add_months(Months::new(1)).and_then(|day| day.checked_sub_days(Days::new(1)));
        let to = to.or(month).unwrap_or(from);
        let span = Span::bounded(from, to, portal.time_zone()).map_err(coded)?;
        let found = entries::entries(&reading.tx, &span).await.map_err(coded)?;
        request.shows(PortalMode::Calendar);
        Ok(PortalCalendar { from, to, entries: found.into_iter().collect() })
    }

    /// The living calendar subscriptions of this session, the newest first.
    async fn calendar_subscriptions(&self, ctx: &Context<'_>) -> Result<Vec<PortalCalendarSubscription>> {
        let reading = request(ctx).portal().await?;
        let own = subscriptions::own(&reading.tx).await.map_err(coded)?;
        Ok(own.into_iter().map(PortalCalendarSubscription::from).collect())
    }
}

/// A subscription to be made.
#[derive(InputObject)]
pub struct PortalCreateCalendarSubscriptionInput {
    /// The same key within 24 hours makes one subscription only.
    idempotency_key: Option<String>,
}

/// The subscription as it was made.
#[derive(SimpleObject)]
pub struct PortalCreateCalendarSubscriptionPayload {
    /// The address to give to a calendar program, a secret. Shown this once; null when an idempotency key
    /// was repeated.
    url: Option<String>,
    /// The new subscription.
    subscription: PortalCalendarSubscription,
}

/// Which subscription to end.
#[derive(InputObject)]
pub struct PortalRevokeCalendarSubscriptionInput {
    /// Which one.
    id: CalendarSubscriptionId,
}

/// The subscription is over.
#[derive(SimpleObject)]
pub struct PortalRevokeCalendarSubscriptionPayload {
    /// Which one it was.
    id: CalendarSubscriptionId,
}

/// Subscribing to the calendar.
#[derive(Default)]
pub struct CalendarMutations;

#[Object]
impl CalendarMutations {
    /// Makes an address under which a calendar program reads this calendar, and nothing else of the portal.
    /// FORBIDDEN where the portal shows no calendar.
    #[graphql(name = "createCalendarSubscription")]
    async fn create_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How.")] input: PortalCreateCalendarSubscriptionInput,
    ) -> Option<Result<PortalCreateCalendarSubscriptionPayload>> {
        Some(create(ctx, input).await)
    }

    /// Ends a calendar subscription of this session: its address is dead at once.
    #[graphql(name = "revokeCalendarSubscription")]
    async fn revoke_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: PortalRevokeCalendarSubscriptionInput,
    ) -> Option<Result<PortalRevokeCalendarSubscriptionPayload>> {
        Some(revoke(ctx, input.id).await)
    }
}

async fn create(
    ctx: &Context<'_>,
    input: PortalCreateCalendarSubscriptionInput,
) -> Result<PortalCreateCalendarSubscriptionPayload> {
    let write = request(ctx).act().await?;
    let created = subscriptions::create(&write, input.idempotency_key.as_deref()).await;
    let (id, token) = write.finish(created).await.map_err(coded)?;
    let reading = request(ctx).portal().await?;
    let own = subscriptions::own(&reading.tx).await.map_err(coded)?;
    let found = own.into_iter().find(|subscription| subscription.id == id);
    let found = found.ok_or_else(|| coded(Error::NotFound("calendar subscription")))?;
    let http = &request(ctx).app.config.http;
    Ok(PortalCreateCalendarSubscriptionPayload {
        url: token.map(|token| http.calendar_url(&token.reveal())),
        subscription: found.into(),
    })
}

async fn revoke(
    ctx: &Context<'_>,
    id: CalendarSubscriptionId,
) -> Result<PortalRevokeCalendarSubscriptionPayload> {
    let write = request(ctx).act().await?;
    let revoked = subscriptions::revoke(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(PortalRevokeCalendarSubscriptionPayload { id })
}

//! Endpoints and deliveries in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::enums::{WebhookDeliveryState, WebhookDisabledFor};
use crate::db::ids::{CompanyId, MemberId, OrgId, WebhookDeliveryId, WebhookEndpointId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::{
    events, webhook_attempts as attempts, webhook_deliveries as deliveries, webhook_endpoints as endpoints,
};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::domain::events::{EventFilter, FOR_ADMINS, Position};
use crate::error::Result;
use crate::sealing::Sealed;

/// Rows that one statement adds.
const BATCH: usize = 1_000;

/// Where a partner wants events sent, as staff see it: never its secret.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = endpoints)]
pub struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    pub url: String,
    pub description: Option<String>,
    /// `noun.verb`; none is all.
    pub kinds: Option<Vec<String>>,
    pub company_id: Option<CompanyId>,
    pub in_order: bool,
    /// Until then the secret before the newest one signs too.
    pub previous_until: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub disabled_for: Option<WebhookDisabledFor>,
    pub version: i32,
    pub created_by: MemberId,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = endpoints)]
pub(super) struct NewEndpoint {
    pub org_id: OrgId,
    pub id: WebhookEndpointId,
    pub url: String,
    pub description: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub company_id: Option<CompanyId>,
    pub in_order: bool,
    pub secret: Vec<u8>,
    pub secret_key: String,
    pub queued_to: Position,
    pub created_by: MemberId,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = endpoints)]
pub(super) struct EndpointPatch {
    pub url: Option<String>,
    pub description: Option<Option<String>>,
    pub kinds: Option<Option<Vec<String>>>,
    pub in_order: Option<bool>,
    pub disabled_at: Option<Option<DateTime<Utc>>>,
    pub disabled_for: Option<Option<WebhookDisabledFor>>,
    pub queued_to: Option<Position>,
    pub due_at: Option<Option<DateTime<Utc>>>,
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    pub event_seq: Position,
    pub event_id: Uuid,
    /// `noun.verb`.
    pub event_kind: String,
    pub state: WebhookDeliveryState,
    pub replay: bool,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// One try to deliver an event.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = attempts)]
pub struct WebhookAttempt {
    pub delivery_id: WebhookDeliveryId,
    pub attempted_at: DateTime<Utc>,
    pub duration_ms: i32,
    pub status: Option<i32>,
    pub failure: Option<String>,
    pub answer: Option<String>,
}

/// An event to be sent: its place, id and kind.
pub(super) type Wanted = (Position, Uuid, String);

impl WebhookDelivery {
    /// The event.
    pub(super) fn event(&self) -> Wanted {
        (self.event_seq, self.event_id, self.event_kind.clone())
    }
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewEndpoint) -> Result<()> {
    diesel::insert_into(endpoints::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn count(tx: &Tx<Staff>) -> Result<i64> {
    Ok(endpoints::table.count().get_result(&mut tx.connection()).await?)
}

pub(super) async fn update(
    write: &Write,
    id: WebhookEndpointId,
    version: i32,
    patch: &EndpointPatch,
) -> Result<usize> {
    let row = endpoints::table.filter(endpoints::id.eq(id)).filter(endpoints::version.eq(version));
    Ok(diesel::update(row)
        .set((patch, endpoints::version.eq(version + 1), endpoints::updated_at.eq(write.at())))
        .execute(&mut write.connection())
        .await?)
}

pub(super) async fn rotate(
    write: &Write,
    id: WebhookEndpointId,
    sealed: &Sealed,
    until: DateTime<Utc>,
) -> Result<()> {
    diesel::update(endpoints::table.filter(endpoints::id.eq(id)))
        .set((
            endpoints::previous_secret.eq(endpoints::secret.nullable()),
            endpoints::previous_secret_key.eq(endpoints::secret_key.nullable()),
            endpoints::previous_until.eq(until),
            endpoints::secret.eq(&sealed.bytes),
            endpoints::secret_key.eq(&sealed.key),
            endpoints::version.eq(endpoints::version + 1),
            endpoints::updated_at.eq(write.at()),
        ))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx<Staff>, id: WebhookEndpointId) -> Result<()> {
    diesel::delete(endpoints::table.filter(endpoints::id.eq(id))).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[WebhookEndpointId]) -> Result<Vec<WebhookEndpoint>> {
    Ok(endpoints::table
        .filter(endpoints::id.eq_any(ids))
        .select(WebhookEndpoint::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(tx: &Tx<Staff>) -> Result<Vec<WebhookEndpoint>> {
    Ok(endpoints::table
        .order(endpoints::id.desc())
        .select(WebhookEndpoint::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// Queues events for an endpoint that staff want sent again.
pub(super) async fn queue(
    write: &Write,
    endpoint: WebhookEndpointId,
    wanted: &[Wanted],
) -> Result<Vec<WebhookDeliveryId>> {
    let mut queued = Vec::with_capacity(wanted.len());
    for batch in wanted.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|(position, event, kind)| {
                let id: WebhookDeliveryId = write.id();
                queued.push(id);
                (
                    deliveries::org_id.eq(write.scope().org_id),
                    deliveries::id.eq(id),
                    deliveries::endpoint_id.eq(endpoint),
                    deliveries::event_seq.eq(*position),
                    deliveries::event_id.eq(*event),
                    deliveries::event_kind.eq(kind.clone()),
                    deliveries::replay.eq(true),
                    deliveries::due_at.eq(write.at()),
                    deliveries::created_at.eq(write.at()),
                )
            })
            .collect();
        diesel::insert_into(deliveries::table).values(rows).execute(&mut write.connection()).await?;
    }
    Ok(queued)
}

/// Says that there is something to send to an endpoint now.
pub(super) async fn wake(write: &Write, endpoint: WebhookEndpointId) -> Result<()> {
    diesel::update(endpoints::table.filter(endpoints::id.eq(endpoint)))
        .set(endpoints::due_at.eq(write.at()))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn events_between(
    tx: &Tx<Staff>,
    filter: &EventFilter,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Wanted>> {
    let mut query = events::table
        .filter(events::occurred_at.ge(since))
        .filter(events::occurred_at.lt(until))
        .order(events::seq)
        .limit(limit)
        .select((events::seq, events::id, events::kind))
        .into_boxed();
    if let Some(kinds) = &filter.kinds {
        query = query.filter(events::kind.eq_any(kinds));
    }
    if let Some(company) = filter.company {
        query = query.filter(events::company_id.eq(company));
    }
    for prefix in FOR_ADMINS {
        query = query.filter(events::kind.not_like(format!("{}%", prefix.replace('_', "\\_"))));
    }
    Ok(query.load(&mut tx.connection()).await?)
}

pub(super) async fn delivery(tx: &Tx<Staff>, id: WebhookDeliveryId) -> Result<Option<WebhookDelivery>> {
    Ok(deliveries::table
        .filter(deliveries::id.eq(id))
        .select(WebhookDelivery::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn deliveries(
    tx: &Tx<Staff>,
    endpoint: WebhookEndpointId,
    state: Option<WebhookDeliveryState>,
    page: &Page<WebhookDeliveryId>,
) -> Result<Vec<WebhookDelivery>> {
    let mut query = of_endpoint(endpoint, state).order(deliveries::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(deliveries::id.lt(after));
    }
    Ok(query.select(WebhookDelivery::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count_deliveries(
    tx: &Tx<Staff>,
    endpoint: WebhookEndpointId,
    state: Option<WebhookDeliveryState>,
) -> Result<i64> {
    let ids: Vec<WebhookDeliveryId> = of_endpoint(endpoint, state)
        .select(deliveries::id)
        .limit(MAX_COUNT)
        .load(&mut tx.connection())
        .await?;
    Ok(ids.len() as i64)
}

fn of_endpoint(
    endpoint: WebhookEndpointId,
    state: Option<WebhookDeliveryState>,
) -> deliveries::BoxedQuery<'static, Pg> {
    let query = deliveries::table.filter(deliveries::endpoint_id.eq(endpoint)).into_boxed();
    match state {
        Some(state) => query.filter(deliveries::state.eq(state)),
        None => query,
    }
}

pub(super) async fn attempts(
    tx: &Tx<Staff>,
    deliveries: &[WebhookDeliveryId],
) -> Result<Vec<WebhookAttempt>> {
    Ok(attempts::table
        .filter(attempts::delivery_id.eq_any(deliveries))
        .order(attempts::id)
        .select(WebhookAttempt::as_select())
        .load(&mut tx.connection())
        .await?)
}

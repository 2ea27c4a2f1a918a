//! Deliveries in Diesel, for the worker in the organisation that it entered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::{Answer, Claimed, Outcome};
use crate::clock::Clock;
use crate::db::enums::{WebhookDeliveryState, WebhookDisabledFor};
use crate::db::ids::{
    CompanyId, MemberId, OrgId, PortalSessionId, RecordId, WebhookDeliveryId, WebhookEndpointId,
};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::system::{
    events, webhook_attempts as attempts, webhook_deliveries as deliveries, webhook_endpoints as endpoints,
};
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::app_id;
use crate::domain::events::{FOR_ADMINS, Position};
use crate::error::Result;

/// Events that one turn queues at most; the next goes on.
const BATCH: i64 = 500;

/// An endpoint as the worker needs it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = endpoints)]
pub struct Endpoint {
    pub id: WebhookEndpointId,
    pub url: String,
    pub kinds: Option<Vec<String>>,
    pub company_id: Option<CompanyId>,
    pub in_order: bool,
    pub secret: Vec<u8>,
    pub secret_key: String,
    pub previous_secret: Option<Vec<u8>>,
    pub previous_secret_key: Option<String>,
    pub previous_until: Option<DateTime<Utc>>,
    pub queued_to: Position,
    pub told_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
}

/// A delivery that has not ended.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct Pending {
    pub id: WebhookDeliveryId,
    pub event_seq: Position,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
}

/// An event as it is sent.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Event {
    pub id: Uuid,
    pub kind: String,
    pub actor_member_id: Option<MemberId>,
    pub actor_session_id: Option<PortalSessionId>,
    pub company_id: Option<CompanyId>,
    pub record_id: Option<RecordId>,
    pub client_visible: bool,
    pub payload: Value,
    pub occurred_at: DateTime<Utc>,
}

diesel::define_sql_function! { fn newest_event() -> sql_types::BigInt; }

/// What `claim_webhooks` yields.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    org_id: Uuid,
    #[diesel(sql_type = sql_types::Uuid)]
    endpoint_id: Uuid,
}

pub(super) async fn claim(
    pools: &Pools,
    most: i32,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let entered = pools.enter(Door::System, Access::Write, move |mut connection| {
        async move {
            let claim = diesel::sql_query("select org_id, endpoint_id from claim_webhooks($1, $2, $3)")
                .bind::<sql_types::Integer, _>(most)
                .bind::<sql_types::Timestamptz, _>(now)
                .bind::<sql_types::Timestamptz, _>(until)
                .prepared();
            claim.load::<Row>(&mut connection).await.map(Some)
        }
        .boxed()
    });
    let Some(tx) = entered.await? else { return Ok(Vec::new()) };
    let claimed =
        |row: &Row| Claimed { org: OrgId(row.org_id), endpoint: WebhookEndpointId(row.endpoint_id) };
    let claimed = tx.scope().iter().map(claimed).collect();
    tx.commit().await?;
    Ok(claimed)
}

/// The organisation that was entered.
pub(super) fn entered(mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Option<OrgId>>> {
    async move { diesel::select(app_id("app.org")).get_result(&mut connection).await }.boxed()
}

/// The endpoint, held until the turn ends: staff who change it wait.
pub(super) async fn endpoint(tx: &Tx<OrgId>, id: WebhookEndpointId) -> Result<Option<Endpoint>> {
    Ok(endpoints::table
        .filter(endpoints::id.eq(id))
        .select(Endpoint::as_select())
        .for_no_key_update()
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn pending(tx: &Tx<OrgId>, id: WebhookDeliveryId) -> Result<Option<Pending>> {
    Ok(deliveries::table
        .filter(deliveries::id.eq(id))
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending))
        .select(Pending::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn note_attempt(tx: &Tx<OrgId>, id: Uuid, outcome: &Outcome) -> Result<()> {
    let (status, failure, answer) = match &outcome.answer {
        Answer::Answered { status, body, .. } => (Some(i32::from(*status)), None, Some(body.as_str())),
        Answer::Failed(why) => (None, Some(why.as_str()), None),
    };
    let row = (
        attempts::org_id.eq(*tx.scope()),
        attempts::id.eq(id),
        attempts::delivery_id.eq(outcome.delivery),
        attempts::attempted_at.eq(outcome.at),
        attempts::duration_ms.eq(i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX)),
        attempts::status.eq(status),
        attempts::failure.eq(failure),
        attempts::answer.eq(answer),
    );
    diesel::insert_into(attempts::table).values(row).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn settle(
    tx: &Tx<OrgId>,
    pending: &Pending,
    state: WebhookDeliveryState,
    due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let ended = (state != WebhookDeliveryState::Pending).then_some(now);
    diesel::update(deliveries::table.filter(deliveries::id.eq(pending.id)))
        .set((
            deliveries::state.eq(state),
            deliveries::attempts.eq(pending.attempts + 1),
            deliveries::due_at.eq(due.unwrap_or(pending.due_at)),
            deliveries::ended_at.eq(ended),
        ))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn disable(
    tx: &Tx<OrgId>,
    id: WebhookEndpointId,
    why: WebhookDisabledFor,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(endpoints::table.filter(endpoints::id.eq(id)))
        .set((endpoints::disabled_at.eq(now), endpoints::disabled_for.eq(why)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn note_telling(tx: &Tx<OrgId>, id: WebhookEndpointId, now: DateTime<Utc>) -> Result<()> {
    diesel::update(endpoints::table.filter(endpoints::id.eq(id)))
        .set(endpoints::told_at.eq(now))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// Queues what happened since the endpoint was last looked after, as far as it wants it.
pub(super) async fn queue_new(
    tx: &Tx<OrgId>,
    clock: &Clock,
    endpoint: &Endpoint,
    now: DateTime<Utc>,
) -> Result<()> {
    let newest: i64 = diesel::select(newest_event()).get_result(&mut tx.connection()).await?;
    if newest <= endpoint.queued_to.0 {
        return Ok(());
    }
    let mut query = events::table
        .filter(events::seq.gt(endpoint.queued_to))
        .filter(events::seq.le(Position(newest)))
        .order(events::seq)
        .limit(BATCH)
        .select((events::seq, events::id, events::kind))
        .into_boxed();
    if let Some(kinds) = &endpoint.kinds {
        query = query.filter(events::kind.eq_any(kinds));
    }
    if let Some(company) = endpoint.company_id {
        query = query.filter(events::company_id.eq(company));
    }
    for prefix in FOR_ADMINS {
        query = query.filter(events::kind.not_like(format!("{}%", prefix.replace('_', "\\_"))));
    }
    let wanted: Vec<(Position, Uuid, String)> = query.load(&mut tx.connection()).await?;
    let queued_to = match wanted.last() {
        Some((last, ..)) if wanted.len() as i64 == BATCH => *last,
        _ => Position(newest),
    };
    let rows: Vec<_> = wanted
        .into_iter()
        .map(|(position, event, kind)| {
            (
                deliveries::org_id.eq(*tx.scope()),
                deliveries::id.eq(WebhookDeliveryId(clock.id())),
                deliveries::endpoint_id.eq(endpoint.id),
                deliveries::event_seq.eq(position),
                deliveries::event_id.eq(event),
                deliveries::event_kind.eq(kind),
                deliveries::due_at.eq(now),
                deliveries::created_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(deliveries::table).values(rows).execute(&mut tx.connection()).await?;
    diesel::update(endpoints::table.filter(endpoints::id.eq(endpoint.id)))
        .set(endpoints::queued_to.eq(queued_to))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// What is due, in the order of the log. Where order counts, what is not due holds up what follows.
pub(super) async fn next(
    tx: &Tx<OrgId>,
    endpoint: &Endpoint,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Pending>> {
    let pending = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint.id))
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending))
        .order((deliveries::event_seq, deliveries::id))
        .limit(most)
        .select(Pending::as_select())
        .into_boxed();
    let pending = if endpoint.in_order { pending } else { pending.filter(deliveries::due_at.le(now)) };
    let mut pending: Vec<Pending> = pending.load(&mut tx.connection()).await?;
    pending.retain(|pending| pending.due_at <= now);
    Ok(pending)
}

pub(super) async fn event(tx: &Tx<OrgId>, position: Position) -> Result<Option<Event>> {
    Ok(events::table
        .filter(events::seq.eq(position))
        .select(Event::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// Renews the claim, or gives it up and says when there is something to send next.
pub(super) async fn rest(
    tx: &Tx<OrgId>,
    endpoint: &Endpoint,
    lease: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = endpoints::table.filter(endpoints::id.eq(endpoint.id));
    if lease.is_some() {
        // Due now, for whoever finds the claim lapsed.
        diesel::update(row)
            .set((endpoints::claimed_until.eq(lease), endpoints::due_at.eq(now)))
            .execute(&mut tx.connection())
            .await?;
        return Ok(());
    }
    let pending = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint.id))
        .filter(deliveries::state.eq(WebhookDeliveryState::Pending));
    let due: Option<DateTime<Utc>> = if endpoint.in_order {
        pending
            .order((deliveries::event_seq, deliveries::id))
            .select(deliveries::due_at)
            .first(&mut tx.connection())
            .await
            .optional()?
    } else {
        pending.select(diesel::dsl::min(deliveries::due_at)).first(&mut tx.connection()).await?
    };
    diesel::update(row)
        .set((endpoints::claimed_until.eq(None::<DateTime<Utc>>), endpoints::due_at.eq(due)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

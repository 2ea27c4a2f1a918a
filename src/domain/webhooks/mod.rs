//! Webhooks (EVT-7): endpoints of partners, to which the worker sends the organisation's events, signed
//! as Standard Webhooks says. Here are the verbs of staff: OWNER and ADMIN make endpoints and see what
//! became of each delivery. How deliveries run is in [`delivering`]; the HTTP of it is an adapter's.

pub mod delivering;
pub mod letters;
mod rows;
pub mod schedule;
mod secrets;

pub use rows::{WebhookAttempt, WebhookDelivery, WebhookEndpoint};
pub use secrets::WebhookSecret;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::events::EventFilter;
use super::idempotency::{self, Claim};
use super::validation::Checks;
use super::{companies, events};
use crate::db::enums::{WebhookDeliveryState, WebhookDisabledFor};
use crate::db::ids::{CompanyId, WebhookDeliveryId, WebhookEndpointId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;
use rows::{EndpointPatch, NewEndpoint};

/// Endpoints that an organisation has at most.
const MOST_ENDPOINTS: i64 = 50;
/// Events that are replayed at once at most.
const MOST_REPLAYED: i64 = 10_000;
/// How long the secret before the newest one signs too.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// What a new endpoint is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct EndpointDraft {
    pub url: String,
    pub description: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub company_id: Option<CompanyId>,
    pub in_order: bool,
}

/// What changes of an endpoint: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct EndpointEdit {
    pub url: Option<String>,
    pub description: Option<Option<String>>,
    pub kinds: Option<Option<Vec<String>>>,
    pub in_order: Option<bool>,
    pub enabled: Option<bool>,
}

/// Makes an endpoint, once for each idempotency key. It is sent what happens from now on. The secret
/// comes with the first call only. That the address is no private one the caller has checked.
pub async fn create(
    write: &Write,
    keys: &SealingKeys,
    draft: EndpointDraft,
    idempotency_key: Option<&str>,
) -> Result<(WebhookEndpointId, Option<WebhookSecret>)> {
    write.scope().require_admin()?;
    let fresh = match idempotency::claim(write, idempotency_key, "webhook_endpoint.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok((id.into(), None)),
    };
    let mut checks = Checks::new();
    let url = checks.web_address("url", &draft.url);
    let description =
        checks.optional(Some(draft.description), |c, v| c.line("description", v, 200)).flatten();
    let kinds = check_kinds(&mut checks, draft.kinds);
    checks.finish()?;
    check_company(write, draft.company_id).await?;
    if rows::count(write).await? >= MOST_ENDPOINTS {
        return Err(Error::Conflict(format!("An organisation has at most {MOST_ENDPOINTS} endpoints.")));
    }
    let id = write.id();
    let secret = WebhookSecret::new()?;
    let sealed = secret.seal(keys, write.scope().org_id, id);
    let new = NewEndpoint {
        org_id: write.scope().org_id,
        id,
        url,
        description,
        kinds,
        company_id: draft.company_id,
        in_order: draft.in_order,
        secret: sealed.bytes,
        secret_key: sealed.key,
        queued_to: events::horizon(write).await?.newest,
        created_by: write.scope().member()?.id,
    };
    rows::insert(write, &new).await?;
    fresh.settle(write, id).await?;
    write.done(Change::new("webhook_endpoint.created", id));
    Ok((id, Some(secret)))
}

/// Changes an endpoint that stands at `version` (API-8). One that is switched on again is sent what
/// happens from now on; what it missed can be replayed.
pub async fn update(write: &Write, id: WebhookEndpointId, version: i32, edit: EndpointEdit) -> Result<()> {
    write.scope().require_admin()?;
    let endpoint = find(write, id).await?;
    let mut checks = Checks::new();
    let mut patch = EndpointPatch {
        url: edit.url.map(|v| checks.web_address("url", &v)),
        description: checks.optional(edit.description, |c, v| c.line("description", v, 200)),
        kinds: edit.kinds.map(|kinds| check_kinds(&mut checks, kinds)),
        in_order: edit.in_order,
        ..EndpointPatch::default()
    };
    checks.finish()?;
    match (edit.enabled, endpoint.disabled_at) {
        (Some(true), Some(_)) => {
            patch.disabled_at = Some(None);
            patch.disabled_for = Some(None);
            patch.queued_to = Some(events::horizon(write).await?.newest);
            patch.due_at = Some(Some(write.at()));
        }
        (Some(false), None) => {
            patch.disabled_at = Some(Some(write.at()));
            patch.disabled_for = Some(Some(WebhookDisabledFor::Staff));
        }
        _ => {}
    }
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "webhook endpoint"));
    }
    write.done(Change::new("webhook_endpoint.updated", id));
    Ok(())
}

/// Gives an endpoint a new secret. The one before it signs too for a day.
pub async fn rotate(write: &Write, keys: &SealingKeys, id: WebhookEndpointId) -> Result<WebhookSecret> {
    write.scope().require_admin()?;
    find(write, id).await?;
    let secret = WebhookSecret::new()?;
    let sealed = secret.seal(keys, write.scope().org_id, id);
    rows::rotate(write, id, &sealed, write.at() + OVERLAP).await?;
    write.done(Change::new("webhook_endpoint.rotated", id));
    Ok(secret)
}

/// Deletes an endpoint with all that is known of its deliveries.
pub async fn delete(write: &Write, id: WebhookEndpointId) -> Result<()> {
    write.scope().require_admin()?;
    find(write, id).await?;
    rows::delete(write, id).await?;
    write.done(Change::new("webhook_endpoint.deleted", id));
    Ok(())
}

/// Queues an event once more for the endpoint it was meant for.
pub async fn replay(write: &Write, id: WebhookDeliveryId) -> Result<WebhookDeliveryId> {
    write.scope().require_admin()?;
    let delivery = rows::delivery(write, id).await?.ok_or(Error::NotFound("webhook delivery"))?;
    if delivery.event_seq <= events::horizon(write).await?.before_oldest {
        return Err(Error::Conflict("This event is not kept any more.".into()));
    }
    let again = rows::queue(write, delivery.endpoint_id, &[delivery.event()]).await?;
    rows::wake(write, delivery.endpoint_id).await?;
    write.done(Change::new("webhook_delivery.replayed", id));
    Ok(again[0])
}

/// Queues what happened in a stretch of time once more, as far as an endpoint wants it and it is kept,
/// oldest first. How many events that is.
pub async fn replay_range(
    write: &Write,
    id: WebhookEndpointId,
    since: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Result<usize> {
    write.scope().require_admin()?;
    let endpoint = find(write, id).await?;
    let until = until.unwrap_or(write.at());
    let wanted = rows::events_between(write, &endpoint.filter(), since, until, MOST_REPLAYED + 1).await?;
    if wanted.len() as i64 > MOST_REPLAYED {
        let message = format!("That is more than {MOST_REPLAYED} events. Ask for a shorter stretch.");
        return Err(Error::invalid("input.since", message));
    }
    rows::queue(write, id, &wanted).await?;
    rows::wake(write, id).await?;
    write.done(Change::new("webhook_endpoint.replayed", id));
    Ok(wanted.len())
}

fn check_kinds(checks: &mut Checks, kinds: Option<Vec<String>>) -> Option<Vec<String>> {
    let mut kinds = kinds?;
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        checks.problem("types", "Choose at least one, or leave it out for all.");
    }
    if kinds.iter().any(|kind| events::FOR_ADMINS.iter().any(|hidden| kind.starts_with(hidden))) {
        checks.problem("types", "Events of sessions, keys and webhooks are not sent to endpoints.");
    }
    Some(kinds)
}

async fn check_company(write: &Write, company: Option<CompanyId>) -> Result<()> {
    match company {
        Some(company) if companies::by_ids(write, &[company]).await?.is_empty() => {
            Err(Error::NotFound("company"))
        }
        _ => Ok(()),
    }
}

async fn find(tx: &Tx<Staff>, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("webhook endpoint"))
}

impl WebhookEndpoint {
    /// Which events it wants.
    fn filter(&self) -> EventFilter {
        EventFilter { kinds: self.kinds.clone(), company: self.company_id, record: None }
    }
}

/// The endpoints of these ids that the organisation has, in any order. For OWNER and ADMIN.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[WebhookEndpointId]) -> Result<Vec<WebhookEndpoint>> {
    tx.scope().require_admin()?;
    rows::by_ids(tx, ids).await
}

/// All endpoints, the newest first; an organisation has few. For OWNER and ADMIN.
pub async fn list(tx: &Tx<Staff>) -> Result<Vec<WebhookEndpoint>> {
    tx.scope().require_admin()?;
    rows::list(tx).await
}

/// A delivery. For OWNER and ADMIN.
pub async fn delivery(tx: &Tx<Staff>, id: WebhookDeliveryId) -> Result<WebhookDelivery> {
    tx.scope().require_admin()?;
    rows::delivery(tx, id).await?.ok_or(Error::NotFound("webhook delivery"))
}

/// A page of an endpoint's deliveries, the newest first. For OWNER and ADMIN.
pub async fn deliveries(
    tx: &Tx<Staff>,
    endpoint: WebhookEndpointId,
    state: Option<WebhookDeliveryState>,
    page: &Page<WebhookDeliveryId>,
) -> Result<Rows<WebhookDelivery>> {
    tx.scope().require_admin()?;
    Ok(page.cut(rows::deliveries(tx, endpoint, state, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`]. For OWNER and ADMIN.
pub async fn count_deliveries(
    tx: &Tx<Staff>,
    endpoint: WebhookEndpointId,
    state: Option<WebhookDeliveryState>,
) -> Result<i64> {
    tx.scope().require_admin()?;
    rows::count_deliveries(tx, endpoint, state).await
}

/// The tries of several deliveries, each delivery's in order. For OWNER and ADMIN.
pub async fn attempts(tx: &Tx<Staff>, deliveries: &[WebhookDeliveryId]) -> Result<Vec<WebhookAttempt>> {
    tx.scope().require_admin()?;
    rows::attempts(tx, deliveries).await
}

//! How events get to endpoints (EVT-7). The worker claims endpoints that have something to be sent, and
//! takes turns at each: a turn notes what became of what was sent, queues what happened since, and says
//! what to send next; the sending itself is between two turns, in no transaction. Whoever is killed
//! between two turns leaves a claim that ends by itself, and the event is sent again: at least once.

mod rows;

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::schedule::{self, Verdict};
use super::secrets::WebhookSecret;
use crate::clock::Clock;
use crate::db::enums::{WebhookDeliveryState, WebhookDisabledFor};
use crate::db::ids::{OrgId, WebhookDeliveryId, WebhookEndpointId};
use crate::db::pool::Pools;
use crate::db::scope::{Access, Door, Tx};
use crate::domain::changes::{self, Change};
use crate::domain::events::CursorKey;
use crate::domain::mails::MailKind;
use crate::domain::outbox;
use crate::error::{Error, Result};
use crate::sealing::Sealed;
use crate::sealing::SealingKeys;
use rows::{Endpoint, Pending};

/// How long nobody else takes a claimed endpoint. Each turn renews it; no answer takes so long.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Events that are sent at once to an endpoint that wants no order.
const AT_ONCE: i64 = 8;
/// Between two mails to the owner about one endpoint.
const TELLING: TimeDelta = TimeDelta::days(1);

/// An endpoint that is ours for a while.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    pub org: OrgId,
    pub endpoint: WebhookEndpointId,
}

/// What to send.
#[derive(Clone, Debug)]
pub struct Message {
    delivery: WebhookDeliveryId,
    pub url: String,
    event: Uuid,
    secrets: Vec<WebhookSecret>,
    pub body: String,
}

/// What came of sending it.
#[derive(Clone, Debug)]
pub struct Outcome {
    delivery: WebhookDeliveryId,
    at: DateTime<Utc>,
    took: Duration,
    answer: Answer,
}

/// What an endpoint said.
#[derive(Clone, Debug)]
pub enum Answer {
    Answered {
        status: u16,
        retry_after: Option<Duration>,
        /// Its first bytes.
        body: String,
    },
    /// Nothing, and why.
    Failed(String),
}

impl Message {
    /// The headers of a try at `now`: id, time and a signature with each secret that counts.
    pub fn headers(&self, now: DateTime<Utc>) -> Result<[(&'static str, String); 3]> {
        let (id, timestamp) = (self.event.to_string(), now.timestamp());
        let signatures: Result<Vec<String>> =
            self.secrets.iter().map(|secret| secret.sign(&id, timestamp, &self.body)).collect();
        Ok([
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures?.join(" ")),
        ])
    }

    /// Notes what came of it.
    pub fn came_to(&self, at: DateTime<Utc>, took: Duration, answer: Answer) -> Outcome {
        Outcome { delivery: self.delivery, at, took, answer }
    }
}

/// Takes up to so many endpoints that have something to be sent.
pub async fn claim(pools: &Pools, clock: &Clock, most: i32) -> Result<Vec<Claimed>> {
    let now = clock.now();
    rows::claim(pools, most, now, now + LEASE).await
}

/// Where an endpoint is, for a letter about it.
pub(super) async fn url_of(tx: &Tx<OrgId>, id: WebhookEndpointId) -> Result<Option<String>> {
    Ok(rows::endpoint(tx, id).await?.map(|endpoint| endpoint.url))
}

/// One turn at an endpoint. Nothing to send means that the claim is given up.
pub async fn turn(
    pools: &Pools,
    clock: &Clock,
    keys: &SealingKeys,
    claimed: Claimed,
    outcomes: &[Outcome],
) -> Result<Vec<Message>> {
    let entered = pools.enter(Door::Organization(claimed.org), Access::Write, rows::entered);
    let Some(tx) = entered.await? else { return Ok(Vec::new()) };
    let Some(endpoint) = rows::endpoint(&tx, claimed.endpoint).await? else {
        tx.rollback().await?;
        return Ok(Vec::new());
    };
    let mut turn = Turn { tx, clock, endpoint, now: clock.now(), changes: Vec::new() };
    for outcome in outcomes {
        turn.note(outcome).await?;
    }
    let messages = if turn.endpoint.disabled_at.is_none() { turn.next(keys).await? } else { Vec::new() };
    turn.end(!messages.is_empty()).await?;
    Ok(messages)
}

struct Turn<'a> {
    tx: Tx<OrgId>,
    clock: &'a Clock,
    endpoint: Endpoint,
    now: DateTime<Utc>,
    changes: Vec<(Change, DateTime<Utc>)>,
}

impl Turn<'_> {
    async fn note(&mut self, outcome: &Outcome) -> Result<()> {
        // Deleted meanwhile, or noted by whoever took the claim over.
        let Some(pending) = rows::pending(&self.tx, outcome.delivery).await? else { return Ok(()) };
        rows::note_attempt(&self.tx, self.clock.id(), outcome).await?;
        let verdict = schedule::judge(&outcome.answer, pending.attempts + 1, pending.created_at, self.now);
        let (state, due) = match verdict {
            Verdict::Delivered => (WebhookDeliveryState::Delivered, None),
            Verdict::Again(due) => (WebhookDeliveryState::Pending, Some(due)),
            Verdict::Refused | Verdict::Unreachable | Verdict::Gone => (WebhookDeliveryState::Parked, None),
        };
        rows::settle(&self.tx, &pending, state, due, self.now).await?;
        match verdict {
            Verdict::Gone => {
                self.endpoint.disabled_at = Some(self.now);
                rows::disable(&self.tx, self.endpoint.id, WebhookDisabledFor::Gone, self.now).await?;
                self.tell_owner(MailKind::WebhookGone).await?;
                self.changes.push((Change::new("webhook_endpoint.disabled", self.endpoint.id), self.now));
            }
            Verdict::Refused | Verdict::Unreachable => {
                self.tell_owner(MailKind::WebhookParked).await?;
                let change = Change::new("webhook_delivery.parked", pending.id)
                    .payload(json!({ "endpointId": self.endpoint.id }));
                self.changes.push((change, self.now));
            }
            Verdict::Delivered | Verdict::Again(_) => {}
        }
        Ok(())
    }

    /// Queues a mail, at most once a day for an endpoint.
    async fn tell_owner(&mut self, mail: MailKind) -> Result<()> {
        if self.endpoint.told_at.is_none_or(|told| told + TELLING <= self.now) {
            self.endpoint.told_at = Some(self.now);
            outbox::queue(&self.tx, self.clock.id(), mail, self.endpoint.id).await?;
            rows::note_telling(&self.tx, self.endpoint.id, self.now).await?;
        }
        Ok(())
    }

    /// What to send next: one event where order counts, and that only if the one before it is done.
    async fn next(&mut self, keys: &SealingKeys) -> Result<Vec<Message>> {
        rows::queue_new(&self.tx, self.clock, &self.endpoint, self.now).await?;
        let secrets = self.secrets(keys)?;
        let mut messages = Vec::new();
        while messages.is_empty() {
            let most = if self.endpoint.in_order { 1 } else { AT_ONCE };
            let due = rows::next(&self.tx, &self.endpoint, most, self.now).await?;
            if due.is_empty() {
                break;
            }
            for pending in due {
                match rows::event(&self.tx, pending.event_seq).await? {
                    Some(event) => messages.push(self.message(keys, &pending, event, &secrets)),
                    // Older than what is kept.
                    None => {
                        rows::settle(&self.tx, &pending, WebhookDeliveryState::Parked, None, self.now)
                            .await?;
                    }
                }
            }
        }
        Ok(messages)
    }

    fn message(
        &self,
        keys: &SealingKeys,
        pending: &Pending,
        event: rows::Event,
        secrets: &[WebhookSecret],
    ) -> Message {
        let cursor = CursorKey::Staff(*self.tx.scope()).seal(keys, pending.event_seq);
        let body = json!({
            "type": event.kind,
            "timestamp": event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "data": {
                "id": event.id,
                "cursor": cursor,
                "actorId": event.actor_member_id,
                "actorSessionId": event.actor_session_id,
                "companyId": event.company_id,
                "recordId": event.record_id,
                "clientVisible": event.client_visible,
                "subject": event.payload,
            },
        });
        Message {
            delivery: pending.id,
            url: self.endpoint.url.clone(),
            event: event.id,
            secrets: secrets.to_vec(),
            body: body.to_string(),
        }
    }

    /// The newest secret, and the one before it as long as that counts.
    fn secrets(&self, keys: &SealingKeys) -> Result<Vec<WebhookSecret>> {
        let (org, endpoint) = (*self.tx.scope(), &self.endpoint);
        let open = |sealed: &Sealed| WebhookSecret::open(keys, org, endpoint.id, sealed);
        let newest = Sealed { bytes: endpoint.secret.clone(), key: endpoint.secret_key.clone() };
        let newest = open(&newest).ok_or_else(|| {
            Error::internal(anyhow::anyhow!("SEALING_KEYS lacks the key {} of a webhook secret", newest.key))
        })?;
        let counts = endpoint.previous_until.is_some_and(|until| until > self.now);
        let previous = endpoint.previous_secret.clone().zip(endpoint.previous_secret_key.clone());
        let previous = previous.filter(|_| counts).and_then(|(bytes, key)| open(&Sealed { bytes, key }));
        Ok([Some(newest), previous].into_iter().flatten().collect())
    }

    async fn end(self, goes_on: bool) -> Result<()> {
        let Self { tx, clock, endpoint, now, changes } = self;
        let lease = goes_on.then_some(now + LEASE);
        rows::rest(&tx, &endpoint, lease, now).await?;
        if !changes.is_empty() {
            changes::announce(&tx, clock, &changes).await?;
        }
        tx.commit().await
    }
}

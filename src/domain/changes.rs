//! A transaction that changes something. What was done goes into the event log (EVT-1) and the
//! audit log (ORG-5) from one description, in the transaction itself; events come last, because
//! they lock the organisation's counter (invariant 11).

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use prometheus::Histogram;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit;
use super::callers::Staff;
use crate::clock::Clock;
use crate::db::ids::{CompanyId, MemberId, OrgId, RecordId};
use crate::db::scope::Tx;
use crate::db::settings::append_events;
use crate::error::{Error, Result};

/// Where a request came from, as the audit log keeps it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The id in the logs and in answers.
    pub request_id: String,
    /// IPv4 address, or the /64 of an IPv6 one.
    pub address: Option<String>,
}

/// One thing that was done.
#[derive(Clone, Debug)]
pub struct Change {
    kind: &'static str,
    subject: Uuid,
    company: Option<CompanyId>,
    record: Option<RecordId>,
    client_visible: bool,
    payload: Value,
    settings: Option<(Value, Value)>,
}

impl Change {
    /// `kind` is `noun.verb`: the event's kind and the audit entry's action.
    pub fn new(kind: &'static str, subject: impl Into<Uuid>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            company: None,
            record: None,
            client_visible: false,
            payload: json!({}),
            settings: None,
        }
    }

    pub fn company(self, company: CompanyId) -> Self {
        Self { company: Some(company), ..self }
    }

    pub fn record(self, record: RecordId) -> Self {
        Self { record: Some(record), ..self }
    }

    /// Portal callers who see the record may learn of it.
    pub fn client_visible(self) -> Self {
        Self { client_visible: true, ..self }
    }

    /// Ids and shared values only; never a token or an address.
    pub fn payload(self, payload: Value) -> Self {
        Self { payload, ..self }
    }

    /// As the event log takes it. `actor` is none for clients and the service.
    fn event(&self, id: Uuid, actor: Option<MemberId>, at: DateTime<Utc>) -> Value {
        json!({
            "id": id,
            "kind": self.kind,
            "actorMemberId": actor,
            "companyId": self.company,
            "recordId": self.record,
            "clientVisible": self.client_visible,
            "payload": with_subject(&self.payload, self.subject),
            "occurredAt": at,
        })
    }

    /// For settings: the values before and after, for the audit log only.
    pub fn settings(self, before: Value, after: Value) -> Self {
        Self { settings: Some((before, after)), ..self }
    }
}

/// Who wants to know that something was committed.
pub trait Observer: Send + Sync {
    /// The log of an organisation has grown. Never waits.
    fn committed(&self, org: OrgId);
}

/// A staff transaction that may write, and what it did so far.
pub struct Write {
    tx: Tx<Staff>,
    clock: Arc<Clock>,
    at: DateTime<Utc>,
    origin: Origin,
    journal: Mutex<Vec<Change>>,
    lag: Option<Histogram>,
    observer: Option<Arc<dyn Observer>>,
}

impl std::ops::Deref for Write {
    type Target = Tx<Staff>;

    fn deref(&self) -> &Tx<Staff> {
        &self.tx
    }
}

impl Write {
    /// Wraps a transaction entered with [`crate::db::scope::Access::Write`].
    pub fn new(tx: Tx<Staff>, clock: Arc<Clock>, origin: Origin) -> Self {
        let at = clock.now();
        Self { tx, clock, at, origin, journal: Mutex::default(), lag: None, observer: None }
    }

    /// Observes the seconds from the change to the commit that makes its events readable.
    pub fn measured_by(self, lag: Histogram) -> Self {
        Self { lag: Some(lag), ..self }
    }

    /// Tells who wants to know once it is committed.
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The moment of the change: one for all it writes.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// A new id of any kind.
    pub fn id<I: From<Uuid>>(&self) -> I {
        self.clock.id().into()
    }

    /// Notes what was done; it is written when the transaction commits.
    pub fn done(&self, change: Change) {
        self.journal.lock().expect("no panic while held").push(change);
    }

    /// Commits after a success, gives up after a refusal, and hands the outcome on.
    pub async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(done) => {
                let wrote_events = self.write_journal().await?;
                let org = self.tx.scope().org_id;
                self.tx.commit().await?;
                if let Some(observer) = self.observer.filter(|_| wrote_events) {
                    observer.committed(org);
                }
                if let Some(lag) = self.lag.filter(|_| wrote_events) {
                    lag.observe((self.clock.now() - self.at).as_seconds_f64());
                }
                Ok(done)
            }
            Err(refusal) => {
                self.abandon().await;
                Err(refusal)
            }
        }
    }

    /// Gives up what was written. A connection that cannot even roll back is closed.
    pub async fn abandon(self) {
        let _ = self.tx.rollback().await;
    }

    /// Whether there was anything to write.
    async fn write_journal(&self) -> Result<bool> {
        let changes = std::mem::take(&mut *self.journal.lock().expect("no panic while held"));
        if changes.is_empty() {
            return Ok(false);
        }
        let member = self.scope().member()?.id;
        let entries = changes.iter().map(|change| self.audit_entry(change, member)).collect();
        audit::append(&self.tx, entries).await?;
        let event = |change: &Change| change.event(self.clock.id(), Some(member), self.at);
        append(&self.tx, changes.iter().map(event).collect()).await?;
        Ok(true)
    }

    fn audit_entry(&self, change: &Change, member: MemberId) -> audit::NewEntry {
        let (before, after) = change.settings.clone().unzip();
        audit::NewEntry {
            org_id: self.scope().org_id,
            id: self.id(),
            action: change.kind,
            actor_member_id: member,
            subject_id: change.subject,
            address: self.origin.address.clone(),
            request_id: self.origin.request_id.clone(),
            before,
            after,
            occurred_at: self.at,
        }
    }
}

/// Tells of what the service itself did. The last statement before COMMIT.
pub async fn announce(tx: &Tx<OrgId>, clock: &Clock, changes: &[(Change, DateTime<Utc>)]) -> Result<()> {
    let event = |(change, at): &(Change, DateTime<Utc>)| change.event(clock.id(), None, *at);
    append(tx, changes.iter().map(event).collect()).await
}

async fn append<S>(tx: &Tx<S>, events: Vec<Value>) -> Result<()> {
    diesel::select(append_events(Value::Array(events))).execute(&mut tx.connection()).await?;
    Ok(())
}

fn with_subject(payload: &Value, subject: Uuid) -> Value {
    let mut payload = payload.clone();
    payload["id"] = json!(subject);
    payload
}

/// The parts in which two states of a setting differ, before and after: what [`Change::settings`] takes.
pub fn differing(before: &impl Serialize, after: &impl Serialize) -> Result<(Value, Value)> {
    let (mut before, mut after) = (parts(before)?, parts(after)?);
    let same: Vec<String> = after
        .iter()
        .filter(|(name, value)| before.get(*name) == Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        before.remove(&name);
        after.remove(&name);
    }
    Ok((Value::Object(before), Value::Object(after)))
}

fn parts(state: &impl Serialize) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(state).map_err(Error::internal)? {
        Value::Object(parts) => Ok(parts),
        _ => Ok(serde_json::Map::new()),
    }
}

/// What happened to an update that touched no row: gone, or changed by somebody else (API-8).
pub fn missed_update(exists: bool, noun: &'static str) -> Error {
    if exists {
        Error::Conflict(format!(
            "Somebody else changed this {noun} since you read it. Read it again and repeat your change."
        ))
    } else {
        Error::NotFound(noun)
    }
}

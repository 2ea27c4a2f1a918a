//! A transaction that changes something. What was done goes into the event log (EVT-1) and the
//! audit log (ORG-5) from one description, in the transaction itself; events come last, because
//! they lock the organisation's counter (invariant 11).

mod journal;
mod write;

pub use journal::Author;
pub use write::{Observer, Write};

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

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

    /// As the event log takes it. `actor` is none for clients, whose session the database adds itself, and
    /// for the service.
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

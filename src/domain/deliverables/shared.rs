//! Deliverables for a portal's visitors (DEL-2): what they see, and their word on it (DEL-3). Row-level
//! security shows what staff marked visible, of records that the portal shows with RECORDS.

pub use super::rows::shared::{SharedDecision, SharedDeliverable, SharedVersion};

use serde::Serialize;
use serde_json::json;

use super::receipts::{self, Receipt};
use super::rows::shared::{self as rows, NewDecision, Pending};
use crate::db::enums::{Approval, Verdict};
use crate::db::ids::{DecisionId, DeliverableId, DeliverableVersionId, MessageId, RecordId};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::{Change, Write};
use crate::domain::files::SharedFile;
use crate::domain::idempotency::{self, Claim};
use crate::domain::shared_records;
use crate::domain::validation::Checks;
use crate::domain::visitors;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// A client's word on a version. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct Word {
    pub version_id: DeliverableVersionId,
    pub verdict: Verdict,
    /// Needed unless it is approved.
    pub reason: Option<String>,
    /// How the visitor calls themselves, if nobody knows yet.
    pub name: Option<String>,
}

/// Decides of a version, for good and once: posts the reason in the record's thread and keeps who, when,
/// from which session, which version and the hash of its files, signed (DEL-3). Of two at once the second
/// waits for the first, and then is told that it is too late (DEL-4).
pub async fn decide(
    write: &Write<Portal>,
    keys: &SealingKeys,
    word: Word,
    key: Option<&str>,
) -> Result<DeliverableId> {
    let fresh = match idempotency::claim(write, key, "deliverable.decide", &word).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let pending = rows::hold(write, word.version_id).await?.ok_or(Error::NotFound("version"))?;
    check_open(&pending)?;
    let mut checks = Checks::new();
    let reason = checks.optional(Some(word.reason), |checks, reason| checks.text("reason", reason, 10_000));
    let reason = reason.flatten();
    if reason.is_none() && word.verdict != Verdict::Approved {
        checks.problem("reason", "Please say why.");
    }
    checks.finish()?;
    let visitor = visitors::named(write, word.name.as_deref()).await?;
    let (id, message): (DecisionId, MessageId) = (write.id(), write.id());
    let record = shared_records::by_ids(write, &[pending.record_id]).await?.pop();
    let receipt = Receipt::new(
        write.scope(),
        (word.version_id, &pending, record.ok_or(Error::NotFound("record"))?.name),
        (word.verdict, reason.clone()),
        (&visitor, write.at()),
    );
    let signed = receipts::sign(keys, &receipt)?;
    let decision = NewDecision {
        id,
        version_id: word.version_id,
        verdict: word.verdict,
        reason: reason.clone(),
        message_id: message,
        files_hash: pending.files_hash.clone(),
        receipt: signed.text,
        receipt_key: signed.key,
        public_key: signed.public_key,
        signature: signed.signature,
    };
    rows::decide(write, &decision).await?;
    fail::fail_point!("deliverables::decided");
    fresh.settle(write, pending.deliverable_id).await?;
    note(write, &pending, &decision);
    Ok(pending.deliverable_id)
}

fn check_open(pending: &Pending) -> Result<()> {
    match (pending.approval, pending.superseded) {
        (Approval::Pending, false) => Ok(()),
        (Approval::Pending, true) => {
            Err(Error::Conflict("There is a newer version: please look at that one.".into()))
        }
        _ => Err(Error::Conflict("This version has been decided already.".into())),
    }
}

fn note(write: &Write<Portal>, pending: &Pending, decision: &NewDecision) {
    let kind = match decision.verdict {
        Verdict::Approved => "deliverable.approved",
        Verdict::RevisionRequested => "deliverable.revision_requested",
        Verdict::Rejected => "deliverable.rejected",
    };
    let ids = json!({ "versionId": decision.version_id, "decisionId": decision.id });
    let change = Change::new(kind, pending.deliverable_id).record(pending.record_id).payload(ids);
    write.done(change.client_visible());
    if decision.reason.is_some() {
        let posted = Change::new("message.posted", decision.message_id).record(pending.record_id);
        write.done(posted.client_visible());
    }
}

/// Those of these deliverables that the portal shows, in any order.
pub async fn by_ids(tx: &Tx<Portal>, ids: &[DeliverableId]) -> Result<Vec<SharedDeliverable>> {
    rows::by_ids(tx, ids).await
}

/// The visible deliverables of these records, oldest first.
pub async fn of_records(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<SharedDeliverable>> {
    rows::of_records(tx, records).await
}

/// The versions of these deliverables that are or were ready for review, newest first.
pub async fn versions_of(tx: &Tx<Portal>, deliverables: &[DeliverableId]) -> Result<Vec<SharedVersion>> {
    rows::versions_of(tx, deliverables).await
}

/// Where each deliverable stands that the portal shows and that has been ready for review: the record it is
/// part of, and what became of its current version. Earlier versions do not count: nobody waits for them.
pub async fn standing(tx: &Tx<Portal>) -> Result<Vec<(RecordId, Approval)>> {
    rows::standing(tx).await
}

/// The files of these versions that can be fetched, by name: a file shows if it is shared as well, where the
/// portal shows files (FILE-1).
pub async fn files_of(
    tx: &Tx<Portal>,
    versions: &[DeliverableVersionId],
) -> Result<Vec<(DeliverableVersionId, SharedFile)>> {
    rows::files_of(tx, versions).await
}

/// What was decided of these versions.
pub async fn decisions_of(tx: &Tx<Portal>, versions: &[DeliverableVersionId]) -> Result<Vec<SharedDecision>> {
    rows::decisions_of(tx, versions).await
}

/// A decision, if the portal shows what it is of.
pub async fn decision(tx: &Tx<Portal>, id: DecisionId) -> Result<SharedDecision> {
    rows::decision(tx, id).await?.ok_or(Error::NotFound("decision"))
}

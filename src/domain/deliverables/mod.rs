//! Deliverables (DEL-1): what is made for a client, version by version, and staff's hand in it. What
//! clients see and decide is [`shared`]; what is left of a decision for good is [`receipts`].

pub mod receipts;
mod rows;
pub mod shared;
pub mod versions;

pub use rows::{Decision, Deliverable, DeliverableFile, Version};

use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::companies::Archival;
use super::idempotency::{self, Claim};
use super::records;
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{CompanyId, DeliverableId, DeliverableVersionId, RecordId};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{DeliverablePatch, NewDeliverable};

/// The most living deliverables of one record.
const MOST: i64 = 200;

/// What a new deliverable is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct DeliverableDraft {
    pub record_id: RecordId,
    pub title: String,
    pub kind: String,
    pub format: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    pub visible: bool,
}

/// What changes of a deliverable: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct DeliverableEdit {
    pub title: Option<String>,
    pub kind: Option<String>,
    pub format: Option<Option<String>>,
    pub internal_status: Option<Option<String>>,
    pub client_status: Option<Option<String>>,
    pub visible: Option<bool>,
}

/// Adds a deliverable to a record, with its first version to work on, once for each idempotency key.
pub async fn create(write: &Write, draft: DeliverableDraft, key: Option<&str>) -> Result<DeliverableId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "deliverable.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let record = records::by_ids(write, &[draft.record_id]).await?.pop().ok_or(Error::NotFound("record"))?;
    let mut checks = Checks::new();
    if rows::count(write, record.id).await? >= MOST {
        checks.problem("recordId", format!("A record has at most {MOST} deliverables."));
    }
    let mut label = |path, value: Option<String>| {
        checks.optional(Some(value), |checks, value| checks.line(path, value, 80)).flatten()
    };
    let new = NewDeliverable {
        org_id: write.scope().org_id,
        id: write.id(),
        record_id: record.id,
        format: label("format", draft.format),
        internal_status: label("internalStatus", draft.internal_status),
        client_status: label("clientStatus", draft.client_status),
        visible: draft.visible,
        title: checks.line("title", &draft.title, 200),
        kind: checks.line("type", &draft.kind, 80),
    };
    checks.finish()?;
    rows::insert(write, &new).await?;
    rows::insert_version(write, (write.id(), new.id), record.id, (1, None)).await?;
    fresh.settle(write, new.id).await?;
    note(write, "deliverable.created", (new.id, record.id, record.company_id), new.visible);
    Ok(new.id)
}

/// Changes a deliverable that stands at `version` (API-8). Clients are told if they see it, or did before.
pub async fn update(write: &Write, id: DeliverableId, version: i32, edit: DeliverableEdit) -> Result<()> {
    let (deliverable, company) = hold(write, id, version).await?;
    let mut checks = Checks::new();
    let mut label = |path, value: Option<Option<String>>| {
        checks.optional(value, |checks, value| checks.line(path, value, 80))
    };
    let patch = DeliverablePatch {
        format: label("format", edit.format),
        internal_status: label("internalStatus", edit.internal_status),
        client_status: label("clientStatus", edit.client_status),
        title: edit.title.map(|title| checks.line("title", &title, 200)),
        kind: edit.kind.map(|kind| checks.line("type", &kind, 80)),
        visible: edit.visible,
        archived_at: None,
    };
    checks.finish()?;
    rows::update(write, id, &patch).await?;
    let shown = deliverable.archived_at.is_none() && (deliverable.visible || patch.visible == Some(true));
    note(write, "deliverable.updated", (id, deliverable.record_id, company), shown && patch.shows());
    Ok(())
}

/// Hides a deliverable from lists and clients, or brings it back. What was decided of it is kept. Clients who
/// saw it are told that it is gone, and no more of it.
pub async fn archive(write: &Write, id: DeliverableId, version: i32, archival: Archival) -> Result<()> {
    let (deliverable, company) = hold(write, id, version).await?;
    let (kind, archived_at) = match (archival, deliverable.archived_at) {
        (Archival::Archive, None) => ("deliverable.archived", Some(write.at())),
        (Archival::Restore, Some(_)) => {
            if rows::count(write, deliverable.record_id).await? >= MOST {
                return Err(Error::invalid("input.id", format!("A record has at most {MOST} deliverables.")));
            }
            ("deliverable.restored", None)
        }
        _ => return Ok(()),
    };
    let patch = DeliverablePatch { archived_at: Some(archived_at), ..DeliverablePatch::default() };
    rows::update(write, id, &patch).await?;
    note(write, kind, (id, deliverable.record_id, company), deliverable.visible);
    Ok(())
}

/// A deliverable and whose it is, held until the transaction ends, for who may write records and has read
/// it at `version`.
async fn hold(write: &Write, id: DeliverableId, version: i32) -> Result<(Deliverable, CompanyId)> {
    let (deliverable, company) = hold_any(write, id).await?;
    if deliverable.version == version {
        Ok((deliverable, company))
    } else {
        Err(missed_update(true, "deliverable"))
    }
}

/// The same, whichever version it stands at.
async fn hold_any(write: &Write, id: DeliverableId) -> Result<(Deliverable, CompanyId)> {
    write.scope().require(Permission::RecordsWrite)?;
    let deliverable = rows::lock(write, id).await?.ok_or(Error::NotFound("deliverable"))?;
    let record = records::by_ids(write, &[deliverable.record_id]).await?.pop();
    Ok((deliverable, record.ok_or(Error::NotFound("record"))?.company_id))
}

fn note(
    write: &Write,
    kind: &'static str,
    (id, record, company): (DeliverableId, RecordId, CompanyId),
    shown: bool,
) {
    let change = Change::new(kind, id).company(company).record(record);
    write.done(if shown { change.client_visible() } else { change });
}

/// The deliverables of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[DeliverableId]) -> Result<Vec<Deliverable>> {
    rows::by_ids(tx, ids).await
}

/// The deliverables of these records, oldest first, the archived ones last.
pub async fn of_records(tx: &Tx<Staff>, records: &[RecordId]) -> Result<Vec<Deliverable>> {
    rows::of_records(tx, records).await
}

/// The versions of these deliverables, newest first.
pub async fn versions_of(tx: &Tx<Staff>, deliverables: &[DeliverableId]) -> Result<Vec<Version>> {
    rows::versions_of(tx, deliverables).await
}

/// The versions of these ids that the organisation has, in any order.
pub async fn versions_by_ids(tx: &Tx<Staff>, ids: &[DeliverableVersionId]) -> Result<Vec<Version>> {
    rows::versions_by_ids(tx, ids).await
}

/// The files of these versions, by name.
pub async fn files_of(
    tx: &Tx<Staff>,
    versions: &[DeliverableVersionId],
) -> Result<Vec<(DeliverableVersionId, DeliverableFile)>> {
    rows::files_of(tx, versions).await
}

/// What was decided of these versions.
pub async fn decisions_of(tx: &Tx<Staff>, versions: &[DeliverableVersionId]) -> Result<Vec<Decision>> {
    rows::decisions_of(tx, versions).await
}

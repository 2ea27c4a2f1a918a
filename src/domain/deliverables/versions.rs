//! The versions of a deliverable, as staff make them. A version that is ready for review is locked, its
//! files with it: what is new after that is another version (DEL-4). The database holds to that as well.

use serde::Serialize;

use super::rows;
use super::{Deliverable, Version, hold_any, note};
use crate::db::enums::NotificationTopic;
use crate::db::ids::{CompanyId, DeliverableId, DeliverableVersionId, FileId};
use crate::domain::changes::Write;
use crate::domain::files;
use crate::domain::idempotency::{self, Claim};
use crate::domain::notifications::{self, News};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// The most versions of one deliverable, and files of one version.
const MOST: i64 = 100;

/// What a new version is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct VersionDraft {
    pub deliverable_id: DeliverableId,
    pub note: Option<String>,
}

/// Begins another version, once for each idempotency key. Clients see it once it is ready.
pub async fn add(write: &Write, draft: VersionDraft, key: Option<&str>) -> Result<DeliverableVersionId> {
    let fresh = match idempotency::claim(write, key, "deliverable.add_version", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let (deliverable, company) = hold_any(write, draft.deliverable_id).await?;
    let newest = rows::newest_number(write, deliverable.id).await?;
    let mut checks = Checks::new();
    if i64::from(newest) >= MOST {
        checks.problem("deliverableId", format!("A deliverable has at most {MOST} versions."));
    }
    let words = checks.optional(Some(draft.note), |checks, note| checks.text("note", note, 2_000)).flatten();
    checks.finish()?;
    let id = write.id();
    rows::insert_version(write, (id, deliverable.id), deliverable.record_id, (newest + 1, words)).await?;
    fresh.settle(write, id).await?;
    note(write, "deliverable.version_added", (deliverable.id, deliverable.record_id, company), false);
    Ok(id)
}

/// Puts a file of the record into a version. Doing so twice is the same as once.
pub async fn add_file(write: &Write, version: DeliverableVersionId, file: FileId) -> Result<()> {
    let (deliverable, company, version) = hold_version(write, version).await?;
    let found = files::by_ids(write, &[file]).await?.pop().filter(|file| file.archived_at.is_none());
    let file = found.ok_or(Error::NotFound("file"))?;
    let mut checks = Checks::new();
    if file.record_id != deliverable.record_id {
        checks.problem("fileId", "This file belongs to another record.");
    }
    if rows::count_files(write, version.id).await? >= MOST {
        checks.problem("versionId", format!("A version has at most {MOST} files."));
    }
    checks.finish()?;
    check_open(&version)?;
    if rows::insert_file(write, &version, file.id).await? > 0 {
        note(write, "deliverable.file_added", (deliverable.id, deliverable.record_id, company), false);
    }
    Ok(())
}

/// Takes a file out of a version, also one that was archived meanwhile.
pub async fn remove_file(write: &Write, version: DeliverableVersionId, file: FileId) -> Result<()> {
    let (deliverable, company, version) = hold_version(write, version).await?;
    let file = files::by_ids(write, &[file]).await?.pop().ok_or(Error::NotFound("file"))?;
    check_open(&version)?;
    if rows::delete_file(write, version.id, file.id).await? > 0 {
        note(write, "deliverable.file_removed", (deliverable.id, deliverable.record_id, company), false);
    }
    Ok(())
}

/// Asks clients for their word: locks the version, shows it, and mails those who asked for it (DEL-2).
/// Doing so twice keeps the first time.
pub async fn mark_ready(write: &Write, version: DeliverableVersionId) -> Result<()> {
    let (deliverable, company, version) = hold_version(write, version).await?;
    if version.ready_at.is_some() {
        return Ok(());
    }
    let mut checks = Checks::new();
    if !deliverable.visible || deliverable.archived_at.is_some() {
        checks.problem("versionId", "Clients do not see this deliverable: make it visible first.");
    }
    if version.number < rows::newest_ready(write, deliverable.id).await? {
        checks.problem("versionId", "A newer version is with the clients already.");
    }
    checks.finish()?;
    rows::mark_ready(write, version.id).await?;
    let news = News {
        topic: NotificationTopic::Reviews,
        change: version.id.into(),
        company,
        record: Some(deliverable.record_id),
    };
    notifications::tell(write, &news).await?;
    note(write, "deliverable.ready", (deliverable.id, deliverable.record_id, company), true);
    Ok(())
}

fn check_open(version: &Version) -> Result<()> {
    match version.ready_at {
        None => Ok(()),
        Some(_) => Err(Error::Conflict(
            "This version is with the clients, and locked. Add another version for what is new.".into(),
        )),
    }
}

/// A version and its deliverable, held until the transaction ends.
async fn hold_version(write: &Write, id: DeliverableVersionId) -> Result<(Deliverable, CompanyId, Version)> {
    let found = rows::versions_by_ids(write, &[id]).await?.pop();
    let deliverable = found.ok_or(Error::NotFound("version"))?.deliverable_id;
    let (deliverable, company) = hold_any(write, deliverable).await?;
    let version = rows::lock_version(write, id).await?.ok_or(Error::NotFound("version"))?;
    Ok((deliverable, company, version))
}

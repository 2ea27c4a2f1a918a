//! Files of records (FILE-1 to FILE-4): what there is, what clients see of it, and what staff change.
//! How one arrives: [`uploads`]; where its bytes rest: [`objects`]; what it may be: [`content`]. Not here:
//! the bytes themselves, which never pass through a transaction (`crate::http::transfer`).

pub mod content;
pub mod names;
pub mod objects;
mod rows;
pub mod tickets;
pub mod uploads;

pub use names::clean_name;
pub use rows::{File, FileFilter, Place, SharedFile, SharedFileFilter};

use serde_json::json;

use super::callers::{Portal, Staff};
use super::changes::{Change, Write, missed_update};
use super::companies::Archival;
use super::records;
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::FileId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What changes of a file: absent parts stay. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct FileEdit {
    pub name: Option<String>,
    /// FILE-1: whether clients see it.
    pub shared: Option<bool>,
    pub archival: Option<Archival>,
}

/// The files of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[FileId]) -> Result<Vec<File>> {
    rows::by_ids(tx, ids).await
}

/// A page of the organisation's files, the newest first.
pub async fn list(tx: &Tx<Staff>, filter: &FileFilter, page: &Page<FileId>) -> Result<Rows<File>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &FileFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

/// Changes a file. What clients see of it they are told.
pub async fn update(write: &Write, id: FileId, version: i32, edit: FileEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let before = rows::lock(write, id).await?.ok_or(Error::NotFound("file"))?;
    if before.version != version {
        return Err(missed_update(true, "file"));
    }
    // Whoever renames may well send the rest as it is: that is no news.
    let shared = edit.shared.filter(|shared| *shared != before.shared);
    let mut patch = rows::FilePatch { shared, ..rows::FilePatch::default() };
    if let Some(name) = edit.name {
        let mut checks = Checks::new();
        let checked = checks.line("name", &name, names::LONGEST);
        checks.finish()?;
        patch.name = Some(clean_name(&checked).ok_or_else(|| Error::invalid("input.name", names::NAMELESS))?);
    }
    patch.archived_at = match (edit.archival, before.archived_at) {
        (Some(Archival::Archive), None) => Some(Some(write.at())),
        (Some(Archival::Restore), Some(_)) => Some(None),
        _ => None,
    };
    let kind = match (&patch, edit.archival) {
        (_, Some(Archival::Archive)) => "file.archived",
        (_, Some(Archival::Restore)) => "file.restored",
        (rows::FilePatch { shared: Some(true), .. }, _) => "file.shared",
        (rows::FilePatch { shared: Some(false), .. }, _) => "file.unshared",
        _ => "file.renamed",
    };
    rows::update(write, id, &patch).await?;
    let record = records::by_ids(write, &[before.record_id]).await?.pop().ok_or(Error::NotFound("record"))?;
    let change = Change::new(kind, id).company(record.company_id).record(record.id);
    // Of what is archived clients see nothing, until it is back.
    let is_there = before.archived_at.is_none() || patch.archived_at == Some(None);
    let shown = is_there && (before.shared || edit.shared == Some(true));
    write.done(if shown { change.client_visible() } else { change });
    Ok(())
}

/// The file of an id, if this portal shows it.
pub async fn shared(tx: &Tx<Portal>, id: FileId) -> Result<Option<SharedFile>> {
    rows::shared(tx, id).await
}

/// A page of what this portal shows, the newest first.
pub async fn shared_list(
    tx: &Tx<Portal>,
    filter: &SharedFileFilter,
    page: &Page<FileId>,
) -> Result<Rows<SharedFile>> {
    Ok(page.cut(rows::shared_list(tx, filter, page).await?))
}

/// How many files this portal shows, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn shared_count(tx: &Tx<Portal>, filter: &SharedFileFilter) -> Result<i64> {
    rows::shared_count(tx, filter).await
}

/// The records whose files this portal shows, by name.
pub async fn places(tx: &Tx<Portal>) -> Result<Vec<Place>> {
    rows::places(tx).await
}

fn arrived(id: FileId, (name, media_type, size): (&str, &str, u64)) -> Change {
    let payload = json!({ "name": name, "mediaType": media_type, "byteSize": size });
    Change::new("file.uploaded", id).payload(payload)
}

//! What kinds of records an organisation keeps: types, their ordered stages and custom fields
//! (REC-2), and what of each clients see (REC-3). Not here: the records themselves, and how a
//! shared value reaches what clients read; that is the database's, by trigger (REC-4).
//!
//! Whoever changes a type, a stage or a field holds the type's row alone, so positions stay dense
//! and versions true without a lock of their own.

pub mod defaults;
pub mod fields;
pub mod stages;

mod rows;

use serde::Serialize;
use serde_json::json;

pub use rows::{RecordType, RecordTypeKey, Sharing};

use super::callers::Staff;
use super::changes::{Change, Write, differing, missed_update};
use super::companies::Archival;
use super::idempotency::{self, Claim};
use super::validation::Checks;
use crate::db::enums::{Permission, SharedField};
use crate::db::ids::RecordTypeId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{NamesPatch, NewRecordType};
use stages::StageDraft;

/// What a new type is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct RecordTypeDraft {
    pub key: String,
    pub name: String,
    pub name_plural: String,
    pub sharing: SharingEdit,
    /// Its pipeline in order; absent is Open, In progress, Done.
    pub stages: Option<Vec<StageDraft>>,
}

/// What changes of a type: absent parts stay. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct RecordTypeEdit {
    pub name: Option<String>,
    pub name_plural: Option<String>,
    pub sharing: SharingEdit,
}

/// What changes of what a type shares (REC-3): absent parts stay.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SharingEdit {
    pub shared: Option<bool>,
    pub shared_fields: Option<Vec<SharedField>>,
    pub show_stage_names: Option<bool>,
    pub show_files: Option<bool>,
    pub show_comments: Option<bool>,
    pub allow_uploads: Option<bool>,
    pub email_on_reply: Option<bool>,
    pub portal_enabled_default: Option<bool>,
}

/// REC-3's start: sharing is opt-in, and then shows name, type and phase.
impl Default for Sharing {
    fn default() -> Self {
        Self {
            shared: false,
            shared_fields: vec![SharedField::Phase],
            show_stage_names: false,
            show_files: true,
            show_comments: true,
            allow_uploads: false,
            email_on_reply: false,
            portal_enabled_default: true,
        }
    }
}

impl SharingEdit {
    fn apply(self, now: Sharing) -> Sharing {
        Sharing {
            shared: self.shared.unwrap_or(now.shared),
            shared_fields: self.shared_fields.map_or(now.shared_fields, in_order),
            show_stage_names: self.show_stage_names.unwrap_or(now.show_stage_names),
            show_files: self.show_files.unwrap_or(now.show_files),
            show_comments: self.show_comments.unwrap_or(now.show_comments),
            allow_uploads: self.allow_uploads.unwrap_or(now.allow_uploads),
            email_on_reply: self.email_on_reply.unwrap_or(now.email_on_reply),
            portal_enabled_default: self.portal_enabled_default.unwrap_or(now.portal_enabled_default),
        }
    }
}

/// Key of the built-in type, which alone has a lead, milestones and a percentage (REC-8).
pub const PROJECT: &str = "project";

impl RecordType {
    /// Whether its records are projects.
    pub fn is_project(&self) -> bool {
        self.key == PROJECT
    }
}

/// Defines a type with its first stages, once for each idempotency key.
pub async fn create(write: &Write, draft: RecordTypeDraft, key: Option<&str>) -> Result<RecordTypeId> {
    write.scope().require(Permission::SettingsManage)?;
    let fresh = match idempotency::claim(write, key, "record_type.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let id = write.id();
    let mut checks = Checks::new();
    let new = NewRecordType {
        org_id: write.scope().org_id,
        id,
        key: checks.key("key", &draft.key),
        name: checks.line("name", &draft.name, 80),
        name_plural: checks.line("namePlural", &draft.name_plural, 80),
        sharing: draft.sharing.apply(Sharing::default()),
    };
    check_sharing(&mut checks, &new.sharing, draft.key == PROJECT);
    let pipeline = stages::first(write, &mut checks, id, draft.stages);
    checks.finish()?;
    rows::insert(write, new).await?;
    rows::stages::insert(write, &pipeline).await?;
    fresh.settle(write, id).await?;
    let (before, after) = differing(&json!({}), &required(write, id).await?)?;
    write.done(Change::new("record_type.created", id).settings(before, after));
    Ok(id)
}

/// Renames a type, or changes what it shares.
pub async fn update(write: &Write, id: RecordTypeId, version: i32, edit: RecordTypeEdit) -> Result<()> {
    let before = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let names = NamesPatch {
        name: edit.name.map(|v| checks.line("name", &v, 80)),
        name_plural: edit.name_plural.map(|v| checks.line("namePlural", &v, 80)),
        archived_at: None,
    };
    let sharing = edit.sharing.apply(before.sharing.clone());
    check_sharing(&mut checks, &sharing, before.is_project());
    checks.finish()?;
    let after = rows::update(write, id, &names, Some(&sharing)).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new("record_type.updated", id).settings(before, after));
    Ok(())
}

/// Hides a type and its records from clients, or brings it back. The built-in one stays.
pub async fn archive(write: &Write, id: RecordTypeId, version: i32, archival: Archival) -> Result<()> {
    let before = lock(write, id, version).await?;
    if before.built_in {
        return Err(Error::invalid("input.id", "The built-in record type cannot be archived."));
    }
    let (kind, archived_at) = match archival {
        Archival::Archive => ("record_type.archived", Some(write.at())),
        Archival::Restore => ("record_type.restored", None),
    };
    let names = NamesPatch { archived_at: Some(archived_at), ..NamesPatch::default() };
    let after = rows::update(write, id, &names, None).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new(kind, id).settings(before, after));
    Ok(())
}

/// Holds a type alone, at the version that the caller read (API-8).
async fn lock(write: &Write, id: RecordTypeId, version: i32) -> Result<RecordType> {
    write.scope().require(Permission::SettingsManage)?;
    let found = rows::lock(write, id).await?.ok_or(Error::NotFound("record type"))?;
    if found.version == version { Ok(found) } else { Err(missed_update(true, "record type")) }
}

async fn required(tx: &Tx<Staff>, id: RecordTypeId) -> Result<RecordType> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("record type"))
}

fn check_sharing(checks: &mut Checks, sharing: &Sharing, project: bool) {
    let of_projects = [SharedField::Progress, SharedField::Milestones];
    if !project && sharing.shared_fields.iter().any(|field| of_projects.contains(field)) {
        checks.problem("sharedFields", "Only projects have milestones and a percentage to share.");
    }
}

fn in_order(mut fields: Vec<SharedField>) -> Vec<SharedField> {
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The type, held so that what it shares stays as it is until the transaction ends. Who writes a
/// record takes it first: see the migration that creates records.
pub async fn hold(tx: &Tx<Staff>, id: RecordTypeId) -> Result<RecordType> {
    rows::hold(tx, id).await?.ok_or(Error::NotFound("record type"))
}

/// The types of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[RecordTypeId]) -> Result<Vec<RecordType>> {
    rows::by_ids(tx, ids).await
}

/// A page of types, by name.
pub async fn list(tx: &Tx<Staff>, archived: bool, page: &Page<RecordTypeKey>) -> Result<Rows<RecordType>> {
    Ok(page.cut(rows::list(tx, archived, page).await?))
}

/// How many there are.
pub async fn count(tx: &Tx<Staff>, archived: bool) -> Result<i64> {
    rows::count(tx, archived).await
}

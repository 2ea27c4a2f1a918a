//! The custom fields of a record type (REC-2), and whether clients see each (REC-3). Not here: the
//! values, which are checked in [`crate::domain::records`].

use std::collections::HashSet;

use serde::Serialize;
use serde_json::json;

pub use super::rows::fields::FieldDefinition;

use super::rows::fields::{FieldPatch, NewField};
use super::rows::{self, fields};
use crate::db::enums::{FieldKind, Permission};
use crate::db::ids::{FieldId, RecordTypeId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write, differing, missed_update};
use crate::domain::companies::Archival;
use crate::domain::idempotency::{self, Claim};
use crate::domain::positions::{Shift, place};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// The most living fields of one type, and the most options of one field.
const MOST: i64 = 100;

/// What a new field is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct FieldDraft {
    pub type_id: RecordTypeId,
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    pub options: Vec<String>,
    pub shared: bool,
    pub position: Option<i32>,
}

/// What changes of a field: absent parts stay. Its key and kind never do. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct FieldEdit {
    pub label: Option<String>,
    pub options: Option<Vec<String>>,
    pub shared: Option<bool>,
    pub position: Option<i32>,
}

/// Adds a field to a type, once for each idempotency key; last unless a position is named.
pub async fn create(write: &Write, draft: FieldDraft, key: Option<&str>) -> Result<FieldId> {
    write.scope().require(Permission::SettingsManage)?;
    let fresh = match idempotency::claim(write, key, "field.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    rows::lock(write, draft.type_id).await?.ok_or(Error::NotFound("record type"))?;
    let count = fields::count(write, draft.type_id).await?;
    let mut checks = Checks::new();
    let new = NewField {
        org_id: write.scope().org_id,
        id: write.id(),
        type_id: draft.type_id,
        key: checks.key("key", &draft.key),
        label: checks.line("label", &draft.label, 80),
        kind: draft.kind,
        options: check_options(&mut checks, draft.kind, draft.options),
        shared: draft.shared,
        position: place(draft.position, count),
    };
    if count >= MOST {
        checks.problem("typeId", format!("A record type has at most {MOST} custom fields."));
    }
    checks.finish()?;
    fields::shift(write, new.type_id, Shift::opening(new.position)).await?;
    fields::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    let (before, after) = differing(&json!({}), &required(write, new.id).await?)?;
    write.done(Change::new("field.created", new.id).settings(before, after));
    Ok(new.id)
}

/// Changes a field, its place, or whether clients see it. Values that records hold stay, also
/// those that are no longer among the options.
pub async fn update(write: &Write, id: FieldId, version: i32, edit: FieldEdit) -> Result<()> {
    let before = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let mut patch = FieldPatch {
        label: edit.label.map(|v| checks.line("label", &v, 80)),
        options: edit.options.map(|v| check_options(&mut checks, before.kind, v)),
        shared: edit.shared,
        ..FieldPatch::default()
    };
    if edit.position.is_some() && before.archived_at.is_some() {
        checks.problem("position", "An archived field has no place among the others.");
    }
    checks.finish()?;
    if let Some(position) = edit.position {
        let others = fields::count(write, before.type_id).await? - 1;
        let to = place(Some(position), others);
        if let Some(shift) = Shift::moving(before.position, to) {
            fields::shift(write, before.type_id, shift).await?;
        }
        patch.position = Some(to);
    }
    let after = fields::update(write, id, &patch).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new("field.updated", id).settings(before, after));
    Ok(())
}

/// Hides a field and its values, or brings both back.
pub async fn archive(write: &Write, id: FieldId, version: i32, archival: Archival) -> Result<()> {
    let before = lock(write, id, version).await?;
    let mut patch = FieldPatch::default();
    let kind = match (archival, before.archived_at) {
        (Archival::Archive, None) => {
            fields::shift(write, before.type_id, Shift::closing(before.position)).await?;
            patch.archived_at = Some(Some(write.at()));
            "field.archived"
        }
        (Archival::Restore, Some(_)) => {
            let count = fields::count(write, before.type_id).await?;
            if count >= MOST {
                let message = format!("A record type has at most {MOST} custom fields.");
                return Err(Error::invalid("input.id", message));
            }
            patch.archived_at = Some(None);
            patch.position = Some(place(None, count));
            "field.restored"
        }
        _ => return Ok(()),
    };
    let after = fields::update(write, id, &patch).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new(kind, id).settings(before, after));
    Ok(())
}

/// 1 to 100 different options for a SELECT, none for any other kind.
fn check_options(checks: &mut Checks, kind: FieldKind, options: Vec<String>) -> Vec<String> {
    if kind != FieldKind::Select {
        if !options.is_empty() {
            checks.problem("options", "Only a SELECT field has options.");
        }
        return Vec::new();
    }
    if options.is_empty() || options.len() as i64 > MOST {
        checks.problem("options", format!("A SELECT field has 1 to {MOST} options."));
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::new();
    for (index, option) in options.iter().take(MOST as usize).enumerate() {
        let path = format!("options.{index}");
        let option = checks.line(&path, option, 80);
        if !seen.insert(option.clone()) {
            checks.problem(&path, "This option stands here twice.");
        }
        checked.push(option);
    }
    checked
}

/// Holds a field's type alone, and gives the field at the version that the caller read (API-8).
async fn lock(write: &Write, id: FieldId, version: i32) -> Result<FieldDefinition> {
    write.scope().require(Permission::SettingsManage)?;
    let kind = required(write, id).await?.type_id;
    rows::lock(write, kind).await?;
    let found = required(write, id).await?;
    if found.version == version { Ok(found) } else { Err(missed_update(true, "field")) }
}

async fn required(tx: &Tx<Staff>, id: FieldId) -> Result<FieldDefinition> {
    fields::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("field"))
}

/// The fields of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[FieldId]) -> Result<Vec<FieldDefinition>> {
    fields::by_ids(tx, ids).await
}

/// The fields of these types in their order, the archived ones last.
pub async fn of_types(tx: &Tx<Staff>, kinds: &[RecordTypeId]) -> Result<Vec<FieldDefinition>> {
    fields::of_types(tx, kinds).await
}

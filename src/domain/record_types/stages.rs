//! The ordered stages of a type's pipeline (REC-2), each with the phase that clients see (REC-7).

use std::collections::HashSet;

use serde::Serialize;
use serde_json::json;

pub use super::rows::stages::Stage;

use super::rows::stages::{NewStage, StagePatch};
use super::rows::{self, stages};
use crate::db::enums::{ClientPhase, Permission};
use crate::db::ids::{RecordTypeId, StageId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write, differing, missed_update};
use crate::domain::companies::Archival;
use crate::domain::idempotency::{self, Claim};
use crate::domain::positions::{Shift, place};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// The most living stages of one type.
const MOST: i64 = 50;
/// The pipeline of a type that names none, with colours.
const FIRST: [(&str, &str, ClientPhase); 3] = [
    ("Open", "#4f7cac", ClientPhase::Planning),
    ("In progress", "#c9822b", ClientPhase::InProgress),
    ("Done", "#3f8f5f", ClientPhase::Delivered),
];
/// The colour of a stage that names none.
const COLOR: &str = "#6b7280";

/// What a new stage is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct StageDraft {
    pub name: String,
    pub color: Option<String>,
    pub client_phase: ClientPhase,
}

/// What changes of a stage: absent parts stay. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct StageEdit {
    pub name: Option<String>,
    pub color: Option<String>,
    pub client_phase: Option<ClientPhase>,
    pub position: Option<i32>,
}

/// The first stages of a new type, checked.
pub(super) fn first(
    write: &Write,
    checks: &mut Checks,
    kind: RecordTypeId,
    drafts: Option<Vec<StageDraft>>,
) -> Vec<NewStage> {
    let drafts = drafts.unwrap_or_else(|| FIRST.map(StageDraft::from).to_vec());
    if drafts.is_empty() || drafts.len() as i64 > MOST {
        checks.problem("stages", format!("A record type has 1 to {MOST} stages."));
    }
    let mut names = HashSet::new();
    let mut pipeline = Vec::new();
    for (draft, position) in drafts.into_iter().zip(0..) {
        let path = format!("stages.{position}.");
        let stage = draft.check(write, checks, &path, kind, position);
        if !names.insert(stage.name.to_lowercase()) {
            checks.problem(&format!("{path}name"), "Another stage has this name.");
        }
        pipeline.push(stage);
    }
    pipeline
}

impl From<(&str, &str, ClientPhase)> for StageDraft {
    fn from((name, color, client_phase): (&str, &str, ClientPhase)) -> Self {
        Self { name: name.to_owned(), color: Some(color.to_owned()), client_phase }
    }
}

impl StageDraft {
    fn check(
        self,
        write: &Write,
        checks: &mut Checks,
        path: &str,
        kind: RecordTypeId,
        position: i32,
    ) -> NewStage {
        NewStage {
            org_id: write.scope().org_id,
            id: write.id(),
            type_id: kind,
            name: checks.line(&format!("{path}name"), &self.name, 80),
            color: self.color.map_or_else(|| COLOR.to_owned(), |v| checks.color(&format!("{path}color"), &v)),
            client_phase: self.client_phase,
            position,
        }
    }
}

/// Adds a stage to a type's pipeline, once for each idempotency key; at its end unless a position is named.
pub async fn create(
    write: &Write,
    kind: RecordTypeId,
    position: Option<i32>,
    draft: StageDraft,
    key: Option<&str>,
) -> Result<StageId> {
    write.scope().require(Permission::SettingsManage)?;
    let input = (kind, position, &draft);
    let fresh = match idempotency::claim(write, key, "stage.create", &input).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    rows::lock(write, kind).await?.ok_or(Error::NotFound("record type"))?;
    let count = stages::count(write, kind).await?;
    let mut checks = Checks::new();
    let new = draft.check(write, &mut checks, "", kind, place(position, count));
    if count >= MOST {
        checks.problem("typeId", format!("A record type has at most {MOST} stages."));
    }
    checks.finish()?;
    stages::shift(write, kind, Shift::opening(new.position)).await?;
    let id = new.id;
    stages::insert(write, &[new]).await?;
    fresh.settle(write, id).await?;
    let (before, after) = differing(&json!({}), &required(write, id).await?)?;
    write.done(Change::new("stage.created", id).settings(before, after));
    Ok(id)
}

/// Changes a stage, or its place in the pipeline.
pub async fn update(write: &Write, id: StageId, version: i32, edit: StageEdit) -> Result<()> {
    let before = lock(write, id, version).await?;
    let mut checks = Checks::new();
    let mut patch = StagePatch {
        name: edit.name.map(|v| checks.line("name", &v, 80)),
        color: edit.color.map(|v| checks.color("color", &v)),
        client_phase: edit.client_phase,
        ..StagePatch::default()
    };
    if edit.position.is_some() && before.archived_at.is_some() {
        checks.problem("position", "An archived stage has no place in the pipeline.");
    }
    checks.finish()?;
    if let Some(position) = edit.position {
        let others = stages::count(write, before.type_id).await? - 1;
        let to = place(Some(position), others);
        if let Some(shift) = Shift::moving(before.position, to) {
            stages::shift(write, before.type_id, shift).await?;
        }
        patch.position = Some(to);
    }
    let after = stages::update(write, id, &patch).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new("stage.updated", id).settings(before, after));
    Ok(())
}

/// Closes a stage to records, or opens it again at the pipeline's end. Records in it stay; the
/// last open stage does too.
pub async fn archive(write: &Write, id: StageId, version: i32, archival: Archival) -> Result<()> {
    let before = lock(write, id, version).await?;
    let count = stages::count(write, before.type_id).await?;
    let mut patch = StagePatch::default();
    let kind = match (archival, before.archived_at) {
        (Archival::Archive, None) => {
            if count == 1 {
                return Err(Error::invalid("input.id", "A record type keeps at least one stage."));
            }
            stages::shift(write, before.type_id, Shift::closing(before.position)).await?;
            patch.archived_at = Some(Some(write.at()));
            "stage.archived"
        }
        (Archival::Restore, Some(_)) => {
            if count >= MOST {
                return Err(Error::invalid("input.id", format!("A record type has at most {MOST} stages.")));
            }
            patch.archived_at = Some(None);
            patch.position = Some(place(None, count));
            "stage.restored"
        }
        _ => return Ok(()),
    };
    let after = stages::update(write, id, &patch).await?;
    let (before, after) = differing(&before, &after)?;
    write.done(Change::new(kind, id).settings(before, after));
    Ok(())
}

/// Holds a stage's type alone, and gives the stage at the version that the caller read (API-8).
async fn lock(write: &Write, id: StageId, version: i32) -> Result<Stage> {
    write.scope().require(Permission::SettingsManage)?;
    let kind = required(write, id).await?.type_id;
    rows::lock(write, kind).await?;
    let found = required(write, id).await?;
    if found.version == version { Ok(found) } else { Err(missed_update(true, "stage")) }
}

async fn required(tx: &Tx<Staff>, id: StageId) -> Result<Stage> {
    stages::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("stage"))
}

/// The stages of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[StageId]) -> Result<Vec<Stage>> {
    stages::by_ids(tx, ids).await
}

/// The stages of these types in pipeline order, the archived ones last.
pub async fn of_types(tx: &Tx<Staff>, kinds: &[RecordTypeId]) -> Result<Vec<Stage>> {
    stages::of_types(tx, kinds).await
}

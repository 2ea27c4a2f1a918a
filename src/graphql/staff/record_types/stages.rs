//! Stages in the staff root (REC-2, REC-7).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::RecordType;
use crate::db::enums::{ApiKeyScope, ClientPhase};
use crate::db::ids::{RecordTypeId, StageId};
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::record_types::stages::{self, StageDraft, StageEdit};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};

/// A step of a record type's pipeline.
#[derive(async_graphql::Description)]
pub struct Stage(stages::Stage);

#[Object(use_type_description)]
impl Stage {
    /// Its id.
    async fn id(&self) -> StageId {
        self.0.id
    }

    /// The type whose pipeline it belongs to.
    #[graphql(name = "type")]
    async fn record_type(&self, ctx: &Context<'_>) -> Result<RecordType> {
        super::load(ctx, self.0.type_id).await
    }

    /// Its name; clients read it only where the type shows stage names.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its colour, `#rrggbb`.
    async fn color(&self) -> &str {
        &self.0.color
    }

    /// What clients see of it.
    async fn client_phase(&self) -> ClientPhase {
        self.0.client_phase
    }

    /// Its place in the pipeline, from 0.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was archived, if it is.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

impl From<stages::Stage> for Stage {
    fn from(stage: stages::Stage) -> Self {
        Self(stage)
    }
}

impl Loader<StageId> for Batch<Staff> {
    type Value = stages::Stage;
    type Error = Error;

    async fn load(&self, ids: &[StageId]) -> Result<HashMap<StageId, stages::Stage>, Error> {
        Ok(keyed(stages::by_ids(&self.0, ids).await?, |stage| stage.id))
    }
}

/// Key of a type's stages, the archived ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StagesOf(pub RecordTypeId);

impl Loader<StagesOf> for Batch<Staff> {
    type Value = Vec<stages::Stage>;
    type Error = Error;

    async fn load(&self, types: &[StagesOf]) -> Result<HashMap<StagesOf, Vec<stages::Stage>>, Error> {
        let types: Vec<RecordTypeId> = types.iter().map(|key| key.0).collect();
        Ok(gathered(stages::of_types(&self.0, &types).await?, |stage| StagesOf(stage.type_id)))
    }
}

/// One of a new record type's first stages.
#[derive(InputObject)]
pub struct StageInput {
    /// 1 to 80 characters, unlike every other stage's of the type.
    name: String,
    /// `#rrggbb`; grey if absent.
    color: Option<String>,
    /// What clients see of it.
    client_phase: ClientPhase,
}

impl StageInput {
    pub(super) fn draft(self) -> StageDraft {
        StageDraft { name: self.name, color: self.color, client_phase: self.client_phase }
    }
}

/// What a new stage is made of.
#[derive(InputObject)]
pub struct CreateStageInput {
    /// The record type whose pipeline it joins.
    type_id: RecordTypeId,
    /// 1 to 80 characters, unlike every other stage's of the type.
    name: String,
    /// `#rrggbb`; grey if absent.
    color: Option<String>,
    /// What clients see of it.
    client_phase: ClientPhase,
    /// Its place in the pipeline, from 0; the end if absent or beyond it.
    position: Option<i32>,
    /// The same key and input within 24 hours create one stage only.
    idempotency_key: Option<String>,
}

/// What to change of a stage. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateStageInput {
    /// The stage.
    id: StageId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 80 characters, unlike every other stage's of the type.
    name: Option<String>,
    /// `#rrggbb`.
    color: Option<String>,
    /// What clients see of it.
    client_phase: Option<ClientPhase>,
    /// Its new place in the pipeline, from 0; beyond the end is the end. The others close ranks.
    position: Option<i32>,
}

/// Which stage to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveStageInput {
    /// The stage.
    id: StageId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back, at the pipeline's end.
    #[graphql(default = true)]
    archived: bool,
}

/// The stage as it was created.
#[derive(SimpleObject)]
pub struct CreateStagePayload {
    /// The new stage.
    stage: Stage,
}

/// The stage as it was changed.
#[derive(SimpleObject)]
pub struct UpdateStagePayload {
    /// The changed stage.
    stage: Stage,
}

/// The stage as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveStagePayload {
    /// The stage.
    stage: Stage,
}

/// Changing stages.
#[derive(Default)]
pub struct StageMutations;

#[Object]
impl StageMutations {
    /// Adds a stage to a record type's pipeline. Needs SETTINGS_MANAGE.
    async fn create_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateStageInput,
    ) -> Option<Result<CreateStagePayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a stage, or its place in the pipeline. Needs SETTINGS_MANAGE.
    async fn update_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateStageInput,
    ) -> Option<Result<UpdateStagePayload>> {
        Some(update(ctx, input).await)
    }

    /// Closes a stage to records, or opens it again. Records in it stay; a type keeps at least one
    /// open stage. Needs SETTINGS_MANAGE.
    async fn archive_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveStageInput,
    ) -> Option<Result<ArchiveStagePayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn load(ctx: &Context<'_>, id: StageId) -> Result<Stage> {
    request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.required(id, "stage").await.map(Stage)
}

async fn create(ctx: &Context<'_>, input: CreateStageInput) -> Result<CreateStagePayload> {
    let draft = StageDraft { name: input.name, color: input.color, client_phase: input.client_phase };
    let key = input.idempotency_key.as_deref();
    let write = request(ctx).write().await?;
    let created = stages::create(&write, input.type_id, input.position, draft, key).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateStagePayload { stage: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateStageInput) -> Result<UpdateStagePayload> {
    let edit = StageEdit {
        name: input.name,
        color: input.color,
        client_phase: input.client_phase,
        position: input.position,
    };
    let write = request(ctx).write().await?;
    let updated = stages::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateStagePayload { stage: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveStageInput) -> Result<ArchiveStagePayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = stages::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveStagePayload { stage: load(ctx, input.id).await? })
}

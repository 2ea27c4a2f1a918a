//! Milestones of projects in the staff root (REC-8).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::Record;
use crate::db::enums::ApiKeyScope;
use crate::db::ids::{MilestoneId, RecordId};
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::records::milestones::{self, Completion, MilestoneDraft, MilestoneEdit};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};

/// A step of a project.
#[derive(async_graphql::Description)]
pub struct Milestone(milestones::Milestone);

#[Object(use_type_description)]
impl Milestone {
    /// Its id.
    async fn id(&self) -> MilestoneId {
        self.0.id
    }

    /// The project.
    async fn record(&self, ctx: &Context<'_>) -> Result<Record> {
        super::load(ctx, self.0.record_id).await
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its share of the project's percentage, relative to its siblings.
    async fn weight(&self) -> i32 {
        self.0.weight
    }

    /// Planned day. Clients see it if the type shares DEADLINES.
    async fn due_on(&self) -> Option<NaiveDate> {
        self.0.due_on
    }

    /// When it was marked done, if it is.
    async fn completed_at(&self) -> Option<DateTime<Utc>> {
        self.0.completed_at
    }

    /// Its place in the project, from 0.
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

impl From<milestones::Milestone> for Milestone {
    fn from(milestone: milestones::Milestone) -> Self {
        Self(milestone)
    }
}

impl Loader<MilestoneId> for Batch<Staff> {
    type Value = milestones::Milestone;
    type Error = Error;

    async fn load(&self, ids: &[MilestoneId]) -> Result<HashMap<MilestoneId, milestones::Milestone>, Error> {
        Ok(keyed(milestones::by_ids(&self.0, ids).await?, |milestone| milestone.id))
    }
}

/// Key of a record's milestones, the archived ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MilestonesOf(pub RecordId);

impl Loader<MilestonesOf> for Batch<Staff> {
    type Value = Vec<milestones::Milestone>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[MilestonesOf],
    ) -> Result<HashMap<MilestonesOf, Vec<milestones::Milestone>>, Error> {
        let records: Vec<RecordId> = keys.iter().map(|key| key.0).collect();
        let found = milestones::of_records(&self.0, &records).await?;
        Ok(gathered(found, |milestone| MilestonesOf(milestone.record_id)))
    }
}

/// What a new milestone is made of.
#[derive(InputObject)]
pub struct CreateMilestoneInput {
    /// The project.
    record_id: RecordId,
    /// 1 to 200 characters.
    name: String,
    /// Its share of the project's percentage, relative to its siblings: 1 to 1000.
    #[graphql(default = 1)]
    weight: i32,
    /// Planned day.
    due_on: Option<NaiveDate>,
    /// Its place in the project, from 0; the end if absent or beyond it.
    position: Option<i32>,
    /// The same key and input within 24 hours create one milestone only.
    idempotency_key: Option<String>,
}

/// What to change of a milestone. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateMilestoneInput {
    /// The milestone.
    id: MilestoneId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 200 characters.
    name: Option<String>,
    /// Its share of the project's percentage, relative to its siblings: 1 to 1000.
    weight: Option<i32>,
    /// Planned day; null empties it.
    due_on: MaybeUndefined<NaiveDate>,
    /// Its new place in the project, from 0; beyond the end is the end. The others close ranks.
    position: Option<i32>,
}

/// Which milestone is done, or open again.
#[derive(InputObject)]
pub struct CompleteMilestoneInput {
    /// The milestone.
    id: MilestoneId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False opens it again.
    #[graphql(default = true)]
    completed: bool,
}

/// Which milestone to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveMilestoneInput {
    /// The milestone.
    id: MilestoneId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back, after the others.
    #[graphql(default = true)]
    archived: bool,
}

/// The milestone as it was created.
#[derive(SimpleObject)]
pub struct CreateMilestonePayload {
    /// The new milestone.
    milestone: Milestone,
}

/// The milestone as it was changed.
#[derive(SimpleObject)]
pub struct UpdateMilestonePayload {
    /// The changed milestone.
    milestone: Milestone,
}

/// The milestone as it was marked done or opened again.
#[derive(SimpleObject)]
pub struct CompleteMilestonePayload {
    /// The milestone.
    milestone: Milestone,
}

/// The milestone as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveMilestonePayload {
    /// The milestone.
    milestone: Milestone,
}

/// Changing milestones.
#[derive(Default)]
pub struct MilestoneMutations;

#[Object]
impl MilestoneMutations {
    /// Adds a milestone to a project. Needs RECORDS_WRITE.
    async fn create_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateMilestoneInput,
    ) -> Option<Result<CreateMilestonePayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a milestone, or its place in the project. Needs RECORDS_WRITE.
    async fn update_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateMilestoneInput,
    ) -> Option<Result<UpdateMilestonePayload>> {
        Some(update(ctx, input).await)
    }

    /// Marks a milestone done, or open again; the project's percentage follows unless staff set it.
    /// Needs RECORDS_WRITE.
    async fn complete_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: CompleteMilestoneInput,
    ) -> Option<Result<CompleteMilestonePayload>> {
        Some(complete(ctx, input).await)
    }

    /// Takes a milestone out of its project and the percentage, or brings it back. Needs
    /// RECORDS_WRITE.
    async fn archive_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveMilestoneInput,
    ) -> Option<Result<ArchiveMilestonePayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn load(ctx: &Context<'_>, id: MilestoneId) -> Result<Milestone> {
    request(ctx)
        .staff_for(ApiKeyScope::RecordsRead)
        .await?
        .loaders
        .required(id, "milestone")
        .await
        .map(Milestone)
}

async fn create(ctx: &Context<'_>, input: CreateMilestoneInput) -> Result<CreateMilestonePayload> {
    let draft = MilestoneDraft {
        record_id: input.record_id,
        name: input.name,
        weight: input.weight,
        due_on: input.due_on,
        position: input.position,
    };
    let write = request(ctx).write().await?;
    let created = milestones::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateMilestonePayload { milestone: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateMilestoneInput) -> Result<UpdateMilestonePayload> {
    let edit = MilestoneEdit {
        name: input.name,
        weight: input.weight,
        due_on: input.due_on.into(),
        position: input.position,
    };
    let write = request(ctx).write().await?;
    let updated = milestones::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateMilestonePayload { milestone: load(ctx, input.id).await? })
}

async fn complete(ctx: &Context<'_>, input: CompleteMilestoneInput) -> Result<CompleteMilestonePayload> {
    let completion = if input.completed { Completion::Complete } else { Completion::Reopen };
    let write = request(ctx).write().await?;
    let completed = milestones::complete(&write, input.id, input.version, completion).await;
    write.finish(completed).await.map_err(coded)?;
    Ok(CompleteMilestonePayload { milestone: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveMilestoneInput) -> Result<ArchiveMilestonePayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = milestones::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveMilestonePayload { milestone: load(ctx, input.id).await? })
}

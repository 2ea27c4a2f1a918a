//! Making deliverables and their versions.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use super::{Deliverable, DeliverableVersion, load, load_version};
use crate::db::ids::{DeliverableId, DeliverableVersionId, FileId, RecordId};
use crate::domain::companies::Archival;
use crate::domain::deliverables::versions::{self, VersionDraft};
use crate::domain::deliverables::{self, DeliverableDraft, DeliverableEdit};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// What a new deliverable is made of.
#[derive(InputObject)]
pub struct CreateDeliverableInput {
    /// The record that it is part of.
    record_id: RecordId,
    /// 1 to 200 characters.
    title: String,
    /// What it is, in the team's words: 1 to 80 characters.
    #[graphql(name = "type")]
    kind: String,
    /// What it comes as: 1 to 80 characters.
    format: Option<String>,
    /// A label for staff only: 1 to 80 characters.
    internal_status: Option<String>,
    /// A label for clients: 1 to 80 characters.
    client_status: Option<String>,
    /// Whether clients see it.
    #[graphql(default)]
    visible: bool,
    /// The same key and input within 24 hours create one deliverable only.
    idempotency_key: Option<String>,
}

/// What to change of a deliverable. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateDeliverableInput {
    /// The deliverable.
    id: DeliverableId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 200 characters.
    title: Option<String>,
    /// What it is, in the team's words: 1 to 80 characters.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// What it comes as; null empties it.
    format: MaybeUndefined<String>,
    /// A label for staff only; null empties it.
    internal_status: MaybeUndefined<String>,
    /// A label for clients; null empties it.
    client_status: MaybeUndefined<String>,
    /// Whether clients see it.
    visible: Option<bool>,
}

/// Which deliverable to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveDeliverableInput {
    /// The deliverable.
    id: DeliverableId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// What a new version is made of.
#[derive(InputObject)]
pub struct AddDeliverableVersionInput {
    /// Of what it is a version.
    deliverable_id: DeliverableId,
    /// What is new, for staff and clients: 1 to 2,000 characters.
    note: Option<String>,
    /// The same key and input within 24 hours add one version only.
    idempotency_key: Option<String>,
}

/// Which file to put into which version.
#[derive(InputObject)]
pub struct AddDeliverableFileInput {
    /// The version, which must not be ready for review yet.
    version_id: DeliverableVersionId,
    /// A file of the deliverable's record.
    file_id: FileId,
}

/// Which file to take out of which version.
#[derive(InputObject)]
pub struct RemoveDeliverableFileInput {
    /// The version, which must not be ready for review yet.
    version_id: DeliverableVersionId,
    /// The file.
    file_id: FileId,
}

/// Which version clients are to look at.
#[derive(InputObject)]
pub struct MarkDeliverableReadyInput {
    /// The version.
    version_id: DeliverableVersionId,
}

/// The deliverable as it was created, with its first version to work on.
#[derive(SimpleObject)]
pub struct CreateDeliverablePayload {
    /// The new deliverable.
    deliverable: Deliverable,
}

/// The deliverable as it was changed.
#[derive(SimpleObject)]
pub struct UpdateDeliverablePayload {
    /// The changed deliverable.
    deliverable: Deliverable,
}

/// The deliverable as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveDeliverablePayload {
    /// The deliverable.
    deliverable: Deliverable,
}

/// The version as it was begun.
#[derive(SimpleObject)]
pub struct AddDeliverableVersionPayload {
    /// The new version.
    version: DeliverableVersion,
}

/// The version with the file.
#[derive(SimpleObject)]
pub struct AddDeliverableFilePayload {
    /// The version.
    version: DeliverableVersion,
}

/// The version without the file.
#[derive(SimpleObject)]
pub struct RemoveDeliverableFilePayload {
    /// The version.
    version: DeliverableVersion,
}

/// The version as it was marked.
#[derive(SimpleObject)]
pub struct MarkDeliverableReadyPayload {
    /// The version.
    version: DeliverableVersion,
}

/// Making deliverables.
#[derive(Default)]
pub struct StaffDeliverableMutations;

#[Object]
impl StaffDeliverableMutations {
    /// Adds a deliverable to a record, with its first version to work on. Needs RECORDS_WRITE.
    async fn create_deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateDeliverableInput,
    ) -> Option<Result<CreateDeliverablePayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a deliverable; its versions stay as they are. Needs RECORDS_WRITE.
    async fn update_deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateDeliverableInput,
    ) -> Option<Result<UpdateDeliverablePayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a deliverable, or brings it back. Needs RECORDS_WRITE.
    async fn archive_deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveDeliverableInput,
    ) -> Option<Result<ArchiveDeliverablePayload>> {
        Some(archive(ctx, input).await)
    }

    /// Begins another version of a deliverable. Needs RECORDS_WRITE.
    async fn add_deliverable_version(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: AddDeliverableVersionInput,
    ) -> Option<Result<AddDeliverableVersionPayload>> {
        Some(add_version(ctx, input).await)
    }

    /// Puts a file of the record into a version. CONFLICT once the version is ready for review. Needs
    /// RECORDS_WRITE.
    async fn add_deliverable_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where.")] input: AddDeliverableFileInput,
    ) -> Option<Result<AddDeliverableFilePayload>> {
        Some(add_file(ctx, input).await)
    }

    /// Takes a file out of a version. CONFLICT once the version is ready for review. Needs RECORDS_WRITE.
    async fn remove_deliverable_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and from where.")] input: RemoveDeliverableFileInput,
    ) -> Option<Result<RemoveDeliverableFilePayload>> {
        Some(remove_file(ctx, input).await)
    }

    /// Asks clients for their word on a version: locks it, shows it, and mails those who asked to be told
    /// of reviews. Needs RECORDS_WRITE.
    async fn mark_deliverable_ready(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which version.")] input: MarkDeliverableReadyInput,
    ) -> Option<Result<MarkDeliverableReadyPayload>> {
        Some(mark_ready(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateDeliverableInput) -> Result<CreateDeliverablePayload> {
    let draft = DeliverableDraft {
        record_id: input.record_id,
        title: input.title,
        kind: input.kind,
        format: input.format,
        internal_status: input.internal_status,
        client_status: input.client_status,
        visible: input.visible,
    };
    let write = request(ctx).write().await?;
    let created = deliverables::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateDeliverablePayload { deliverable: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateDeliverableInput) -> Result<UpdateDeliverablePayload> {
    let edit = DeliverableEdit {
        title: input.title,
        kind: input.kind,
        format: input.format.into(),
        internal_status: input.internal_status.into(),
        client_status: input.client_status.into(),
        visible: input.visible,
    };
    let write = request(ctx).write().await?;
    let updated = deliverables::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateDeliverablePayload { deliverable: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveDeliverableInput) -> Result<ArchiveDeliverablePayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = deliverables::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveDeliverablePayload { deliverable: load(ctx, input.id).await? })
}

async fn add_version(
    ctx: &Context<'_>,
    input: AddDeliverableVersionInput,
) -> Result<AddDeliverableVersionPayload> {
    let draft = VersionDraft { deliverable_id: input.deliverable_id, note: input.note };
    let write = request(ctx).write().await?;
    let added = versions::add(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(added).await.map_err(coded)?;
    Ok(AddDeliverableVersionPayload { version: load_version(ctx, id).await? })
}

async fn add_file(ctx: &Context<'_>, input: AddDeliverableFileInput) -> Result<AddDeliverableFilePayload> {
    let write = request(ctx).write().await?;
    let added = versions::add_file(&write, input.version_id, input.file_id).await;
    write.finish(added).await.map_err(coded)?;
    Ok(AddDeliverableFilePayload { version: load_version(ctx, input.version_id).await? })
}

async fn remove_file(
    ctx: &Context<'_>,
    input: RemoveDeliverableFileInput,
) -> Result<RemoveDeliverableFilePayload> {
    let write = request(ctx).write().await?;
    let removed = versions::remove_file(&write, input.version_id, input.file_id).await;
    write.finish(removed).await.map_err(coded)?;
    Ok(RemoveDeliverableFilePayload { version: load_version(ctx, input.version_id).await? })
}

async fn mark_ready(
    ctx: &Context<'_>,
    input: MarkDeliverableReadyInput,
) -> Result<MarkDeliverableReadyPayload> {
    let write = request(ctx).write().await?;
    let marked = versions::mark_ready(&write, input.version_id).await;
    write.finish(marked).await.map_err(coded)?;
    Ok(MarkDeliverableReadyPayload { version: load_version(ctx, input.version_id).await? })
}

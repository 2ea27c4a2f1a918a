//! Defining record types, and choosing what clients see of them (REC-2, REC-3).

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::stages::StageInput;
use super::{RecordType, load};
use crate::db::enums::SharedField;
use crate::db::ids::RecordTypeId;
use crate::domain::companies::Archival;
use crate::domain::record_types::{self, RecordTypeDraft, RecordTypeEdit, SharingEdit};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// What a new record type is made of. Sharing is opt-in.
#[derive(InputObject)]
pub struct CreateRecordTypeInput {
    /// Stable name for programs: a small letter, then up to 39 of a-z, 0-9 and `_`. Never changes.
    key: String,
    /// 1 to 80 characters.
    name: String,
    /// 1 to 80 characters.
    name_plural: String,
    /// Whether clients see records of this type at all; false if absent.
    shared: Option<bool>,
    /// The built-in fields clients see besides the name; PHASE if absent.
    shared_fields: Option<Vec<SharedField>>,
    /// Whether clients see stage names instead of phases; false if absent.
    show_stage_names: Option<bool>,
    /// Whether clients see files marked shared; true if absent.
    show_files: Option<bool>,
    /// Whether clients see the message thread; true if absent.
    show_comments: Option<bool>,
    /// Whether clients may upload files; false if absent.
    allow_uploads: Option<bool>,
    /// Whether clients are mailed when staff reply; false if absent.
    email_on_reply: Option<bool>,
    /// Whether new records can be seen in portals from the start; true if absent.
    portal_enabled_default: Option<bool>,
    /// Its pipeline in order, 1 to 50 stages; Open, In progress and Done if absent.
    stages: Option<Vec<StageInput>>,
    /// The same key and input within 24 hours create one record type only.
    idempotency_key: Option<String>,
}

/// What to change of a record type. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateRecordTypeInput {
    /// The record type.
    id: RecordTypeId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 80 characters.
    name: Option<String>,
    /// 1 to 80 characters.
    name_plural: Option<String>,
    /// Whether clients see records of this type at all.
    shared: Option<bool>,
    /// The built-in fields clients see besides the name.
    shared_fields: Option<Vec<SharedField>>,
    /// Whether clients see stage names instead of phases.
    show_stage_names: Option<bool>,
    /// Whether clients see files marked shared.
    show_files: Option<bool>,
    /// Whether clients see the message thread.
    show_comments: Option<bool>,
    /// Whether clients may upload files.
    allow_uploads: Option<bool>,
    /// Whether clients are mailed when staff reply.
    email_on_reply: Option<bool>,
    /// Whether new records can be seen in portals from the start.
    portal_enabled_default: Option<bool>,
}

/// Which record type to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveRecordTypeInput {
    /// The record type.
    id: RecordTypeId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// The record type as it was created.
#[derive(SimpleObject)]
pub struct CreateRecordTypePayload {
    /// The new record type.
    record_type: RecordType,
}

/// The record type as it was changed.
#[derive(SimpleObject)]
pub struct UpdateRecordTypePayload {
    /// The changed record type.
    record_type: RecordType,
}

/// The record type as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveRecordTypePayload {
    /// The record type.
    record_type: RecordType,
}

/// Changing record types.
#[derive(Default)]
pub struct RecordTypeMutations;

#[Object]
impl RecordTypeMutations {
    /// Defines a record type with its first stages. Needs SETTINGS_MANAGE.
    async fn create_record_type(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateRecordTypeInput,
    ) -> Option<Result<CreateRecordTypePayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a record type, or what clients see of its records; they see the difference at once.
    /// Needs SETTINGS_MANAGE.
    async fn update_record_type(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateRecordTypeInput,
    ) -> Option<Result<UpdateRecordTypePayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a record type and its records from clients, or brings it back. The built-in one cannot
    /// be archived. Needs SETTINGS_MANAGE.
    async fn archive_record_type(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveRecordTypeInput,
    ) -> Option<Result<ArchiveRecordTypePayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateRecordTypeInput) -> Result<CreateRecordTypePayload> {
    let draft = RecordTypeDraft {
        key: input.key,
        name: input.name,
        name_plural: input.name_plural,
        sharing: SharingEdit {
            shared: input.shared,
            shared_fields: input.shared_fields,
            show_stage_names: input.show_stage_names,
            show_files: input.show_files,
            show_comments: input.show_comments,
            allow_uploads: input.allow_uploads,
            email_on_reply: input.email_on_reply,
            portal_enabled_default: input.portal_enabled_default,
        },
        stages: input.stages.map(|stages| stages.into_iter().map(StageInput::draft).collect()),
    };
    let write = request(ctx).write().await?;
    let created = record_types::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateRecordTypePayload { record_type: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateRecordTypeInput) -> Result<UpdateRecordTypePayload> {
    let edit = RecordTypeEdit {
        name: input.name,
        name_plural: input.name_plural,
        sharing: SharingEdit {
            shared: input.shared,
            shared_fields: input.shared_fields,
            show_stage_names: input.show_stage_names,
            show_files: input.show_files,
            show_comments: input.show_comments,
            allow_uploads: input.allow_uploads,
            email_on_reply: input.email_on_reply,
            portal_enabled_default: input.portal_enabled_default,
        },
    };
    let write = request(ctx).write().await?;
    let updated = record_types::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateRecordTypePayload { record_type: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveRecordTypeInput) -> Result<ArchiveRecordTypePayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = record_types::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveRecordTypePayload { record_type: load(ctx, input.id).await? })
}

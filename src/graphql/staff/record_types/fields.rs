//! Custom fields in the staff root (REC-2, REC-3).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::RecordType;
use crate::db::enums::{ApiKeyScope, FieldKind};
use crate::db::ids::{FieldId, RecordTypeId};
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::record_types::fields::{self, FieldDraft, FieldEdit};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};

/// A custom field of a record type.
#[derive(async_graphql::Description)]
pub struct FieldDefinition(fields::FieldDefinition);

#[Object(use_type_description)]
impl FieldDefinition {
    /// Its id.
    async fn id(&self) -> FieldId {
        self.0.id
    }

    /// The type whose field it is.
    #[graphql(name = "type")]
    async fn record_type(&self, ctx: &Context<'_>) -> Result<RecordType> {
        super::load(ctx, self.0.type_id).await
    }

    /// Key of its values in a record's `custom`.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Name people read.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// Which values it takes.
    async fn kind(&self) -> FieldKind {
        self.0.kind
    }

    /// The choices of a SELECT, in order; none for other kinds.
    async fn options(&self) -> &[String] {
        &self.0.options
    }

    /// Whether clients see it.
    async fn shared(&self) -> bool {
        self.0.shared
    }

    /// Its place among the type's fields, from 0.
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

impl From<fields::FieldDefinition> for FieldDefinition {
    fn from(field: fields::FieldDefinition) -> Self {
        Self(field)
    }
}

impl Loader<FieldId> for Batch<Staff> {
    type Value = fields::FieldDefinition;
    type Error = Error;

    async fn load(&self, ids: &[FieldId]) -> Result<HashMap<FieldId, fields::FieldDefinition>, Error> {
        Ok(keyed(fields::by_ids(&self.0, ids).await?, |field| field.id))
    }
}

/// Key of a type's custom fields, the archived ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldsOf(pub RecordTypeId);

impl Loader<FieldsOf> for Batch<Staff> {
    type Value = Vec<fields::FieldDefinition>;
    type Error = Error;

    async fn load(
        &self,
        types: &[FieldsOf],
    ) -> Result<HashMap<FieldsOf, Vec<fields::FieldDefinition>>, Error> {
        let types: Vec<RecordTypeId> = types.iter().map(|key| key.0).collect();
        Ok(gathered(fields::of_types(&self.0, &types).await?, |field| FieldsOf(field.type_id)))
    }
}

/// What a new custom field is made of.
#[derive(InputObject)]
pub struct CreateFieldInput {
    /// The record type that gets it.
    type_id: RecordTypeId,
    /// Key of its values: a small letter, then up to 39 of a-z, 0-9 and `_`. Never changes.
    key: String,
    /// Name people read, 1 to 80 characters, unlike every other field's of the type.
    label: String,
    /// Which values it takes. Never changes.
    kind: FieldKind,
    /// 1 to 100 choices for a SELECT; none for other kinds.
    #[graphql(default)]
    options: Vec<String>,
    /// Whether clients see it.
    #[graphql(default)]
    shared: bool,
    /// Its place among the type's fields, from 0; the end if absent or beyond it.
    position: Option<i32>,
    /// The same key and input within 24 hours create one field only.
    idempotency_key: Option<String>,
}

/// What to change of a custom field. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateFieldInput {
    /// The custom field.
    id: FieldId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// Name people read, 1 to 80 characters, unlike every other field's of the type.
    label: Option<String>,
    /// 1 to 100 choices for a SELECT. Records keep values that are no longer among them.
    options: Option<Vec<String>>,
    /// Whether clients see it.
    shared: Option<bool>,
    /// Its new place among the type's fields, from 0; beyond the end is the end. The others close ranks.
    position: Option<i32>,
}

/// Which custom field to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveFieldInput {
    /// The custom field.
    id: FieldId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back with its values, after the others.
    #[graphql(default = true)]
    archived: bool,
}

/// The custom field as it was created.
#[derive(SimpleObject)]
pub struct CreateFieldPayload {
    /// The new custom field.
    field: FieldDefinition,
}

/// The custom field as it was changed.
#[derive(SimpleObject)]
pub struct UpdateFieldPayload {
    /// The changed custom field.
    field: FieldDefinition,
}

/// The custom field as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveFieldPayload {
    /// The custom field.
    field: FieldDefinition,
}

/// Changing custom fields.
#[derive(Default)]
pub struct FieldMutations;

#[Object]
impl FieldMutations {
    /// Adds a custom field to a record type. Needs SETTINGS_MANAGE.
    async fn create_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateFieldInput,
    ) -> Option<Result<CreateFieldPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a custom field, its place, or whether clients see it; they see the difference at
    /// once. Needs SETTINGS_MANAGE.
    async fn update_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateFieldInput,
    ) -> Option<Result<UpdateFieldPayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a custom field and its values from everyone, or brings both back. Needs SETTINGS_MANAGE.
    async fn archive_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveFieldInput,
    ) -> Option<Result<ArchiveFieldPayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn load(ctx: &Context<'_>, id: FieldId) -> Result<FieldDefinition> {
    request(ctx)
        .staff_for(ApiKeyScope::RecordsRead)
        .await?
        .loaders
        .required(id, "field")
        .await
        .map(FieldDefinition)
}

async fn create(ctx: &Context<'_>, input: CreateFieldInput) -> Result<CreateFieldPayload> {
    let draft = FieldDraft {
        type_id: input.type_id,
        key: input.key,
        label: input.label,
        kind: input.kind,
        options: input.options,
        shared: input.shared,
        position: input.position,
    };
    let write = request(ctx).write().await?;
    let created = fields::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateFieldPayload { field: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateFieldInput) -> Result<UpdateFieldPayload> {
    let edit = FieldEdit {
        label: input.label,
        options: input.options,
        shared: input.shared,
        position: input.position,
    };
    let write = request(ctx).write().await?;
    let updated = fields::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateFieldPayload { field: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveFieldInput) -> Result<ArchiveFieldPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = fields::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveFieldPayload { field: load(ctx, input.id).await? })
}

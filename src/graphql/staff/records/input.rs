//! Adding, changing, moving and archiving records (REC-1).

use async_graphql::{Context, InputObject, Json, MaybeUndefined, Object, SimpleObject};
use chrono::NaiveDate;
use serde_json::Value;

use super::{Record, load};
use crate::db::ids::{CompanyId, MemberId, RecordId, RecordTypeId, StageId};
use crate::domain::companies::Archival;
use crate::domain::records::{self, RecordDraft, RecordEdit};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// What a new record is made of.
#[derive(InputObject)]
pub struct CreateRecordInput {
    /// The company it belongs to. Never changes.
    company_id: CompanyId,
    /// Its type. Never changes.
    type_id: RecordTypeId,
    /// A stage of the type; the first of its pipeline if absent.
    stage_id: Option<StageId>,
    /// 1 to 200 characters.
    name: String,
    /// Plain text of up to 10,000 characters.
    description: Option<String>,
    /// A label for staff only, up to 80 characters.
    internal_status: Option<String>,
    /// A label for clients, up to 80 characters.
    client_status: Option<String>,
    /// The member responsible; the caller if absent.
    owner_id: Option<MemberId>,
    /// A project's lead.
    lead_id: Option<MemberId>,
    /// Planned first day.
    starts_on: Option<NaiveDate>,
    /// Planned last day, not before the first.
    due_on: Option<NaiveDate>,
    /// A project's percentage set by hand, 0 to 100; its milestones decide if absent.
    percent_set: Option<i32>,
    /// Whether portals can show it; as its type says if absent.
    portal_enabled: Option<bool>,
    /// Values of custom fields by key, as each field's kind wants them.
    custom: Option<Json<Value>>,
    /// The same key and input within 24 hours create one record only.
    idempotency_key: Option<String>,
}

/// What to change of a record. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateRecordInput {
    /// The record.
    id: RecordId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 200 characters.
    name: Option<String>,
    /// Plain text of up to 10,000 characters; null empties it.
    description: MaybeUndefined<String>,
    /// A label for staff only, up to 80 characters; null empties it.
    internal_status: MaybeUndefined<String>,
    /// A label for clients, up to 80 characters; null empties it.
    client_status: MaybeUndefined<String>,
    /// The member responsible.
    owner_id: Option<MemberId>,
    /// A project's lead; null is none.
    lead_id: MaybeUndefined<MemberId>,
    /// Planned first day; null empties it.
    starts_on: MaybeUndefined<NaiveDate>,
    /// Planned last day, not before the first; null empties it.
    due_on: MaybeUndefined<NaiveDate>,
    /// A project's percentage set by hand, 0 to 100; null lets its milestones decide.
    percent_set: MaybeUndefined<i32>,
    /// Whether portals can show it; off is "not found" for clients, at once.
    portal_enabled: Option<bool>,
    /// Values of custom fields by key. Those not named stay; null takes one away.
    custom: Option<Json<Value>>,
}

/// Which record to move, and where.
#[derive(InputObject)]
pub struct MoveRecordInput {
    /// The record.
    id: RecordId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// An open stage of the record's type.
    stage_id: StageId,
}

/// Which record to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveRecordInput {
    /// The record.
    id: RecordId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// Who watches a record.
#[derive(InputObject)]
pub struct SetRecordWatchersInput {
    /// The record.
    id: RecordId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// The members who watch it from now on, at most 100; all others no longer do.
    member_ids: Vec<MemberId>,
}

/// The record as it was created.
#[derive(SimpleObject)]
pub struct CreateRecordPayload {
    /// The new record.
    record: Record,
}

/// The record as it was changed.
#[derive(SimpleObject)]
pub struct UpdateRecordPayload {
    /// The changed record.
    record: Record,
}

/// The record where it stands now.
#[derive(SimpleObject)]
pub struct MoveRecordPayload {
    /// The moved record.
    record: Record,
}

/// The record as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveRecordPayload {
    /// The record.
    record: Record,
}

/// The record with its watchers.
#[derive(SimpleObject)]
pub struct SetRecordWatchersPayload {
    /// The record.
    record: Record,
}

/// Changing records.
#[derive(Default)]
pub struct RecordMutations;

#[Object]
impl RecordMutations {
    /// Adds a record to a company. Needs RECORDS_WRITE.
    async fn create_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateRecordInput,
    ) -> Option<Result<CreateRecordPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a record. Needs RECORDS_WRITE.
    async fn update_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateRecordInput,
    ) -> Option<Result<UpdateRecordPayload>> {
        Some(update(ctx, input).await)
    }

    /// Moves a record to another stage of its type. Needs RECORDS_WRITE.
    async fn move_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and where.")] input: MoveRecordInput,
    ) -> Option<Result<MoveRecordPayload>> {
        Some(move_to(ctx, input).await)
    }

    /// Hides a record from lists and clients, or brings it back. Needs RECORDS_WRITE.
    async fn archive_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveRecordInput,
    ) -> Option<Result<ArchiveRecordPayload>> {
        Some(archive(ctx, input).await)
    }

    /// Says which members are told of what clients do on a record. Needs RECORDS_WRITE.
    async fn set_record_watchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who watches what.")] input: SetRecordWatchersInput,
    ) -> Option<Result<SetRecordWatchersPayload>> {
        Some(set_watchers(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateRecordInput) -> Result<CreateRecordPayload> {
    let draft = RecordDraft {
        company_id: input.company_id,
        type_id: input.type_id,
        stage_id: input.stage_id,
        name: input.name,
        description: input.description,
        internal_status: input.internal_status,
        client_status: input.client_status,
        owner_id: input.owner_id,
        lead_id: input.lead_id,
        starts_on: input.starts_on,
        due_on: input.due_on,
        percent_set: input.percent_set,
        portal_enabled: input.portal_enabled,
        custom: input.custom.map(|Json(values)| values),
    };
    let write = request(ctx).write().await?;
    let created = records::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateRecordPayload { record: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateRecordInput) -> Result<UpdateRecordPayload> {
    let edit = RecordEdit {
        name: input.name,
        description: input.description.into(),
        internal_status: input.internal_status.into(),
        client_status: input.client_status.into(),
        owner_id: input.owner_id,
        lead_id: input.lead_id.into(),
        starts_on: input.starts_on.into(),
        due_on: input.due_on.into(),
        percent_set: input.percent_set.into(),
        portal_enabled: input.portal_enabled,
        custom: input.custom.map(|Json(values)| values),
    };
    let write = request(ctx).write().await?;
    let updated = records::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateRecordPayload { record: load(ctx, input.id).await? })
}

async fn move_to(ctx: &Context<'_>, input: MoveRecordInput) -> Result<MoveRecordPayload> {
    let write = request(ctx).write().await?;
    let moved = records::move_to(&write, input.id, input.version, input.stage_id).await;
    write.finish(moved).await.map_err(coded)?;
    Ok(MoveRecordPayload { record: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveRecordInput) -> Result<ArchiveRecordPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = records::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveRecordPayload { record: load(ctx, input.id).await? })
}

async fn set_watchers(ctx: &Context<'_>, input: SetRecordWatchersInput) -> Result<SetRecordWatchersPayload> {
    let write = request(ctx).write().await?;
    let set = records::set_watchers(&write, input.id, input.version, input.member_ids).await;
    write.finish(set).await.map_err(coded)?;
    Ok(SetRecordWatchersPayload { record: load(ctx, input.id).await? })
}

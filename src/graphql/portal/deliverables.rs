//! Deliverables in the portal root (DEL-2, DEL-3): what clients see of them, and their word on a version.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{Approval, PortalMode, Verdict};
use crate::db::ids::{DecisionId, DeliverableId, DeliverableVersionId, RecordId};
use crate::domain::callers::Portal;
use crate::domain::deliverables::receipts;
use crate::domain::deliverables::shared::{self, SharedDecision, SharedDeliverable, SharedVersion, Word};
use crate::domain::files::SharedFile;
use crate::domain::shared_records::SharedRecord;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed, loaders};
use crate::graphql::portal::files::PortalFile;

/// Something that is made for the client.
#[derive(async_graphql::Description)]
pub struct PortalDeliverable(SharedDeliverable);

#[Object(use_type_description)]
impl PortalDeliverable {
    /// Its id.
    async fn id(&self) -> DeliverableId {
        self.0.id
    }

    /// The record that it is part of.
    async fn record_id(&self) -> RecordId {
        self.0.record_id
    }

    /// What the record is called.
    async fn record_name(&self, ctx: &Context<'_>) -> Result<String> {
        let record: SharedRecord =
            request(ctx).portal().await?.loaders.required(self.0.record_id, "record").await?;
        Ok(record.name)
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is: Design, Copy, Film.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What it comes as: PDF, 1080p.
    async fn format(&self) -> Option<&str> {
        self.0.format.as_deref()
    }

    /// Its client-facing status.
    async fn status(&self) -> Option<&str> {
        self.0.client_status.as_deref()
    }

    /// The version to look at: the newest that was ready for review. Null before the first.
    async fn current(&self, ctx: &Context<'_>) -> Result<Option<PortalDeliverableVersion>> {
        let versions = request(ctx).portal().await?.loaders.many(VersionsOf(self.0.id)).await?;
        Ok(versions.into_iter().next().map(PortalDeliverableVersion))
    }

    /// The versions that are or were ready for review, newest first.
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<PortalDeliverableVersion>> {
        let versions = request(ctx).portal().await?.loaders.many(VersionsOf(self.0.id)).await?;
        Ok(versions.into_iter().map(PortalDeliverableVersion).collect())
    }
}

/// A version of a deliverable.
#[derive(async_graphql::Description)]
pub struct PortalDeliverableVersion(SharedVersion);

#[Object(use_type_description)]
impl PortalDeliverableVersion {
    /// Its id.
    async fn id(&self) -> DeliverableVersionId {
        self.0.id
    }

    /// Its number, from 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// What is new.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When the client was asked for a word on it.
    async fn ready_at(&self) -> DateTime<Utc> {
        self.0.ready_at
    }

    /// What became of it.
    async fn approval(&self) -> Approval {
        self.0.approval
    }

    /// Its shared files, by name, to be fetched at their paths; none where this portal shows no files.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<PortalFile>> {
        let files = request(ctx).portal().await?.loaders.many(FilesOf(self.0.id)).await?;
        Ok(files.into_iter().map(|(_, file)| file.into()).collect())
    }

    /// What was decided of it; null while nobody has.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<PortalDecision>> {
        let decision = request(ctx).portal().await?.loaders.one(DecisionOf(self.0.id)).await?;
        Ok(decision.map(PortalDecision))
    }
}

/// What was decided of a version. It is kept for good.
#[derive(async_graphql::Description)]
pub struct PortalDecision(SharedDecision);

#[Object(use_type_description)]
impl PortalDecision {
    /// Its id.
    async fn id(&self) -> DecisionId {
        self.0.id
    }

    /// What was decided.
    async fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Why.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Who decided.
    async fn decided_by(&self) -> &str {
        &self.0.decided_by
    }

    /// False where the name is only what they said it is.
    async fn name_verified(&self) -> bool {
        self.0.verified
    }

    /// When.
    async fn decided_at(&self) -> DateTime<Utc> {
        self.0.decided_at
    }

    /// The receipt to keep: JSON that `vestibule verify-receipt` checks.
    async fn receipt(&self) -> Result<String> {
        let decision = &self.0;
        let parts = (&decision.receipt, &decision.receipt_key, &decision.public_key, &decision.signature);
        receipts::document(parts.0, parts.1, parts.2, parts.3).map_err(coded)
    }
}

impl Loader<DeliverableId> for Batch<Portal> {
    type Value = SharedDeliverable;
    type Error = Error;

    async fn load(&self, ids: &[DeliverableId]) -> Result<HashMap<DeliverableId, SharedDeliverable>, Error> {
        Ok(keyed(shared::by_ids(&self.0, ids).await?, |deliverable| deliverable.id))
    }
}

loaders! {
    for Portal;
    /// The visible deliverables of a record.
    DeliverablesOf(RecordId) -> Vec<SharedDeliverable> = async |tx, ids: Vec<RecordId>| {
        Ok(gathered(shared::of_records(tx, &ids).await?, |one| DeliverablesOf(one.record_id)))
    };
    /// The versions of a deliverable that clients see.
    VersionsOf(DeliverableId) -> Vec<SharedVersion> = async |tx, ids: Vec<DeliverableId>| {
        Ok(gathered(shared::versions_of(tx, &ids).await?, |one| VersionsOf(one.deliverable_id)))
    };
    /// The shared files of a version.
    FilesOf(DeliverableVersionId) -> Vec<(DeliverableVersionId, SharedFile)> =
        async |tx, ids: Vec<DeliverableVersionId>| {
            Ok(gathered(shared::files_of(tx, &ids).await?, |(version, _)| FilesOf(*version)))
        };
    /// What was decided of a version.
    DecisionOf(DeliverableVersionId) -> SharedDecision = async |tx, ids: Vec<DeliverableVersionId>| {
        Ok(keyed(shared::decisions_of(tx, &ids).await?, |one| DecisionOf(one.version_id)))
    };
}

/// The visible deliverables of a record.
pub async fn of_record(ctx: &Context<'_>, record: RecordId) -> Result<Vec<PortalDeliverable>> {
    let found = request(ctx).portal().await?.loaders.many(DeliverablesOf(record)).await?;
    Ok(found.into_iter().map(PortalDeliverable).collect())
}

/// Reading deliverables.
#[derive(Default)]
pub struct DeliverableQueries;

#[Object]
impl DeliverableQueries {
    /// A deliverable by its id. NOT_FOUND if there is none, or none that this portal shows.
    async fn deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deliverable's id.")] id: DeliverableId,
    ) -> Option<Result<PortalDeliverable>> {
        Some(load(ctx, id).await)
    }

    /// A decision by its id, for its receipt. NOT_FOUND if there is none, or none that this portal shows.
    async fn decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision's id.")] id: DecisionId,
    ) -> Option<Result<PortalDecision>> {
        Some(load_decision(ctx, id).await)
    }
}

async fn load(ctx: &Context<'_>, id: DeliverableId) -> Result<PortalDeliverable> {
    let deliverable = request(ctx).portal().await?.loaders.required(id, "deliverable").await?;
    request(ctx).shows(PortalMode::Records);
    Ok(PortalDeliverable(deliverable))
}

async fn load_decision(ctx: &Context<'_>, id: DecisionId) -> Result<PortalDecision> {
    let reading = request(ctx).portal().await?;
    let decision = shared::decision(&reading.tx, id).await.map_err(coded)?;
    request(ctx).shows(PortalMode::Records);
    Ok(PortalDecision(decision))
}

/// A client's word on a version.
#[derive(InputObject)]
pub struct PortalDecideDeliverableInput {
    /// The version: the current one of its deliverable.
    version_id: DeliverableVersionId,
    /// What is decided.
    verdict: Verdict,
    /// Why: needed unless it is approved, 1 to 10,000 characters. It is posted in the record's thread.
    reason: Option<String>,
    /// How the visitor calls themselves: needed once, while `visitor` is null.
    name: Option<String>,
    /// The same key and input within 24 hours decide once only.
    idempotency_key: Option<String>,
}

/// The deliverable as it was decided of.
#[derive(SimpleObject)]
pub struct PortalDecideDeliverablePayload {
    /// The deliverable.
    deliverable: PortalDeliverable,
}

/// Deciding.
#[derive(Default)]
pub struct DeliverableMutations;

#[Object]
impl DeliverableMutations {
    /// Approves a version, asks for another one, or rejects it: for good, and once. CONFLICT if somebody
    /// has decided already, or if there is a newer version.
    async fn decide_deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is decided, of what.")] input: PortalDecideDeliverableInput,
    ) -> Option<Result<PortalDecideDeliverablePayload>> {
        Some(decide(ctx, input).await)
    }
}

async fn decide(
    ctx: &Context<'_>,
    input: PortalDecideDeliverableInput,
) -> Result<PortalDecideDeliverablePayload> {
    let word =
        Word { version_id: input.version_id, verdict: input.verdict, reason: input.reason, name: input.name };
    let request = request(ctx);
    let write = request.act().await?;
    let keys = &request.app.config.sealing;
    let decided = shared::decide(&write, keys, word, input.idempotency_key.as_deref()).await;
    let id = write.finish(decided).await.map_err(coded)?;
    Ok(PortalDecideDeliverablePayload { deliverable: load(ctx, id).await? })
}

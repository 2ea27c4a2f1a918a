//! Deliverables in the staff root (DEL-1): what they are, their versions with files, and what clients
//! decided of them.

mod mutations;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};

pub use mutations::StaffDeliverableMutations;

use super::records::{self, Record};
use crate::db::enums::{Approval, Verdict};
use crate::db::ids::{DecisionId, DeliverableId, DeliverableVersionId, FileId, PortalSessionId, RecordId};
use crate::domain::callers::Staff;
use crate::domain::deliverables::{self, receipts};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed, loaders};

/// Something that is made for a client and waits for their word.
#[derive(async_graphql::Description)]
pub struct Deliverable(deliverables::Deliverable);

#[Object(use_type_description)]
impl Deliverable {
    /// Its id.
    async fn id(&self) -> DeliverableId {
        self.0.id
    }

    /// The record that it is part of.
    async fn record(&self, ctx: &Context<'_>) -> Result<Record> {
        records::load(ctx, self.0.record_id).await
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is, in the team's words: Design, Copy, Film.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What it comes as: PDF, 1080p.
    async fn format(&self) -> Option<&str> {
        self.0.format.as_deref()
    }

    /// A label for staff only.
    async fn internal_status(&self) -> Option<&str> {
        self.0.internal_status.as_deref()
    }

    /// A label for clients.
    async fn client_status(&self) -> Option<&str> {
        self.0.client_status.as_deref()
    }

    /// Whether clients see it: of its versions those that are ready for review.
    async fn visible(&self) -> bool {
        self.0.visible
    }

    /// Its versions, newest first.
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<DeliverableVersion>> {
        let versions = request(ctx).staff().await?.loaders.many(VersionsOf(self.0.id)).await?;
        Ok(versions.into_iter().map(DeliverableVersion).collect())
    }

    /// Raised by every change but those of versions; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When it was archived, if it is.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

/// A version of a deliverable. From when it is ready for review it is locked.
#[derive(async_graphql::Description)]
pub struct DeliverableVersion(deliverables::Version);

#[Object(use_type_description)]
impl DeliverableVersion {
    /// Its id.
    async fn id(&self) -> DeliverableVersionId {
        self.0.id
    }

    /// Of what it is a version.
    async fn deliverable(&self, ctx: &Context<'_>) -> Result<Deliverable> {
        load(ctx, self.0.deliverable_id).await
    }

    /// Its number, from 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// What is new, for staff and clients.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Its files, by name.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<DeliverableFile>> {
        let files = request(ctx).staff().await?.loaders.many(FilesOf(self.0.id)).await?;
        Ok(files.into_iter().map(|(_, file)| file.into()).collect())
    }

    /// When clients were asked for their word; null while the team works on it.
    async fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.0.ready_at
    }

    /// What became of it.
    async fn approval(&self) -> Approval {
        self.0.approval
    }

    /// What a client decided; null while nobody has.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<DeliverableDecision>> {
        let decision = request(ctx).staff().await?.loaders.one(DecisionOf(self.0.id)).await?;
        Ok(decision.map(DeliverableDecision))
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A file of a version.
#[derive(SimpleObject)]
pub struct DeliverableFile {
    /// Its id.
    id: FileId,
    /// Its name.
    name: String,
    /// Its media type.
    media_type: String,
    /// Its length in bytes. A whole number; a Float because Int ends at two thousand million.
    byte_size: f64,
    /// Whether clients see it: only then they find it with the version.
    shared: bool,
}

impl From<deliverables::DeliverableFile> for DeliverableFile {
    fn from(file: deliverables::DeliverableFile) -> Self {
        Self {
            id: file.id,
            name: file.name,
            media_type: file.media_type,
            byte_size: file.byte_size as f64,
            shared: file.shared,
        }
    }
}

/// What a client decided of a version. It is kept for good.
#[derive(async_graphql::Description)]
pub struct DeliverableDecision(deliverables::Decision);

#[Object(use_type_description)]
impl DeliverableDecision {
    /// Its id.
    async fn id(&self) -> DecisionId {
        self.0.id
    }

    /// What was decided.
    async fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Why, in the client's words.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The client's name.
    async fn decided_by(&self) -> &str {
        &self.0.decided_by
    }

    /// False where the name is only what they said it is.
    async fn name_verified(&self) -> bool {
        self.0.verified
    }

    /// From which portal session.
    async fn session_id(&self) -> PortalSessionId {
        self.0.session_id
    }

    /// When.
    async fn decided_at(&self) -> DateTime<Utc> {
        self.0.decided_at
    }

    /// In hexadecimal: SHA-256 over a line for each of the version's files by id, with the id, a space and
    /// the SHA-256 of its bytes in hexadecimal.
    async fn files_sha256(&self) -> String {
        hex::encode(&self.0.files_hash)
    }

    /// The receipt to keep: JSON that `vestibule verify-receipt` checks.
    async fn receipt(&self) -> Result<String> {
        let decision = &self.0;
        let parts = (&decision.receipt, &decision.receipt_key, &decision.public_key, &decision.signature);
        receipts::document(parts.0, parts.1, parts.2, parts.3).map_err(coded)
    }
}

impl Loader<DeliverableId> for Batch<Staff> {
    type Value = deliverables::Deliverable;
    type Error = Error;

    async fn load(
        &self,
        ids: &[DeliverableId],
    ) -> Result<HashMap<DeliverableId, deliverables::Deliverable>, Error> {
        Ok(keyed(deliverables::by_ids(&self.0, ids).await?, |deliverable| deliverable.id))
    }
}

impl Loader<DeliverableVersionId> for Batch<Staff> {
    type Value = deliverables::Version;
    type Error = Error;

    async fn load(
        &self,
        ids: &[DeliverableVersionId],
    ) -> Result<HashMap<DeliverableVersionId, deliverables::Version>, Error> {
        Ok(keyed(deliverables::versions_by_ids(&self.0, ids).await?, |version| version.id))
    }
}

loaders! {
    for Staff;
    /// The deliverables of a record.
    DeliverablesOf(RecordId) -> Vec<deliverables::Deliverable> = async |tx, ids: Vec<RecordId>| {
        Ok(gathered(deliverables::of_records(tx, &ids).await?, |one| DeliverablesOf(one.record_id)))
    };
    /// The versions of a deliverable.
    VersionsOf(DeliverableId) -> Vec<deliverables::Version> = async |tx, ids: Vec<DeliverableId>| {
        Ok(gathered(deliverables::versions_of(tx, &ids).await?, |one| VersionsOf(one.deliverable_id)))
    };
    /// The files of a version.
    FilesOf(DeliverableVersionId) -> Vec<(DeliverableVersionId, deliverables::DeliverableFile)> =
        async |tx, ids: Vec<DeliverableVersionId>| {
            Ok(gathered(deliverables::files_of(tx, &ids).await?, |(version, _)| FilesOf(*version)))
        };
    /// What was decided of a version.
    DecisionOf(DeliverableVersionId) -> deliverables::Decision =
        async |tx, ids: Vec<DeliverableVersionId>| {
            Ok(keyed(deliverables::decisions_of(tx, &ids).await?, |one| DecisionOf(one.version_id)))
        };
}

/// Reading deliverables.
#[derive(Default)]
pub struct StaffDeliverableQueries;

#[Object]
impl StaffDeliverableQueries {
    /// The deliverables of a record, oldest first; there are at most 200 that live.
    async fn deliverables(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record.")] record_id: RecordId,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<Vec<Deliverable>> {
        let found = request(ctx).staff().await?.loaders.many(DeliverablesOf(record_id)).await?;
        let wanted = found.into_iter().filter(|d| d.archived_at.is_some() == archived.unwrap_or_default());
        Ok(wanted.map(Deliverable).collect())
    }

    /// A deliverable by its id. NOT_FOUND if there is none.
    async fn deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deliverable's id.")] id: DeliverableId,
    ) -> Option<Result<Deliverable>> {
        Some(load(ctx, id).await)
    }
}

async fn load(ctx: &Context<'_>, id: DeliverableId) -> Result<Deliverable> {
    request(ctx).staff().await?.loaders.required(id, "deliverable").await.map(Deliverable)
}

async fn load_version(ctx: &Context<'_>, id: DeliverableVersionId) -> Result<DeliverableVersion> {
    request(ctx).staff().await?.loaders.required(id, "version").await.map(DeliverableVersion)
}

//! Record types in the staff root (REC-2), and what clients see of each (REC-3).

mod fields;
mod input;
mod stages;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

pub use fields::{FieldDefinition, FieldMutations, FieldsOf};
pub use input::RecordTypeMutations;
pub use stages::{Stage, StageMutations, StagesOf};

use crate::db::enums::{ApiKeyScope, SharedField};
use crate::db::ids::RecordTypeId;
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::record_types::{self, RecordTypeKey};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A kind of record: its pipeline, its custom fields, and what clients see of its records.
#[derive(async_graphql::Description)]
pub struct RecordType(record_types::RecordType);

#[Object(use_type_description)]
impl RecordType {
    /// Its id.
    async fn id(&self) -> RecordTypeId {
        self.0.id
    }

    /// Stable name for programs; `project` is the built-in one.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its name in the plural.
    async fn name_plural(&self) -> &str {
        &self.0.name_plural
    }

    /// Whether it came with the organisation and cannot be archived.
    async fn built_in(&self) -> bool {
        self.0.built_in
    }

    /// Whether clients see records of this type at all.
    async fn shared(&self) -> bool {
        self.0.sharing.shared
    }

    /// The built-in fields clients see besides the name.
    async fn shared_fields(&self) -> &[SharedField] {
        &self.0.sharing.shared_fields
    }

    /// Whether clients see stage names instead of phases.
    async fn show_stage_names(&self) -> bool {
        self.0.sharing.show_stage_names
    }

    /// Whether clients see files marked shared.
    async fn show_files(&self) -> bool {
        self.0.sharing.show_files
    }

    /// Whether clients see the message thread.
    async fn show_comments(&self) -> bool {
        self.0.sharing.show_comments
    }

    /// Whether clients may upload files.
    async fn allow_uploads(&self) -> bool {
        self.0.sharing.allow_uploads
    }

    /// Whether clients are mailed when staff reply.
    async fn email_on_reply(&self) -> bool {
        self.0.sharing.email_on_reply
    }

    /// Whether new records can be seen in portals from the start.
    async fn portal_enabled_default(&self) -> bool {
        self.0.sharing.portal_enabled_default
    }

    /// Its pipeline, in order.
    async fn stages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<Vec<Stage>> {
        let stages =
            request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.many(StagesOf(self.0.id)).await?;
        Ok(stages
            .into_iter()
            .filter(|s| s.archived_at.is_some() == archived.unwrap_or_default())
            .map(Stage::from)
            .collect())
    }

    /// Its custom fields, in order.
    async fn fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<Vec<FieldDefinition>> {
        let fields =
            request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.many(FieldsOf(self.0.id)).await?;
        let wanted =
            fields.into_iter().filter(|field| field.archived_at.is_some() == archived.unwrap_or_default());
        Ok(wanted.map(FieldDefinition::from).collect())
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was defined.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was archived, if it is.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

impl From<record_types::RecordType> for RecordType {
    fn from(kind: record_types::RecordType) -> Self {
        Self(kind)
    }
}

connection!(RecordTypeConnection, RecordTypeEdge, RecordType, "record types");

impl Loader<RecordTypeId> for Batch<Staff> {
    type Value = record_types::RecordType;
    type Error = Error;

    async fn load(
        &self,
        ids: &[RecordTypeId],
    ) -> Result<HashMap<RecordTypeId, record_types::RecordType>, Error> {
        Ok(keyed(record_types::by_ids(&self.0, ids).await?, |kind| kind.id))
    }
}

/// Reading record types.
#[derive(Default)]
pub struct RecordTypeQueries;

#[Object]
impl RecordTypeQueries {
    /// A record type by its id.
    async fn record_type(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The type's id.")] id: RecordTypeId,
    ) -> Option<Result<RecordType>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's record types by name, a page at a time.
    async fn record_types(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<RecordTypeConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let archived = archived.unwrap_or_default();
        let reading = request(ctx).staff_for(ApiKeyScope::RecordsRead).await?;
        let rows = record_types::list(&reading.tx, archived, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(record_types::count(&reading.tx, archived).await.map_err(coded)?),
            false => None,
        };
        Ok(RecordTypeConnection::new(rows, |row| RecordTypeKey::from(row), page.after.is_some(), count))
    }
}

async fn load(ctx: &Context<'_>, id: RecordTypeId) -> Result<RecordType> {
    request(ctx)
        .staff_for(ApiKeyScope::RecordsRead)
        .await?
        .loaders
        .required(id, "record type")
        .await
        .map(RecordType)
}

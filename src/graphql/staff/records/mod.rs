//! Records in the staff root (REC-1, REC-5), projects among them (REC-8).

mod input;
mod lists;
mod milestones;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Json, Object};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

pub use input::RecordMutations;
pub use lists::{RecordConnection, StaffRecordQueries, of_company};
pub use milestones::{Milestone, MilestoneMutations};

use super::companies::Company;
use super::members::Member;
use super::record_types::{FieldsOf, RecordType, Stage};
use crate::db::enums::ApiKeyScope;
use crate::db::ids::RecordId;
use crate::domain::callers::Staff;
use crate::domain::members;
use crate::domain::records::{self, custom};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::Result;
use crate::graphql::loaders::{Batch, gathered, keyed};
use milestones::MilestonesOf;

/// One thing of a type, belonging to one company; a project, for instance.
#[derive(async_graphql::Description)]
pub struct Record(records::Record);

#[Object(use_type_description)]
impl Record {
    /// Its id.
    async fn id(&self) -> RecordId {
        self.0.id
    }

    /// Its type.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> Result<RecordType> {
        let kind = request(ctx)
            .staff_for(ApiKeyScope::RecordsRead)
            .await?
            .loaders
            .required(self.0.type_id, "record type")
            .await?;
        Ok(kind.into())
    }

    /// The company it belongs to.
    async fn company(&self, ctx: &Context<'_>) -> Result<Company> {
        Ok(request(ctx)
            .staff_for(ApiKeyScope::RecordsRead)
            .await?
            .loaders
            .required(self.0.company_id, "company")
            .await?
            .into())
    }

    /// Where it stands in its type's pipeline.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Stage> {
        Ok(request(ctx)
            .staff_for(ApiKeyScope::RecordsRead)
            .await?
            .loaders
            .required(self.0.stage_id, "stage")
            .await?
            .into())
    }

    /// Its name. Clients who see the record always see it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its description, plain text. Clients see it if the type shares DESCRIPTION.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// A label for staff only.
    async fn internal_status(&self) -> Option<&str> {
        self.0.internal_status.as_deref()
    }

    /// A label for clients, who see it if the type shares STATUS.
    async fn client_status(&self) -> Option<&str> {
        self.0.client_status.as_deref()
    }

    /// The member responsible.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Member> {
        Ok(request(ctx).staff().await?.loaders.required(self.0.owner_id, "member").await?.into())
    }

    /// A project's lead.
    async fn lead(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        let Some(lead) = self.0.lead_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(lead).await?.map(Member::from))
    }

    /// The members who are told of what clients do on it, by name.
    async fn watchers(&self, ctx: &Context<'_>) -> Result<Vec<Member>> {
        let watchers = request(ctx).staff().await?.loaders.many(WatchersOf(self.0.id)).await?;
        Ok(watchers.into_iter().map(Member::from).collect())
    }

    /// Planned first day. Clients see it if the type shares DEADLINES.
    async fn starts_on(&self) -> Option<NaiveDate> {
        self.0.starts_on
    }

    /// Planned last day. Clients see it if the type shares DEADLINES.
    async fn due_on(&self) -> Option<NaiveDate> {
        self.0.due_on
    }

    /// The percentage that staff set by hand; null: a project's milestones decide.
    async fn percent_set(&self) -> Option<i32> {
        self.0.percent_set.map(i32::from)
    }

    /// Percentage done, 0 to 100: the one set by hand, else the weighted share of completed
    /// milestones, rounded down.
    async fn percent_done(&self) -> i32 {
        self.0.percent_done.into()
    }

    /// Whether portals can show it; off is "not found" for clients.
    async fn portal_enabled(&self) -> bool {
        self.0.portal_enabled
    }

    /// Values of its custom fields by key; a field without a value is left out.
    async fn custom(&self, ctx: &Context<'_>) -> Result<Json<Value>> {
        let fields = request(ctx)
            .staff_for(ApiKeyScope::RecordsRead)
            .await?
            .loaders
            .many(FieldsOf(self.0.type_id))
            .await?;
        Ok(Json(custom::living(self.0.custom.clone(), &fields)))
    }

    /// A project's milestones, in order.
    async fn milestones(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<Vec<Milestone>> {
        let milestones = request(ctx)
            .staff_for(ApiKeyScope::RecordsRead)
            .await?
            .loaders
            .many(MilestonesOf(self.0.id))
            .await?;
        let wanted =
            milestones.into_iter().filter(|m| m.archived_at.is_some() == archived.unwrap_or_default());
        Ok(wanted.map(Milestone::from).collect())
    }

    /// Raised by every change but those of milestones; an update names the one it read.
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

impl From<records::Record> for Record {
    fn from(record: records::Record) -> Self {
        Self(record)
    }
}

impl Loader<RecordId> for Batch<Staff> {
    type Value = records::Record;
    type Error = Error;

    async fn load(&self, ids: &[RecordId]) -> Result<HashMap<RecordId, records::Record>, Error> {
        Ok(keyed(records::by_ids(&self.0, ids).await?, |record| record.id))
    }
}

/// Key of a record's watchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WatchersOf(pub RecordId);

impl Loader<WatchersOf> for Batch<Staff> {
    type Value = Vec<members::Member>;
    type Error = Error;

    async fn load(&self, keys: &[WatchersOf]) -> Result<HashMap<WatchersOf, Vec<members::Member>>, Error> {
        let ids: Vec<RecordId> = keys.iter().map(|key| key.0).collect();
        let watching = gathered(records::watchers(&self.0, &ids).await?, |(record, _)| WatchersOf(*record));
        let members = |pairs: Vec<(RecordId, members::Member)>| pairs.into_iter().map(|(_, member)| member);
        Ok(watching.into_iter().map(|(key, pairs)| (key, members(pairs).collect())).collect())
    }
}

pub(in crate::graphql::staff) async fn load(ctx: &Context<'_>, id: RecordId) -> Result<Record> {
    request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.required(id, "record").await.map(Record)
}

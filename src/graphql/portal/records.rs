//! Records in the portal root (REC-6, REC-7, REC-8): one, and lists of them. What belongs to a
//! record is loaded for all records of an answer at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Json, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::deliverables::{self, PortalDeliverable};
use crate::db::enums::{ClientPhase, FieldKind, PortalMode};
use crate::db::ids::{MilestoneId, RecordId, RecordTypeId, StageId};
use crate::db::paging::Page;
use crate::domain::callers::Portal;
use crate::domain::shared_records::{
    self, Deadline, DeadlineKind, SharedField, SharedMilestone, SharedRecord, SharedRecordFilter,
    SharedRecordKey, SharedRecordOrder, SharedStage, SharedType, SharedValue, Step, StepState,
};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed, loaders};
use crate::graphql::paging::{connection, wants_count};

/// A record as clients see it. A null is not shared, or not set: nothing tells which.
#[derive(async_graphql::Description)]
pub struct PortalRecord(SharedRecord);

#[Object(use_type_description)]
impl PortalRecord {
    /// Its id.
    async fn id(&self) -> RecordId {
        self.0.id
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its type.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> Result<PortalRecordType> {
        Ok(self.shared_type(ctx).await?.into())
    }

    /// Its client phase.
    async fn phase(&self) -> Option<ClientPhase> {
        self.0.phase
    }

    /// Its stage, where the type shows stage names.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<PortalStage>> {
        let Some(id) = self.0.stage_id else { return Ok(None) };
        let stages = self.stages(ctx).await?;
        Ok(stages.into_iter().find(|stage| stage.id == id).map(PortalStage::from))
    }

    /// The way it goes, for a stepper: the five phases, or the type's stages where it shows their
    /// names. Empty where the phase is not shared.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<PortalStep>> {
        let (kind, stages) = futures::try_join!(self.shared_type(ctx), self.stages(ctx))?;
        let steps = shared_records::steps(&self.0, &kind, &stages);
        Ok(steps.into_iter().map(PortalStep::from).collect())
    }

    /// Its client-facing status.
    async fn status(&self) -> Option<&str> {
        self.0.status.as_deref()
    }

    /// Its description, plain text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Percentage done, 0 to 100.
    async fn percent(&self) -> Option<i32> {
        self.0.percent.map(i32::from)
    }

    /// Planned first day.
    async fn starts_on(&self) -> Option<NaiveDate> {
        self.0.starts_on
    }

    /// Planned last day.
    async fn due_on(&self) -> Option<NaiveDate> {
        self.0.due_on
    }

    /// Its milestones in their order.
    async fn milestones(&self, ctx: &Context<'_>) -> Result<Vec<PortalMilestone>> {
        let milestones = self.shared_milestones(ctx).await?;
        Ok(milestones.into_iter().map(PortalMilestone::from).collect())
    }

    /// Its own day and those of its open milestones, from today on, soonest first.
    async fn deadlines(&self, ctx: &Context<'_>) -> Result<Vec<PortalDeadline>> {
        let request = request(ctx);
        let today = request.portal().await?.tx.scope().today(request.app.clock.now());
        let milestones = self.shared_milestones(ctx).await?;
        let upcoming = shared_records::upcoming(&self.0, &milestones, today);
        Ok(upcoming.into_iter().map(PortalDeadline::from).collect())
    }

    /// Its shared custom fields that have a value.
    async fn fields(&self, ctx: &Context<'_>) -> Result<Vec<PortalField>> {
        let fields: Vec<SharedField> =
            request(ctx).portal().await?.loaders.many(FieldsOf(self.0.type_id)).await?;
        let values = shared_records::values(&self.0, &fields);
        Ok(values.into_iter().map(PortalField::from).collect())
    }

    /// Its visible deliverables, oldest first.
    async fn deliverables(&self, ctx: &Context<'_>) -> Result<Vec<PortalDeliverable>> {
        deliverables::of_record(ctx, self.0.id).await
    }

    /// Shared files.
    async fn file_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(request(ctx).portal().await?.loaders.one(FileCountOf(self.0.id)).await?.unwrap_or(0))
    }

    /// Messages in its thread.
    async fn message_count(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(request(ctx).portal().await?.loaders.one(MessageCountOf(self.0.id)).await?.unwrap_or(0))
    }

    /// The name of the company whose record it is.
    async fn company_name(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(request(ctx).portal().await?.tx.scope().company.name.clone())
    }
}

impl PortalRecord {
    async fn shared_type(&self, ctx: &Context<'_>) -> Result<SharedType> {
        request(ctx).portal().await?.loaders.required(self.0.type_id, "record type").await
    }

    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<SharedStage>> {
        request(ctx).portal().await?.loaders.many(StagesOf(self.0.type_id)).await
    }

    async fn shared_milestones(&self, ctx: &Context<'_>) -> Result<Vec<SharedMilestone>> {
        request(ctx).portal().await?.loaders.many(MilestonesOf(self.0.id)).await
    }
}

impl From<SharedRecord> for PortalRecord {
    fn from(record: SharedRecord) -> Self {
        Self(record)
    }
}

connection!(PortalRecordConnection, PortalRecordEdge, PortalRecord, "records");

/// A kind of record as clients see it.
#[derive(SimpleObject)]
pub struct PortalRecordType {
    /// Its id.
    id: RecordTypeId,
    /// Its stable key, `project` for projects.
    key: String,
    /// Its name.
    name: String,
    /// Its name in the plural.
    name_plural: String,
}

/// A stage of the team's own pipeline.
#[derive(SimpleObject)]
pub struct PortalStage {
    /// Its id.
    id: StageId,
    /// Its name.
    name: String,
    /// Its colour, `#rrggbb`.
    color: String,
}

/// One step of a record's way.
#[derive(SimpleObject)]
pub struct PortalStep {
    /// Its name.
    label: String,
    /// The stage's colour `#rrggbb`; phases have none.
    color: Option<String>,
    /// Where it lies, seen from where the record stands.
    state: StepState,
}

/// A step of a project on its way to completion.
#[derive(SimpleObject)]
pub struct PortalMilestone {
    /// Its id.
    id: MilestoneId,
    /// Its name.
    name: String,
    /// Its share of the percentage done, relative to its siblings.
    weight: i32,
    /// Its planned day.
    due_on: Option<NaiveDate>,
    /// When it was completed, if it is.
    completed_at: Option<DateTime<Utc>>,
}

/// A day by which something is to be done.
#[derive(SimpleObject)]
pub struct PortalDeadline {
    /// What is due.
    kind: DeadlineKind,
    /// The milestone's or the record's name.
    name: String,
    /// The day.
    due_on: NaiveDate,
}

/// A shared custom field with its value.
#[derive(SimpleObject)]
pub struct PortalField {
    /// Its stable key.
    key: String,
    /// Its name.
    label: String,
    /// Which values it takes.
    kind: FieldKind,
    /// The value as people read it.
    text: String,
    /// The value as it is kept: text, a number, true or false, or an object for MONEY.
    value: Json<serde_json::Value>,
}

impl From<SharedType> for PortalRecordType {
    fn from(kind: SharedType) -> Self {
        Self { id: kind.id, key: kind.key, name: kind.name, name_plural: kind.name_plural }
    }
}

impl From<SharedStage> for PortalStage {
    fn from(stage: SharedStage) -> Self {
        Self { id: stage.id, name: stage.name, color: stage.color }
    }
}

impl From<Step> for PortalStep {
    fn from(step: Step) -> Self {
        Self { label: step.label, color: step.color, state: step.state }
    }
}

impl From<SharedMilestone> for PortalMilestone {
    fn from(milestone: SharedMilestone) -> Self {
        Self {
            id: milestone.id,
            name: milestone.name,
            weight: milestone.weight,
            due_on: milestone.due_on,
            completed_at: milestone.completed_at,
        }
    }
}

impl From<Deadline> for PortalDeadline {
    fn from(deadline: Deadline) -> Self {
        Self { kind: deadline.kind, name: deadline.name, due_on: deadline.due_on }
    }
}

impl From<SharedValue> for PortalField {
    fn from(field: SharedValue) -> Self {
        Self {
            key: field.key,
            label: field.label,
            kind: field.kind,
            text: field.text,
            value: Json(field.value),
        }
    }
}

loaders! {
    for Portal;
    /// The stages of a type that shows their names.
    StagesOf(RecordTypeId) -> Vec<SharedStage> = async |tx, ids: Vec<RecordTypeId>| {
        Ok(gathered(shared_records::stages(tx, &ids).await?, |stage| StagesOf(stage.type_id)))
    };
    /// The shared custom fields of a type.
    FieldsOf(RecordTypeId) -> Vec<SharedField> = async |tx, ids: Vec<RecordTypeId>| {
        Ok(gathered(shared_records::fields(tx, &ids).await?, |field| FieldsOf(field.type_id)))
    };
    /// The milestones of a record.
    MilestonesOf(RecordId) -> Vec<SharedMilestone> = async |tx, ids: Vec<RecordId>| {
        Ok(gathered(shared_records::milestones(tx, &ids).await?, |m| MilestonesOf(m.record_id)))
    };
    /// How many shared files a record has.
    FileCountOf(RecordId) -> i64 = async |tx, ids: Vec<RecordId>| {
        let counts = shared_records::file_counts(tx, &ids).await?;
        Ok(counts.into_iter().map(|(id, count)| (FileCountOf(id), count)).collect())
    };
    /// How many messages a record's thread has.
    MessageCountOf(RecordId) -> i64 = async |tx, ids: Vec<RecordId>| {
        let counts = shared_records::message_counts(tx, &ids).await?;
        Ok(counts.into_iter().map(|(id, count)| (MessageCountOf(id), count)).collect())
    };
}

impl Loader<RecordTypeId> for Batch<Portal> {
    type Value = SharedType;
    type Error = Error;

    async fn load(&self, ids: &[RecordTypeId]) -> Result<HashMap<RecordTypeId, SharedType>, Error> {
        Ok(keyed(shared_records::types(&self.0, ids).await?, |kind| kind.id))
    }
}

impl Loader<RecordId> for Batch<Portal> {
    type Value = SharedRecord;
    type Error = Error;

    async fn load(&self, ids: &[RecordId]) -> Result<HashMap<RecordId, SharedRecord>, Error> {
        Ok(keyed(shared_records::by_ids(&self.0, ids).await?, |record| record.id))
    }
}

/// Reading records.
#[derive(Default)]
pub struct RecordQueries;

#[Object]
impl RecordQueries {
    /// A record by its id. NOT_FOUND if there is none, or none that this portal shows.
    async fn record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record's id.")] id: RecordId,
    ) -> Option<Result<PortalRecord>> {
        Some(load(ctx, id).await)
    }

    /// The records that this portal shows, a page at a time.
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this type.")] type_id: Option<RecordTypeId>,
        #[graphql(desc = "Only those that share this phase.")] phase: Option<ClientPhase>,
        #[graphql(desc = "The order; NAME if absent.")] order_by: Option<SharedRecordOrder>,
    ) -> Result<PortalRecordConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = SharedRecordFilter { type_id, phase, order: order_by.unwrap_or_default() };
        let reading = request(ctx).portal().await?;
        let rows = shared_records::list(&reading.tx, &filter, &page);
        let count = async {
            match wants_count(ctx) {
                true => shared_records::count(&reading.tx, &filter).await.map(Some),
                false => Ok(None),
            }
        };
        let (rows, count) = futures::try_join!(rows, count).map_err(coded)?;
        request(ctx).shows(PortalMode::Records);
        Ok(PortalRecordConnection::new(rows, |row| SharedRecordKey::from(row), page.after.is_some(), count))
    }
}

async fn load(ctx: &Context<'_>, id: RecordId) -> Result<PortalRecord> {
    let record = request(ctx).portal().await?.loaders.required(id, "record").await?;
    request(ctx).shows(PortalMode::Records);
    Ok(PortalRecord(record))
}

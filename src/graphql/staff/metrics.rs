//! Metrics in the staff root (DASH-2): what is measured, and recording it. API keys with METRICS_WRITE
//! record too.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::ApiKeyScope;
use crate::db::ids::{MemberId, MetricId};
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::metrics::{self, MetricDraft, MetricEdit, MetricFilter, PointDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};
use crate::graphql::staff::subjects::SubjectInput;

/// Something that is measured again and again.
#[derive(async_graphql::Description)]
pub struct Metric(metrics::Metric);

#[Object(use_type_description)]
impl Metric {
    /// Its id.
    async fn id(&self) -> MetricId {
        self.0.id
    }

    /// What programs call it.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What stands behind a value: %, EUR, visits.
    async fn unit(&self) -> Option<&str> {
        self.0.unit.as_deref()
    }

    /// The member who made it.
    async fn created_by(&self) -> MemberId {
        self.0.created_by
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was archived, if it is: nothing is recorded of it then.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

impl From<metrics::Metric> for Metric {
    fn from(metric: metrics::Metric) -> Self {
        Self(metric)
    }
}

connection!(MetricConnection, MetricEdge, Metric, "metrics");

impl Loader<MetricId> for Batch<Staff> {
    type Value = metrics::Metric;
    type Error = Error;

    async fn load(&self, ids: &[MetricId]) -> Result<HashMap<MetricId, metrics::Metric>, Error> {
        Ok(keyed(metrics::by_ids(&self.0, ids).await?, |metric| metric.id))
    }
}

/// What a new metric is made of.
#[derive(InputObject)]
pub struct CreateMetricInput {
    /// What programs call it: a small letter, then up to 39 small letters, digits or `_`. Never changes.
    key: String,
    /// What people call it, 1 to 120 characters.
    name: String,
    /// What stands behind a value, up to 20 characters.
    unit: Option<String>,
    /// The same key and input within 24 hours create one metric only.
    idempotency_key: Option<String>,
}

/// What to change of a metric. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateMetricInput {
    /// The metric.
    id: MetricId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// What people call it, 1 to 120 characters.
    name: Option<String>,
    /// What stands behind a value, up to 20 characters; null empties it.
    unit: MaybeUndefined<String>,
}

/// Which metric to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveMetricInput {
    /// The metric.
    id: MetricId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// A measurement.
#[derive(InputObject)]
pub struct MetricPointInput {
    /// The metric's key.
    metric: String,
    /// What it is about.
    subject: SubjectInput,
    /// The value, between -1e15 and 1e15.
    value: f64,
    /// When it was measured; now if absent.
    measured_at: Option<DateTime<Utc>>,
    /// What makes recording it again harmless, 1 to 200 characters: the same key of the same metric and
    /// company is recorded once, for good.
    key: String,
}

/// What to record.
#[derive(InputObject)]
pub struct RecordMetricPointsInput {
    /// 1 to 500 measurements. All of them are recorded, or none.
    points: Vec<MetricPointInput>,
}

/// The metric as it was created.
#[derive(SimpleObject)]
pub struct CreateMetricPayload {
    /// The new metric.
    metric: Metric,
}

/// The metric as it was changed.
#[derive(SimpleObject)]
pub struct UpdateMetricPayload {
    /// The changed metric.
    metric: Metric,
}

/// The metric as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveMetricPayload {
    /// The metric.
    metric: Metric,
}

/// What became of the points.
#[derive(SimpleObject)]
pub struct RecordMetricPointsPayload {
    /// How many were recorded.
    recorded: i32,
    /// How many were known already.
    repeated: i32,
}

/// Reading metrics.
#[derive(Default)]
pub struct MetricQueries;

#[Object]
impl MetricQueries {
    /// A metric by its id.
    async fn metric(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The metric's id.")] id: MetricId,
    ) -> Option<Result<Metric>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's metrics, the newest first, a page at a time.
    async fn metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "True: the archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<MetricConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = MetricFilter { archived: archived.unwrap_or_default() };
        let reading = request(ctx).staff().await?;
        let rows = metrics::list(&reading.tx, filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(metrics::count(&reading.tx, filter).await.map_err(coded)?),
            false => None,
        };
        Ok(MetricConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

/// Changing metrics, and recording.
#[derive(Default)]
pub struct MetricMutations;

#[Object]
impl MetricMutations {
    /// Makes a metric. Needs RECORDS_WRITE.
    async fn create_metric(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateMetricInput,
    ) -> Option<Result<CreateMetricPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a metric. Needs RECORDS_WRITE.
    async fn update_metric(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateMetricInput,
    ) -> Option<Result<UpdateMetricPayload>> {
        Some(update(ctx, input).await)
    }

    /// Stops recording of a metric, or lets it go on. What was recorded still shows. Needs RECORDS_WRITE.
    async fn archive_metric(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveMetricInput,
    ) -> Option<Result<ArchiveMetricPayload>> {
        Some(archive(ctx, input).await)
    }

    /// Records measurements. Needs RECORDS_WRITE, or an API key with METRICS_WRITE; one about a company
    /// records about that company only.
    async fn record_metric_points(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to record.")] input: RecordMetricPointsInput,
    ) -> Option<Result<RecordMetricPointsPayload>> {
        Some(record(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateMetricInput) -> Result<CreateMetricPayload> {
    let draft = MetricDraft { key: input.key, name: input.name, unit: input.unit };
    let write = request(ctx).write().await?;
    let created = metrics::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateMetricPayload { metric: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateMetricInput) -> Result<UpdateMetricPayload> {
    let edit = MetricEdit { name: input.name, unit: input.unit.into() };
    let write = request(ctx).write().await?;
    let updated = metrics::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateMetricPayload { metric: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveMetricInput) -> Result<ArchiveMetricPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = metrics::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveMetricPayload { metric: load(ctx, input.id).await? })
}

async fn record(ctx: &Context<'_>, input: RecordMetricPointsInput) -> Result<RecordMetricPointsPayload> {
    let points = input.points.into_iter().map(|point| PointDraft {
        metric: point.metric,
        subject: point.subject.into(),
        measured_at: point.measured_at,
        value: point.value,
        key: point.key,
    });
    let write = request(ctx).write_for(ApiKeyScope::MetricsWrite).await?;
    let recorded = metrics::record(&write, points.collect()).await;
    let recorded = write.finish(recorded).await.map_err(coded)?;
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(RecordMetricPointsPayload { recorded: count(recorded.recorded), repeated: count(recorded.repeated) })
}

async fn load(ctx: &Context<'_>, id: MetricId) -> Result<Metric> {
    request(ctx).staff().await?.loaders.required(id, "metric").await.map(Metric)
}

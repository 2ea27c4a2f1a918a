//! Dashboards in the staff root (DASH-2): putting widgets together. Which of them a portal shows is the
//! portal's to say.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};

use super::metrics::Metric;
use super::records::Record;
use crate::db::enums::{BuiltInMetric, WidgetKind};
use crate::db::ids::{DashboardId, MemberId, MetricId, PortalId, RecordId, WidgetId};
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::dashboards::{self, DashboardDraft, DashboardEdit, DashboardFilter, Source, WidgetDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};
use crate::graphql::paging::{connection, wants_count};

/// Widgets that staff put together.
#[derive(async_graphql::Description)]
pub struct Dashboard(dashboards::Dashboard);

#[Object(use_type_description)]
impl Dashboard {
    /// Its id.
    async fn id(&self) -> DashboardId {
        self.0.id
    }

    /// The name that staff and clients read.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The record whose numbers it shows; null: those of whichever company or record looks at it.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Record>> {
        let Some(record) = self.0.record_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(record).await?.map(Record::from))
    }

    /// Its widgets, in their order.
    async fn widgets(&self, ctx: &Context<'_>) -> Result<Vec<Widget>> {
        let widgets = request(ctx).staff().await?.loaders.many(WidgetsOf(self.0.id)).await?;
        Ok(widgets.into_iter().map(Widget).collect())
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

    /// When it was archived, if it is: no portal shows it then.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

impl From<dashboards::Dashboard> for Dashboard {
    fn from(dashboard: dashboards::Dashboard) -> Self {
        Self(dashboard)
    }
}

connection!(DashboardConnection, DashboardEdge, Dashboard, "dashboards");

/// One picture, number or text of a dashboard.
#[derive(async_graphql::Description)]
pub struct Widget(dashboards::Widget);

#[Object(use_type_description)]
impl Widget {
    /// Its id; another one after every change of the dashboard's widgets.
    async fn id(&self) -> WidgetId {
        self.0.id
    }

    /// What it looks like.
    async fn kind(&self) -> WidgetKind {
        self.0.kind
    }

    /// What stands above it.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The metric it shows.
    async fn metric(&self, ctx: &Context<'_>) -> Result<Option<Metric>> {
        let Some(metric) = self.0.metric_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(metric).await?.map(Metric::from))
    }

    /// What it shows that the service knows by itself.
    async fn built_in(&self) -> Option<BuiltInMetric> {
        self.0.built_in
    }

    /// Of PROGRESS: what is to be reached.
    async fn target(&self) -> Option<f64> {
        self.0.target
    }

    /// How many days back it looks at its metric.
    async fn days(&self) -> Option<i32> {
        self.0.days
    }

    /// Of TEXT: the text, plain.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }
}

impl Loader<DashboardId> for Batch<Staff> {
    type Value = dashboards::Dashboard;
    type Error = Error;

    async fn load(&self, ids: &[DashboardId]) -> Result<HashMap<DashboardId, dashboards::Dashboard>, Error> {
        Ok(keyed(dashboards::by_ids(&self.0, ids).await?, |dashboard| dashboard.id))
    }
}

/// Key of a dashboard's widgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct WidgetsOf(DashboardId);

impl Loader<WidgetsOf> for Batch<Staff> {
    type Value = Vec<dashboards::Widget>;
    type Error = Error;

    async fn load(&self, keys: &[WidgetsOf]) -> Result<HashMap<WidgetsOf, Vec<dashboards::Widget>>, Error> {
        let ids: Vec<DashboardId> = keys.iter().map(|key| key.0).collect();
        let widgets = dashboards::widgets_of(&self.0, &ids).await?;
        Ok(gathered(widgets, |widget| WidgetsOf(widget.dashboard_id)))
    }
}

/// Key of the dashboards that a portal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DashboardsOf(pub PortalId);

impl Loader<DashboardsOf> for Batch<Staff> {
    type Value = Vec<(PortalId, dashboards::Dashboard)>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[DashboardsOf],
    ) -> Result<HashMap<DashboardsOf, Vec<(PortalId, dashboards::Dashboard)>>, Error> {
        let portals: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        let found = dashboards::of_portals(&self.0, &portals).await?;
        Ok(gathered(found, |(portal, _)| DashboardsOf(*portal)))
    }
}

/// What a widget shows: exactly one of these.
#[derive(OneofObject)]
pub enum WidgetSourceInput {
    /// A metric.
    MetricId(MetricId),
    /// Something that the service knows by itself, where the kind can show it.
    BuiltIn(BuiltInMetric),
}

/// A widget.
#[derive(InputObject)]
pub struct WidgetInput {
    /// What it looks like.
    kind: WidgetKind,
    /// What stands above it, 1 to 120 characters.
    title: String,
    /// What it shows; of TEXT nothing.
    source: Option<WidgetSourceInput>,
    /// Of PROGRESS over a metric: what is to be reached.
    target: Option<f64>,
    /// How many days back it looks at its metric, 1 to 366; 90 if absent.
    days: Option<i32>,
    /// Of TEXT: the text, plain, up to 4,000 characters.
    body: Option<String>,
}

impl From<WidgetInput> for WidgetDraft {
    fn from(input: WidgetInput) -> Self {
        Self {
            kind: input.kind,
            title: input.title,
            source: input.source.map(|source| match source {
                WidgetSourceInput::MetricId(id) => Source::Metric(id),
                WidgetSourceInput::BuiltIn(built_in) => Source::BuiltIn(built_in),
            }),
            target: input.target,
            days: input.days,
            body: input.body,
        }
    }
}

/// What a new dashboard is made of.
#[derive(InputObject)]
pub struct CreateDashboardInput {
    /// The name that staff and clients read, 1 to 120 characters.
    title: String,
    /// The record whose numbers it shows; those of whichever company or record looks at it if absent.
    record_id: Option<RecordId>,
    /// Its widgets, in their order, at most 24.
    #[graphql(default)]
    widgets: Vec<WidgetInput>,
    /// The same key and input within 24 hours create one dashboard only.
    idempotency_key: Option<String>,
}

/// What to change of a dashboard. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateDashboardInput {
    /// The dashboard.
    id: DashboardId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// The name that staff and clients read, 1 to 120 characters.
    title: Option<String>,
    /// All its widgets, in their order, at most 24.
    widgets: Option<Vec<WidgetInput>>,
}

/// Which dashboard to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveDashboardInput {
    /// The dashboard.
    id: DashboardId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// The dashboard as it was created.
#[derive(SimpleObject)]
pub struct CreateDashboardPayload {
    /// The new dashboard.
    dashboard: Dashboard,
}

/// The dashboard as it was changed.
#[derive(SimpleObject)]
pub struct UpdateDashboardPayload {
    /// The changed dashboard.
    dashboard: Dashboard,
}

/// The dashboard as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveDashboardPayload {
    /// The dashboard.
    dashboard: Dashboard,
}

/// Reading dashboards.
#[derive(Default)]
pub struct StaffDashboardQueries;

#[Object]
impl StaffDashboardQueries {
    /// A dashboard by its id.
    async fn dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dashboard's id.")] id: DashboardId,
    ) -> Option<Result<Dashboard>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's dashboards, the newest first, a page at a time.
    async fn dashboards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this record.")] record_id: Option<RecordId>,
        #[graphql(desc = "True: the archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<DashboardConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = DashboardFilter { record: record_id, archived: archived.unwrap_or_default() };
        let reading = request(ctx).staff().await?;
        let rows = dashboards::list(&reading.tx, filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(dashboards::count(&reading.tx, filter).await.map_err(coded)?),
            false => None,
        };
        Ok(DashboardConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

/// Changing dashboards.
#[derive(Default)]
pub struct DashboardMutations;

#[Object]
impl DashboardMutations {
    /// Puts a dashboard together. Needs RECORDS_WRITE.
    async fn create_dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateDashboardInput,
    ) -> Option<Result<CreateDashboardPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a dashboard, in every portal that shows it. Needs RECORDS_WRITE.
    async fn update_dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateDashboardInput,
    ) -> Option<Result<UpdateDashboardPayload>> {
        Some(update(ctx, input).await)
    }

    /// Takes a dashboard out of every portal, or brings it back. Needs RECORDS_WRITE.
    async fn archive_dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveDashboardInput,
    ) -> Option<Result<ArchiveDashboardPayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateDashboardInput) -> Result<CreateDashboardPayload> {
    let widgets = input.widgets.into_iter().map(WidgetDraft::from).collect();
    let draft = DashboardDraft { title: input.title, record_id: input.record_id, widgets };
    let write = request(ctx).write().await?;
    let created = dashboards::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateDashboardPayload { dashboard: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateDashboardInput) -> Result<UpdateDashboardPayload> {
    let widgets = input.widgets.map(|widgets| widgets.into_iter().map(WidgetDraft::from).collect());
    let write = request(ctx).write().await?;
    let edit = DashboardEdit { title: input.title, widgets };
    let updated = dashboards::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateDashboardPayload { dashboard: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveDashboardInput) -> Result<ArchiveDashboardPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = dashboards::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveDashboardPayload { dashboard: load(ctx, input.id).await? })
}

async fn load(ctx: &Context<'_>, id: DashboardId) -> Result<Dashboard> {
    request(ctx).staff().await?.loaders.required(id, "dashboard").await.map(Dashboard)
}

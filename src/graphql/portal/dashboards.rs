//! A portal's dashboards (DASH-2), and the company at a glance (DASH-1).

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{PortalMode, WidgetKind};
use crate::db::ids::{DashboardId, RecordId, WidgetId};
use crate::domain::dashboards::shown::{self, Shown, ShownWidget, Value};
use crate::graphql::at_hand::AtHand;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Widgets that the organisation put together.
#[derive(SimpleObject)]
pub struct PortalDashboard {
    /// Its id.
    id: DashboardId,
    /// Its title.
    title: String,
    /// The record whose numbers it shows; null: those of what the portal is about.
    record_id: Option<RecordId>,
    /// Its widgets with what they say now, in their order.
    widgets: AtHand<PortalWidget>,
}

/// One picture, number or text of a dashboard, with what it says now.
#[derive(SimpleObject)]
pub struct PortalWidget {
    /// Its id.
    id: WidgetId,
    /// What it looks like.
    kind: WidgetKind,
    /// What stands above it.
    title: String,
    /// Of TEXT: the text, plain.
    body: Option<String>,
    /// What stands behind its values: %, EUR, visits.
    unit: Option<String>,
    /// Of NUMBER and PROGRESS: the newest value; null while nothing is known.
    value: Option<f64>,
    /// Of NUMBER and PROGRESS: the value before that one.
    before: Option<f64>,
    /// Of PROGRESS: what is to be reached.
    target: Option<f64>,
    /// Of LINE, BAR and TABLE: its values, of moments in their order, in a table the newest first.
    values: AtHand<PortalWidgetValue>,
}

/// One of the values of a widget.
#[derive(SimpleObject)]
pub struct PortalWidgetValue {
    /// What it is of, where it is not of a moment.
    label: Option<String>,
    /// When it was measured.
    at: Option<DateTime<Utc>>,
    /// The value.
    value: f64,
}

impl From<Shown> for PortalDashboard {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.id,
            title: shown.title,
            record_id: shown.record_id,
            widgets: shown.widgets.into_iter().collect(),
        }
    }
}

impl From<ShownWidget> for PortalWidget {
    fn from(widget: ShownWidget) -> Self {
        Self {
            id: widget.id,
            kind: widget.kind,
            title: widget.title,
            body: widget.body,
            unit: widget.unit,
            value: widget.value,
            before: widget.before,
            target: widget.target,
            values: widget.values.into_iter().collect(),
        }
    }
}

impl From<Value> for PortalWidgetValue {
    fn from(Value { label, at, value }: Value) -> Self {
        Self { label, at, value }
    }
}

/// The company at a glance.
#[derive(async_graphql::Description)]
pub struct PortalCompanySummary;

#[Object(use_type_description)]
impl PortalCompanySummary {
    /// Projects that are not delivered yet; null where the portal shows no records.
    async fn active_projects(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let reading = request(ctx).portal().await?;
        shown::active_projects(&reading.tx).await.map_err(coded)
    }

    /// Deliverables whose current version waits for the client's word; null where the portal shows no
    /// records.
    async fn waiting_approvals(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let reading = request(ctx).portal().await?;
        shown::waiting_approvals(&reading.tx).await.map_err(coded)
    }
}

/// Reading dashboards.
#[derive(Default)]
pub struct DashboardQueries;

#[Object]
impl DashboardQueries {
    /// The dashboards that were chosen for this portal, in their order; none where it shows no dashboards.
    async fn dashboards(&self, ctx: &Context<'_>) -> Result<Vec<PortalDashboard>> {
        let request = request(ctx);
        let reading = request.portal().await?;
        let with_widgets = ctx.look_ahead().field("widgets").exists();
        let now = request.app.clock.now();
        let shown = shown::shown(&reading.tx, with_widgets, now).await.map_err(coded)?;
        request.shows(PortalMode::Dashboard);
        Ok(shown.into_iter().map(PortalDashboard::from).collect())
    }

    /// The company at a glance, as far as the portal shows it.
    async fn company_summary(&self) -> PortalCompanySummary {
        PortalCompanySummary
    }
}

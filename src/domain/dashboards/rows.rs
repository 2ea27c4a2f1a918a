//! Dashboards in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::{BuiltInMetric, WidgetKind};
use crate::db::ids::{DashboardId, MemberId, MetricId, OrgId, PortalId, RecordId, WidgetId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::{dashboard_widgets as widgets, dashboards, portal_dashboards};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::Result;

/// A dashboard as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = dashboards)]
pub struct Dashboard {
    pub id: DashboardId,
    pub title: String,
    pub record_id: Option<RecordId>,
    pub created_by: MemberId,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// A widget as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = widgets)]
pub struct Widget {
    pub id: WidgetId,
    pub dashboard_id: DashboardId,
    pub kind: WidgetKind,
    pub title: String,
    pub metric_id: Option<MetricId>,
    pub built_in: Option<BuiltInMetric>,
    pub target: Option<f64>,
    pub days: Option<i32>,
    pub body: Option<String>,
}

/// Which dashboards to list; an absent part does not narrow.
#[derive(Clone, Copy, Debug, Default)]
pub struct DashboardFilter {
    pub record: Option<RecordId>,
    /// The archived ones instead of the others.
    pub archived: bool,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = dashboards)]
pub(super) struct NewDashboard {
    pub org_id: OrgId,
    pub id: DashboardId,
    pub title: String,
    pub record_id: Option<RecordId>,
    pub created_by: MemberId,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = dashboards)]
pub(super) struct DashboardPatch {
    pub title: Option<String>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = widgets)]
pub(super) struct NewWidget {
    pub org_id: OrgId,
    pub id: WidgetId,
    pub dashboard_id: DashboardId,
    pub kind: WidgetKind,
    pub title: String,
    pub metric_id: Option<MetricId>,
    pub built_in: Option<BuiltInMetric>,
    pub target: Option<f64>,
    pub days: Option<i32>,
    pub body: Option<String>,
    pub position: i32,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewDashboard) -> Result<()> {
    diesel::insert_into(dashboards::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: DashboardId,
    version: i32,
    patch: &DashboardPatch,
) -> Result<usize> {
    let row = dashboards::table.filter(dashboards::id.eq(id)).filter(dashboards::version.eq(version));
    let raised = dashboards::version.eq(dashboards::version + 1);
    Ok(diesel::update(row).set((patch, raised)).execute(&mut tx.connection()).await?)
}

pub(super) async fn insert_widgets(tx: &Tx<Staff>, new: &[NewWidget]) -> Result<()> {
    diesel::insert_into(widgets::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn delete_widgets(tx: &Tx<Staff>, id: DashboardId) -> Result<()> {
    let own = widgets::table.filter(widgets::dashboard_id.eq(id));
    diesel::delete(own).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn choose(write: &Write, portal: PortalId, chosen: &[DashboardId]) -> Result<()> {
    let former = portal_dashboards::table.filter(portal_dashboards::portal_id.eq(portal));
    diesel::delete(former).execute(&mut write.connection()).await?;
    let row = |(place, id): (usize, &DashboardId)| {
        (
            portal_dashboards::org_id.eq(write.scope().org_id),
            portal_dashboards::portal_id.eq(portal),
            portal_dashboards::dashboard_id.eq(*id),
            portal_dashboards::position.eq(place as i32),
        )
    };
    let rows: Vec<_> = chosen.iter().enumerate().map(row).collect();
    diesel::insert_into(portal_dashboards::table).values(rows).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[DashboardId]) -> Result<Vec<Dashboard>> {
    let found = dashboards::table.filter(dashboards::id.eq_any(ids)).select(Dashboard::as_select());
    Ok(found.load(&mut tx.connection()).await?)
}

pub(super) async fn widgets_of(tx: &Tx<Staff>, ids: &[DashboardId]) -> Result<Vec<Widget>> {
    Ok(widgets::table
        .filter(widgets::dashboard_id.eq_any(ids))
        .order((widgets::position, widgets::id))
        .select(Widget::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<(PortalId, Dashboard)>> {
    Ok(portal_dashboards::table
        .inner_join(dashboards::table.on(dashboards::id.eq(portal_dashboards::dashboard_id)))
        .filter(portal_dashboards::portal_id.eq_any(portals))
        .order((portal_dashboards::position, dashboards::id))
        .select((portal_dashboards::portal_id, Dashboard::as_select()))
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: DashboardFilter,
    page: &Page<DashboardId>,
) -> Result<Vec<Dashboard>> {
    let mut query = filtered(filter).order(dashboards::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(dashboards::id.lt(after));
    }
    Ok(query.select(Dashboard::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: DashboardFilter) -> Result<i64> {
    let ids: Vec<DashboardId> =
        filtered(filter).select(dashboards::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: DashboardFilter) -> dashboards::BoxedQuery<'static, Pg> {
    let mut query = match filter.archived {
        true => dashboards::table.filter(dashboards::archived_at.is_not_null()).into_boxed(),
        false => dashboards::table.filter(dashboards::archived_at.is_null()).into_boxed(),
    };
    if let Some(record) = filter.record {
        query = query.filter(dashboards::record_id.eq(record));
    }
    query
}

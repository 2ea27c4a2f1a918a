//! Metrics and their points in Diesel, for staff; what keys use of it they may as well.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::{CompanyId, MemberId, MetricId, MetricPointId, OrgId, RecordId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::{metric_points as points, metrics};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A metric as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = metrics)]
pub struct Metric {
    pub id: MetricId,
    pub key: String,
    pub name: String,
    pub unit: Option<String>,
    pub created_by: MemberId,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// Which metrics to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricFilter {
    /// The archived ones instead of the others.
    pub archived: bool,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = metrics)]
pub(super) struct NewMetric {
    pub org_id: OrgId,
    pub id: MetricId,
    pub key: String,
    pub name: String,
    pub unit: Option<String>,
    pub created_by: MemberId,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = metrics)]
pub(super) struct MetricPatch {
    pub name: Option<String>,
    pub unit: Option<Option<String>>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = points)]
pub(super) struct NewPoint {
    pub org_id: OrgId,
    pub id: MetricPointId,
    pub metric_id: MetricId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub measured_at: DateTime<Utc>,
    pub value: f64,
    pub point_key: String,
}

/// What decides whether a repeated point says the same.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = points)]
pub(super) struct KnownPoint {
    pub metric_id: MetricId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub value: f64,
    pub point_key: String,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewMetric) -> Result<()> {
    diesel::insert_into(metrics::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn update(tx: &Tx<Staff>, id: MetricId, version: i32, patch: &MetricPatch) -> Result<usize> {
    let row = metrics::table.filter(metrics::id.eq(id)).filter(metrics::version.eq(version));
    let raised = metrics::version.eq(metrics::version + 1);
    Ok(diesel::update(row).set((patch, raised)).execute(&mut tx.connection()).await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[MetricId]) -> Result<Vec<Metric>> {
    let found = metrics::table.filter(metrics::id.eq_any(ids)).select(Metric::as_select());
    Ok(found.load(&mut tx.connection()).await?)
}

/// What a key reads of metrics, too: id, key, and since when nothing is recorded.
pub(super) async fn by_keys(
    tx: &Tx<Staff>,
    keys: &[&str],
) -> Result<Vec<(MetricId, String, Option<DateTime<Utc>>)>> {
    let found = metrics::table.filter(metrics::key.eq_any(keys));
    Ok(found.select((metrics::id, metrics::key, metrics::archived_at)).load(&mut tx.connection()).await?)
}

pub(super) async fn list(tx: &Tx<Staff>, filter: MetricFilter, page: &Page<MetricId>) -> Result<Vec<Metric>> {
    let mut query = filtered(filter).order(metrics::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(metrics::id.lt(after));
    }
    Ok(query.select(Metric::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: MetricFilter) -> Result<i64> {
    let ids: Vec<MetricId> =
        filtered(filter).select(metrics::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: MetricFilter) -> metrics::BoxedQuery<'static, Pg> {
    match filter.archived {
        true => metrics::table.filter(metrics::archived_at.is_not_null()).into_boxed(),
        false => metrics::table.filter(metrics::archived_at.is_null()).into_boxed(),
    }
}

/// What those that were new are of and about.
pub(super) async fn insert_points(
    tx: &Tx<Staff>,
    new: &[NewPoint],
) -> Result<Vec<(MetricId, CompanyId, Option<RecordId>)>> {
    let inserted = diesel::insert_into(points::table).values(new).on_conflict_do_nothing();
    let inserted = inserted.returning((points::metric_id, points::company_id, points::record_id));
    Ok(inserted.get_results(&mut tx.connection()).await?)
}

pub(super) async fn known(tx: &Tx<Staff>, asked: &[NewPoint]) -> Result<Vec<KnownPoint>> {
    let metrics: Vec<MetricId> = asked.iter().map(|point| point.metric_id).collect();
    let companies: Vec<CompanyId> = asked.iter().map(|point| point.company_id).collect();
    let keys: Vec<&str> = asked.iter().map(|point| point.point_key.as_str()).collect();
    let found = points::table
        .filter(points::metric_id.eq_any(metrics))
        .filter(points::company_id.eq_any(companies))
        .filter(points::point_key.eq_any(keys));
    Ok(found.select(KnownPoint::as_select()).load(&mut tx.connection()).await?)
}

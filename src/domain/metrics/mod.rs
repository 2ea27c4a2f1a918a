//! Metrics (DASH-2): what is measured again and again, and its points, which staff record and partners'
//! programs with the scope METRICS_WRITE. A point's key makes recording it again harmless. Not here: the
//! pictures of them ([`super::dashboards`]).

mod rows;

pub use rows::{Metric, MetricFilter};

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::companies::Archival;
use super::idempotency::{self, Claim};
use super::portals::about;
use super::subjects::{self, Subject};
use super::validation::Checks;
use crate::db::enums::{ApiKeyScope, Permission};
use crate::db::ids::{CompanyId, MetricId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{MetricPatch, NewMetric, NewPoint};

/// The most points that are recorded at once.
const MOST: usize = 500;
/// The largest value, either way.
const LARGEST: f64 = 1e15;

/// What a new metric is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct MetricDraft {
    pub key: String,
    pub name: String,
    pub unit: Option<String>,
}

/// What changes of a metric: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct MetricEdit {
    pub name: Option<String>,
    pub unit: Option<Option<String>>,
}

/// A measurement to record. Unchecked.
#[derive(Clone, Debug)]
pub struct PointDraft {
    /// The metric's key.
    pub metric: String,
    pub subject: Subject,
    /// None is now.
    pub measured_at: Option<DateTime<Utc>>,
    pub value: f64,
    /// The same key of the same metric and company is recorded once.
    pub key: String,
}

/// What became of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub recorded: usize,
    /// Known already.
    pub repeated: usize,
}

/// Makes a metric, once for each idempotency key.
pub async fn create(write: &Write, draft: MetricDraft, key: Option<&str>) -> Result<MetricId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "metric.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let mut checks = Checks::new();
    let new = NewMetric {
        org_id: write.scope().org_id,
        id: write.id(),
        key: checks.key("key", &draft.key),
        name: checks.line("name", &draft.name, 120),
        unit: checks.optional(Some(draft.unit), |c, v| c.line("unit", v, 20)).flatten(),
        created_by: write.scope().member()?.id,
    };
    if !rows::by_keys(write, &[&new.key]).await?.is_empty() {
        checks.problem("key", "There is a metric with this key.");
    }
    checks.finish()?;
    rows::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    write.done(Change::new("metric.created", new.id));
    Ok(new.id)
}

/// Changes a metric that stands at `version` (API-8). Its key is what programs go by, and stays.
pub async fn update(write: &Write, id: MetricId, version: i32, edit: MetricEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    required(write, id).await?;
    let mut checks = Checks::new();
    let patch = MetricPatch {
        name: edit.name.map(|name| checks.line("name", &name, 120)),
        unit: checks.optional(edit.unit, |c, v| c.line("unit", v, 20)),
        archived_at: None,
    };
    checks.finish()?;
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "metric"));
    }
    write.done(Change::new("metric.updated", id));
    Ok(())
}

/// Stops recording of a metric, or lets it go on; what was recorded stays. Again is no error.
pub async fn archive(write: &Write, id: MetricId, version: i32, archival: Archival) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let before = required(write, id).await?;
    let (kind, archived_at) = match (archival, before.archived_at) {
        (Archival::Archive, None) => ("metric.archived", Some(write.at())),
        (Archival::Restore, Some(_)) => ("metric.restored", None),
        _ => return Ok(()),
    };
    let patch = MetricPatch { archived_at: Some(archived_at), ..MetricPatch::default() };
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "metric"));
    }
    write.done(Change::new(kind, id));
    Ok(())
}

/// Records points, for members with RECORDS_WRITE and keys with METRICS_WRITE. All or nothing; what is known
/// already is counted and left as it is, and refused if it says something else now.
pub async fn record(write: &Write, drafts: Vec<PointDraft>) -> Result<Recorded> {
    write.scope().require_either(Permission::RecordsWrite, ApiKeyScope::MetricsWrite)?;
    let mut checks = Checks::new();
    if drafts.is_empty() || drafts.len() > MOST {
        checks.problem("points", format!("Record 1 to {MOST} points at a time."));
        checks.finish()?;
        return Ok(Recorded { recorded: 0, repeated: 0 });
    }
    let points = resolve(write, &mut checks, drafts).await?;
    checks.finish()?;
    let recorded = rows::insert_points(write, &points).await?;
    let count = Recorded { recorded: recorded.len(), repeated: points.len() - recorded.len() };
    if count.repeated > 0 {
        refuse_contradictions(write, &points).await?;
    }
    note(write, recorded);
    Ok(count)
}

/// Finds what the points are of and about.
async fn resolve(write: &Write, checks: &mut Checks, drafts: Vec<PointDraft>) -> Result<Vec<NewPoint>> {
    let keys: Vec<&str> = drafts.iter().map(|draft| draft.metric.as_str()).collect();
    let metrics = rows::by_keys(write, &keys).await?;
    let asked: Vec<Subject> = drafts.iter().map(|draft| draft.subject).collect();
    let subjects = subjects::find(write, &asked).await?;
    let mut points = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.into_iter().enumerate() {
        let at = |field: &str| format!("points.{place}.{field}");
        let metric = metrics.iter().find(|(_, key, archived)| *key == draft.metric && archived.is_none());
        let Some((metric_id, ..)) = metric else {
            checks.problem(&at("metric"), "There is no such metric to record.");
            continue;
        };
        let (company_id, record_id) = subjects.place(draft.subject)?;
        if !(-LARGEST..=LARGEST).contains(&draft.value) {
            checks.problem(&at("value"), "A value lies between -1e15 and 1e15.");
        }
        let measured_at = draft.measured_at.unwrap_or(write.at());
        if !(1..=9999).contains(&measured_at.year()) {
            checks.problem(&at("measuredAt"), "This must be of the years 1 to 9999.");
        }
        points.push(NewPoint {
            org_id: write.scope().org_id,
            id: write.id(),
            metric_id: *metric_id,
            company_id,
            record_id,
            measured_at,
            value: draft.value,
            point_key: checks.line(&at("key"), &draft.key, 200),
        });
    }
    Ok(points)
}

/// A key stands for one measurement: the same again is no news, another under the same key is an error.
async fn refuse_contradictions(write: &Write, points: &[NewPoint]) -> Result<()> {
    let known = rows::known(write, points).await?;
    for point in points {
        let key = (point.metric_id, point.company_id, point.point_key.as_str());
        let found =
            known.iter().find(|known| (known.metric_id, known.company_id, known.point_key.as_str()) == key);
        if found.is_some_and(|found| found.value != point.value || found.record_id != point.record_id) {
            let key = &point.point_key;
            return Err(Error::Conflict(format!("The key {key} was used for another point.")));
        }
    }
    Ok(())
}

/// One event a metric and subject, however many new points.
fn note(write: &Write, recorded: Vec<(MetricId, CompanyId, Option<RecordId>)>) {
    let mut told: BTreeMap<_, usize> = BTreeMap::new();
    for subject in recorded {
        *told.entry(subject).or_default() += 1;
    }
    let key = write.scope().key();
    for ((metric, company, record), count) in told {
        let payload = serde_json::json!({ "keyId": key, "points": count });
        let change = Change::new("metric.recorded", metric).payload(payload).client_visible();
        write.done(about(change, company, record));
    }
}

async fn required(tx: &Tx<Staff>, id: MetricId) -> Result<Metric> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("metric"))
}

/// The metrics of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[MetricId]) -> Result<Vec<Metric>> {
    rows::by_ids(tx, ids).await
}

/// A page of metrics, the newest first.
pub async fn list(tx: &Tx<Staff>, filter: MetricFilter, page: &Page<MetricId>) -> Result<Rows<Metric>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: MetricFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

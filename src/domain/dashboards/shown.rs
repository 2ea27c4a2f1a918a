//! Dashboards as a portal shows them: the chosen ones with what their widgets say now. A statement for each
//! fact that some widget speaks of, however many do; row-level security decides what is read.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use crate::db::enums::{Approval, BuiltInMetric, ClientPhase, PortalMode, WidgetKind};
use crate::db::ids::{DashboardId, MetricId, RecordId, StageId, WidgetId};
use crate::db::prepared::Prepare as _;
use crate::db::schema::portal::{
    dashboard_widgets as widgets, dashboards, metrics, milestones, portal_dashboards, record_types, records,
    stages,
};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::deliverables;
use crate::error::Result;

/// The most points that one widget shows of a metric: as a picture, and as rows.
const MOST: i64 = 400;
const MOST_BARS: usize = 24;
const MOST_ROWS: usize = 12;
/// The most days that a widget looks back.
const LONGEST: i32 = 366;

/// A dashboard with its widgets.
#[derive(Clone, Debug)]
pub struct Shown {
    pub id: DashboardId,
    pub title: String,
    pub record_id: Option<RecordId>,
    pub widgets: Vec<ShownWidget>,
}

/// A widget with what it says now.
#[derive(Clone, Debug)]
pub struct ShownWidget {
    pub id: WidgetId,
    pub kind: WidgetKind,
    pub title: String,
    pub body: Option<String>,
    pub unit: Option<String>,
    /// Of NUMBER and PROGRESS; none while nothing is known.
    pub value: Option<f64>,
    /// The value before that one.
    pub before: Option<f64>,
    /// Of PROGRESS.
    pub target: Option<f64>,
    /// Of LINE, BAR and TABLE.
    pub values: Vec<Value>,
}

/// One of the values of a widget.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is of, where it is not of a moment.
    pub label: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub value: f64,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = widgets)]
struct WidgetRow {
    id: WidgetId,
    dashboard_id: DashboardId,
    kind: WidgetKind,
    title: String,
    metric_id: Option<MetricId>,
    built_in: Option<BuiltInMetric>,
    target: Option<f64>,
    days: Option<i32>,
    body: Option<String>,
}

#[derive(Clone, Debug, QueryableByName)]
struct PointRow {
    #[diesel(sql_type = sql_types::Uuid)]
    metric_id: MetricId,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    record_id: Option<RecordId>,
    #[diesel(sql_type = sql_types::Timestamptz)]
    measured_at: DateTime<Utc>,
    #[diesel(sql_type = sql_types::Double)]
    value: f64,
}

/// Records that stand at one place of one type.
#[derive(Debug, Queryable)]
struct Standing {
    record_id: RecordId,
    stage_id: Option<StageId>,
    phase: Option<ClientPhase>,
}

/// What the widgets say something from: what none of them speaks of was not read.
struct Known {
    units: HashMap<MetricId, Option<String>>,
    /// The newest of each metric and subject, oldest first.
    points: HashMap<(MetricId, Option<RecordId>), Vec<PointRow>>,
    standings: Vec<Standing>,
    stages: Vec<(StageId, String)>,
    /// Milestones that were reached and had a day: whose, and whether by then.
    reached: Vec<(RecordId, bool)>,
    /// What became of each deliverable's current version.
    approvals: Vec<(RecordId, Approval)>,
    /// Without them nobody knows how many there are.
    shows_records: bool,
    now: DateTime<Utc>,
}

/// How many projects of the company are under way; none where the portal shows no records (DASH-1).
pub async fn active_projects(tx: &Tx<Portal>) -> Result<Option<i64>> {
    if !shows_records(tx) {
        return Ok(None);
    }
    let under_way = records::shared_phase.is_distinct_from(Some(ClientPhase::Delivered));
    let count: i64 = records::table
        .inner_join(record_types::table.on(record_types::id.eq(records::type_id)))
        .filter(record_types::key.eq("project"))
        .filter(under_way)
        .select(count_star())
        .first(&mut tx.connection())
        .await?;
    Ok(Some(count))
}

/// How many deliverables wait for the client's word; none where the portal shows no records (DASH-1).
pub async fn waiting_approvals(tx: &Tx<Portal>) -> Result<Option<i64>> {
    if !shows_records(tx) {
        return Ok(None);
    }
    let standing = deliverables::shared::standing(tx).await?;
    let waiting = standing.iter().filter(|(_, approval)| *approval == Approval::Pending);
    Ok(Some(waiting.count() as i64))
}

fn shows_records(tx: &Tx<Portal>) -> bool {
    tx.scope().modes.contains(&PortalMode::Records)
}

/// The dashboards that the portal shows, in its order; without their widgets if nobody asks for them.
pub async fn shown(tx: &Tx<Portal>, with_widgets: bool, now: DateTime<Utc>) -> Result<Vec<Shown>> {
    let (chosen, rows) = futures::try_join!(chosen(tx), asked(with_widgets, widget_rows(tx)))?;
    let scope = tx.scope().record_id;
    let subjects: Vec<Option<RecordId>> = chosen.iter().map(|(.., record_id)| record_id.or(scope)).collect();
    let known = Known::read(tx, &rows, &subjects, now).await?;
    let mut of: HashMap<DashboardId, Vec<WidgetRow>> = HashMap::new();
    for row in rows {
        of.entry(row.dashboard_id).or_default().push(row);
    }
    let shown = chosen.into_iter().zip(subjects).map(|((id, title, record_id), subject)| {
        let rows = of.remove(&id).unwrap_or_default();
        let widgets = rows.into_iter().map(|row| known.say(row, subject)).collect();
        Shown { id, title, record_id, widgets }
    });
    Ok(shown.collect())
}

/// Reads what somebody asks for, and nothing else.
async fn asked<T>(wanted: bool, read: impl Future<Output = Result<Vec<T>>>) -> Result<Vec<T>> {
    if wanted { read.await } else { Ok(Vec::new()) }
}

async fn chosen(tx: &Tx<Portal>) -> Result<Vec<(DashboardId, String, Option<RecordId>)>> {
    Ok(portal_dashboards::table
        .inner_join(dashboards::table.on(dashboards::id.eq(portal_dashboards::dashboard_id)))
        .order((portal_dashboards::position, dashboards::id))
        .select((dashboards::id, dashboards::title, dashboards::record_id))
        .load(&mut tx.connection())
        .await?)
}

async fn widget_rows(tx: &Tx<Portal>) -> Result<Vec<WidgetRow>> {
    Ok(widgets::table
        .order((widgets::position, widgets::id))
        .select(WidgetRow::as_select())
        .load(&mut tx.connection())
        .await?)
}

async fn units(tx: &Tx<Portal>) -> Result<Vec<(MetricId, Option<String>)>> {
    Ok(metrics::table.select((metrics::id, metrics::unit)).load(&mut tx.connection()).await?)
}

/// Of each metric and subject the newest, as many as a picture holds.
async fn points(
    tx: &Tx<Portal>,
    subjects: &[Option<RecordId>],
    since: DateTime<Utc>,
) -> Result<Vec<PointRow>> {
    let records: Vec<RecordId> = subjects.iter().copied().flatten().collect();
    let newest = diesel::sql_query(
        "select metric_id, record_id, measured_at, value
         from (select metric_id, record_id, id, measured_at, value, row_number() over (partition by metric_id, record_id order by measured_at desc, id desc) as place
             from metric_points where measured_at > $1 and (record_id = any ($2) or record_id is null and $3)) newest
         where place <= $4 order by measured_at, id",
    )
    .bind::<sql_types::Timestamptz, _>(since)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(records)
    .bind::<sql_types::Bool, _>(subjects.contains(&None))
    .bind::<sql_types::BigInt, _>(MOST)
    .prepared();
    Ok(newest.load(&mut tx.connection()).await?)
}

async fn standings(tx: &Tx<Portal>) -> Result<Vec<Standing>> {
    Ok(records::table
        .select((records::id, records::shared_stage_id, records::shared_phase))
        .load(&mut tx.connection())
        .await?)
}

async fn stage_names(tx: &Tx<Portal>) -> Result<Vec<(StageId, String)>> {
    Ok(stages::table
        .order((stages::type_id, stages::position, stages::id))
        .select((stages::id, stages::name))
        .load(&mut tx.connection())
        .await?)
}

async fn reached(tx: &Tx<Portal>) -> Result<Vec<(RecordId, bool)>> {
    let reached: Vec<(RecordId, NaiveDate, DateTime<Utc>)> = milestones::table
        .filter(milestones::shared_due_on.is_not_null())
        .filter(milestones::completed_at.is_not_null())
        .select((
            milestones::record_id,
            milestones::shared_due_on.assume_not_null(),
            milestones::completed_at.assume_not_null(),
        ))
        .load(&mut tx.connection())
        .await?;
    let zone = tx.scope().time_zone();
    let by_then = |(record, due, done): (RecordId, NaiveDate, DateTime<Utc>)| {
        (record, done.with_timezone(&zone).date_naive() <= due)
    };
    Ok(reached.into_iter().map(by_then).collect())
}

impl WidgetRow {
    /// How many days back it looks.
    fn days(&self) -> i32 {
        self.days.unwrap_or(LONGEST)
    }
}

impl Known {
    /// What these widgets speak of, about these records or, where there is none, about the company.
    async fn read(
        tx: &Tx<Portal>,
        rows: &[WidgetRow],
        subjects: &[Option<RecordId>],
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let days = rows.iter().filter(|row| row.metric_id.is_some()).map(WidgetRow::days).max();
        let since = now - TimeDelta::days(days.unwrap_or_default().into());
        let shows = |built_in| rows.iter().any(|row| row.built_in == Some(built_in));
        let by_stage = shows(BuiltInMetric::RecordsByStage);
        let (units, newest, standings, stages, reached, approvals) = futures::try_join!(
            asked(days.is_some(), units(tx)),
            asked(days.is_some(), points(tx, subjects, since)),
            asked(by_stage || shows(BuiltInMetric::ActiveRecords), standings(tx)),
            asked(by_stage, stage_names(tx)),
            asked(shows(BuiltInMetric::OnTimeMilestones), reached(tx)),
            asked(shows(BuiltInMetric::Approvals), deliverables::shared::standing(tx)),
        )?;
        let mut points: HashMap<_, Vec<PointRow>> = HashMap::new();
        for point in newest {
            points.entry((point.metric_id, point.record_id)).or_default().push(point);
        }
        Ok(Self {
            units: units.into_iter().collect(),
            points,
            standings,
            stages,
            reached,
            approvals,
            shows_records: shows_records(tx),
            now,
        })
    }

    /// What a widget says about a record, or about the company where there is none.
    fn say(&self, row: WidgetRow, subject: Option<RecordId>) -> ShownWidget {
        let blank = ShownWidget {
            id: row.id,
            kind: row.kind,
            title: row.title.clone(),
            body: row.body.clone(),
            unit: None,
            value: None,
            before: None,
            target: row.target,
            values: Vec::new(),
        };
        match (row.metric_id, row.built_in) {
            (Some(metric), _) => self.say_metric(blank, &row, (metric, subject)),
            (None, Some(built_in)) => self.say_built_in(blank, built_in, subject),
            (None, None) => blank,
        }
    }

    fn say_metric(
        &self,
        blank: ShownWidget,
        row: &WidgetRow,
        (metric, subject): (MetricId, Option<RecordId>),
    ) -> ShownWidget {
        let since = self.now - TimeDelta::days(row.days().into());
        let points = self.points.get(&(metric, subject)).into_iter().flatten();
        let mut values: Vec<Value> = points
            .filter(|point| point.measured_at > since)
            .map(|point| Value { label: None, at: Some(point.measured_at), value: point.value })
            .collect();
        let unit = self.units.get(&metric).cloned().flatten();
        let mut newest = values.iter().rev().map(|value| value.value);
        let (value, before) = (newest.next(), newest.next());
        match row.kind {
            WidgetKind::Number | WidgetKind::Progress => return ShownWidget { unit, value, before, ..blank },
            WidgetKind::Bar => drop(values.drain(..values.len().saturating_sub(MOST_BARS))),
            WidgetKind::Table => {
                values.drain(..values.len().saturating_sub(MOST_ROWS));
                values.reverse();
            }
            WidgetKind::Line | WidgetKind::Text => {}
        }
        ShownWidget { unit, values, ..blank }
    }

    fn say_built_in(
        &self,
        blank: ShownWidget,
        built_in: BuiltInMetric,
        subject: Option<RecordId>,
    ) -> ShownWidget {
        let about = |record: RecordId| subject.is_none_or(|subject| subject == record);
        match built_in {
            BuiltInMetric::RecordsByStage => ShownWidget { values: self.by_stage(about), ..blank },
            BuiltInMetric::ActiveRecords => {
                let under_way = |record: &&Standing| {
                    about(record.record_id) && record.phase != Some(ClientPhase::Delivered)
                };
                let count = self.standings.iter().filter(under_way).count();
                ShownWidget { value: self.shows_records.then_some(count as f64), ..blank }
            }
            BuiltInMetric::OnTimeMilestones => {
                let reached: Vec<bool> = self
                    .reached
                    .iter()
                    .filter(|(record, _)| about(*record))
                    .map(|(_, by_then)| *by_then)
                    .collect();
                let by_then = reached.iter().filter(|by_then| **by_then).count();
                let percent = (100 * by_then).checked_div(reached.len()).map(|percent| percent as f64);
                ShownWidget { value: percent, unit: Some("%".to_owned()), target: Some(100.0), ..blank }
            }
            BuiltInMetric::Approvals => ShownWidget { values: self.by_approval(about), ..blank },
        }
    }

    /// By the team's stages where they show, else by phase; in the order of the pipeline.
    fn by_stage(&self, about: impl Fn(RecordId) -> bool) -> Vec<Value> {
        let standings: Vec<&Standing> =
            self.standings.iter().filter(|standing| about(standing.record_id)).collect();
        let stages = self.stages.iter().filter_map(|(id, name)| {
            counted(name, standings.iter().filter(|standing| standing.stage_id == Some(*id)).count())
        });
        let phases = ClientPhase::ALL.iter().filter_map(|phase| {
            let stands =
                |standing: &&&Standing| standing.stage_id.is_none() && standing.phase == Some(*phase);
            counted(phase_name(*phase), standings.iter().filter(stands).count())
        });
        stages.chain(phases).collect()
    }

    /// What waits comes first.
    fn by_approval(&self, about: impl Fn(RecordId) -> bool) -> Vec<Value> {
        let of = |approval: Approval| {
            self.approvals.iter().filter(|(record, became)| about(*record) && *became == approval).count()
        };
        let each = Approval::ALL.iter().map(|approval| (approval_name(*approval), of(*approval)));
        each.filter_map(|(name, count)| counted(name, count)).collect()
    }
}

/// Nothing is said of what is not there.
fn counted(label: &str, count: usize) -> Option<Value> {
    (count > 0).then(|| Value { label: Some(label.to_owned()), at: None, value: count as f64 })
}

fn approval_name(approval: Approval) -> &'static str {
    match approval {
        Approval::Pending => "Waiting",
        Approval::Approved => "Approved",
        Approval::RevisionRequested => "Changes requested",
        Approval::Rejected => "Rejected",
    }
}

fn phase_name(phase: ClientPhase) -> &'static str {
    match phase {
        ClientPhase::Planning => "Planning",
        ClientPhase::Scheduled => "Scheduled",
        ClientPhase::InProgress => "In progress",
        ClientPhase::InReview => "In review",
        ClientPhase::Delivered => "Delivered",
    }
}

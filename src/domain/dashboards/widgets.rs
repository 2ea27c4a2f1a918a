//! What a widget may be: each kind with the settings that mean something for it.

use serde::Serialize;

use super::rows::NewWidget;
use crate::db::enums::{BuiltInMetric, WidgetKind};
use crate::db::ids::{DashboardId, MetricId};
use crate::domain::changes::Write;
use crate::domain::metrics;
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// The most widgets of one dashboard.
const MOST: usize = 24;
/// How far back a widget looks that does not say.
const DAYS: i32 = 90;

/// What a widget shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Source {
    Metric(MetricId),
    BuiltIn(BuiltInMetric),
}

/// What a widget is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct WidgetDraft {
    pub kind: WidgetKind,
    pub title: String,
    pub source: Option<Source>,
    pub target: Option<f64>,
    pub days: Option<i32>,
    pub body: Option<String>,
}

/// Checks all widgets of a dashboard.
pub(super) async fn check(
    write: &Write,
    checks: &mut Checks,
    dashboard: DashboardId,
    drafts: Vec<WidgetDraft>,
) -> Result<Vec<NewWidget>> {
    if drafts.len() > MOST {
        checks.problem("widgets", format!("A dashboard has at most {MOST} widgets."));
    }
    let mut ids: Vec<MetricId> = drafts.iter().filter_map(metric).collect();
    ids.sort_unstable();
    ids.dedup();
    if metrics::by_ids(write, &ids).await?.len() != ids.len() {
        return Err(Error::NotFound("metric"));
    }
    let placed = drafts.into_iter().enumerate();
    Ok(placed.map(|(place, draft)| check_one(checks, (write, dashboard), place, draft)).collect())
}

fn metric(draft: &WidgetDraft) -> Option<MetricId> {
    match draft.source {
        Some(Source::Metric(id)) => Some(id),
        _ => None,
    }
}

fn check_one(
    checks: &mut Checks,
    (write, dashboard_id): (&Write, DashboardId),
    place: usize,
    draft: WidgetDraft,
) -> NewWidget {
    let at = |field: &str| format!("widgets.{place}.{field}");
    if !takes(draft.kind, draft.source) {
        checks.problem(&at("source"), "A widget of this kind does not show that.");
    }
    let target = draft.target.filter(|_| draft.kind == WidgetKind::Progress);
    let wants_target = draft.kind == WidgetKind::Progress && matches!(draft.source, Some(Source::Metric(_)));
    if wants_target && target.is_none_or(|target| !(f64::MIN_POSITIVE..=1e15).contains(&target)) {
        checks.problem(&at("target"), "Say what is to be reached: more than 0, at most 1e15.");
    }
    let days = draft.days.unwrap_or(DAYS);
    if !(1..=366).contains(&days) {
        checks.problem(&at("days"), "A widget looks 1 to 366 days back.");
    }
    let body = match draft.kind {
        WidgetKind::Text => Some(checks.text(&at("body"), draft.body.as_deref().unwrap_or_default(), 4000)),
        _ => None,
    };
    NewWidget {
        org_id: write.scope().org_id,
        id: write.id(),
        dashboard_id,
        kind: draft.kind,
        title: checks.line(&at("title"), &draft.title, 120),
        metric_id: metric(&draft),
        built_in: match draft.source {
            Some(Source::BuiltIn(built_in)) => Some(built_in),
            _ => None,
        },
        target: target.filter(|_| wants_target),
        days: (draft.kind != WidgetKind::Text).then_some(days),
        body,
        position: i32::try_from(place).unwrap_or(i32::MAX),
    }
}

/// Which source makes sense for a kind.
fn takes(kind: WidgetKind, source: Option<Source>) -> bool {
    use BuiltInMetric::{ActiveRecords, Approvals, OnTimeMilestones, RecordsByStage};
    match (kind, source) {
        (WidgetKind::Text, source) => source.is_none(),
        (_, None) => false,
        (_, Some(Source::Metric(_))) => true,
        (WidgetKind::Number, Some(Source::BuiltIn(built_in))) => {
            matches!(built_in, ActiveRecords | OnTimeMilestones)
        }
        (WidgetKind::Progress, Some(Source::BuiltIn(built_in))) => built_in == OnTimeMilestones,
        (WidgetKind::Bar | WidgetKind::Table, Some(Source::BuiltIn(built_in))) => {
            matches!(built_in, RecordsByStage | Approvals)
        }
        (
            WidgetKind::Line,
            Some(Source::BuiltIn(ActiveRecords | Approvals | OnTimeMilestones | RecordsByStage)),
        ) => false,
    }
}

//! Dashboards (DASH-2): numbers, pictures and texts that the organisation chose, each picture with its
//! numbers as a table.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::charts::{self, written};
use super::doorway::{self, Frame};
use super::sections::Here;
use super::{Visit, words};
use crate::error::Result;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    company_summary: Summary,
    dashboards: Vec<DashboardAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    active_projects: Option<i64>,
    waiting_approvals: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct DashboardAnswer {
    title: String,
    widgets: Vec<WidgetAnswer>,
}

#[derive(Debug, Deserialize)]
struct WidgetAnswer {
    kind: String,
    title: String,
    body: Option<String>,
    unit: Option<String>,
    value: Option<f64>,
    before: Option<f64>,
    target: Option<f64>,
    values: Vec<ValueAnswer>,
}

#[derive(Debug, Deserialize)]
struct ValueAnswer {
    label: Option<String>,
    at: Option<DateTime<Utc>>,
    value: f64,
}

/// The page.
#[derive(Template)]
#[template(path = "dashboards.html")]
pub(super) struct DashboardsPage {
    frame: Frame,
    active_projects: Option<i64>,
    /// How many deliverables wait for the client's word, if any do.
    waiting: Option<i64>,
    dashboards: Vec<Dashboard>,
}

struct Dashboard {
    title: String,
    widgets: Vec<Widget>,
}

struct Widget {
    title: String,
    /// For the style sheet.
    look: &'static str,
    face: Face,
}

/// What a widget shows.
enum Face {
    Number { value: String, unit: String, change: Option<String> },
    Progress { percent: i64, said: Option<String> },
    Picture { svg: String, rows: Vec<Row> },
    Table { rows: Vec<Row> },
    Text { body: String },
    Nothing,
}

struct Row {
    name: String,
    value: String,
}

impl DashboardsPage {
    /// None if the portal shows no dashboards.
    pub fn new(answer: Answer, visit: &Visit<'_>) -> Result<Option<Self>> {
        let frame = Frame::new(answer.around, Here::Section("DASHBOARD"), visit);
        if !frame.shows_dashboards {
            return Ok(None);
        }
        let mut dashboards = Vec::with_capacity(answer.dashboards.len());
        for dashboard in answer.dashboards {
            let widgets = dashboard.widgets.into_iter().map(|widget| Widget::new(widget, &frame));
            dashboards.push(Dashboard { title: dashboard.title, widgets: widgets.collect::<Result<_>>()? });
        }
        let Summary { active_projects, waiting_approvals } = answer.company_summary;
        let waiting = waiting_approvals.filter(|waiting| *waiting > 0);
        Ok(Some(Self { active_projects, waiting, dashboards, frame }))
    }
}

impl Widget {
    fn new(answer: WidgetAnswer, frame: &Frame) -> Result<Self> {
        let look = match answer.kind.as_str() {
            "NUMBER" => "number",
            "PROGRESS" => "progress",
            "LINE" => "line",
            "BAR" => "bars",
            "TABLE" => "rows",
            _ => "words",
        };
        Ok(Self { title: answer.title.clone(), look, face: Face::new(answer, frame)? })
    }
}

impl Face {
    fn new(answer: WidgetAnswer, frame: &Frame) -> Result<Self> {
        let unit = behind(answer.unit.as_deref());
        let rows =
            |values: &[ValueAnswer]| values.iter().map(|value| Row::new(value, &unit, frame)).collect();
        Ok(match (answer.kind.as_str(), answer.value) {
            ("TEXT", _) => Self::Text { body: answer.body.unwrap_or_default() },
            ("NUMBER", Some(value)) => {
                Self::Number { value: written(value), change: change(value, answer.before, &unit), unit }
            }
            ("PROGRESS", Some(value)) => {
                let target = answer.target.unwrap_or(100.0);
                let percent = (100.0 * value / target).clamp(0.0, 100.0).floor() as i64;
                let is_share = unit == "%" && (target - 100.0).abs() < f64::EPSILON;
                let said = (!is_share).then(|| format!("{} of {}{unit}", written(value), written(target)));
                Self::Progress { percent, said }
            }
            _ if answer.values.is_empty() => Self::Nothing,
            ("LINE", _) => {
                let points: Vec<_> =
                    answer.values.iter().filter_map(|value| Some((value.at?, value.value))).collect();
                let day = |at| frame.day_of(at).format("%-d %b").to_string();
                let newest_first: Vec<ValueAnswer> = answer.values.into_iter().rev().collect();
                Self::Picture { svg: charts::line(&points, day)?, rows: rows(&newest_first) }
            }
            ("BAR", _) => {
                let bars: Vec<(String, f64)> =
                    answer.values.iter().map(|value| (name(value, frame), value.value)).collect();
                Self::Picture { svg: charts::bars(&bars, &unit)?, rows: rows(&answer.values) }
            }
            ("TABLE", _) => Self::Table { rows: rows(&answer.values) },
            _ => Self::Nothing,
        })
    }
}

impl Row {
    fn new(value: &ValueAnswer, unit: &str, frame: &Frame) -> Self {
        Self { name: name(value, frame), value: format!("{}{unit}", written(value.value)) }
    }
}

fn name(value: &ValueAnswer, frame: &Frame) -> String {
    let day = || value.at.map(|at| words::day(frame.day_of(at), frame.today));
    value.label.clone().or_else(day).unwrap_or_default()
}

/// A percent sign stands close to its number, a word apart.
fn behind(unit: Option<&str>) -> String {
    match unit {
        Some("%") => "%".to_owned(),
        Some(unit) => format!(" {unit}"),
        None => String::new(),
    }
}

/// "12 more than before".
fn change(value: f64, before: Option<f64>, unit: &str) -> Option<String> {
    let distance = value - before?;
    let said = written(distance.abs());
    Some(match distance {
        _ if said == "0" => "As before".to_owned(),
        up if up > 0.0 => format!("{said}{unit} more than before"),
        _ => format!("{said}{unit} less than before"),
    })
}

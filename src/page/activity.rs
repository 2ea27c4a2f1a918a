//! What happened lately, on the page (EVT-8): by days, newest first.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::doorway::{self, Frame, Website};
use super::sections::Here;
use super::{Visit, words};

/// What the page reads.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    activity: Connection,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    edges: Vec<Edge>,
    page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
struct Edge {
    node: ActivityAnswer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActivityAnswer {
    occurred_at: DateTime<Utc>,
    text: String,
    body: Option<String>,
    url: Option<String>,
    record_id: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "activity.html")]
pub(super) struct ActivityPage {
    frame: Frame,
    days: Vec<Day>,
    more: Option<String>,
}

struct Day {
    text: String,
    lines: Vec<Line>,
}

struct Line {
    iso: String,
    /// "14:05".
    time: String,
    text: String,
    body: Option<String>,
    website: Option<Website>,
    /// The record's page, where there is one.
    href: Option<String>,
}

impl ActivityPage {
    /// None where the portal does not show it.
    pub fn new(answer: Answer, visit: &Visit<'_>) -> Option<Self> {
        let frame = Frame::new(answer.around, Here::Section("ACTIVITY"), visit);
        if !frame.shows_activity {
            return None;
        }
        let page = answer.activity.page_info;
        let more = page.end_cursor.filter(|_| page.has_next_page);
        let mut days: Vec<(NaiveDate, Day)> = Vec::new();
        for Edge { node } in answer.activity.edges {
            let day = frame.day_of(node.occurred_at);
            if days.last().is_none_or(|(last, _)| *last != day) {
                days.push((day, Day { text: words::past(day, frame.today), lines: Vec::new() }));
            }
            let line = Line::new(node, &frame);
            days.last_mut().expect("just pushed").1.lines.push(line);
        }
        Some(Self {
            more: more.map(|cursor| format!("{}/activity?after={cursor}", frame.home)),
            days: days.into_iter().map(|(_, day)| day).collect(),
            frame,
        })
    }
}

impl Line {
    fn new(activity: ActivityAnswer, frame: &Frame) -> Self {
        let record = activity.record_id.filter(|_| frame.shows_records);
        Self {
            iso: activity.occurred_at.to_rfc3339(),
            time: frame.clock(activity.occurred_at),
            text: activity.text,
            body: activity.body,
            website: activity.url.as_deref().and_then(Website::new),
            href: record.map(|id| format!("{}/records/{id}", frame.home)),
        }
    }
}

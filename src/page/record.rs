//! A record's page: where it stands, its milestones and days, and what else is shared (REC-7, REC-8).

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::deliverables::{Listed, ListedAnswer};
use super::doorway::{self, Frame, Website};
use super::files::{FileList, FilesAnswer, SendForm, SentFiles};
use super::messages::{Thread, ThreadAnswer};
use super::sections::Here;
use super::{Day, Typed, Visit, accent, counted, words};

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    #[serde(flatten)]
    files: FilesAnswer,
    record: Option<RecordAnswer>,
    #[serde(flatten)]
    thread: ThreadAnswer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordAnswer {
    id: String,
    name: String,
    phase: Option<String>,
    status: Option<String>,
    description: Option<String>,
    percent: Option<i64>,
    starts_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    file_count: i64,
    message_count: i64,
    #[serde(rename = "type")]
    kind: TypeAnswer,
    steps: Vec<StepAnswer>,
    milestones: Vec<MilestoneAnswer>,
    deadlines: Vec<DeadlineAnswer>,
    fields: Vec<FieldAnswer>,
    deliverables: Vec<ListedAnswer>,
}

#[derive(Debug, Deserialize)]
struct TypeAnswer {
    key: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct StepAnswer {
    label: String,
    color: Option<String>,
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MilestoneAnswer {
    name: String,
    due_on: Option<NaiveDate>,
    completed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeadlineAnswer {
    kind: String,
    name: String,
    due_on: NaiveDate,
}

#[derive(Debug, Deserialize)]
struct FieldAnswer {
    label: String,
    kind: String,
    text: String,
    value: serde_json::Value,
}

/// The page.
#[derive(Template)]
#[template(path = "record.html")]
pub(super) struct RecordPage {
    frame: Frame,
    name: String,
    kind: String,
    status: Option<String>,
    description: Option<String>,
    percent: Option<i64>,
    steps: Vec<Step>,
    milestones: Vec<Milestone>,
    completed: usize,
    deadlines: Vec<Deadline>,
    facts: Vec<Fact>,
    thread: Option<Thread>,
    list: FileList,
    form: Option<SendForm>,
    deliverables: Vec<Listed>,
}

struct Step {
    label: String,
    /// The stage's colour, and what is readable on it.
    colors: Option<(String, String)>,
    state: &'static str,
}

struct Milestone {
    name: String,
    done: bool,
    next: bool,
    /// "Completed 4 December", "Due 4 December".
    text: Option<String>,
    away: Option<String>,
}

struct Deadline {
    name: String,
    whole: bool,
    day: Day,
}

/// A line of the details.
struct Fact {
    label: String,
    text: String,
    website: Option<Website>,
}

impl RecordPage {
    /// None if the portal shows no such record.
    pub fn new(
        Answer { around, files, record, thread }: Answer,
        visit: &Visit<'_>,
        typed: Typed,
    ) -> Option<Self> {
        let record = record?;
        let frame = Frame::new(around, Here::Type(&record.kind.key), visit);
        let facts = facts(&record, &frame);
        let (mut list, form) = files.show(&frame, Some(&record.id), SentFiles::default());
        list.more = list.more.map(|_| format!("{}/files?record={}", frame.home, record.id));
        let milestones = milestones(record.milestones, &frame);
        let delivered = record.phase.as_deref() == Some("DELIVERED");
        Some(Self {
            name: record.name,
            kind: record.kind.name,
            status: record.status,
            description: record.description,
            percent: record.percent,
            steps: record.steps.into_iter().map(|step| Step::new(step, delivered)).collect(),
            completed: milestones.iter().filter(|milestone| milestone.done).count(),
            milestones,
            deliverables: record.deliverables.into_iter().map(|one| Listed::new(one, &frame)).collect(),
            thread: Thread::new(thread, &format!("records/{}/messages", record.id), &frame, typed),
            deadlines: record.deadlines.into_iter().map(|due| Deadline::new(due, &frame)).collect(),
            facts,
            list,
            form,
            frame,
        })
    }

    /// Whether there is nothing to show but the name.
    fn is_bare(&self) -> bool {
        self.description.is_none()
            && self.percent.is_none()
            && self.steps.is_empty()
            && self.milestones.is_empty()
            && self.deadlines.is_empty()
            && self.facts.is_empty()
            && self.thread.is_none()
            && self.list.files.is_empty()
            && self.form.is_none()
            && self.deliverables.is_empty()
    }
}

impl Step {
    /// Where everything is delivered, nothing is under way any more: the last step is done too.
    fn new(step: StepAnswer, delivered: bool) -> Self {
        let state = match step.state.as_str() {
            "DONE" => "done",
            "CURRENT" if delivered => "reached",
            "CURRENT" => "current",
            _ => "upcoming",
        };
        let colors = step.color.map(|color| (color.clone(), accent::readable_on(&color)));
        Self { label: step.label, colors, state }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, "done" | "reached")
    }
}

/// The first open one is marked as next.
fn milestones(answers: Vec<MilestoneAnswer>, frame: &Frame) -> Vec<Milestone> {
    let next = answers.iter().position(|milestone| milestone.completed_at.is_none());
    answers
        .into_iter()
        .enumerate()
        .map(|(place, answer)| {
            let completed = answer.completed_at.map(|moment| frame.day_of(moment));
            let due = answer.due_on.filter(|_| completed.is_none());
            Milestone {
                name: answer.name,
                done: completed.is_some(),
                next: next == Some(place),
                text: completed
                    .map(|day| format!("Completed {}", words::day(day, frame.today)))
                    .or_else(|| due.map(|day| words::due(day, frame.today))),
                away: due.and_then(|day| words::away(day, frame.today)),
            }
        })
        .collect()
}

impl Deadline {
    fn new(answer: DeadlineAnswer, frame: &Frame) -> Self {
        Self { whole: answer.kind == "RECORD", name: answer.name, day: Day::new(answer.due_on, frame.today) }
    }
}

/// The record's own days, its shared fields, and what belongs to it.
fn facts(record: &RecordAnswer, frame: &Frame) -> Vec<Fact> {
    let plain = |label: &str, text: String| Fact { label: label.to_owned(), text, website: None };
    let day = |label, date: Option<NaiveDate>| date.map(|date| plain(label, words::day(date, frame.today)));
    let counts = [
        (frame.shows_files, "Files", record.file_count, ("file", "files")),
        (frame.shows_messages, "Messages", record.message_count, ("message", "messages")),
    ];
    let counts = counts
        .into_iter()
        .filter(|(shown, _, count, _)| *shown && *count > 0)
        .map(|(_, label, count, (one, many))| plain(label, counted(count, one, many)));
    let fields = record.fields.iter().map(|field| Fact {
        label: field.label.clone(),
        text: field.text.clone(),
        website: field.value.as_str().filter(|_| field.kind == "URL").and_then(Website::new),
    });
    let starts = if record.starts_on.is_some_and(|day| day < frame.today) { "Started" } else { "Starts" };
    [day(starts, record.starts_on), day("Due", record.due_on)]
        .into_iter()
        .flatten()
        .chain(fields)
        .chain(counts)
        .collect()
}

//! The home: sections, their groups, and a card for each record (REC-9).

use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::doorway::{self, Frame};
use super::sections::{self, Here, Tally, TypeTally};
use super::{Day, Visit, counted, words};

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    home: Home,
}

#[derive(Debug, Deserialize)]
struct Home {
    sections: Vec<SectionAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SectionAnswer {
    key: String,
    name: String,
    name_plural: String,
    count: i64,
    groups: Vec<GroupAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupAnswer {
    stage_name: Option<String>,
    color: Option<String>,
    phase: Option<String>,
    count: i64,
    average_percent: Option<i64>,
    file_count: i64,
    message_count: i64,
    statuses: Vec<Status>,
    records: Vec<RecordAnswer>,
}

#[derive(Debug, Deserialize)]
struct Status {
    status: String,
    count: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordAnswer {
    id: String,
    name: String,
    phase: Option<String>,
    status: Option<String>,
    percent: Option<i64>,
    due_on: Option<NaiveDate>,
    file_count: i64,
}

/// The page.
#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct HomePage {
    frame: Frame,
    figures: Vec<Figure>,
    sections: Vec<Section>,
}

/// One number at the top of the page.
struct Figure {
    value: String,
    label: String,
}

struct Section {
    /// What it is called in addresses.
    anchor: String,
    heading: String,
    count: i64,
    groups: Vec<Group>,
}

struct Group {
    /// None where neither stage nor phase is shared: then there is but one group.
    heading: Option<String>,
    color: Option<String>,
    phase: String,
    count: i64,
    average: Option<i64>,
    statuses: Vec<Status>,
    files: Option<String>,
    cards: Vec<Card>,
}

struct Card {
    path: String,
    name: String,
    status: Option<String>,
    percent: Option<i64>,
    due: Option<Due>,
    files: Option<String>,
}

struct Due {
    day: Day,
    text: String,
    past: bool,
}

impl HomePage {
    pub fn new(Answer { mut around, home }: Answer, visit: &Visit<'_>) -> Self {
        add_up(&home, &mut around.sections);
        let frame = Frame::new(around, Here::Overview, visit);
        let figures = figures(&home.sections, frame.today);
        let sections = home.sections.into_iter().map(|section| Section::new(section, &frame)).collect();
        Self { frame, figures, sections }
    }
}

/// The counts that were not asked for, since the home holds them.
fn add_up(home: &Home, tallies: &mut [Tally]) {
    let groups = || home.sections.iter().flat_map(|section| &section.groups);
    for tally in tallies {
        match tally.mode.as_str() {
            "RECORDS" => tally.types = home.sections.iter().map(SectionAnswer::tally).collect(),
            "FILES" => tally.count = tally.count.or_else(|| Some(groups().map(|g| g.file_count).sum())),
            "MESSAGES" => tally.count = tally.count.or_else(|| Some(groups().map(|g| g.message_count).sum())),
            _ => {}
        }
    }
}

impl SectionAnswer {
    fn tally(&self) -> TypeTally {
        TypeTally { key: self.key.clone(), name_plural: self.name_plural.clone(), count: self.count }
    }
}

/// How much there is, and what comes next.
fn figures(sections: &[SectionAnswer], today: NaiveDate) -> Vec<Figure> {
    let groups = || sections.iter().flat_map(|section| &section.groups);
    let in_phase =
        |phase: &str| groups().filter(|g| g.phase.as_deref() == Some(phase)).map(|g| g.count).sum::<i64>();
    let mut figures: Vec<Figure> = sections
        .iter()
        .map(|section| Figure {
            value: section.count.to_string(),
            label: if section.count == 1 { section.name.clone() } else { section.name_plural.clone() },
        })
        .collect();
    for phase in ["IN_PROGRESS", "IN_REVIEW", "DELIVERED"] {
        let count = in_phase(phase);
        if count > 0 {
            figures.push(Figure { value: count.to_string(), label: words::phase(phase).to_owned() });
        }
    }
    let next = groups()
        .flat_map(|group| &group.records)
        .filter(|record| record.phase.as_deref() != Some("DELIVERED"))
        .filter_map(|record| record.due_on)
        .filter(|date| *date >= today)
        .min();
    if let Some(next) = next {
        figures.push(Figure { value: words::day(next, today), label: "Next deadline".to_owned() });
    }
    figures
}

impl Section {
    fn new(section: SectionAnswer, frame: &Frame) -> Self {
        Self {
            anchor: sections::anchor(&section.key),
            count: section.count,
            heading: section.name_plural,
            groups: section.groups.into_iter().map(|group| Group::new(group, frame)).collect(),
        }
    }
}

impl Group {
    fn new(group: GroupAnswer, frame: &Frame) -> Self {
        let heading =
            group.stage_name.or_else(|| group.phase.as_deref().map(|phase| words::phase(phase).to_owned()));
        Self {
            heading,
            color: group.color,
            phase: group.phase.unwrap_or_default().to_lowercase().replace('_', "-"),
            count: group.count,
            average: group.average_percent,
            statuses: group.statuses,
            files: files(group.file_count, frame),
            cards: group.records.into_iter().map(|record| Card::new(record, frame)).collect(),
        }
    }

    /// Whether there is anything to say of it as a whole.
    fn has_rail(&self) -> bool {
        self.heading.is_some() || self.average.is_some() || self.files.is_some() || !self.statuses.is_empty()
    }
}

impl Card {
    fn new(record: RecordAnswer, frame: &Frame) -> Self {
        let delivered = record.phase.as_deref() == Some("DELIVERED");
        let due = record.due_on.filter(|date| !delivered || *date >= frame.today).map(|date| Due {
            text: words::due(date, frame.today),
            past: date < frame.today,
            day: Day::new(date, frame.today),
        });
        Self {
            path: format!("{}/records/{}", frame.home, record.id),
            name: record.name,
            status: record.status,
            percent: record.percent,
            due,
            files: files(record.file_count, frame),
        }
    }
}

/// "3 files", where the portal shows files and there are any.
fn files(count: i64, frame: &Frame) -> Option<String> {
    (frame.shows_files && count > 0).then(|| counted(count, "file", "files"))
}

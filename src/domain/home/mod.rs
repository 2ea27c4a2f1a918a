//! The portal home (REC-9): the visible records grouped by stage or phase, each group with its
//! count, rollup and file count. Reads as a portal caller, so row-level security decides what is
//! there; this module only arranges it. Always the same one statement, however many records.

mod rows;

pub use rows::{RecordSummary, Rows, rows};

use std::collections::HashMap;

use super::callers::Portal;
use super::shared_records::{SharedStage, SharedType};
use crate::db::enums::{ClientPhase, PortalMode};

/// Everything the home shows.
#[derive(Debug)]
pub struct Home {
    /// One section a record type that has visible records.
    pub sections: Vec<Section>,
}

/// The records of one type.
#[derive(Debug)]
pub struct Section {
    pub kind: SharedType,
    pub groups: Vec<Group>,
}

/// The records that stand at one stage, or in one phase.
#[derive(Debug)]
pub struct Group {
    pub heading: Heading,
    pub records: Vec<HomeRecord>,
}

/// What a group is named after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heading {
    /// The team's own stage, where the type shows stage names (REC-7).
    Stage(SharedStage),
    /// The client phase.
    Phase(ClientPhase),
    /// The type shares neither.
    None,
}

/// A record with its counts.
#[derive(Debug)]
pub struct HomeRecord {
    pub record: RecordSummary,
    /// Files marked shared.
    pub file_count: i64,
    /// Messages of the thread.
    pub message_count: i64,
}

impl Group {
    /// Files of the group's records.
    pub fn file_count(&self) -> i64 {
        self.records.iter().map(|r| r.file_count).sum()
    }

    /// Messages of the group's records.
    pub fn message_count(&self) -> i64 {
        self.records.iter().map(|r| r.message_count).sum()
    }

    /// Mean percentage of the records that share one.
    pub fn average_percent(&self) -> Option<i32> {
        let percents: Vec<i32> =
            self.records.iter().filter_map(|r| r.record.percent).map(i32::from).collect();
        let count = i32::try_from(percents.len()).ok().filter(|count| *count > 0)?;
        Some((percents.iter().sum::<i32>() + count / 2) / count)
    }

    /// How many records stand at each client-facing status, most frequent first (the rollup).
    pub fn statuses(&self) -> Vec<(String, usize)> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for record in &self.records {
            if let Some(status) = &record.record.status {
                *counts.entry(status).or_default() += 1;
            }
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().map(|(s, n)| (s.to_owned(), n)).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    }
}

/// Arranges what was read for a portal.
pub fn arrange(portal: &Portal, rows: Rows) -> Home {
    let mut sections: Vec<Section> = Vec::new();
    if !portal.modes.contains(&PortalMode::Records) {
        return Home { sections };
    }
    for (record, kind, stage) in rows.0 {
        let heading = Heading::of(&kind, stage, &record.record);
        let known = sections.iter().position(|section| section.kind.id == kind.id);
        let place = known.unwrap_or_else(|| {
            sections.push(Section { kind, groups: Vec::new() });
            sections.len() - 1
        });
        sections[place].add(heading, record);
    }
    for section in &mut sections {
        section.groups.sort_by_key(|group| group.heading.place());
    }
    Home { sections }
}

impl Section {
    fn add(&mut self, heading: Heading, record: HomeRecord) {
        match self.groups.iter_mut().find(|group| group.heading == heading) {
            Some(group) => group.records.push(record),
            None => self.groups.push(Group { heading, records: vec![record] }),
        }
    }
}

impl Heading {
    fn of(kind: &SharedType, stage: Option<SharedStage>, record: &RecordSummary) -> Self {
        match (stage, record.phase) {
            (Some(stage), _) => Self::Stage(stage),
            (None, Some(phase)) if !kind.show_stage_names => Self::Phase(phase),
            _ => Self::None,
        }
    }

    /// Where it stands among those of a section; stages come in pipeline order.
    fn place(&self) -> usize {
        match self {
            Self::Stage(_) => 0,
            Self::Phase(phase) => ClientPhase::ALL.iter().take_while(|other| *other != phase).count(),
            Self::None => usize::MAX,
        }
    }
}

//! The portal home (REC-9): the visible records grouped by stage or phase, each group with its
//! count, rollup and file count. Reads as a portal caller, so row-level security decides what is
//! there; this module only arranges it. Always the same few statements, however many records.

mod rows;

pub use rows::{RecordSummary, Rows, rows};

use std::collections::HashMap;

use super::callers::Portal;
use super::shared_records::{SharedStage, SharedType};
use crate::db::enums::{ClientPhase, PortalMode};
use crate::db::ids::RecordTypeId;

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
#[derive(Clone, Debug)]
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
    if !portal.modes.contains(&PortalMode::Records) {
        return Home { sections: Vec::new() };
    }
    let mut by_type: HashMap<RecordTypeId, Vec<HomeRecord>> = HashMap::new();
    for record in rows.records {
        by_type.entry(record.record.type_id).or_default().push(record);
    }
    let section = |kind: SharedType| {
        let records = by_type.remove(&kind.id)?;
        Some(Section { groups: group(&kind, &rows.stages, records), kind })
    };
    Home { sections: rows.types.into_iter().filter_map(section).collect() }
}

/// Groups in pipeline order; a group without records is left out.
fn group(kind: &SharedType, stages: &[SharedStage], records: Vec<HomeRecord>) -> Vec<Group> {
    let headings: Vec<Heading> = if kind.show_stage_names {
        stages.iter().filter(|stage| stage.type_id == kind.id).cloned().map(Heading::Stage).collect()
    } else {
        ClientPhase::ALL.iter().copied().map(Heading::Phase).collect()
    };
    let mut groups: Vec<Group> = headings
        .into_iter()
        .chain([Heading::None])
        .map(|heading| Group { heading, records: Vec::new() })
        .collect();
    for record in records {
        let place = groups.iter_mut().find(|group| group.heading.holds(&record.record));
        if let Some(group) = place {
            group.records.push(record);
        }
    }
    groups.retain(|group| !group.records.is_empty());
    groups
}

impl Heading {
    fn holds(&self, record: &RecordSummary) -> bool {
        match self {
            Self::Stage(stage) => record.stage_id == Some(stage.id),
            Self::Phase(phase) => record.phase == Some(*phase),
            Self::None => true,
        }
    }
}

//! What comes up on a record (REC-8).

use async_graphql::Enum;
use chrono::NaiveDate;

use super::{SharedMilestone, SharedRecord};

/// A day by which something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub kind: DeadlineKind,
    /// The milestone's or the record's name.
    pub name: String,
    pub due_on: NaiveDate,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[graphql(name = "PortalDeadlineKind")]
pub enum DeadlineKind {
    /// A milestone that is not completed yet.
    Milestone,
    /// The record itself.
    Record,
}

/// The record's own day and those of its open milestones, from `today` on, soonest first.
pub fn upcoming(record: &SharedRecord, milestones: &[SharedMilestone], today: NaiveDate) -> Vec<Deadline> {
    let open = milestones.iter().filter(|milestone| milestone.completed_at.is_none());
    let mut deadlines: Vec<Deadline> = open
        .map(|milestone| (DeadlineKind::Milestone, &milestone.name, milestone.due_on))
        .chain([(DeadlineKind::Record, &record.name, record.due_on)])
        .filter_map(|(kind, name, due_on)| Some(Deadline { kind, name: name.clone(), due_on: due_on? }))
        .filter(|deadline| deadline.due_on >= today)
        .collect();
    deadlines.sort_by_key(|deadline| (deadline.due_on, deadline.kind));
    deadlines
}

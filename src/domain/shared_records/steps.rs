//! The stepper (REC-7): the five phases, or the team's own stages where the type shows them.

use async_graphql::Enum;

use super::{SharedRecord, SharedStage, SharedType};
use crate::db::enums::ClientPhase;

/// One step of a record's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub label: String,
    /// The stage's colour; phases have none.
    pub color: Option<String>,
    pub state: StepState,
}

/// Where a step lies, seen from where the record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "PortalStepState")]
pub enum StepState {
    /// Behind it.
    Done,
    /// Where it stands.
    Current,
    /// Ahead of it.
    Upcoming,
}

/// A record's steps in order; none where PHASE is not shared. `stages` are those of its type, in
/// pipeline order.
pub fn steps(record: &SharedRecord, kind: &SharedType, stages: &[SharedStage]) -> Vec<Step> {
    if kind.show_stage_names {
        let shown: Vec<&SharedStage> = stages
            .iter()
            .filter(|stage| stage.archived_at.is_none() || record.stage_id == Some(stage.id))
            .collect();
        let current = shown.iter().position(|stage| record.stage_id == Some(stage.id));
        placed(current, shown.iter().map(|stage| (stage.name.as_str(), Some(stage.color.as_str()))))
    } else {
        let current = ClientPhase::ALL.iter().position(|phase| record.phase == Some(*phase));
        placed(current, ClientPhase::ALL.iter().map(|phase| (label(*phase), None)))
    }
}

fn placed<'a>(current: Option<usize>, steps: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Vec<Step> {
    let Some(current) = current else { return Vec::new() };
    steps
        .enumerate()
        .map(|(place, (label, color))| Step {
            label: label.to_owned(),
            color: color.map(str::to_owned),
            state: match place.cmp(&current) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Upcoming,
            },
        })
        .collect()
}

fn label(phase: ClientPhase) -> &'static str {
    match phase {
        ClientPhase::Planning => "Planning",
        ClientPhase::Scheduled => "Scheduled",
        ClientPhase::InProgress => "In progress",
        ClientPhase::InReview => "In review",
        ClientPhase::Delivered => "Delivered",
    }
}

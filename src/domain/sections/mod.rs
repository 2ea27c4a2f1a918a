//! What each section of a portal holds (NAV-1): a count for the page's navigation. Always two
//! statements at most, however much there is; row-level security decides what is counted.

mod rows;

pub use rows::TypeTally;

use super::callers::Portal;
use crate::db::enums::PortalMode;
use crate::db::scope::Tx;
use crate::error::Result;

/// How much one section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    pub mode: PortalMode,
    /// None where it was not to be counted, or where a number would say nothing.
    pub count: Option<i64>,
    /// Whether the visitor can add to it.
    pub can_add: bool,
}

/// Which sections to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// All of them.
    Everything,
    /// Those whose counts do not follow from the home, if there is one: a reader of the home adds up
    /// records, files and messages there, and nothing is counted twice.
    BesideTheHome,
}

/// The portal's sections in the order of its modes.
pub async fn tallies(tx: &Tx<Portal>, counting: Counting) -> Result<Vec<Tally>> {
    let modes = &tx.scope().modes;
    let follows = counting == Counting::BesideTheHome && modes.contains(&PortalMode::Records);
    let wanted: Vec<PortalMode> = modes
        .iter()
        .copied()
        .filter(|mode| rows::COUNTED.contains(mode))
        .filter(|mode| !follows || !rows::OF_THE_HOME.contains(mode))
        .collect();
    let counts = if wanted.is_empty() { Vec::new() } else { rows::counts(tx, &wanted).await? };
    let count_of = |mode| counts.iter().find(|(counted, _)| *counted == mode).map(|(_, count)| *count);
    let can_add = |mode| match mode {
        PortalMode::Files => tx.scope().takes_uploads,
        PortalMode::Messages => tx.scope().has_threads,
        PortalMode::Feedback => true,
        _ => false,
    };
    let tally = |mode: &PortalMode| Tally { mode: *mode, count: count_of(*mode), can_add: can_add(*mode) };
    Ok(modes.iter().map(tally).collect())
}

/// The record types that have visible records, with how many.
pub async fn types(tx: &Tx<Portal>) -> Result<Vec<TypeTally>> {
    rows::types(tx).await
}

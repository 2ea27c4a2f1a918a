//! What each section of a portal holds (NAV-1): a count for the page's navigation. Always one
//! statement, however much there is; row-level security decides what is counted.

mod rows;

pub use rows::{Counts, TypeTally, counts};

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
pub fn tallies(portal: &Portal, counts: &Counts) -> Vec<Tally> {
    let can_add = |mode| match mode {
        PortalMode::Files => portal.takes_uploads,
        PortalMode::Messages => portal.has_threads,
        PortalMode::Feedback => true,
        _ => false,
    };
    let tally = |mode: &PortalMode| Tally { mode: *mode, count: counts.of(*mode), can_add: can_add(*mode) };
    portal.modes.iter().map(tally).collect()
}

/// The record types that have visible records, with how many.
pub async fn types(tx: &Tx<Portal>) -> Result<Vec<TypeTally>> {
    rows::types(tx).await
}

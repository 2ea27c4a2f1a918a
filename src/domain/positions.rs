//! The order of siblings: positions 0, 1, 2, … without gaps among the living. Not here: the
//! updates themselves, which belong to the rows of each feature.

/// Siblings at the positions `first` to `last` move by `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub first: i32,
    pub last: i32,
    pub by: i32,
}

impl Shift {
    /// Makes room for a newcomer.
    pub fn opening(at: i32) -> Self {
        Self { first: at, last: i32::MAX, by: 1 }
    }

    /// Closes the gap that a leaver left.
    pub fn closing(at: i32) -> Self {
        Self { first: at.saturating_add(1), last: i32::MAX, by: -1 }
    }

    /// Lets one sibling change its place; none if it stays.
    pub fn moving(from: i32, to: i32) -> Option<Self> {
        match from.cmp(&to) {
            std::cmp::Ordering::Less => Some(Self { first: from + 1, last: to, by: -1 }),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self { first: to, last: from - 1, by: 1 }),
        }
    }
}

/// Where somebody who asked for `position` among `count` others lands: beyond the last is last,
/// and so is nowhere in particular.
pub fn place(position: Option<i32>, count: i64) -> i32 {
    let last = i32::try_from(count).unwrap_or(i32::MAX);
    position.map_or(last, |position| position.clamp(0, last))
}

//! When a mail that failed is tried again: after a minute, then twice as long each time up to four
//! hours, for two days.

use chrono::{DateTime, TimeDelta, Utc};

const FIRST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::hours(4);
/// From queueing to giving up.
const PATIENCE: TimeDelta = TimeDelta::days(2);

/// The next try after so many; none means that it is given up.
pub fn next(attempts: i32, queued_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let doubled = FIRST * (1 << attempts.clamp(1, 9).saturating_sub(1));
    (now - queued_at < PATIENCE).then(|| now + doubled.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NOTE-4
    #[test]
    fn tries_grow_rarer_and_end_after_two_days() {
        let queued = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (mut now, mut tries) = (queued, 1);
        while let Some(due) = next(tries, queued, now) {
            assert!(due > now && due - now <= LONGEST);
            (now, tries) = (due, tries + 1);
        }
        assert_eq!(next(1, queued, queued).unwrap() - queued, FIRST);
        assert!((15..25).contains(&tries), "{tries}");
        assert!(now - queued < PATIENCE + LONGEST);
    }
}

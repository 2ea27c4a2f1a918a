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

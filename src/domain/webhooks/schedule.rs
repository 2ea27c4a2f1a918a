//! What becomes of a delivery after a try (EVT-7).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::delivering::Answer;

/// How long after each try without success the next comes; the last one repeats.
const BACKOFF: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
    TimeDelta::hours(2),
    TimeDelta::hours(4),
    TimeDelta::hours(8),
];
/// How long an event is tried for.
const PATIENCE: TimeDelta = TimeDelta::days(3);
/// Tries of an event that the endpoint says it cannot take.
const REFUSALS: i32 = 5;
/// The longest wait that an endpoint can ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(1);

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken.
    Delivered,
    /// To be tried again then.
    Again(DateTime<Utc>),
    /// Given up: the endpoint does not want this event, and goes on with the next.
    Refused,
    /// Given up: the endpoint could not be reached for three days.
    Unreachable,
    /// The endpoint is gone for good.
    Gone,
}

/// Judges the answer to try number `tries` of an event that was queued at `queued`.
pub fn judge(answer: &Answer, tries: i32, queued: DateTime<Utc>, now: DateTime<Utc>) -> Verdict {
    let asked = match answer {
        Answer::Answered { status: 200..=299, .. } => return Verdict::Delivered,
        Answer::Answered { status: 410, .. } => return Verdict::Gone,
        Answer::Answered { status: 400..=499, .. } if is_refusal(answer) && tries >= REFUSALS => {
            return Verdict::Refused;
        }
        Answer::Answered { retry_after, .. } => *retry_after,
        Answer::Failed(_) => None,
    };
    let step = usize::try_from(tries - 1).unwrap_or(0).min(BACKOFF.len() - 1);
    let wait = BACKOFF[step].max(asked.map_or(TimeDelta::zero(), within_reason));
    if now + wait > queued + PATIENCE { Verdict::Unreachable } else { Verdict::Again(now + wait) }
}

/// 408 and 429 say that it may be taken later.
fn is_refusal(answer: &Answer) -> bool {
    !matches!(answer, Answer::Answered { status: 408 | 429, .. })
}

fn within_reason(asked: Duration) -> TimeDelta {
    TimeDelta::from_std(asked).unwrap_or(LONGEST_ASKED).min(LONGEST_ASKED)
}

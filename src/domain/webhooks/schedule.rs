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

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Answer {
        Answer::Answered { status, retry_after: None, body: String::new() }
    }

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    /// EVT-7: a failing endpoint is tried for three days, ever more seldom, and then no more.
    #[test]
    fn what_cannot_be_reached_is_tried_for_three_days() {
        for answer in
            [answered(500), answered(302), answered(429), answered(408), Answer::Failed("no".into())]
        {
            let (mut now, mut tries) = (start(), 1);
            let mut waits = Vec::new();
            while let Verdict::Again(next) = judge(&answer, tries, start(), now) {
                waits.push(next - now);
                (now, tries) = (next, tries + 1);
            }
            assert_eq!(judge(&answer, tries, start(), now), Verdict::Unreachable, "{answer:?}");
            assert!(waits.is_sorted(), "{waits:?}");
            assert!(now - start() > TimeDelta::hours(60) && now - start() <= PATIENCE, "{}", now - start());
        }
    }

    /// EVT-7
    #[test]
    fn what_an_endpoint_refuses_is_tried_five_times() {
        for status in [400, 401, 404, 422] {
            let verdict = |tries| judge(&answered(status), tries, start(), start());
            assert!((1..5).all(|tries| matches!(verdict(tries), Verdict::Again(_))), "{status}");
            assert_eq!(verdict(5), Verdict::Refused, "{status}");
        }
    }

    /// EVT-7
    #[test]
    fn a_2xx_delivers_and_410_ends_it() {
        assert_eq!(judge(&answered(204), 1, start(), start()), Verdict::Delivered);
        assert_eq!(judge(&answered(410), 1, start(), start()), Verdict::Gone);
    }

    /// EVT-7: within reason.
    #[test]
    fn an_endpoint_may_ask_for_time() {
        let asks = |seconds| Answer::Answered {
            status: 429,
            retry_after: Some(Duration::from_secs(seconds)),
            body: String::new(),
        };
        assert_eq!(judge(&asks(120), 1, start(), start()), Verdict::Again(start() + TimeDelta::seconds(120)));
        assert_eq!(judge(&asks(1), 1, start(), start()), Verdict::Again(start() + TimeDelta::seconds(5)));
        assert_eq!(judge(&asks(u64::MAX), 1, start(), start()), Verdict::Again(start() + LONGEST_ASKED));
    }
}

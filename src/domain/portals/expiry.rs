//! When a portal or link ends (LINK-1): a number of days, or a day of the organisation's.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::domain::validation::Checks;

/// The longest expiry in days: ten years.
const LONGEST: i32 = 3_650;

/// When it ends, as staff say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Expiry {
    /// Not by itself.
    Never,
    /// So many times 24 hours from now.
    Days(i32),
    /// At the end of this day in the organisation's time zone.
    Until(NaiveDate),
}

impl Expiry {
    /// The instant from which it is closed; notes a problem if that is not ahead.
    pub fn instant(self, checks: &mut Checks, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::Days(days) => {
                if !(1..=LONGEST).contains(&days) {
                    checks.problem("expiry", format!("Choose 1 to {LONGEST} days."));
                    return None;
                }
                Some(now + TimeDelta::days(days.into()))
            }
            Self::Until(day) => {
                let end = end_of_day(day, zone);
                if end.is_none_or(|end| end <= now) {
                    checks.problem("expiry", "Choose today or a later day.");
                }
                end
            }
        }
    }
}

/// The first instant of the following day. Where the clock skips midnight, the first one after it.
pub fn end_of_day(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    (0..=3)
        .find_map(|hours| (midnight + TimeDelta::hours(hours)).and_local_timezone(zone).earliest())
        .map(|end| end.with_timezone(&Utc))
}

//! Days and phases in people's words.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};

/// "4 December", with the year where it is another one.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    let pattern = if date.year() == today.year() { "%-d %B" } else { "%-d %B %Y" };
    date.format(pattern).to_string()
}

/// A day that is over, or today: "Yesterday", "Friday, 20 November".
pub fn past(date: NaiveDate, today: NaiveDate) -> String {
    match (today - date).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => format!("{}, {}", date.format("%A"), day(date, today)),
    }
}

/// "4 December, 14:05".
pub fn moment(moment: NaiveDateTime, today: NaiveDate) -> String {
    format!("{}, {}", day(moment.date(), today), moment.format("%H:%M"))
}

/// How far a day to come is away, where that is easier to grasp than its date.
pub fn away(date: NaiveDate, today: NaiveDate) -> Option<String> {
    match (date - today).num_days() {
        0 => Some("today".to_owned()),
        1 => Some("tomorrow".to_owned()),
        days @ 2..=20 => Some(format!("in {days} days")),
        days @ 21..=60 => Some(format!("in {} weeks", (days + 3) / 7)),
        _ => None,
    }
}

/// "Due 4 December", or "Was due" once the day is over.
pub fn due(date: NaiveDate, today: NaiveDate) -> String {
    format!("{} {}", if date < today { "Was due" } else { "Due" }, day(date, today))
}

/// A client phase as people read it.
pub fn phase(phase: &str) -> &'static str {
    match phase {
        "PLANNING" => "Planning",
        "SCHEDULED" => "Scheduled",
        "IN_PROGRESS" => "In progress",
        "IN_REVIEW" => "In review",
        _ => "Delivered",
    }
}

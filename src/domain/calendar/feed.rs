//! A portal's calendar in the words of calendar programs (RFC 5545).

use chrono::{DateTime, Days, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _};

use super::entries::{Entry, EntryKind, Span, entries};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::{Error, Result};

/// How many days before and after today a program is told of.
const BEHIND: u64 = 366;
const AHEAD: u64 = 3 * 366;

/// What a program reads: a year back, three years ahead.
pub async fn feed(tx: &Tx<Portal>, now: DateTime<Utc>) -> Result<String> {
    let portal = tx.scope();
    let today = portal.today(now);
    let ends = today.checked_sub_days(Days::new(BEHIND)).zip(today.checked_add_days(Days::new(AHEAD)));
    let (first, last) = ends.ok_or_else(|| Error::internal(anyhow::anyhow!("no such year")))?;
    let span = Span::new(first, last, portal.time_zone())?;
    Ok(write(&portal.title, &entries(tx, &span).await?, now))
}

/// Writes entries as one calendar: nobody's text becomes a line of its own.
pub fn write(title: &str, entries: &[Entry], now: DateTime<Utc>) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//Vestibule//Portal calendar//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.append_property(("METHOD", "PUBLISH"));
    calendar.append_property(("REFRESH-INTERVAL;VALUE=DURATION", "PT1H"));
    calendar.name(&one_line(title));
    for entry in entries {
        calendar.push(event(entry, now));
    }
    calendar.to_string()
}

fn event(entry: &Entry, now: DateTime<Utc>) -> Event {
    let mut event = Event::new();
    event.uid(&format!("{}@vestibule", entry.id)).timestamp(now).summary(&one_line(&entry.title));
    if let Some(body) = &entry.body {
        event.description(&lines(body));
    }
    if let Some(location) = &entry.location {
        event.location(&one_line(location));
    }
    match entry.times {
        Some((start, end)) => event.starts(start).ends(end),
        // A day is written as lasting until the next one.
        None => {
            event.starts(entry.first).ends(entry.last.checked_add_days(Days::new(1)).unwrap_or(entry.last))
        }
    };
    if entry.kind == EntryKind::Milestone {
        event.add_property("TRANSP", "TRANSPARENT");
    }
    event.done()
}

/// The crate escapes what has a meaning in a value, line feeds among it; a bare carriage return, which some
/// readers take for the end of a line, it leaves alone.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

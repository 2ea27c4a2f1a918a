//! The calendar (CAL-1): a month as a table or as a list, and the address for calendar programs. On a phone
//! the month is a list; which of the two shows is the style sheet's to say.

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;

use super::doorway::{self, Frame};
use super::sections::Here;
use super::{Visit, words};

/// How many months before and after this one there are pages of.
const REACH: i32 = 12;

/// What the page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The first day of the month; none is this one.
    month: Option<NaiveDate>,
    /// Whether as a list.
    list: bool,
}

impl Wanted {
    /// Reads `month=2026-12` and `view=list`; what is neither is this month, as a table.
    pub fn new(month: Option<&str>, view: Option<&str>, now: DateTime<Utc>) -> Self {
        let month = month.and_then(|month| format!("{month}-01").parse().ok());
        // Nearly: where the organisation is, another month may have begun already.
        let near = |day: &NaiveDate| months(now.date_naive(), *day).abs() <= REACH + 1;
        Self { month: month.filter(near), list: view == Some("list") }
    }

    /// The variables of the document.
    pub fn variables(self) -> serde_json::Value {
        serde_json::json!({ "from": self.month, "to": self.month.map(last_of_month) })
    }
}

/// How many months lie between two days' months.
fn months(from: NaiveDate, to: NaiveDate) -> i32 {
    (to.year() - from.year()) * 12 + to.month0() as i32 - from.month0() as i32
}

fn last_of_month(first: NaiveDate) -> NaiveDate {
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    calendar: CalendarAnswer,
    calendar_subscriptions: Vec<SubscriptionAnswer>,
}

#[derive(Debug, Deserialize)]
struct CalendarAnswer {
    from: NaiveDate,
    entries: Vec<EntryAnswer>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryAnswer {
    kind: String,
    id: String,
    title: String,
    body: Option<String>,
    location: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    record_id: Option<String>,
    record_name: Option<String>,
    completed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionAnswer {
    id: String,
    created_at: DateTime<Utc>,
}

/// What came of a form.
#[derive(Clone, Debug, Default)]
pub struct Subscribing {
    /// The new address, shown this once.
    pub url: Option<String>,
    /// Why there is none.
    pub trouble: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "calendar.html")]
pub(super) struct CalendarPage {
    frame: Frame,
    /// "December 2026".
    month: String,
    list: bool,
    /// Of the month before, of this one, and of the next.
    before: Option<String>,
    now: Option<String>,
    after: Option<String>,
    as_table: String,
    as_list: String,
    weeks: Vec<Vec<Cell>>,
    days: Vec<AgendaDay>,
    zone: String,
    own: Vec<Own>,
    subscribing: Subscribing,
}

/// A day in the table; a blank one belongs to another month.
struct Cell {
    day: Option<CellDay>,
}

struct CellDay {
    iso: String,
    number: u32,
    today: bool,
    entries: Vec<Entry>,
}

/// A day in the list.
struct AgendaDay {
    iso: String,
    weekday: String,
    text: String,
    away: Option<String>,
    past: bool,
    entries: Vec<Entry>,
}

/// An entry on one of its days.
#[derive(Clone)]
struct Entry {
    id: String,
    milestone: bool,
    completed: bool,
    title: String,
    /// "09:30", "until 11:00"; none for a whole day.
    time: Option<String>,
    /// "09:30 to 11:00", "4 to 6 December".
    lasts: Option<String>,
    body: Option<String>,
    location: Option<String>,
    record: Option<(String, String)>,
}

struct Own {
    id: String,
    made: String,
}

impl CalendarPage {
    /// None if the portal shows no calendar.
    pub fn new(answer: Answer, visit: &Visit<'_>, wanted: Wanted, subscribing: Subscribing) -> Option<Self> {
        let frame = Frame::new(answer.around, Here::Section("CALENDAR"), visit);
        if !frame.shows_calendar {
            return None;
        }
        let first = answer.calendar.from;
        let days = by_day(&answer.calendar.entries, first, &frame);
        let distance = months(frame.today, first);
        let link = |months: i32| address(&frame.home, shifted(first, months), wanted.list);
        let own = answer
            .calendar_subscriptions
            .into_iter()
            .map(|own| Own { id: own.id, made: words::day(frame.day_of(own.created_at), frame.today) });
        Some(Self {
            month: first.format("%B %Y").to_string(),
            list: wanted.list,
            before: (distance > -REACH).then(|| link(-1)),
            now: (distance != 0).then(|| address(&frame.home, None, wanted.list)),
            after: (distance < REACH).then(|| link(1)),
            as_table: address(&frame.home, wanted.month, false),
            as_list: address(&frame.home, wanted.month, true),
            weeks: if wanted.list { Vec::new() } else { weeks(first, &days, frame.today) },
            days: days.into_iter().map(|(day, entries)| AgendaDay::new(day, entries, &frame)).collect(),
            zone: frame.zone_name(),
            own: own.collect(),
            subscribing,
            frame,
        })
    }
}

fn shifted(first: NaiveDate, months: i32) -> Option<NaiveDate> {
    let distance = Months::new(months.unsigned_abs());
    if months < 0 { first.checked_sub_months(distance) } else { first.checked_add_months(distance) }
}

fn address(home: &str, month: Option<NaiveDate>, list: bool) -> String {
    let month = month.map(|month| format!("month={}", month.format("%Y-%m")));
    let view = list.then(|| "view=list".to_owned());
    let query: Vec<String> = [month, view].into_iter().flatten().collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{home}/calendar{mark}{}", query.join("&"))
}

/// The entries of each day of the month that has some.
fn by_day(answers: &[EntryAnswer], first: NaiveDate, frame: &Frame) -> BTreeMap<NaiveDate, Vec<Entry>> {
    let last = last_of_month(first);
    let mut days: BTreeMap<NaiveDate, Vec<Entry>> = BTreeMap::new();
    for answer in answers {
        let (mut day, end) = (answer.starts_on.max(first), answer.ends_on.min(last));
        while day <= end {
            days.entry(day).or_default().push(Entry::new(answer, day, frame));
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
    }
    days
}

/// Weeks from Monday to Sunday.
fn weeks(first: NaiveDate, days: &BTreeMap<NaiveDate, Vec<Entry>>, today: NaiveDate) -> Vec<Vec<Cell>> {
    let blank = |_| Cell { day: None };
    let mut cells: Vec<Cell> = (0..first.weekday().num_days_from_monday()).map(blank).collect();
    cells.extend(first.iter_days().take_while(|day| day.month() == first.month()).map(|day| Cell {
        day: Some(CellDay {
            iso: day.to_string(),
            number: day.day(),
            today: day == today,
            entries: days.get(&day).cloned().unwrap_or_default(),
        }),
    }));
    let missing = (7 - cells.len() as u32 % 7) % 7;
    cells.extend((0..missing).map(blank));
    let mut weeks = Vec::new();
    let mut cells = cells.into_iter().peekable();
    while cells.peek().is_some() {
        weeks.push(cells.by_ref().take(7).collect());
    }
    weeks
}

impl AgendaDay {
    fn new(day: NaiveDate, entries: Vec<Entry>, frame: &Frame) -> Self {
        Self {
            iso: day.to_string(),
            weekday: day.format("%A").to_string(),
            text: words::day(day, frame.today),
            away: words::away(day, frame.today),
            past: day < frame.today,
            entries,
        }
    }
}

impl Entry {
    fn new(answer: &EntryAnswer, day: NaiveDate, frame: &Frame) -> Self {
        let clock = |moment: DateTime<Utc>| frame.clock_of(moment);
        let spans = answer.starts_on < answer.ends_on;
        let (time, lasts) = match answer.starts_at.zip(answer.ends_at) {
            Some((start, end)) if end - start < TimeDelta::minutes(1) => {
                (Some(clock(start)), Some(clock(start)))
            }
            Some((start, end)) if !spans => {
                (Some(clock(start)), Some(format!("{} to {}", clock(start), clock(end))))
            }
            Some((start, end)) => {
                let time = match day {
                    day if day == answer.starts_on => Some(clock(start)),
                    day if day == answer.ends_on => Some(format!("until {}", clock(end))),
                    _ => None,
                };
                let word =
                    |day: NaiveDate, moment| format!("{}, {}", words::day(day, frame.today), clock(moment));
                (time, Some(format!("{} to {}", word(answer.starts_on, start), word(answer.ends_on, end))))
            }
            None if spans => {
                let word = |day| words::day(day, frame.today);
                (None, Some(format!("{} to {}", word(answer.starts_on), word(answer.ends_on))))
            }
            None => (None, None),
        };
        let record = answer.record_id.as_ref().zip(answer.record_name.as_ref());
        Self {
            id: format!("{}-{}", answer.id, day.day()),
            milestone: answer.kind == "MILESTONE",
            completed: answer.completed,
            title: answer.title.clone(),
            time,
            lasts,
            body: answer.body.clone(),
            location: answer.location.clone(),
            record: record.map(|(id, name)| (format!("{}/records/{id}", frame.home), name.clone())),
        }
    }
}

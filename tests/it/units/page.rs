//! The page's words, and the months of its calendar (REC-8, FILE-1, CAL-1).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use vestibule::page::files::size;
use vestibule::page::words::{self, day, due, past};
use vestibule::page::{self, Subscribing, Visit, WantedMonth};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// REC-8
#[test]
fn days_are_said_as_people_say_them() {
    let today = date("2026-11-22");
    assert_eq!(due(date("2026-12-04"), today), "Due 4 December");
    assert_eq!(due(date("2026-11-21"), today), "Was due 21 November");
    assert_eq!(day(date("2027-01-01"), today), "1 January 2027");
    assert_eq!(past(date("2026-11-21"), today), "Yesterday");
    assert_eq!(past(date("2026-11-20"), today), "Friday, 20 November");
    let moment = |text: &str| words::moment(text.parse().unwrap(), today);
    assert_eq!(moment("2026-11-21T09:05:00"), "21 November, 09:05");
    let away = |text| words::away(date(text), today);
    assert_eq!(away("2026-11-22").unwrap(), "today");
    assert_eq!(away("2026-11-23").unwrap(), "tomorrow");
    assert_eq!(away("2026-12-04").unwrap(), "in 12 days");
    assert_eq!(away("2026-12-20").unwrap(), "in 4 weeks");
    assert_eq!(away("2026-11-21"), None);
}

/// FILE-1
#[test]
fn sizes_are_said_as_people_say_them() {
    for (bytes, said) in [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_240_000, "1.2 MB"),
        (52_428_800, "52 MB"),
        (999_960, "1.0 MB"),
    ] {
        assert_eq!(size(bytes), said);
    }
}

/// CAL-1
#[test]
fn only_months_near_this_one_have_a_page() {
    let now: DateTime<Utc> = "2026-11-26T12:00:00Z".parse().unwrap();
    let month = |text: &str| {
        let variables = WantedMonth::new(Some(text), None, now).variables();
        variables["from"].as_str().map(str::to_owned)
    };
    assert_eq!(month("2026-12").as_deref(), Some("2026-12-01"));
    assert_eq!(month("2027-11").as_deref(), Some("2027-11-01"));
    for strange in ["2031-01", "1999-12", "2026-13", "december", "", "2026-12-04"] {
        assert_eq!(month(strange), None, "{strange}");
    }
}

/// CAL-1
#[test]
fn a_month_is_whole_weeks_from_monday() {
    let weeks = weeks("2026-12-01", "2026-12-04T12:00:00Z".parse().unwrap());
    assert_eq!(weeks.len(), 5);
    assert!(weeks.iter().all(|week| week.len() == 7));
    let number = |week: usize, day: usize| weeks[week][day];
    assert_eq!((number(0, 0), number(0, 1), number(4, 3), number(4, 4)), (None, Some(1), Some(31), None));
}

/// The numbers in the table of the month that begins on `first`; none is a day of another month.
fn weeks(first: &str, now: DateTime<Utc>) -> Vec<Vec<Option<u32>>> {
    let visit = Visit { entrance: "/portal", token: "token", now, inside: None };
    let wanted = WantedMonth::new(None, None, now);
    let page = page::calendar(empty_month(first), &visit, wanted, Subscribing::default()).unwrap().unwrap();
    let (_, table) = page.split_once("<tbody>").unwrap();
    let (table, _) = table.split_once("</tbody>").unwrap();
    let number =
        |cell: &str| -> Option<u32> { cell.split_once("</time>")?.0.rsplit('>').next()?.parse().ok() };
    let numbers = |week: &str| -> Vec<Option<u32>> { week.split("<td").skip(1).map(number).collect() };
    table.split("<tr>").skip(1).map(numbers).collect()
}

fn empty_month(first: &str) -> Value {
    let organization = json!({
        "name": "Alder",
        "accentColor": "#2f5d8a",
        "welcomeMessage": null,
        "website": null,
        "supportEmail": null,
        "timeZone": "UTC",
    });
    let doorway = json!({
        "title": "Acme",
        "modes": ["CALENDAR"],
        "notifications": false,
        "attribution": null,
        "companyName": "Acme",
        "organization": organization,
    });
    json!({ "portal": {
        "doorway": doorway,
        "sections": [],
        "calendar": { "from": first, "entries": [] },
        "calendarSubscriptions": [],
    } })
}

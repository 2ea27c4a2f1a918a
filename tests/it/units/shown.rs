//! What clients are shown, in people's words and in those of calendar programs (EVT-8, REC-3, CAL-1).

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;
use vestibule::db::enums::FieldKind;
use vestibule::db::ids::{FieldId, RecordId, RecordTypeId};
use vestibule::domain::activity::words;
use vestibule::domain::calendar::entries::{Entry, EntryKind};
use vestibule::domain::calendar::feed::write;
use vestibule::domain::shared_records::{SharedField, SharedRecord, values};

/// EVT-8
#[test]
fn events_are_told_in_people_s_words() {
    let told = |kind, subject| words::text(kind, subject, Some("Relaunch <>"));
    assert_eq!(told("record.moved", None).unwrap(), "Relaunch <> has moved on");
    assert_eq!(told("message.posted", Some("A{}da")).unwrap(), "A{}da wrote on Relaunch <>");
    assert_eq!(told("milestone.completed", None).unwrap(), "A milestone of Relaunch <> was reached");
    for subject in [None, Some("Poster")] {
        let withdrawn = told("deliverable.archived", subject).unwrap();
        assert_eq!(withdrawn, "A deliverable of Relaunch <> was withdrawn");
    }
    assert_eq!(words::text("activity.appended", Some("A form"), None).unwrap(), "A form");
    assert_eq!(words::text("activity.appended", None, None), None);
    assert_eq!(words::text("record.moved", None, None), None);
    assert_eq!(told("record.archived", None), None);
}

/// The value of a record's only field, as people read it.
fn text(kind: FieldKind, value: &Value) -> Option<String> {
    let record = SharedRecord {
        id: RecordId(Uuid::nil()),
        type_id: RecordTypeId(Uuid::nil()),
        name: "Relaunch".to_owned(),
        phase: None,
        stage_id: None,
        status: None,
        description: None,
        percent: None,
        starts_on: None,
        due_on: None,
        custom_shared: json!({ "field": value }),
    };
    let field = SharedField {
        id: FieldId(Uuid::nil()),
        type_id: record.type_id,
        key: "field".to_owned(),
        label: "Field".to_owned(),
        kind,
    };
    values(&record, &[field]).pop().map(|shared| shared.text)
}

/// REC-3
#[test]
fn values_read_as_people_write_them() {
    let money = |amount: Value| text(FieldKind::Money, &json!({ "amount": amount, "currency": "EUR" }));
    assert_eq!(money(json!("1234567.50")).unwrap(), "EUR 1,234,567.50");
    assert_eq!(money(json!("-123456")).unwrap(), "EUR -123,456");
    assert_eq!(money(json!(12.5)).unwrap(), "EUR 12.5");
    assert_eq!(text(FieldKind::Date, &json!("2026-12-04")).unwrap(), "4 December 2026");
    assert_eq!(text(FieldKind::Boolean, &json!(false)).unwrap(), "No");
    assert_eq!(text(FieldKind::Text, &json!(null)), None);
}

fn entry(title: &str, body: &str) -> Entry {
    let day: NaiveDate = "2026-12-04".parse().unwrap();
    Entry {
        kind: EntryKind::Event,
        id: Uuid::nil(),
        title: title.to_owned(),
        body: Some(body.to_owned()),
        location: Some("Room 1; the\rold\none".to_owned()),
        times: None,
        first: day,
        last: day,
        record_id: None,
        record_name: None,
        completed: false,
    }
}

/// CAL-1
#[test]
fn nobodys_text_becomes_a_line_of_the_feed() {
    for end in ["\n", "\r\n", "\r", "\u{2028}", "\\n"] {
        let hostile =
            format!("x{end}END:VEVENT{end}BEGIN:VEVENT{end}SUMMARY:planted{end}ATTACH:file:///etc/passwd");
        let feed = write(&hostile, &[entry(&hostile, &hostile)], DateTime::UNIX_EPOCH);
        let unfolded = feed.replace("\r\n ", "");
        let starting =
            |with: &str| unfolded.split(['\r', '\n']).filter(|line| line.starts_with(with)).count();
        for (line, count) in [("BEGIN:VEVENT", 1), ("END:VEVENT", 1), ("SUMMARY", 1), ("ATTACH", 0)] {
            assert_eq!(starting(line), count, "{line} with {end:?} in {feed}");
        }
        assert!(!feed.replace("\r\n", "").contains(['\r', '\n']), "a bare line end with {end:?}");
    }
}

/// CAL-1
#[test]
fn whole_days_last_until_the_next_and_lines_are_folded() {
    let feed = write("Alder", &[entry(&"Long ".repeat(40), "a,b;c\\d")], DateTime::UNIX_EPOCH);
    assert!(
        feed.contains("DTSTART;VALUE=DATE:20261204") && feed.contains("DTEND;VALUE=DATE:20261205"),
        "{feed}"
    );
    assert!(feed.contains("DESCRIPTION:a\\,b\\;c\\\\d"), "{feed}");
    assert!(feed.split("\r\n").all(|line| line.len() <= 75), "{feed}");
}

//! Files: what they are called, what they are, and what the headers of a download say (FILE-1, FILE-2,
//! FILE-4, DEL-5).

use std::collections::HashSet;

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};
use vestibule::domain::files::content::{HEAD, media_type};
use vestibule::domain::files::names::{self, clean_name};
use vestibule::http::transfer::free_name;
use vestibule::http::transfer::headers::{Part, disposition, is_safe_inline, part};

/// What is told of bytes that are nothing in particular.
const OCTETS: &str = "application/octet-stream";

/// FILE-4
#[test]
fn a_text_is_a_text_wherever_its_first_bytes_end() {
    let text = "ü".repeat(HEAD);
    for end in [HEAD, HEAD - 1] {
        assert_eq!(media_type(&text.as_bytes()[..end], "Notes.txt"), "text/plain; charset=utf-8", "{end}");
    }
    assert_eq!(media_type(b"Gr\xfc\xdfe", "Notes.txt"), OCTETS);
    assert_eq!(media_type(text.as_bytes(), "Notes.bin"), OCTETS);
}

/// FILE-2
#[test]
fn whatever_a_name_holds_it_is_the_last_part_of_it() {
    for (given, kept) in [
        ("Plan.pdf", Some("Plan.pdf")),
        ("../../etc/passwd", Some("passwd")),
        ("C:\\Users\\ada\\Plan.pdf", Some("Plan.pdf")),
        ("a/b\\..\\Plan.pdf", Some("Plan.pdf")),
        ("\u{202e}fdp.exe", Some("fdp.exe")),
        ("Plan\0.pdf", Some("Plan.pdf")),
        (" two  words\n.pdf ", Some("two words.pdf")),
        ("..", None),
        ("/", None),
        ("", None),
        (".pdf", Some("pdf")),
    ] {
        assert_eq!(clean_name(given).as_deref(), kept, "{given:?}");
    }
    let long = clean_name(&format!("{}.pdf", "x".repeat(400))).unwrap();
    assert!(long.len() == 200 && long.ends_with(".pdf"));
}

/// FILE-2
#[test]
fn a_part_of_a_path_is_one_part() {
    for text in ["../up", "a/b", "a\\b", "..", "", "a\0b", "C:"] {
        let part = names::part(text);
        assert!(!part.contains(['/', '\\', '\0', ':']) && part != ".." && !part.is_empty(), "{part}");
    }
    assert!(names::part(&"ü".repeat(200)).len() <= 120);
}

/// FILE-1
#[test]
fn every_path_of_an_archive_stays_below_where_it_is_unpacked() {
    let mut taken = HashSet::new();
    let mut name = |folder: &str, file: &str| free_name(&mut taken, &[folder.into(), file.into()]);
    assert_eq!(name("Website", "Plan.pdf"), "Website/Plan.pdf");
    assert_eq!(name("...", "Plan.pdf"), "untitled/Plan.pdf");
    assert_eq!(name(". .", "PLAN.pdf"), "untitled/PLAN (2).pdf");
    assert_eq!(name("..", "/etc/passwd"), "untitled/-etc-passwd");
    assert_eq!(name("C:\\Windows", "..\\evil.dll"), "C--Windows/-evil.dll");
}

fn asked(range: &str, condition: Option<&str>) -> Part {
    let mut headers = HeaderMap::new();
    headers.insert(RANGE, range.parse().unwrap());
    if let Some(condition) = condition {
        headers.insert(IF_RANGE, condition.parse().unwrap());
    }
    part(&headers, 100, Some("\"a\""))
}

/// DEL-5
#[test]
fn one_part_is_sent_as_it_was_asked_for() {
    assert_eq!(asked("bytes=0-9", None), Part::Some(0..10));
    assert_eq!(asked("bytes=90-", None), Part::Some(90..100));
    assert_eq!(asked("bytes=-10", None), Part::Some(90..100));
    assert_eq!(asked("bytes=-1000", None), Part::Some(0..100));
    assert_eq!(asked("bytes=50-1000", None), Part::Some(50..100));
    assert_eq!(asked("Bytes=0-9", None), Part::Some(0..10));
    for none in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
        assert_eq!(asked(none, None), Part::None, "{none}");
    }
    for whole in [
        "bytes=9-0",
        "bytes=0-1,5-6",
        "lines=0-9",
        "bytes=x-9",
        "bytes",
        "bytes=-",
        "bytes=+1-9",
        "bytes=0-+9",
        "bytes=--5",
    ] {
        assert_eq!(asked(whole, None), Part::Whole, "{whole}");
    }
}

/// DEL-5
#[test]
fn a_part_of_another_version_is_no_part() {
    assert_eq!(asked("bytes=0-9", Some("\"a\"")), Part::Some(0..10));
    assert_eq!(asked("bytes=0-9", Some("\"b\"")), Part::Whole);
    assert_eq!(asked("bytes=0-9", Some("W/\"a\"")), Part::Whole);
}

/// FILE-4
#[test]
fn a_name_reaches_every_program_and_breaks_out_of_no_header() {
    assert_eq!(
        disposition("Grüße \"x\"\r\nSet-Cookie: a.pdf", false),
        "attachment; filename=\"Gr__e _x___Set-Cookie: a.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22x%22%0D%0ASet-Cookie%3A%20a.pdf"
    );
    assert!(disposition("a.png", true).starts_with("inline;"));
    assert!(!is_safe_inline("image/svg+xml") && !is_safe_inline("text/html"));
}

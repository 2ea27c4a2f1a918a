//! Mails: their addresses and headers, how they leave, and when they are tried again (INV-4, NOTE-4, NOTE-5).

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta};
use secrecy::ExposeSecret as _;
use vestibule::adapters::mail::{Answer, Correspondent, Line, Mail, Mailer};
use vestibule::config::{Delivery, Env, MailConfig, Relay, RelayTls};
use vestibule::domain::mails::MailAddress;
use vestibule::domain::mails::schedule::next;

/// Between the first two tries, between any two at most, and from queueing to giving up.
const FIRST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::hours(4);
const PATIENCE: TimeDelta = TimeDelta::days(2);

fn text(address: &str) -> Option<String> {
    MailAddress::parse(address).map(|address| address.to_text())
}

/// INV-4
#[test]
fn case_space_and_the_writing_of_a_domain_make_no_other_address() {
    for written in ["ada@bücher.example", "  Ada@BÜCHER.example\n", "ADA@xn--bcher-kva.example"] {
        assert_eq!(text(written).unwrap(), "ada@xn--bcher-kva.example", "{written}");
    }
    assert_ne!(text("ada+1@acme.example"), text("ada@acme.example"));
}

/// NOTE-5
#[test]
fn what_could_break_a_header_is_no_address() {
    for hostile in [
        "ada@acme.example\r\nBcc: all@acme.example",
        "Ada <ada@acme.example>",
        "\"a b\"@acme.example",
        "ada@[192.0.2.1]",
        "ada@192.0.2.1",
        "@acme.example",
        "ada",
        "ada,bob@acme.example",
    ] {
        assert_eq!(text(hostile), None, "{hostile}");
    }
}

/// NOTE-4
#[test]
fn tries_grow_rarer_and_end_after_two_days() {
    let queued = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let (mut now, mut tries) = (queued, 1);
    while let Some(due) = next(tries, queued, now) {
        assert!(due > now && due - now <= LONGEST);
        (now, tries) = (due, tries + 1);
    }
    assert_eq!(next(1, queued, queued).unwrap() - queued, FIRST);
    assert!((15..25).contains(&tries), "{tries}");
    assert!(now - queued < PATIENCE + LONGEST);
}

fn mail() -> Mail {
    Mail {
        id: "1".into(),
        at: SystemTime::UNIX_EPOCH,
        sender: Line::new("Acme\r\nBcc: all@acme.example"),
        to: Correspondent::new(Some(&Line::new("Ada\nX-Evil: 1")), "ada", "acme.example").unwrap(),
        reply_to: None,
        subject: Line::new("Hello\r\n\r\n<script>\r\nX-Evil: 2"),
        text: "text".into(),
        html: "<p>html".into(),
        one_click: Some("https://acme.example/stop".parse().unwrap()),
    }
}

/// NOTE-5
#[tokio::test]
async fn no_text_becomes_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let env = Env::of([("MAIL_FOLDER", folder.path().to_str().unwrap().to_owned())]);
    let mailer = Mailer::new(&MailConfig::read(&env).unwrap()).unwrap();
    assert_eq!(mailer.send(mail()).await, Answer::Taken);
    let written = std::fs::read_to_string(folder.path().join("1.eml")).unwrap();
    let head = written.split_once("\r\n\r\n").unwrap().0;
    let names: Vec<&str> = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    assert_eq!(
        names,
        [
            "Message-ID",
            "Date",
            "From",
            "To",
            "Subject",
            "Auto-Submitted",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "MIME-Version",
            "Content-Type"
        ]
    );
    assert!(head.contains("List-Unsubscribe: <https://acme.example/stop>\r\n"), "{head}");
}

/// NOTE-5
#[test]
fn an_address_that_would_end_a_header_is_refused() {
    for hostile in ["ada\r\nBcc: x", "a b", ""] {
        assert!(Correspondent::new(None, hostile, "acme.example").is_none(), "{hostile}");
    }
    assert!(Correspondent::new(None, "ada", "acme.example\r\nBcc: x").is_none());
}

fn read(pairs: &[(&str, &str)]) -> anyhow::Result<MailConfig> {
    MailConfig::read(&Env::of(pairs.iter().map(|(name, value)| (*name, (*value).to_owned()))))
}

fn relay_of(url: &str) -> Relay {
    match read(&[("SMTP_URL", url), ("MAIL_FROM", "portal@acme.example")]).unwrap().delivery {
        Delivery::Smtp(relay) => relay,
        Delivery::Folder(_) => panic!("no relay"),
    }
}

/// NOTE-5
#[test]
fn smtp_insists_on_tls_unless_told_otherwise() {
    let wrapped = relay_of("smtps://us%40er:p%2Fw+d@mail.example");
    assert_eq!((wrapped.tls, wrapped.port), (RelayTls::Wrapped, 465));
    let (user, password) = wrapped.login.unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("us@er", "p/w+d"));
    let upgraded = relay_of("smtp://mail.example:2525");
    assert_eq!((upgraded.tls, upgraded.port), (RelayTls::StartTls, 2525));
    assert_eq!(relay_of("smtp://localhost:25?tls=none").tls, RelayTls::None);
}

/// NOTE-5
#[test]
fn a_wrong_address_stops_the_start_and_shows_no_password() {
    for wrong in ["http://u:secret@h", "smtp://u:secret@h?tls=maybe", "u:secret@h", "smtps://u:secret@"] {
        let error = read(&[("SMTP_URL", wrong), ("MAIL_FROM", "portal@acme.example")]).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("SMTP_URL") && !error.contains("secret@"), "{error}");
    }
    assert!(read(&[("SMTP_URL", "smtps://mail.example")]).is_err());
    assert!(read(&[("MAIL_FROM", "nobody")]).is_err());
    assert!(matches!(read(&[]).unwrap().delivery, Delivery::Folder(_)));
}

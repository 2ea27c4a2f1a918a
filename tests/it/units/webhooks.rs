//! EVT-7: what becomes of a webhook after a try, and which addresses may be reached at all.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use vestibule::adapters::outbound::{Guard, PRIVATE};
use vestibule::domain::webhooks::delivering::Answer;
use vestibule::domain::webhooks::schedule::{Verdict, judge};

/// How long an event is tried for, and the longest wait that an endpoint can ask for.
const PATIENCE: TimeDelta = TimeDelta::days(3);
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(1);

fn answered(status: u16) -> Answer {
    Answer::Answered { status, retry_after: None, body: String::new() }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// EVT-7: a failing endpoint is tried for three days, ever more seldom, and then no more.
#[test]
fn what_cannot_be_reached_is_tried_for_three_days() {
    for answer in [answered(500), answered(302), answered(429), answered(408), Answer::Failed("no".into())] {
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

fn objects(guard: &Guard, address: &str) -> bool {
    guard.check(&Url::parse(address).unwrap()).is_err()
}

/// EVT-7
#[test]
fn private_addresses_are_refused_however_they_are_written() {
    let guard = Guard::new(Vec::new());
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:1::1]",
        "[ff02::1]",
    ] {
        assert!(objects(&guard, &format!("https://{host}/hook")), "{host}");
    }
    for host in ["93.184.216.34", "[2606:2800:220:1::1]", "partner.example"] {
        assert!(!objects(&guard, &format!("https://{host}/hook")), "{host}");
    }
}

/// EVT-7
#[test]
fn only_https_without_a_password_in_it() {
    let guard = Guard::new(Vec::new());
    for address in ["http://93.184.216.34/", "ftp://93.184.216.34/", "https://me:secret@93.184.216.34/"] {
        assert!(objects(&guard, address), "{address}");
    }
}

/// EVT-7: unless the operator allows it.
#[test]
fn the_operator_can_allow_a_network_and_no_more() {
    let guard = Guard::new(vec!["10.0.0.0/8".parse().unwrap()]);
    assert!(!objects(&guard, "http://10.1.2.3/hook"));
    assert!(objects(&guard, "http://127.0.0.1/hook"));
}

/// EVT-7: a name that leads to a private address is as private.
#[tokio::test]
async fn a_name_is_as_private_as_what_it_leads_to() {
    assert_eq!(Guard::new(Vec::new()).resolve("localhost").await.unwrap_err(), PRIVATE);
    let allowed = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
    assert!(!Guard::new(allowed.into()).resolve("localhost").await.unwrap().is_empty());
}

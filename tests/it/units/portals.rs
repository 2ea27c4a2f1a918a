//! Links and what an organisation says of them: tokens, when they end, which domains and which pages may
//! (LINK-1, LINK-2, LINK-5, LINK-11, API-7).

use chrono_tz::Tz;
use vestibule::domain::organizations::policy::domains;
use vestibule::domain::origins;
use vestibule::domain::portals::end_of_day;
use vestibule::domain::tokens::{Token, TokenKind, hash_link};
use vestibule::domain::validation::Checks;

fn has_link_form(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// LINK-2
#[test]
fn a_links_token_is_32_letters_and_digits() {
    let token = Token::new(TokenKind::Link).unwrap();
    assert!(has_link_form(&token.reveal()));
    assert_eq!(token.hash(), hash_link(&token.reveal()));
}

/// LINK-5
#[test]
fn a_sessions_token_is_no_address() {
    let token = Token::new(TokenKind::PortalSession).unwrap();
    assert_ne!(token.hash(), hash_link(&token.reveal()));
}

/// LINK-2
#[test]
fn a_token_cannot_be_printed() {
    let token = Token::new(TokenKind::StaffSession).unwrap();
    assert!(!format!("{token:?}").contains(&token.reveal()));
}

fn end(day: &str, zone: Tz) -> String {
    end_of_day(day.parse().unwrap(), zone).unwrap().to_rfc3339()
}

/// LINK-1
#[test]
fn a_day_ends_in_the_organisations_time_zone() {
    assert_eq!(end("2026-11-22", Tz::UTC), "2026-11-23T00:00:00+00:00");
    assert_eq!(end("2026-11-22", Tz::Europe__Berlin), "2026-11-22T23:00:00+00:00");
    assert_eq!(end("2026-07-01", Tz::America__New_York), "2026-07-02T04:00:00+00:00");
}

/// LINK-1
#[test]
fn a_day_before_a_skipped_midnight_ends_when_the_next_begins() {
    assert_eq!(end("2018-11-03", Tz::America__Sao_Paulo), "2018-11-04T03:00:00+00:00");
}

/// LINK-11
#[test]
fn domains_are_kept_once_and_as_addresses_write_them() {
    let kept = |typed: &[&str]| {
        let mut checks = Checks::new();
        let list = domains(&mut checks, &typed.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        checks.finish().ok().map(|()| list)
    };
    assert_eq!(kept(&[" Example.COM ", "@example.com"]), Some(vec!["example.com".to_owned()]));
    for wrong in ["example", "", ".com", "a..b", "-a.com", "*.example.com", "ada@example.com", "a b.com"] {
        assert_eq!(kept(&[wrong]), None, "{wrong}");
    }
}

/// The origin as it is kept; none if it is refused.
fn canonical(origin: &str) -> Option<String> {
    let mut checks = Checks::new();
    let kept = origins::parse(&mut checks, "allowedOrigins", vec![origin.to_owned()]).pop();
    checks.finish().ok().and(kept)
}

/// API-7
#[test]
fn an_origin_is_kept_as_browsers_send_it() {
    let kept = |origin| canonical(origin).unwrap_or_default();
    assert_eq!(kept(" https://Portal.Example.com/ "), "https://portal.example.com");
    assert_eq!(kept("https://portal.example.com:443"), "https://portal.example.com");
    assert_eq!(kept("https://bücher.example"), "https://xn--bcher-kva.example");
    assert_eq!(kept("http://localhost:5173"), "http://localhost:5173");
    for wrong in [
        "",
        "null",
        "*",
        "portal.example.com",
        "http://portal.example.com",
        "https://*.example.com",
        "https://a.example/path",
        "https://a.example?x",
        "https://me@a.example",
        "ftp://a.example",
        "https://",
        "javascript:alert(1)",
    ] {
        assert_eq!(canonical(wrong), None, "{wrong}");
    }
}

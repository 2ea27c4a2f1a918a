//! Who calls, how often, and what is remembered of it (API-5, API-6).

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use axum::http::HeaderMap;
use vestibule::config::RateLimits;
use vestibule::http::Persisted;
use vestibule::http::caller::{address, network};
use vestibule::http::track::parse_traceparent;
use vestibule::limits::{Limits, SWEEP};

fn seen(peer: &str, forwarded: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for value in forwarded {
        headers.append("x-forwarded-for", value.parse().unwrap());
    }
    let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
    network(address(&headers, peer.parse().unwrap(), &trusted)).to_string()
}

/// API-6
#[test]
fn whoever_is_no_proxy_of_ours_cannot_choose_an_address() {
    assert_eq!(seen("203.0.113.9", &[]), "203.0.113.9");
    assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    assert_eq!(seen("::ffff:203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
}

/// API-6
#[test]
fn behind_our_proxies_the_rightmost_stranger_counts() {
    assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.7"]), "198.51.100.1");
    assert_eq!(seen("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.7,10.0.0.8"]), "198.51.100.1");
    assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen("2001:db8:1::5", &["2001:db8:77:1:2:3:4:5"]), "2001:db8:77:1::");
}

/// API-6
#[test]
fn what_is_no_address_ends_the_chain_at_the_proxy_that_vouched_for_it() {
    assert_eq!(seen("10.0.0.1", &["198.51.100.1, garbage"]), "10.0.0.1");
    assert_eq!(seen("10.0.0.1", &["garbage, 10.0.0.9"]), "10.0.0.9");
    assert_eq!(seen("10.0.0.1", &["198.51.100.1, ,10.0.0.9"]), "10.0.0.9");
    assert_eq!(seen("10.0.0.1", &[""]), "10.0.0.1");
}

/// API-6: whoever has a /64 has all its addresses.
#[test]
fn an_ipv6_network_counts_as_one_caller() {
    assert_eq!(seen("2001:db8:9:1::1", &[]), seen("2001:db8:9:1:ffff::2", &[]));
    assert_ne!(seen("2001:db8:9:1::1", &[]), seen("2001:db8:9:2::1", &[]));
}

/// API-6: memory does not grow with the number of callers that ever came by.
#[test]
fn callers_that_have_been_quiet_are_forgotten() {
    let limits = Limits::new(&RateLimits {
        per_address: NonZeroU32::MAX,
        per_caller: NonZeroU32::MAX,
        sign_ins_per_address: NonZeroU32::MAX,
        sign_ins_per_email: NonZeroU32::MAX,
    });
    for caller in 0..SWEEP * 3 {
        limits.check_request(IpAddr::V4(Ipv4Addr::from(caller)), None).unwrap();
    }
    assert!(limits.remembered() <= SWEEP as usize * 2, "{}", limits.remembered());
}

/// API-5
#[test]
fn the_oldest_documents_are_forgotten_first() {
    let persisted = Persisted::new(2);
    for n in 1..=3_u8 {
        persisted.keep([n; 32], "{ service { version } }");
    }
    assert!(persisted.find(&[1; 32]).is_err());
    assert!(persisted.find(&[2; 32]).is_ok() && persisted.find(&[3; 32]).is_ok());
}

#[test]
fn a_trace_is_taken_over_only_if_it_is_well_formed() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for good in ["00-{}-b7ad6b7169203331-01", "cc-{}-b7ad6b7169203331-00-more"] {
        assert_eq!(parse_traceparent(&good.replace("{}", trace)), Some(trace), "{good}");
    }
    for wrong in [
        "",
        "00",
        "00-{}",
        "00-{}-b7ad6b7169203331",
        "ff-{}-b7ad6b7169203331-01",
        "00-{}-b7ad6b7169203331-01-more",
        "00-{}-0000000000000000-01",
        "0-{}-b7ad6b7169203331-01",
        "00-{}f-b7ad6b7169203331-01",
        "00-{}-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    ] {
        assert_eq!(parse_traceparent(&wrong.replace("{}", trace)), None, "{wrong}");
    }
}

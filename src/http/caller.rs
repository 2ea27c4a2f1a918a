//! Who is calling: the credential as presented, and the address that every limit counts
//! (invariant 18).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ipnet::IpNet;

use crate::domain::callers::hash_token;
use crate::domain::tokens::Presented;
use crate::graphql::context::Credential;

/// Reads `Authorization: Bearer …`. What is no credential of ours counts as none.
pub fn credential(headers: &HeaderMap) -> Option<Credential> {
    bearer(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// Reads `Bearer …`.
pub fn bearer(value: &str) -> Option<Credential> {
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let token = token.trim();
    match token.get(..3)? {
        "vs_" => Some(Credential::StaffSession(hash_token(token))),
        "vk_" => Some(Credential::ApiKey(hash_token(token))),
        "vp_" => Some(Credential::PortalSession(Presented::of(token))),
        "vw_" => Some(Credential::Preview(hash_token(token))),
        _ => None,
    }
}

/// The rightmost hop that is not a trusted proxy. Hops to the left of it are hearsay.
pub fn address(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.to_canonical();
    if !is_trusted(&address) {
        return address;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        address = hop.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    address
}

/// What limits and logs count as one caller: the IPv4 address, or the /64 of an IPv6 one.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

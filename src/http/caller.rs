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

//! Which addresses may be reached: the public ones, by https, and what the operator allows. Asked when an
//! address is saved, and of what its name resolves to at each connection, since that can change.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use url::{Host, Url};

/// Not for everybody on the internet: RFC 6890 and its successors, and the multicast ranges.
const PRIVATE_V4: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// Of IPv6 only this is for everybody,
const PUBLIC_V6: &str = "2000::/3";
/// but for these, some of which carry an IPv4 address inside.
const PRIVATE_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// What is said of a private address.
pub const PRIVATE: &str = "This address is private, and the service does not send to private addresses.";

/// Knows what may be reached.
#[derive(Debug)]
pub struct Guard {
    allowed: Vec<IpNet>,
    private: Vec<IpNet>,
    public_v6: IpNet,
}

impl Guard {
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let network = |text: &str| text.parse().expect("a network of ours");
        let private = PRIVATE_V4.iter().chain(&PRIVATE_V6).map(|text| network(text)).collect();
        Self { allowed, private, public_v6: network(PUBLIC_V6) }
    }

    /// Looks at what an address says by itself.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        if !matches!((url.scheme(), self.allowed.is_empty()), ("https", _) | ("http", false)) {
            return Err("The address has to begin with https://.".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("The address must not hold a name or password.".to_owned());
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err("The address names no host.".to_owned()),
        };
        if self.allows(literal) { Ok(()) } else { Err(PRIVATE.to_owned()) }
    }

    /// Where a name leads, if all of that may be reached: a name that leads somewhere private too is
    /// somebody's trick.
    pub async fn resolve(&self, name: &str) -> Result<Vec<SocketAddr>, String> {
        let found = lookup_host((name, 0)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|_| "The host's name cannot be found.".to_owned())?.collect();
        if found.iter().all(|address| self.allows(address.ip())) {
            Ok(found)
        } else {
            Err(PRIVATE.to_owned())
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
        let is_public = !within(&self.private) && (address.is_ipv4() || self.public_v6.contains(&address));
        is_public || within(&self.allowed)
    }
}

/// Resolves the names that the HTTP client connects to.
pub struct Resolver(pub Arc<Guard>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = guard.resolve(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

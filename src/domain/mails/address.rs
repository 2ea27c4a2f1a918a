//! An address that mail can be sent to, in one form: what differs only in case, surrounding space or
//! the writing of an international domain is one address (INV-4).

use std::str::FromStr as _;

use email_address::EmailAddress;
use url::Host;

/// `local@domain`, lower case, the domain in its ASCII form. Holds nothing that could end a header.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailAddress {
    local: String,
    domain: String,
}

impl MailAddress {
    /// Reads an address as people type it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        EmailAddress::from_str(&text).ok()?;
        let (local, domain) = text.rsplit_once('@')?;
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\\\"@".contains(c);
        if local.is_empty() || !local.chars().all(plain) {
            return None;
        }
        match Host::parse(domain).ok()? {
            Host::Domain(domain) => Some(Self { local: local.to_owned(), domain }),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }

    /// What stands before the @.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind it.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The whole address, for who has to send or count it.
    pub fn to_text(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }
}

/// Logs hold no addresses.
impl std::fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
}

//! What the organisation's sharing policy binds (LINK-11): every doorway as it is made, those of accounts too
//! (by their invitation), and as what it opens, how long or to whom is changed. Tightening it changes no portal that stands; the
//! inventory shows which break it.

use async_graphql::Enum;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::expiry::end_of_day;
use super::rows::{Link, Portal};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::organizations::{self, SharingPolicy};
use crate::domain::validation::Checks;
use crate::error::Result;

/// A way in which a doorway breaks the organisation's sharing policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum PolicyBreach {
    /// It stays open for longer than the policy lets it, counted from now.
    Expiry,
    /// It opens without an access code.
    AccessCode,
    /// A recipient's address is of a domain that is not allowed.
    Recipient,
}

/// What of a doorway the policy speaks of.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The instant from which it is closed; none is never.
    pub ends_at: Option<DateTime<Utc>>,
    pub has_code: bool,
    /// The recipient's address, if a recipient is known.
    pub email: Option<String>,
}

/// Where in an input each breach is mended.
pub(in crate::domain) struct Paths {
    pub expiry: &'static str,
    pub code: &'static str,
    pub recipient: &'static str,
}

/// The policy as it binds at a moment.
#[derive(Clone, Debug)]
pub struct Policy {
    sharing: SharingPolicy,
    /// The end of the last day that a doorway may be open.
    latest_end: Option<DateTime<Utc>>,
}

impl Policy {
    /// The caller's organisation's.
    pub async fn read(tx: &Tx<Staff>, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self::of(organizations::read(tx).await?.policy, tx.scope().time_zone(), now))
    }

    /// This policy in a time zone.
    pub fn of(sharing: SharingPolicy, zone: Tz, now: DateTime<Utc>) -> Self {
        let latest_end = sharing.longest_expiry_days.and_then(|days| {
            end_of_day((now + TimeDelta::days(days.into())).with_timezone(&zone).date_naive(), zone)
        });
        Self { sharing, latest_end }
    }

    /// All ways in which these terms break it.
    pub fn breaches(&self, terms: &Terms) -> Vec<PolicyBreach> {
        let too_long = self.latest_end.is_some_and(|latest| terms.ends_at.is_none_or(|end| end > latest));
        let too_open = self.sharing.code_required && !terms.has_code;
        let domains = &self.sharing.allowed_email_domains;
        let domain =
            terms.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let stranger = !domains.is_empty()
            && domain.is_some_and(|domain| domains.iter().all(|allowed| allowed != domain));
        [
            (too_long, PolicyBreach::Expiry),
            (too_open, PolicyBreach::AccessCode),
            (stranger, PolicyBreach::Recipient),
        ]
        .into_iter()
        .filter_map(|(broken, breach)| broken.then_some(breach))
        .collect()
    }

    /// Notes each breach where it is mended.
    pub(in crate::domain) fn check(&self, checks: &mut Checks, paths: &Paths, terms: &Terms) {
        for breach in self.breaches(terms) {
            let (path, wanted) = match breach {
                PolicyBreach::Expiry => {
                    let days = self.sharing.longest_expiry_days.unwrap_or_default();
                    (paths.expiry, format!("an end within {days} days"))
                }
                PolicyBreach::AccessCode => (paths.code, "an access code".to_owned()),
                PolicyBreach::Recipient => {
                    let domains = self.sharing.allowed_email_domains.join(", ");
                    (paths.recipient, format!("recipients at {domains} only"))
                }
            };
            checks.problem(path, format!("Your organisation's sharing policy wants {wanted}."));
        }
    }
}

impl Link {
    /// What the policy reads of it. `email` is its recipient contact's address.
    pub fn terms(&self, portal: &Portal, email: Option<String>) -> Terms {
        let own_end = self.expires_at.filter(|_| self.own_expiry);
        Terms {
            ends_at: own_end.into_iter().chain(portal.expires_at).min(),
            has_code: self.has_code || portal.has_code,
            email: self.recipient_email.clone().or(email),
        }
    }
}

//! The sharing policy among the settings (LINK-11): what it says. What it binds, and how, is in
//! [`crate::domain::portals`].

use diesel::prelude::*;
use serde::Serialize;

use crate::domain::validation::Checks;

/// The most domains that can be listed.
const MOST_DOMAINS: usize = 50;
/// The longest limit in days: ten years, as far as a portal's own expiry goes.
const MOST_DAYS: i32 = 3_650;

/// What an organisation wants of everything it shares.
#[derive(Clone, Debug, Default, Queryable, Selectable, Serialize)]
#[serde(rename_all = "camelCase")]
#[diesel(table_name = crate::db::schema::staff::organizations)]
pub struct SharingPolicy {
    /// How many days from now a portal may stay open; none is no limit.
    pub longest_expiry_days: Option<i32>,
    pub code_required: bool,
    /// Of recipients' addresses, lower-cased; none is any.
    pub allowed_email_domains: Vec<String>,
}

/// What changes of it: absent parts stay, `Some(None)` lifts the limit. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct SharingPolicyEdit {
    pub longest_expiry_days: Option<Option<i32>>,
    pub code_required: Option<bool>,
    /// Replaces the whole list.
    pub allowed_email_domains: Option<Vec<String>>,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = crate::db::schema::staff::organizations)]
pub(super) struct SharingPolicyPatch {
    pub longest_expiry_days: Option<Option<i32>>,
    pub code_required: Option<bool>,
    pub allowed_email_domains: Option<Vec<String>>,
}

impl SharingPolicyEdit {
    pub(super) fn parse(self, checks: &mut Checks) -> SharingPolicyPatch {
        if let Some(Some(days)) = self.longest_expiry_days
            && !(1..=MOST_DAYS).contains(&days)
        {
            checks
                .problem("longestExpiryDays", format!("Choose 1 to {MOST_DAYS} days, or null for no limit."));
        }
        SharingPolicyPatch {
            longest_expiry_days: self.longest_expiry_days,
            code_required: self.code_required,
            allowed_email_domains: self.allowed_email_domains.map(|list| domains(checks, &list)),
        }
    }
}

/// Checks a list of domains as staff typed it; each is kept once, as addresses write it.
pub fn domains(checks: &mut Checks, typed: &[String]) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for (index, text) in typed.iter().enumerate() {
        let domain = text.trim().trim_start_matches('@').to_lowercase();
        if !is_domain(&domain) {
            checks.problem(
                &format!("allowedEmailDomains.{index}"),
                "Give a domain such as example.com, with nothing before it.",
            );
        } else if !list.contains(&domain) {
            list.push(domain);
        }
    }
    if list.len() > MOST_DOMAINS {
        checks.problem("allowedEmailDomains", format!("At most {MOST_DOMAINS} domains can be listed."));
    }
    list
}

/// At least two labels of letters, digits and inner hyphens; what is written in other scripts stands
/// in addresses as `xn--…`, or as itself.
fn is_domain(text: &str) -> bool {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(fits)
}

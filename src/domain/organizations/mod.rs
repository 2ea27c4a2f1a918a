//! Organisations, the tenants: founding one (ORG-1) and its settings (BRAND-1, BRAND-3). Clients
//! see theirs through the doorway ([`super::callers::Host`]) and nothing from here.

mod founding;
pub mod policy;
mod rows;

use serde_json::{Value, json};

pub use founding::{SignUp, sign_up};
pub use policy::{SharingPolicy, SharingPolicyEdit};
pub use rows::Organization;

use super::callers::Staff;
use super::changes::{Change, Write, differing, missed_update};
use super::origins;
use super::validation::Checks;
use crate::db::enums::{Language, Permission};
use crate::db::scope::Tx;
use crate::error::Result;
use rows::OrganizationPatch;

/// What changes of the settings: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct OrganizationEdit {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub portal_enabled: Option<bool>,
    pub accent_color: Option<String>,
    pub welcome_message: Option<Option<String>>,
    pub website: Option<Option<String>>,
    pub support_email: Option<Option<String>>,
    pub postal_address: Option<Option<String>>,
    pub language: Option<Language>,
    /// Replaces the whole list (API-7).
    pub allowed_origins: Option<Vec<String>>,
    /// LINK-11
    pub policy: SharingPolicyEdit,
}

/// The caller's organisation.
pub async fn read(tx: &Tx<Staff>) -> Result<Organization> {
    rows::read(tx).await
}

/// Changes the settings that stand at `version` (API-8). Those that moved are audited with their
/// values before and after (ORG-5).
pub async fn update(write: &Write, version: i32, edit: OrganizationEdit) -> Result<()> {
    write.scope().require(Permission::SettingsManage)?;
    let patch = parse(edit)?;
    let before = rows::read(write).await?;
    if rows::update(write, version, &patch).await? == 0 {
        return Err(missed_update(true, "organisation"));
    }
    let after = rows::read(write).await?;
    let (before, after) = differing(&settings(&before), &settings(&after))?;
    write.done(Change::new("organization.updated", write.scope().org_id).settings(before, after));
    Ok(())
}

fn parse(edit: OrganizationEdit) -> Result<OrganizationPatch> {
    let mut checks = Checks::new();
    let patch = OrganizationPatch {
        name: edit.name.map(|v| checks.line("name", &v, 120)),
        time_zone: edit.time_zone.map(|v| checks.time_zone("timeZone", &v)),
        portal_enabled: edit.portal_enabled,
        accent_color: edit.accent_color.map(|v| checks.color("accentColor", &v)),
        welcome_message: checks.optional(edit.welcome_message, |c, v| c.text("welcomeMessage", v, 2_000)),
        website: checks.optional(edit.website, |c, v| c.web_address("website", v)),
        support_email: checks.optional(edit.support_email, |c, v| c.email("supportEmail", v)),
        postal_address: checks.optional(edit.postal_address, |c, v| c.text("postalAddress", v, 500)),
        language: edit.language,
        allowed_origins: edit.allowed_origins.map(|v| origins::parse(&mut checks, "allowedOrigins", v)),
        policy: edit.policy.parse(&mut checks),
    };
    checks.finish()?;
    Ok(patch)
}

fn settings(organization: &Organization) -> Value {
    json!({
        "name": organization.name,
        "timeZone": organization.time_zone,
        "portalEnabled": organization.portal_enabled,
        "accentColor": organization.accent_color,
        "welcomeMessage": organization.welcome_message,
        "website": organization.website,
        "supportEmail": organization.support_email,
        "postalAddress": organization.postal_address,
        "language": organization.language,
        "allowedOrigins": organization.allowed_origins,
        "longestExpiryDays": organization.policy.longest_expiry_days,
        "codeRequired": organization.policy.code_required,
        "allowedEmailDomains": organization.policy.allowed_email_domains,
    })
}

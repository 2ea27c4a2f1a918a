//! Reports of other mail servers.

use anyhow::bail;
use secrecy::{ExposeSecret as _, SecretString};

use super::env::{Env, Setting};

const SECRET: Setting = Setting {
    name: "MAIL_REPORTS_SECRET",
    unit: "at least 20 characters",
    default: None,
    about: "What your mail server or service presents with reports of mails that came back, as `Authorization: Bearer …` at /mail/reports. Without it that address does not exist, and no address is suppressed. MAIL_REPORTS_SECRET_FILE names a file that holds it.",
};
pub(super) const SETTINGS: &[Setting] = &[SECRET];

/// Who may report.
#[derive(Clone, Debug)]
pub struct MailReportsConfig {
    /// None: nobody.
    pub secret: Option<SecretString>,
}

impl MailReportsConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let secret = env.secret(&SECRET)?.filter(|secret| !secret.expose_secret().is_empty());
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().chars().count() < 20) {
            bail!("{} is not {}", SECRET.name, SECRET.unit);
        }
        Ok(Self { secret })
    }
}

//! How Redis is reached.

use secrecy::SecretString;

use super::env::{Env, Setting};

const URL: Setting = Setting {
    name: "REDIS_URL",
    unit: "a Redis address such as redis://host:6379/0 or redis+unix:///path",
    default: None,
    about: "Where Redis is; REDIS_URL_FILE if it holds a password.",
};
const PREFIX: Setting = Setting {
    name: "REDIS_PREFIX",
    unit: "text",
    default: Some("vestibule"),
    about: "Begins every key. Installations that share a Redis need different ones; instances of one installation the same.",
};
pub(super) const SETTINGS: &[Setting] = &[URL, PREFIX];

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    pub url: SecretString,
    /// Begins every key.
    pub prefix: String,
}

impl RedisConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let url = env.secret(&URL)?;
        Ok(Self {
            url: url.ok_or_else(|| anyhow::anyhow!("{} is not set: {}", URL.name, URL.about))?,
            prefix: env.parse(&PREFIX)?,
        })
    }
}

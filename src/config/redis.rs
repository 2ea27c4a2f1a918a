//! How Redis is reached.

use secrecy::SecretString;

use super::env::{Env, Setting};

const URL: Setting = Setting {
    name: "REDIS_URL",
    unit: "a Redis address such as redis://host:6379/0 or redis+unix:///path",
    default: None,
    about: "Where Redis is; REDIS_URL_FILE if it holds a password.",
};
pub(super) const SETTINGS: &[Setting] = &[URL];

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    pub url: SecretString,
}

impl RedisConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let url = env.secret(&URL)?;
        Ok(Self { url: url.ok_or_else(|| anyhow::anyhow!("{} is not set: {}", URL.name, URL.about))? })
    }
}

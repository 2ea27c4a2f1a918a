//! How Postgres is reached.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::env::{Env, Setting};
use crate::db::pool::{Login, PoolSize};

const URL: Setting = Setting {
    name: "DATABASE_URL",
    unit: "a Postgres address such as postgres://host:5432/vestibule",
    default: None,
    about: "Where the database is. User and password in it are ignored where a role has its own.",
};
const PASSWORD: Setting = Setting {
    name: "DATABASE_PASSWORD",
    unit: "text, or DATABASE_PASSWORD_FILE",
    default: None,
    about: "Password of the logins app_staff, app_portal, app_system and app_migrate; absent where the server trusts them.",
};
const CONNECTIONS: Setting = Setting {
    name: "DATABASE_CONNECTIONS",
    unit: "connections for each of the two request pools",
    default: Some("8"),
    about: "About four for each core of the database. Fewer make requests wait; more make the database slower.",
};
const PATIENCE: Setting = Setting {
    name: "DATABASE_PATIENCE_MS",
    unit: "milliseconds",
    default: Some("2000"),
    about: "How long a request waits for a connection before it is answered 503.",
};

pub(super) const SETTINGS: &[Setting] = &[URL, PASSWORD, CONNECTIONS, PATIENCE];

/// Where the database is, and how many connections are kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    url: SecretString,
    password: Option<SecretString>,
    pub pool: PoolSize,
}

impl DatabaseConfig {
    /// Reads the section.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        let url: String = env.parse(&URL)?;
        Url::parse(&url).map_err(|e| anyhow::anyhow!("{} is not {}: {e}", URL.name, URL.unit))?;
        Ok(Self {
            url: url.into(),
            password: env.secret(&PASSWORD)?,
            pool: PoolSize {
                connections: env.parse(&CONNECTIONS)?,
                patience: Duration::from_millis(env.parse(&PATIENCE)?),
            },
        })
    }

    /// The password alone, for `vestibule bootstrap`, which needs nothing else.
    pub fn password_of(env: &Env) -> anyhow::Result<Option<SecretString>> {
        env.secret(&PASSWORD)
    }

    /// The address under which a login connects.
    pub fn url(&self, login: Login) -> SecretString {
        let mut url = Url::parse(self.url.expose_secret()).expect("checked when it was read");
        // Sockets leave the host empty; such an address takes its user as a parameter.
        if url.set_username(login.as_str()).is_err() {
            url.query_pairs_mut().append_pair("user", login.as_str());
        }
        if let Some(password) = &self.password {
            let secret = password.expose_secret();
            if url.set_password(Some(secret)).is_err() {
                url.query_pairs_mut().append_pair("password", secret);
            }
        }
        SecretString::from(String::from(url))
    }
}

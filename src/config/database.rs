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
    about: "Where the database is. Each login puts its own name and password into it.",
};
const PASSWORD: Setting = Setting {
    name: "DATABASE_PASSWORD",
    unit: "text, or DATABASE_PASSWORD_FILE",
    default: None,
    about: "Password of the logins app_staff, app_partner, app_portal and app_system; absent where the server trusts them.",
};
const MIGRATE_PASSWORD: Setting = Setting {
    name: "DATABASE_MIGRATE_PASSWORD",
    unit: "text, or DATABASE_MIGRATE_PASSWORD_FILE",
    default: None,
    about: "Password of app_migrate, which may become the owner of everything: give it to `bootstrap` and `migrate` only, never to `serve`.",
};
const CONNECTIONS: Setting = Setting {
    name: "DATABASE_CONNECTIONS",
    unit: "connections for each of the three request pools: members, API keys, clients",
    default: Some("8"),
    about: "About four for each core of the database. Fewer make requests wait; more make the database slower.",
};
const PATIENCE: Setting = Setting {
    name: "DATABASE_PATIENCE_MS",
    unit: "milliseconds",
    default: Some("2000"),
    about: "How long a request waits for a connection before it is answered 503.",
};

pub(super) const SETTINGS: &[Setting] = &[URL, PASSWORD, MIGRATE_PASSWORD, CONNECTIONS, PATIENCE];

/// Where the database is, and how many connections are kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    url: SecretString,
    passwords: Passwords,
    pub pool: PoolSize,
}

/// The logins' passwords; `vestibule bootstrap` needs nothing else.
#[derive(Clone, Debug)]
pub struct Passwords {
    service: Option<SecretString>,
    migrate: Option<SecretString>,
}

impl Passwords {
    /// Reads what is given.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self { service: env.secret(&PASSWORD)?, migrate: env.secret(&MIGRATE_PASSWORD)? })
    }

    /// A login's password, if it has one.
    pub fn of(&self, login: Login) -> Option<&SecretString> {
        match login {
            Login::Staff | Login::Partner | Login::Portal | Login::System => self.service.as_ref(),
            Login::Migrate => self.migrate.as_ref(),
        }
    }
}

impl DatabaseConfig {
    /// Reads the section.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        let url: String = env.parse(&URL)?;
        Url::parse(&url).map_err(|e| anyhow::anyhow!("{} is not {}: {e}", URL.name, URL.unit))?;
        Ok(Self {
            url: url.into(),
            passwords: Passwords::read(env)?,
            pool: PoolSize {
                connections: env.parse(&CONNECTIONS)?,
                patience: Duration::from_millis(env.parse(&PATIENCE)?),
            },
        })
    }

    /// The address under which a login connects.
    pub fn url(&self, login: Login) -> SecretString {
        let mut url = Url::parse(self.url.expose_secret()).expect("checked when it was read");
        // Sockets leave the host empty; such an address takes its user as a parameter.
        if url.set_username(login.as_str()).is_err() {
            url.query_pairs_mut().append_pair("user", login.as_str());
        }
        if let Some(password) = self.passwords.of(login) {
            let secret = password.expose_secret();
            if url.set_password(Some(secret)).is_err() {
                url.query_pairs_mut().append_pair("password", secret);
            }
        }
        SecretString::from(String::from(url))
    }
}

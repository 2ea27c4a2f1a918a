//! The only reader of the environment. One section a file; each setting says its unit, its
//! default, and what too much or too little of it does. A bad value stops the start with its name.

mod database;
mod env;
mod graphql;
mod http;
mod live;
mod mail;
mod mail_reports;
mod redis;
mod secrets;
mod storage;
mod webhooks;
mod worker;

pub use database::{DatabaseConfig, Passwords};
pub use env::{Env, Setting};
pub use graphql::GraphqlLimits;
pub use http::{HttpConfig, RateLimits};
pub use live::LiveConfig;
pub use mail::{Delivery, MailConfig, Relay, RelayTls};
pub use mail_reports::MailReportsConfig;
pub use redis::RedisConfig;
pub use secrets::sealing_keys;
pub use storage::{Bucket, StorageConfig, StoragePlace};
pub use webhooks::WebhookConfig;
pub use worker::WorkerConfig;

use crate::sealing::SealingKeys;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    pub database: DatabaseConfig,
    pub redis: RedisConfig,
    pub sealing: SealingKeys,
    pub http: HttpConfig,
    pub graphql: GraphqlLimits,
    pub live: LiveConfig,
    pub mail: MailConfig,
    pub mail_reports: MailReportsConfig,
    pub storage: StorageConfig,
    pub webhooks: WebhookConfig,
    pub worker: WorkerConfig,
}

impl Config {
    /// Reads every section.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            database: DatabaseConfig::read(env)?,
            redis: RedisConfig::read(env)?,
            sealing: secrets::read(env)?,
            http: HttpConfig::read(env)?,
            graphql: GraphqlLimits::read(env)?,
            live: LiveConfig::read(env)?,
            mail: MailConfig::read(env)?,
            mail_reports: MailReportsConfig::read(env)?,
            storage: StorageConfig::read(env)?,
            webhooks: WebhookConfig::read(env)?,
            worker: WorkerConfig::read(env)?,
        })
    }
}

/// Every setting, section by section, for `vestibule config`.
pub fn settings() -> impl Iterator<Item = (&'static str, &'static Setting)> {
    let sections: [(&str, &[Setting]); 11] = [
        ("Database", database::SETTINGS),
        ("Redis", redis::SETTINGS),
        ("Secrets", secrets::SETTINGS),
        ("HTTP", http::SETTINGS),
        ("GraphQL", graphql::SETTINGS),
        ("Live", live::SETTINGS),
        ("Mail", mail::SETTINGS),
        ("Mail reports", mail_reports::SETTINGS),
        ("Storage", storage::SETTINGS),
        ("Webhooks", webhooks::SETTINGS),
        ("Worker", worker::SETTINGS),
    ];
    sections
        .into_iter()
        .flat_map(|(section, settings)| settings.iter().map(move |setting| (section, setting)))
}

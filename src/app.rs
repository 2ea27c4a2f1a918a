//! Everything a request may need, built once and handed down.

use std::sync::{Arc, OnceLock};

use crate::adapters::mail::Mailer;
use crate::adapters::openid::OpenId;
use crate::adapters::outbound::Outbound;
use crate::adapters::redis::Redis;
use crate::adapters::storage::{
    AzureAccount, DropboxAccount, DropboxHosts, GcsAccount, Storage, StorageError,
};
use crate::clock::Clock;
use crate::config::{Bucket, Config};
use crate::db::pool::Pools;
use crate::domain::api_keys::Uses;
use crate::domain::storages::{Account, Secret, Settings};
use crate::limits::Limits;
use crate::live::Hub;
use crate::metrics::Metrics;
use crate::usage::Recorder;

/// The application.
pub struct App {
    pub config: Config,
    pub clock: Arc<Clock>,
    pub pools: Pools,
    pub redis: Redis,
    pub outbound: Outbound,
    pub openid: OpenId,
    pub mailer: Mailer,
    pub storage: Storage,
    dropbox: OnceLock<DropboxHosts>,
    pub metrics: Metrics,
    pub limits: Limits,
    pub usage: Recorder,
    pub key_uses: Uses,
    pub live: Arc<Hub>,
}

impl App {
    /// Builds the application; connects nothing yet.
    pub fn new(config: Config) -> anyhow::Result<Arc<Self>> {
        let clock = Arc::new(Clock::default());
        let metrics = Metrics::new()?;
        let database = &config.database;
        let pools = Pools::new(|login| database.url(login), database.pool, metrics.pool_wait.clone())?;
        let redis = Redis::new(&config.redis, clock.id())?;
        let outbound = Outbound::new(&config.webhooks)?;
        let mailer = Mailer::new(&config.mail)?;
        let storage = Storage::of_installation(&config.storage)?;
        let limits = Limits::new(&config.http.rates);
        let usage = Recorder::new(&metrics);
        Ok(Arc::new(Self {
            config,
            clock,
            pools,
            redis,
            outbound,
            openid: OpenId::default(),
            mailer,
            storage,
            dropbox: OnceLock::new(),
            metrics,
            limits,
            usage,
            key_uses: Uses::default(),
            live: Arc::default(),
        }))
    }

    /// Where an account's files rest; without one, the installation's storage.
    pub fn store(&self, account: Option<&Account>) -> Result<Storage, StorageError> {
        let Some(Account { settings, secret }) = account else { return Ok(self.storage.clone()) };
        let root = |folder: &str| if folder.is_empty() { "/".to_owned() } else { folder.to_owned() };
        match (settings, secret) {
            (Settings::S3 { endpoint, region, bucket, prefix, access_key }, Secret::S3 { secret_key }) => {
                let bucket = Bucket {
                    name: bucket.clone(),
                    endpoint: Some(endpoint.clone()),
                    region: region.clone(),
                    prefix: root(prefix),
                    key: Some((access_key.clone(), secret_key.clone())),
                };
                Storage::of_bucket(&bucket, &self.outbound)
            }
            (Settings::Dropbox { app_key, folder }, Secret::Dropbox { app_secret, refresh_token }) => {
                let account = DropboxAccount {
                    app_key: app_key.clone(),
                    app_secret: app_secret.clone(),
                    refresh_token: refresh_token.clone(),
                    root: folder.clone(),
                };
                Ok(Storage::of_dropbox(account, self.dropbox()?))
            }
            (Settings::Gcs { bucket, prefix, client_email }, Secret::Gcs { private_key }) => {
                let account = GcsAccount {
                    bucket: bucket.clone(),
                    root: root(prefix),
                    client_email: client_email.clone(),
                    private_key: private_key.clone(),
                };
                Storage::of_gcs(&account, &self.outbound)
            }
            (Settings::Azure { endpoint, container, prefix, account }, Secret::Azure { account_key }) => {
                let account = AzureAccount {
                    endpoint: endpoint.clone(),
                    container: container.clone(),
                    root: root(prefix),
                    account: account.clone(),
                    key: account_key.clone(),
                };
                Storage::of_azure(&account, &self.outbound)
            }
            _ => Err(StorageError::Failed("an account with another kind's secret".to_owned())),
        }
    }

    /// Dropbox, as soon as an organisation keeps files there.
    fn dropbox(&self) -> Result<DropboxHosts, StorageError> {
        if let Some(hosts) = self.dropbox.get() {
            return Ok(hosts.clone());
        }
        let hosts = DropboxHosts::new(self.config.storage.dropbox.clone())?;
        Ok(self.dropbox.get_or_init(|| hosts).clone())
    }
}

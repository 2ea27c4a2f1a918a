//! Everything a request may need, built once and handed down.

use std::sync::Arc;

use crate::adapters::mail::Mailer;
use crate::adapters::openid::OpenId;
use crate::adapters::outbound::Outbound;
use crate::adapters::redis::Redis;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::pool::Pools;
use crate::domain::api_keys::Uses;
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
    pub metrics: Metrics,
    pub limits: Limits,
    pub usage: Recorder,
    pub key_uses: Uses,
    pub live: Arc<Hub>,
}

impl App {
    /// Builds the application; connects nothing yet.
    pub fn new(config: Config) -> anyhow::Result<Arc<Self>> {
        let metrics = Metrics::new()?;
        let database = &config.database;
        let pools = Pools::new(|login| database.url(login), database.pool, metrics.pool_wait.clone())?;
        let redis = Redis::new(&config.redis)?;
        let outbound = Outbound::new(&config.webhooks)?;
        let mailer = Mailer::new(&config.mail)?;
        let limits = Limits::new(&config.http.rates);
        let usage = Recorder::new(&metrics);
        Ok(Arc::new(Self {
            config,
            clock: Arc::default(),
            pools,
            redis,
            outbound,
            openid: OpenId::default(),
            mailer,
            metrics,
            limits,
            usage,
            key_uses: Uses::default(),
            live: Arc::default(),
        }))
    }
}

//! Redis: never the only copy of what matters (invariant 15). Each use says what happens without
//! it. So far there is one: readiness, which reports it away.

use std::time::Duration;

use deadpool_redis::{Config, Pool, Runtime};
use secrecy::ExposeSecret as _;

use crate::config::RedisConfig;

/// How long a question to Redis may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Connections to Redis, made when they are first needed.
pub struct Redis {
    pool: Pool,
}

impl Redis {
    /// Prepares the pool; connects nothing yet.
    pub fn new(config: &RedisConfig) -> anyhow::Result<Self> {
        let pool = Config::from_url(config.url.expose_secret())
            .create_pool(Some(Runtime::Tokio1))
            .map_err(|_| anyhow::anyhow!("REDIS_URL is not a Redis address"))?;
        Ok(Self { pool })
    }

    /// Whether Redis answers right now.
    pub async fn answers(&self) -> bool {
        tokio::time::timeout(PATIENCE, self.ping()).await.unwrap_or(false)
    }

    async fn ping(&self) -> bool {
        let Ok(mut connection) = self.pool.get().await else { return false };
        redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
    }
}

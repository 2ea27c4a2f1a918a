//! Redis: never the only copy of what matters (invariant 15). One module a use, each with its own
//! typed verbs and, where more than one command has to be atomic, one Lua script whose keys share a
//! hash tag. Each says what happens without Redis.

pub mod guesses;
pub mod mail_budgets;
pub mod sessions;
pub mod usage;
pub mod wakeups;

use std::time::Duration;

use deadpool_redis::{Config, Connection, Pool, Runtime};
use redis::{Client, RedisError};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::config::RedisConfig;
use crate::error::{Error, Result};

/// How long a question to Redis may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Connections to Redis, made when they are first needed.
pub struct Redis {
    pool: Pool,
    url: SecretString,
    prefix: String,
    /// Who speaks: this instance.
    instance: Uuid,
}

impl Redis {
    /// Prepares the pool; connects nothing yet.
    pub fn new(config: &RedisConfig, instance: Uuid) -> anyhow::Result<Self> {
        let pool = Config::from_url(config.url.expose_secret())
            .create_pool(Some(Runtime::Tokio1))
            .map_err(|_| anyhow::anyhow!("REDIS_URL is not a Redis address"))?;
        Ok(Self { pool, url: config.url.clone(), prefix: config.prefix.clone(), instance })
    }

    /// Whether Redis answers right now.
    pub async fn answers(&self) -> bool {
        self.ask(async |connection| redis::cmd("PING").query_async::<String>(connection).await).await.is_ok()
    }

    /// For a connection of its own, beside the pool.
    fn client(&self) -> Result<Client, RedisError> {
        Client::open(self.url.expose_secret())
    }

    /// A key of ours. `tag` stands in braces: keys with one tag lie in one slot of a cluster.
    fn key(&self, tag: &str, name: &str) -> String {
        format!("{}:{{{tag}}}:{name}", self.prefix)
    }

    /// Asks within [`PATIENCE`]. That Redis is away is [`Error::Unavailable`], and what that means
    /// is for the use to say.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut Connection) -> Result<T, RedisError>,
    ) -> Result<T> {
        let asked = async {
            let mut connection = self.pool.get().await.map_err(|error| unavailable(&error))?;
            question(&mut connection).await.map_err(|error| unavailable(&error))
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|late| Err(unavailable(&late)))
    }
}

fn unavailable(error: &dyn std::error::Error) -> Error {
    tracing::warn!(%error, "Redis does not answer");
    Error::Unavailable("Redis")
}

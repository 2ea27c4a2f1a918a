//! One pool for each database login, so that what serves clients cannot become staff.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use prometheus::HistogramVec;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;

use crate::error::{Error, Result};

/// A connection on loan from a pool.
pub type Connection = Object<Wires>;

/// A connection, and which door functions it has prepared: a bit each.
pub struct Wire {
    pub(super) connection: AsyncPgConnection,
    prepared: AtomicU8,
}

impl Wire {
    pub(super) fn has_prepared(&self, doors: u8) -> bool {
        self.prepared.load(Ordering::Relaxed) & doors == doors
    }

    pub(super) fn notes_prepared(&self, doors: u8) {
        self.prepared.fetch_or(doors, Ordering::Relaxed);
    }
}

/// Connects for one login.
pub struct Wires(AsyncDieselConnectionManager<AsyncPgConnection>);

impl Manager for Wires {
    type Type = Wire;
    type Error = diesel_async::pooled_connection::PoolError;

    async fn create(&self) -> Result<Wire, Self::Error> {
        Ok(Wire { connection: self.0.create().await?, prepared: AtomicU8::default() })
    }

    async fn recycle(&self, wire: &mut Wire, metrics: &Metrics) -> RecycleResult<Self::Error> {
        self.0.recycle(&mut wire.connection, metrics).await
    }
}

/// The database logins of invariant 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Serves members of an organisation.
    Staff,
    /// Serves API keys.
    Partner,
    /// Serves portal callers and previews.
    Portal,
    /// Serves the worker: queue tables only.
    System,
    /// Runs migrations; may become `owner`.
    Migrate,
}

impl Login {
    /// The role's name in Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "app_staff",
            Self::Partner => "app_partner",
            Self::Portal => "app_portal",
            Self::System => "app_system",
            Self::Migrate => "app_migrate",
        }
    }
}

/// The pools that requests and the worker draw from.
pub struct Pools {
    pub(super) staff: Pool<Wires>,
    pub(super) partner: Pool<Wires>,
    pub(super) portal: Pool<Wires>,
    pub(super) system: Pool<Wires>,
    waits: HistogramVec,
    patience: Duration,
}

/// How many connections, and how long a request waits for one.
#[derive(Clone, Copy, Debug)]
pub struct PoolSize {
    /// Connections a pool holds at most.
    pub connections: usize,
    /// How long a request waits before it is told 503.
    pub patience: Duration,
}

impl Pools {
    /// Prepares the pools; connects nothing yet. `url` gives each login's address.
    pub fn new(
        url: impl Fn(Login) -> SecretString,
        size: PoolSize,
        waits: HistogramVec,
    ) -> anyhow::Result<Self> {
        let pool = |login| build(&url(login), size);
        Ok(Self {
            staff: pool(Login::Staff)?,
            partner: pool(Login::Partner)?,
            portal: pool(Login::Portal)?,
            system: Pool::builder(manager(&url(Login::System))).max_size(4).build()?,
            waits,
            patience: size.patience,
        })
    }

    /// Lends a connection, and measures how long that took.
    pub(super) async fn lend(&self, login: Login) -> Result<Connection> {
        let pool = match login {
            Login::Staff => &self.staff,
            Login::Partner => &self.partner,
            Login::Portal => &self.portal,
            Login::System => &self.system,
            Login::Migrate => return Err(Error::internal(anyhow::anyhow!("migrations have no pool"))),
        };
        #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
        let start = Instant::now();
        let lent = tokio::time::timeout(self.patience, pool.get()).await;
        self.waits.with_label_values(&[login.as_str()]).observe(start.elapsed().as_secs_f64());
        match lent {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(unavailable(&error)),
            Err(_) => {
                tracing::warn!(db.login = login.as_str(), "every database connection is busy");
                Err(Error::Unavailable("database"))
            }
        }
    }

    /// Drops every idle connection, so that the next request connects anew.
    pub(super) fn forget_idle(&self, login: Login) {
        match login {
            Login::Staff => self.staff.retain(|_, _| false),
            Login::Partner => self.partner.retain(|_, _| false),
            Login::Portal => self.portal.retain(|_, _| false),
            Login::System => self.system.retain(|_, _| false),
            Login::Migrate => return,
        };
    }
}

fn unavailable(error: &impl std::fmt::Display) -> Error {
    tracing::warn!(error = %error, "no database connection");
    Error::Unavailable("database")
}

fn manager(url: &SecretString) -> Wires {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    Wires(AsyncDieselConnectionManager::new_with_config(url.expose_secret(), config))
}

fn build(url: &SecretString, size: PoolSize) -> anyhow::Result<Pool<Wires>> {
    url.expose_secret()
        .parse::<Config>()
        .map_err(|_| anyhow::anyhow!("DATABASE_URL is not a Postgres address"))?;
    Ok(Pool::builder(manager(url)).max_size(size.connections).build()?)
}

//! Brings a database to this binary's schema, and tells whether one is there.

use anyhow::Context as _;
use diesel::QueryDsl as _;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::pool::{Login, Pools};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Runs what is pending as `owner`, and returns the names of what ran.
///
/// `url` logs in as `app_migrate`. Blocks a thread of its own: migrations may take long.
pub async fn run(url: &str) -> anyhow::Result<Vec<String>> {
    let mut connection = AsyncPgConnection::establish(url)
        .await
        .context("cannot log in as app_migrate: has `vestibule bootstrap` run?")?;
    connection.batch_execute("set role owner").await?;
    tokio::task::spawn_blocking(move || {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
        let ran = connection.run_pending_migrations(MIGRATIONS).map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(ran.iter().map(ToString::to_string).collect())
    })
    .await?
}

/// Undoes every migration, newest first. For the test that goes up, down and up again.
pub async fn revert_all(url: &str) -> anyhow::Result<()> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.batch_execute("set role owner").await?;
    tokio::task::spawn_blocking(move || {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
        connection.revert_all_migrations(MIGRATIONS).map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(())
    })
    .await?
}

/// What a database's schema is to this binary.
#[derive(Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Every migration of ours has run. Newer ones may have, too: migrations only expand.
    Ready,
    /// Some of ours have not run yet: `vestibule migrate`.
    Behind(Vec<String>),
}

/// Compares the database with this binary's migrations.
pub async fn state(pools: &Pools) -> anyhow::Result<SchemaState> {
    diesel::table! {
        #[sql_name = "__diesel_schema_migrations"]
        migrations (version) { version -> VarChar, }
    }
    let mut connection = pools.lend(Login::System).await?;
    let applied: Vec<String> =
        migrations::table.select(migrations::version).load(&mut connection.connection).await.or_else(
            |error| match error {
                diesel::result::Error::DatabaseError(..) => Ok(Vec::new()),
                other => Err(other),
            },
        )?;
    let missing: Vec<String> = versions()?.into_iter().filter(|v| !applied.contains(v)).collect();
    Ok(if missing.is_empty() { SchemaState::Ready } else { SchemaState::Behind(missing) })
}

fn versions() -> anyhow::Result<Vec<String>> {
    let all: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(|e| anyhow::anyhow!("{e}"))?;
    Ok(all.iter().map(|m| m.name().version().to_string()).collect())
}

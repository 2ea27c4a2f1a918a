//! Makes the cluster's roles and the database, once, as a superuser. Never part of a migration:
//! roles belong to the cluster.

use anyhow::Context as _;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config;

use super::pool::Login;

const ROLES: &str = include_str!("bootstrap_roles.sql");
const DATABASE: &str = include_str!("bootstrap_database.sql");

/// Makes what is missing; safe to run again. `admin_url` logs in as a superuser to any database of
/// the cluster; `database` is made if it is not there. Each login gets `password`, where given.
pub async fn run(
    admin_url: &str,
    database: &str,
    password: impl Fn(Login) -> Option<SecretString>,
) -> anyhow::Result<()> {
    let mut cluster = AsyncPgConnection::establish(admin_url).await.context("cannot log in to bootstrap")?;
    cluster.batch_execute(ROLES).await.context("cannot make the roles: is this login a superuser?")?;
    for login in [Login::Staff, Login::Partner, Login::Portal, Login::System, Login::Migrate] {
        if let Some(password) = password(login) {
            let sql = format!("alter role {} password {}", login.as_str(), literal(password.expose_secret()));
            cluster.batch_execute(&sql).await.context("cannot set a role's password")?;
        }
    }
    create_database(&mut cluster, database).await?;
    let mut config: Config = admin_url.parse().map_err(|_| anyhow::anyhow!("not a Postgres address"))?;
    config.dbname(database);
    secure_database(&config).await
}

/// Makes an empty database owned by `owner`, if it is not there.
pub async fn create_database(cluster: &mut AsyncPgConnection, database: &str) -> anyhow::Result<()> {
    let exists: bool = diesel::select(
        diesel::dsl::sql::<Bool>("exists (select from pg_database where datname = ")
            .bind::<diesel::sql_types::Text, _>(database)
            .sql(")"),
    )
    .get_result(cluster)
    .await?;
    if !exists {
        cluster.batch_execute(&format!("create database {} owner owner", identifier(database))).await?;
    }
    Ok(())
}

async fn secure_database(config: &Config) -> anyhow::Result<()> {
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(DATABASE).await.context("cannot secure the database")?;
    drop(client);
    driver.await??;
    Ok(())
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

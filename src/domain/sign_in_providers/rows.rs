//! `sign_in_providers` in Diesel, and the door functions around them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Binary, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::db::ids::{MemberId, OrgId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::staff::sign_in_providers as providers;
use crate::db::scope::{Access, Door, Tx};
use crate::domain::callers::{Staff, read_staff};
use crate::domain::changes::Write;
use crate::domain::staff_sessions::NewSession;
use crate::error::Result;
use crate::sealing::Sealed;

/// A provider as staff see it: without its secret.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = providers)]
pub struct SignInProvider {
    pub issuer: String,
    pub client_id: String,
    pub redirect_url: String,
    pub version: i32,
    pub configured_by: MemberId,
    pub updated_at: DateTime<Utc>,
}

/// What is set of a provider, but for its secret.
#[derive(Clone, Debug, Insertable, AsChangeset)]
#[diesel(table_name = providers)]
pub(super) struct NewProvider {
    pub issuer: String,
    pub client_id: String,
    pub redirect_url: String,
    pub configured_by: MemberId,
}

/// Whom a provider vouched for, at one of its versions.
#[derive(Clone, Debug)]
pub struct Vouched {
    pub version: i32,
    /// The provider's name for the person.
    pub subject: String,
    pub verified_email: Option<String>,
}

/// A provider as the door knows it.
#[derive(Clone, QueryableByName)]
pub(super) struct Found {
    #[diesel(sql_type = sql_types::Uuid)]
    pub org_id: OrgId,
    #[diesel(sql_type = Text)]
    pub issuer: String,
    #[diesel(sql_type = Text)]
    pub client_id: String,
    #[diesel(sql_type = Binary)]
    pub client_secret: Vec<u8>,
    #[diesel(sql_type = Text)]
    pub client_secret_key: String,
    #[diesel(sql_type = Text)]
    pub redirect_url: String,
    #[diesel(sql_type = sql_types::Integer)]
    pub version: i32,
}

pub(super) async fn read(tx: &Tx<Staff>) -> Result<Option<SignInProvider>> {
    let found = providers::table.select(SignInProvider::as_select()).first(&mut tx.connection()).await;
    Ok(found.optional()?)
}

pub(super) async fn insert(write: &Write, new: &NewProvider, sealed: &Sealed) -> Result<()> {
    let row = (
        providers::org_id.eq(write.scope().org_id),
        new,
        providers::client_secret.eq(&sealed.bytes),
        providers::client_secret_key.eq(&sealed.key),
    );
    diesel::insert_into(providers::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn update(
    write: &Write,
    version: i32,
    new: &NewProvider,
    sealed: Option<&Sealed>,
    at: DateTime<Utc>,
) -> Result<usize> {
    let secret = sealed.map(|sealed| {
        (providers::client_secret.eq(&sealed.bytes), providers::client_secret_key.eq(&sealed.key))
    });
    let changes = (new, secret, providers::version.eq(version + 1), providers::updated_at.eq(at));
    let row = providers::table.filter(providers::version.eq(version));
    Ok(diesel::update(row).set(changes).execute(&mut write.connection()).await?)
}

pub(super) async fn delete(write: &Write, version: i32) -> Result<usize> {
    let row = providers::table.filter(providers::version.eq(version));
    Ok(diesel::delete(row).execute(&mut write.connection()).await?)
}

pub(super) async fn find(pools: &Pools, slug: &str) -> Result<Option<Found>> {
    const FIND: &str =
        "select org_id, issuer, client_id, client_secret, client_secret_key, redirect_url, version
        from find_sign_in_provider($1)";
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query(FIND).bind::<Text, _>(slug.to_owned()).prepared();
            async move { query.get_result::<Found>(&mut connection).await.optional() }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let found = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(found))
}

/// Enters an organisation by starting a session of whom its provider vouched for.
pub(super) async fn enter_with(
    pools: &Pools,
    new: &NewSession,
    vouched: Vouched,
) -> Result<Option<Tx<Staff>>> {
    pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let start = sql_query("select start_provider_session($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind::<sql_types::Uuid, _>(new.org_id)
                .bind::<sql_types::Integer, _>(vouched.version)
                .bind::<Text, _>(vouched.subject.clone())
                .bind::<Nullable<Text>, _>(vouched.verified_email.clone())
                .bind::<sql_types::Uuid, _>(new.id)
                .bind::<Binary, _>(new.token_hash.to_vec())
                .bind::<Nullable<Text>, _>(new.user_agent.clone())
                .bind::<sql_types::Timestamptz, _>(new.expires_at)
                .prepared();
            async move {
                start.execute(&mut connection).await?;
                read_staff(connection).await
            }
            .boxed()
        })
        .await
}

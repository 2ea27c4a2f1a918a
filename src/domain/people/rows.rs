//! The door functions over `people`. They return rows, which Diesel's own language cannot call.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;

use crate::db::ids::{OrgId, PersonId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::scope::{Access, Door};
use crate::error::Result;

/// A person, for checking the password.
#[derive(Clone, QueryableByName)]
pub(super) struct Known {
    #[diesel(sql_type = sql_types::Uuid)]
    pub person_id: PersonId,
    /// None: they come in by mailed links only.
    #[diesel(sql_type = sql_types::Nullable<Text>)]
    pub password_hash: Option<String>,
}

/// An organisation that a person belongs to.
#[derive(Clone, Debug, QueryableByName)]
pub struct Membership {
    #[diesel(sql_type = sql_types::Uuid)]
    pub org_id: OrgId,
    #[diesel(sql_type = Text)]
    pub slug: String,
}

diesel::define_sql_function! {
    /// Adds a person at sign-up.
    fn register_person(person: sql_types::Uuid, address: Text, password: Text);
}

diesel::define_sql_function! {
    /// The address of a person who had proved it when they chose their password.
    #[sql_name = "proved_address"]
    fn proved_address_of(person: sql_types::Uuid) -> sql_types::Nullable<Text>;
}

pub(super) async fn find(pools: &Pools, email: String) -> Result<Option<Known>> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query("select person_id, password_hash from find_person($1)");
            let query = query.bind::<Text, _>(email.clone()).prepared();
            async move { query.get_result::<Known>(&mut connection).await.optional() }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let known = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(known))
}

/// The address that a person's password proves, if it does.
pub(super) async fn proved_address(pools: &Pools, person: PersonId) -> Result<Option<String>> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let address = diesel::select(proved_address_of(person));
            async move { address.get_result::<Option<String>>(&mut connection).await }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let address = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(address))
}

pub(super) async fn memberships(pools: &Pools, person: PersonId) -> Result<Vec<Membership>> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query("select org_id, slug from find_memberships($1)");
            let query = query.bind::<sql_types::Uuid, _>(person).prepared();
            async move { query.load::<Membership>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(Vec::new()) };
    let found = tx.scope().clone();
    tx.commit().await?;
    Ok(found)
}

/// Adds a person, in the transaction that founds their first organisation.
pub async fn register(
    mut connection: &AsyncPgConnection,
    person: PersonId,
    email: &str,
    password_hash: &str,
) -> QueryResult<()> {
    diesel::select(register_person(person, email, password_hash)).execute(&mut connection).await?;
    Ok(())
}

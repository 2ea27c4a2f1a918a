//! The door functions over `address_proofs`.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Binary, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::ids::OrgId;
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::system::address_proofs as proofs;
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::error::Result;

/// What is asked for.
pub(super) struct Request {
    pub kind: &'static str,
    pub email: String,
    /// Slug of the organisation that the mail should come from, if the address means something there.
    pub organization: Option<String>,
    pub ask: Option<CredentialHash>,
}

diesel::define_sql_function! {
    /// Gives who holds a token a new password; whether the token was good.
    fn reset_password(token: Binary, password: Text) -> Bool;
}

diesel::define_sql_function! {
    /// Uses a token up; the address that it proves.
    fn use_address_proof(kind: Text, token: Binary, ask: Nullable<Binary>) -> Nullable<Text>;
}

/// Queues a mail if the address means something; says nothing of it.
pub(super) async fn request(
    pools: &Pools,
    clock: &Arc<Clock>,
    request: Request,
    life: TimeDelta,
) -> Result<()> {
    // No index holds a longer one, and nobody has it.
    if request.email.len() > 254 || request.email.contains('\0') {
        return Ok(());
    }
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let query = sql_query("select request_address_proof($1, $2, $3, $4, $5, $6, $7)")
                .bind::<Text, _>(request.kind)
                .bind::<Text, _>(request.email.clone())
                .bind::<Nullable<Text>, _>(request.organization.clone())
                .bind::<Nullable<Binary>, _>(request.ask.map(|ask| ask.to_vec()))
                .bind::<sql_types::Uuid, _>(clock.id())
                .bind::<sql_types::Uuid, _>(clock.id())
                .bind::<sql_types::Timestamptz, _>(clock.now() + life)
                .prepared();
            async move { query.execute(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    match entered {
        Some(tx) => tx.commit().await,
        None => Ok(()),
    }
}

pub(super) async fn reset(pools: &Pools, token: CredentialHash, password_hash: String) -> Result<bool> {
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let query = diesel::select(reset_password(token.to_vec(), password_hash.clone()));
            async move { query.get_result::<bool>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(false) };
    let reset = *tx.scope();
    tx.commit().await?;
    Ok(reset)
}

pub(super) async fn prove(
    pools: &Pools,
    token: CredentialHash,
    ask: CredentialHash,
) -> Result<Option<String>> {
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let query = diesel::select(use_address_proof("SIGN_IN", token.to_vec(), Some(ask.to_vec())));
            async move { query.get_result::<Option<String>>(&mut connection).await }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let address = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(address))
}

/// The address of what can still be used.
pub(super) async fn to_mail(tx: &Tx<OrgId>, id: Uuid, now: DateTime<Utc>) -> Result<Option<String>> {
    Ok(proofs::table
        .filter(proofs::id.eq(id))
        .filter(proofs::used_at.is_null())
        .filter(proofs::expires_at.gt(now))
        .select(proofs::address)
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// What is mailed now proves the address; what was mailed before does not any more.
pub(super) async fn give_token(tx: &Tx<OrgId>, id: Uuid, hash: CredentialHash) -> Result<()> {
    diesel::update(proofs::table.filter(proofs::id.eq(id)))
        .set(proofs::token_hash.eq(hash.to_vec()))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    diesel::delete(proofs::table.filter(proofs::expires_at.lt(before))).execute(&mut tx.connection()).await?;
    Ok(())
}

//! `api_keys` in Diesel.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::db::enums::ApiKeyScope;
use crate::db::ids::{ApiKeyId, CompanyId, MemberId, OrgId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::pool::Pools;
use crate::db::schema::staff::api_keys;
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::Result;

diesel::define_sql_function! {
    fn note_key_uses(
        hashes: diesel::sql_types::Array<diesel::sql_types::Binary>,
        moments: diesel::sql_types::Array<diesel::sql_types::Timestamptz>
    );
}

/// A key as staff see it: never its secret.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The secret's last characters.
    pub hint: String,
    pub scopes: Vec<ApiKeyScope>,
    pub company_id: Option<CompanyId>,
    pub created_by: MemberId,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What is written of a new key.
#[derive(Debug, Insertable)]
#[diesel(table_name = api_keys)]
pub(super) struct NewApiKey {
    pub org_id: OrgId,
    pub id: ApiKeyId,
    pub name: String,
    pub token_hash: Vec<u8>,
    pub hint: String,
    pub scopes: Vec<ApiKeyScope>,
    pub company_id: Option<CompanyId>,
    pub created_by: MemberId,
    pub expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewApiKey) -> Result<()> {
    diesel::insert_into(api_keys::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn revoke(write: &Write, id: ApiKeyId) -> Result<usize> {
    let living = api_keys::table.filter(api_keys::id.eq(id)).filter(api_keys::revoked_at.is_null());
    Ok(diesel::update(living)
        .set(api_keys::revoked_at.eq(write.at()))
        .execute(&mut write.connection())
        .await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[ApiKeyId]) -> Result<Vec<ApiKey>> {
    Ok(api_keys::table
        .filter(api_keys::id.eq_any(ids))
        .select(ApiKey::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(tx: &Tx<Staff>, revoked: bool, page: &Page<ApiKeyId>) -> Result<Vec<ApiKey>> {
    let mut query = filtered(revoked).order(api_keys::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(api_keys::id.lt(after));
    }
    Ok(query.select(ApiKey::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, revoked: bool) -> Result<i64> {
    let ids: Vec<ApiKeyId> =
        filtered(revoked).select(api_keys::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(revoked: bool) -> api_keys::BoxedQuery<'static, Pg> {
    let query = api_keys::table.into_boxed();
    match revoked {
        true => query.filter(api_keys::revoked_at.is_not_null()),
        false => query.filter(api_keys::revoked_at.is_null()),
    }
}

pub(super) async fn note_uses(pools: &Pools, uses: Vec<(CredentialHash, DateTime<Utc>)>) -> Result<()> {
    let (hashes, moments): (Vec<Vec<u8>>, Vec<DateTime<Utc>>) =
        uses.into_iter().map(|(hash, moment)| (hash.to_vec(), moment)).unzip();
    let entered = pools.enter(Door::System, Access::Write, move |mut connection| {
        let noted = diesel::select(note_key_uses(hashes.clone(), moments.clone()));
        async move { noted.execute(&mut connection).await.map(Some) }.boxed()
    });
    if let Some(tx) = entered.await? {
        tx.commit().await?;
    }
    Ok(())
}

//! `suppressions` in Diesel, and what the queue still knows of a mail that was sent.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::Report;
use crate::db::enums::SuppressionReason;
use crate::db::ids::{OrgId, SuppressionId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::pool::Pools;
use crate::db::schema::staff::suppressions;
use crate::db::schema::system;
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::app_id;
use crate::domain::callers::Staff;
use crate::error::Result;

diesel::define_sql_function! {
    fn mail_went_to(mail: diesel::sql_types::Uuid, address: Text) -> Bool;
}

/// A suppressed address.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = suppressions)]
pub struct Suppression {
    pub id: SuppressionId,
    pub email: String,
    pub reason: SuppressionReason,
    pub detail: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn list(tx: &Tx<Staff>, page: &Page<SuppressionId>) -> Result<Vec<Suppression>> {
    let mut query = suppressions::table.order(suppressions::id.desc()).limit(page.fetch()).into_boxed();
    if let Some(after) = page.after {
        query = query.filter(suppressions::id.lt(after));
    }
    Ok(query.select(Suppression::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>) -> Result<i64> {
    let ids: Vec<SuppressionId> =
        suppressions::table.select(suppressions::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

pub(super) async fn delete(tx: &Tx<Staff>, id: SuppressionId) -> Result<usize> {
    let row = suppressions::table.filter(suppressions::id.eq(id));
    Ok(diesel::delete(row).execute(&mut tx.connection()).await?)
}

/// Whose mail it is, as long as the queue remembers it.
pub(super) async fn organization_of(pools: &Pools, mail: Uuid) -> Result<Option<OrgId>> {
    use system::outbox;
    let entered = pools.enter(Door::System, Access::Read, |mut connection| {
        let org = outbox::table.filter(outbox::id.eq(mail)).select(outbox::org_id);
        async move { org.first::<OrgId>(&mut connection).await.optional() }.boxed()
    });
    let Some(tx) = entered.await? else { return Ok(None) };
    let org = *tx.scope();
    tx.leave().await?;
    Ok(Some(org))
}

/// The organisation that was entered.
pub(super) fn entered(mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Option<OrgId>>> {
    async move { diesel::select(app_id("app.org")).get_result(&mut connection).await }.boxed()
}

pub(super) async fn went_to(tx: &Tx<OrgId>, mail: Uuid, email: &str) -> Result<bool> {
    Ok(diesel::select(mail_went_to(mail, email)).get_result(&mut tx.connection()).await?)
}

/// False if the address was suppressed before.
pub(super) async fn insert(tx: &Tx<OrgId>, id: SuppressionId, report: &Report) -> Result<bool> {
    use system::suppressions;
    let row = (
        suppressions::org_id.eq(*tx.scope()),
        suppressions::id.eq(id),
        suppressions::email.eq(&report.email),
        suppressions::reason.eq(report.reason),
        suppressions::detail.eq(report.detail.as_deref()),
    );
    let added = diesel::insert_into(suppressions::table).values(row).on_conflict_do_nothing();
    Ok(added.execute(&mut tx.connection()).await? == 1)
}

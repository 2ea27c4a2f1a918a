//! `events` in Diesel, and the functions that tell how far logs have come.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use serde_json::Value;
use uuid::Uuid;

use super::{EventFilter, Position};
use crate::db::ids::{CompanyId, MemberId, OrgId, PortalSessionId, RecordId};
use crate::db::pool::Pools;
use crate::db::schema::{portal, staff};
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::domain::callers::{Portal, Staff};
use crate::error::Result;

mod functions {
    use diesel::sql_types::{self, Array, Binary, Nullable, Uuid};

    diesel::define_sql_function! { fn newest_event() -> sql_types::BigInt; }
    diesel::define_sql_function! { fn oldest_event() -> sql_types::BigInt; }
    diesel::define_sql_function! { fn scope_fingerprint() -> Binary; }
    diesel::define_sql_function! { fn newest_events(orgs: Array<Uuid>) -> Array<sql_types::BigInt>; }
    diesel::define_sql_function! {
        fn dead_credentials(
            staff: Array<Binary>,
            portals: Array<Binary>,
            passed: Array<Nullable<Binary>>
        ) -> Array<Binary>;
    }
    diesel::define_sql_function! { fn dead_keys(hashes: Array<Binary>) -> Array<Binary>; }
    diesel::define_sql_function! { fn dead_previews(hashes: Array<Binary>) -> Array<Binary>; }
}

/// One thing that happened, as staff read it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = staff::events)]
pub struct Event {
    #[diesel(column_name = seq)]
    pub position: Position,
    pub id: Uuid,
    /// `noun.verb`.
    pub kind: String,
    pub actor_member_id: Option<MemberId>,
    pub actor_session_id: Option<PortalSessionId>,
    pub company_id: Option<CompanyId>,
    pub record_id: Option<RecordId>,
    pub client_visible: bool,
    pub payload: Value,
    pub occurred_at: DateTime<Utc>,
}

/// One thing that happened, as a portal's visitors read it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = portal::events)]
pub struct SharedEvent {
    #[diesel(column_name = seq)]
    pub position: Position,
    pub id: Uuid,
    /// `noun.verb`.
    pub kind: String,
    /// None for what is about the company as a whole.
    pub record_id: Option<RecordId>,
    pub occurred_at: DateTime<Utc>,
}

/// Where a log begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    /// Of the newest event.
    pub newest: Position,
    /// Before the oldest event that is kept.
    pub before_oldest: Position,
}

pub(super) async fn after(
    tx: &Tx<Staff>,
    position: Position,
    filter: &EventFilter,
    hidden: &[&str],
    limit: i64,
) -> Result<Vec<Event>> {
    use staff::events;
    let mut query = events::table
        .filter(events::seq.gt(position))
        .order(events::seq)
        .limit(limit)
        .select(Event::as_select())
        .into_boxed();
    if let Some(kinds) = &filter.kinds {
        query = query.filter(events::kind.eq_any(kinds));
    }
    if let Some(company) = filter.company {
        query = query.filter(events::company_id.eq(company));
    }
    if let Some(record) = filter.record {
        query = query.filter(events::record_id.eq(record));
    }
    for prefix in hidden {
        query = query.filter(events::kind.not_like(format!("{}%", prefix.replace('_', "\\_"))));
    }
    Ok(query.load(&mut tx.connection()).await?)
}

pub(super) async fn newest_seen(tx: &Tx<Staff>, company: Option<CompanyId>) -> Result<Option<Position>> {
    use staff::events;
    let mut query = events::table.order(events::seq.desc()).select(events::seq).into_boxed();
    if let Some(company) = company {
        query = query.filter(events::company_id.eq(company));
    }
    Ok(query.first(&mut tx.connection()).await.optional()?)
}

pub(super) async fn shared_after(
    tx: &Tx<Portal>,
    position: Position,
    limit: i64,
) -> Result<Vec<SharedEvent>> {
    use portal::events;
    Ok(events::table
        .filter(events::seq.gt(position))
        .order(events::seq)
        .limit(limit)
        .select(SharedEvent::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn horizon<S>(tx: &Tx<S>) -> Result<Horizon> {
    let (newest, oldest): (i64, i64) = diesel::select((functions::newest_event(), functions::oldest_event()))
        .get_result(&mut tx.connection())
        .await?;
    Ok(Horizon { newest: Position(newest), before_oldest: Position(oldest - 1) })
}

pub(super) async fn fingerprint(tx: &Tx<Portal>) -> Result<Vec<u8>> {
    Ok(diesel::select(functions::scope_fingerprint()).get_result(&mut tx.connection()).await?)
}

pub(super) async fn newest(pools: &Pools, orgs: Vec<OrgId>) -> Result<Vec<Position>> {
    let entered = pools.enter(Door::System, Access::Read, move |mut connection| {
        let orgs = orgs.clone();
        let newest = diesel::select(functions::newest_events(orgs));
        async move { newest.get_result(&mut connection).await.map(Some) }.boxed()
    });
    read(entered.await?).await
}

pub(super) async fn dead_credentials(
    pools: &Pools,
    staff: Vec<CredentialHash>,
    keys: Vec<CredentialHash>,
    portals: Vec<(CredentialHash, Option<CredentialHash>)>,
) -> Result<Vec<CredentialHash>> {
    let [staff, keys] = [staff, keys].map(|hashes| hashes.iter().map(|hash| hash.to_vec()).collect());
    let (staff, keys): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (staff, keys);
    let (portals, passed): (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>) =
        portals.iter().map(|(hash, passed)| (hash.to_vec(), passed.map(|passed| passed.to_vec()))).unzip();
    let entered = pools.enter(Door::System, Access::Read, move |mut connection| {
        let dead = functions::dead_credentials(staff.clone(), portals.clone(), passed.clone());
        let dead = diesel::select((dead, functions::dead_keys(keys.clone())));
        async move { dead.get_result::<(Vec<Vec<u8>>, Vec<Vec<u8>>)>(&mut connection).await.map(Some) }
            .boxed()
    });
    let (dead, dead_keys) = read(entered.await?).await?;
    Ok(dead.into_iter().chain(dead_keys).filter_map(|hash| hash.try_into().ok()).collect())
}

pub(super) async fn dead_previews(
    pools: &Pools,
    previews: Vec<CredentialHash>,
) -> Result<Vec<CredentialHash>> {
    let previews: Vec<Vec<u8>> = previews.iter().map(|hash| hash.to_vec()).collect();
    let entered = pools.enter(Door::System, Access::Read, move |mut connection| {
        let dead = diesel::select(functions::dead_previews(previews.clone()));
        async move { dead.get_result::<Vec<Vec<u8>>>(&mut connection).await.map(Some) }.boxed()
    });
    let dead = read(entered.await?).await?;
    Ok(dead.into_iter().filter_map(|hash| hash.try_into().ok()).collect())
}

/// What was read at once with BEGIN.
async fn read<T: Clone + Default>(entered: Option<Tx<T>>) -> Result<T> {
    let Some(tx) = entered else { return Ok(T::default()) };
    let read = tx.scope().clone();
    tx.leave().await?;
    Ok(read)
}

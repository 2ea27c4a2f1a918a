//! Where the bytes of files rest. A row stands before the first byte does, so that whatever a crash leaves
//! behind is found and swept. Only the worker's login knows of it: the path in storage is nobody else's
//! business, and clients could otherwise point a file of theirs at the bytes of somebody else.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Integer, Timestamptz};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use super::names::part;
use crate::clock::Clock;
use crate::db::ids::{FileId, OrgId, PortalId, StorageId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::system::{files, portals, stored_objects as objects};
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::app_id;
use crate::domain::storages::{self, Account};
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// Whoever receives bytes says so at least this often,
pub const HEARTBEAT: TimeDelta = TimeDelta::seconds(20);
/// and is taken for dead after this.
const PATIENCE: TimeDelta = TimeDelta::minutes(2);
/// Objects that are swept in one go.
const PIECE: i32 = 100;

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectId {
    pub org: OrgId,
    pub file: FileId,
}

/// Where bytes rest.
#[derive(Clone, Debug)]
pub struct Location {
    /// The organisation's own account; none for the installation's storage.
    pub account: Option<Account>,
    pub key: String,
}

/// What is to be swept.
#[derive(Clone, Debug)]
pub struct Leftover {
    pub id: ObjectId,
    pub location: Location,
}

/// Below which folder bytes land.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The portal that a client sent them to.
    pub portal: Option<PortalId>,
    pub company: String,
    pub record: String,
}

/// Notes that bytes are coming, and says where they go: `{folder}/{record}/client-uploads` for clients
/// (FILE-2).
pub async fn receive(
    pools: &Pools,
    (clock, keys): (&Clock, &SealingKeys),
    id: ObjectId,
    (folder, name): (&Folder, &str),
) -> Result<Location> {
    let tx = enter(pools, id.org).await?;
    let root = match folder.portal {
        Some(portal) => portals::table
            .filter(portals::id.eq(portal))
            .select(portals::upload_folder)
            .first::<Option<String>>(&mut tx.connection())
            .await
            .optional()?
            .flatten(),
        None => None,
    };
    // Only what was chosen has steps: a company's name is one, whatever it holds.
    let mut steps: Vec<String> = match &root {
        Some(root) => root.split('/').filter(|step| !step.trim().is_empty()).map(part).collect(),
        None => vec![part(&folder.company)],
    };
    steps.push(part(&folder.record));
    steps.push(if folder.portal.is_some() { "client-uploads" } else { "files" }.to_owned());
    // The last twelve digits of the id are random: two of one name do not meet.
    let id_text = id.file.0.simple().to_string();
    steps.push(format!("{}-{}", &id_text[20..], part(name)));
    let key = steps.join("/");
    let (storage, account) = storages::current(&tx, keys).await?.unzip();
    let row = (
        objects::storage_id.eq(storage),
        objects::org_id.eq(id.org),
        objects::id.eq(id.file),
        objects::storage_key.eq(&key),
        objects::state.eq("RECEIVING"),
        objects::seen_at.eq(clock.now()),
    );
    let new = diesel::insert_into(objects::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut tx.connection())
        .await?;
    tx.commit().await?;
    if new == 0 {
        return Err(Error::Conflict("This upload was used before. Ask for another.".into()));
    }
    Ok(Location { account, key })
}

/// Says that bytes are still coming. A refusal says that they were given up meanwhile.
pub async fn renew(pools: &Pools, clock: &Clock, id: ObjectId) -> Result<()> {
    let tx = enter(pools, id.org).await?;
    let coming = objects::table.filter(objects::id.eq(id.file)).filter(objects::state.eq("RECEIVING"));
    let renewed =
        diesel::update(coming).set(objects::seen_at.eq(clock.now())).execute(&mut tx.connection()).await?;
    tx.commit().await?;
    if renewed == 1 { Ok(()) } else { Err(Error::Conflict("This upload took too long.".into())) }
}

/// Notes that a file has the bytes. If it cannot, the sweeper does.
pub async fn keep(pools: &Pools, id: ObjectId) -> Result<()> {
    let tx = enter(pools, id.org).await?;
    let row = objects::table.filter(objects::id.eq(id.file));
    diesel::update(row).set(objects::state.eq("KEPT")).execute(&mut tx.connection()).await?;
    tx.commit().await
}

/// Forgets bytes that were deleted.
pub async fn forget(pools: &Pools, id: ObjectId) -> Result<()> {
    let tx = enter(pools, id.org).await?;
    let row = objects::table.filter(objects::id.eq(id.file)).filter(objects::state.ne("KEPT"));
    diesel::delete(row).execute(&mut tx.connection()).await?;
    tx.commit().await
}

/// Where a file's bytes rest; none if it has none.
pub async fn location(pools: &Pools, keys: &SealingKeys, id: ObjectId) -> Result<Option<Location>> {
    let found = locations(pools, keys, id.org, &[id.file]).await?;
    Ok(found.into_iter().next().map(|(_, location)| location))
}

/// The same for many files.
pub async fn locations(
    pools: &Pools,
    keys: &SealingKeys,
    org: OrgId,
    ids: &[FileId],
) -> Result<Vec<(FileId, Location)>> {
    let tx = enter(pools, org).await?;
    let rows: Vec<(FileId, String, Option<StorageId>)> = objects::table
        .filter(objects::id.eq_any(ids))
        .filter(objects::state.ne("DROPPED"))
        .select((objects::id, objects::storage_key, objects::storage_id))
        .load(&mut tx.connection())
        .await?;
    let mut accounts: HashMap<StorageId, Account> = HashMap::new();
    for storage in rows.iter().filter_map(|(_, _, storage)| *storage) {
        if let Entry::Vacant(unknown) = accounts.entry(storage) {
            unknown.insert(storages::account(&tx, keys, storage).await?);
        }
    }
    tx.leave().await?;
    let located = rows.into_iter().map(|(file, key, storage)| {
        (file, Location { account: storage.and_then(|storage| accounts.get(&storage).cloned()), key })
    });
    Ok(located.collect())
}

/// Takes what nobody was heard of since, to be deleted by the caller. What a file has after all is kept. One
/// that cannot be taken keeps nobody else's waiting.
pub async fn leftovers(pools: &Pools, clock: &Clock, keys: &SealingKeys) -> Result<Vec<Leftover>> {
    let now = clock.now();
    let mut found = Vec::new();
    for id in unsettled(pools, now - PATIENCE).await? {
        match take(pools, keys, id, now).await {
            Ok(leftover) => found.extend(leftover),
            Err(error) => tracing::warn!(%error, "a leftover of an upload cannot be swept, and waits"),
        }
    }
    Ok(found)
}

/// Whatever comes of it, it goes to the end of the queue, or accounts that no longer open would fill it.
async fn take(
    pools: &Pools,
    keys: &SealingKeys,
    id: ObjectId,
    now: DateTime<Utc>,
) -> Result<Option<Leftover>> {
    let tx = enter(pools, id.org).await?;
    let row = objects::table.filter(objects::id.eq(id.file)).filter(objects::seen_at.lt(now - PATIENCE));
    let has_file: bool = diesel::select(diesel::dsl::exists(files::table.filter(files::id.eq(id.file))))
        .get_result(&mut tx.connection())
        .await?;
    let state = if has_file { "KEPT" } else { "DROPPED" };
    let taken: Option<(String, Option<StorageId>)> = diesel::update(row)
        .set((objects::state.eq(state), objects::seen_at.eq(now)))
        .returning((objects::storage_key, objects::storage_id))
        .get_result(&mut tx.connection())
        .await
        .optional()?;
    let Some((key, storage)) = taken.filter(|_| !has_file) else {
        tx.commit().await?;
        return Ok(None);
    };
    let account = match storage {
        Some(storage) => storages::account(&tx, keys, storage).await.map(Some),
        None => Ok(None),
    };
    tx.commit().await?;
    Ok(Some(Leftover { id, location: Location { account: account?, key } }))
}

#[derive(Clone, QueryableByName)]
struct Unsettled {
    #[diesel(sql_type = sql_types::Uuid)]
    org_id: OrgId,
    #[diesel(sql_type = sql_types::Uuid)]
    id: FileId,
}

async fn unsettled(pools: &Pools, before: DateTime<Utc>) -> Result<Vec<ObjectId>> {
    let entered = pools.enter(Door::System, Access::Read, move |mut connection| {
        async move {
            let found: Vec<Unsettled> = diesel::sql_query("select org_id, id from unsettled_objects($1, $2)")
                .bind::<Timestamptz, _>(before)
                .bind::<Integer, _>(PIECE)
                .prepared()
                .load(&mut connection)
                .await?;
            Ok(Some(found))
        }
        .boxed()
    });
    let Some(tx) = entered.await? else { return Ok(Vec::new()) };
    let found = tx.scope().iter().map(|row| ObjectId { org: row.org_id, file: row.id }).collect();
    tx.leave().await?;
    Ok(found)
}

async fn enter(pools: &Pools, org: OrgId) -> Result<Tx<OrgId>> {
    let entered = pools.enter(Door::Organization(org), Access::Write, |mut connection| {
        async move { diesel::select(app_id("app.org")).get_result::<Option<OrgId>>(&mut connection).await }.boxed()
    });
    entered.await?.ok_or(Error::NotFound("organization"))
}

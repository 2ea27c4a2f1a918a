//! `storages` in Diesel: for staff without secrets, for the worker with them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Account, Settings, opened};
use crate::db::ids::{MemberId, OrgId, StorageId};
use crate::db::schema::{staff, system};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::{Error, Result};
use crate::sealing::{Sealed, SealingKeys};

/// An account as staff see it.
#[derive(Clone, Debug)]
pub struct Storage {
    pub settings: Settings,
    pub configured_by: Option<MemberId>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = system::storages)]
pub(super) struct AccountRow {
    pub id: StorageId,
    pub settings: serde_json::Value,
    pub secret: Vec<u8>,
    pub secret_key: String,
}

pub(super) async fn chosen(tx: &Tx<Staff>) -> Result<Option<Storage>> {
    use staff::storages;
    let row: Option<(serde_json::Value, Option<MemberId>, DateTime<Utc>)> = storages::table
        .filter(storages::current)
        .select((storages::settings, storages::configured_by, storages::created_at))
        .first(&mut tx.connection())
        .await
        .optional()?;
    row.map(|(settings, configured_by, created_at)| {
        let settings = serde_json::from_value(settings).map_err(Error::internal)?;
        Ok(Storage { settings, configured_by, created_at })
    })
    .transpose()
}

/// What was chosen before takes nothing new.
pub(super) async fn retire(write: &Write) -> Result<()> {
    use staff::storages;
    diesel::update(storages::table.filter(storages::current))
        .set(storages::current.eq(false))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn insert(write: &Write, id: StorageId, settings: &Settings, sealed: &Sealed) -> Result<()> {
    use staff::storages;
    let row = (
        storages::org_id.eq(write.scope().org_id),
        storages::id.eq(id),
        storages::kind.eq(settings.kind()),
        storages::settings.eq(serde_json::to_value(settings).map_err(Error::internal)?),
        storages::secret.eq(&sealed.bytes),
        storages::secret_key.eq(&sealed.key),
        storages::configured_by.eq(write.scope().member()?.id),
    );
    diesel::insert_into(storages::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

/// The account that new files go to.
pub(in crate::domain) async fn current(
    tx: &Tx<OrgId>,
    keys: &SealingKeys,
) -> Result<Option<(StorageId, Account)>> {
    use system::storages;
    let row = storages::table
        .filter(storages::current)
        .select(AccountRow::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?;
    row.map(|row| Ok((row.id, opened(keys, *tx.scope(), row)?))).transpose()
}

/// The account of an id.
pub(in crate::domain) async fn account(tx: &Tx<OrgId>, keys: &SealingKeys, id: StorageId) -> Result<Account> {
    use system::storages;
    let row = storages::table
        .filter(storages::id.eq(id))
        .select(AccountRow::as_select())
        .first(&mut tx.connection())
        .await?;
    opened(keys, *tx.scope(), row)
}

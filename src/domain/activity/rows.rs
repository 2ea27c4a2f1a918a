//! `activity_entries` in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::{ActivityEntryId, CompanyId, RecordId};
use crate::db::schema::staff::activity_entries as entries;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::Result;

/// An entry as staff see it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = entries)]
pub struct Entry {
    pub id: ActivityEntryId,
    pub company_id: CompanyId,
    pub record_id: Option<RecordId>,
    pub title: String,
    pub body: Option<String>,
    pub url: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn insert(write: &Write, entry: &Entry) -> Result<()> {
    let row = (entries::org_id.eq(write.scope().org_id), entry);
    diesel::insert_into(entries::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[ActivityEntryId]) -> Result<Vec<Entry>> {
    Ok(entries::table
        .filter(entries::id.eq_any(ids))
        .select(Entry::as_select())
        .load(&mut tx.connection())
        .await?)
}

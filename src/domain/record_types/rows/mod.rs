//! `record_types` in Diesel, for staff, and the locks under which what a type shares is changed.

pub(super) mod fields;
pub(super) mod stages;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::constraints::{Unique, duplicate};
use crate::db::enums::SharedField;
use crate::db::ids::{OrgId, RecordTypeId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::record_types;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A kind of record as staff see it.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[serde(rename_all = "camelCase")]
#[diesel(table_name = record_types)]
pub struct RecordType {
    pub id: RecordTypeId,
    pub key: String,
    pub name: String,
    pub name_plural: String,
    pub built_in: bool,
    #[diesel(embed)]
    #[serde(flatten)]
    pub sharing: Sharing,
    #[serde(skip)]
    pub version: i32,
    #[serde(skip)]
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

/// What clients see of a type's records (REC-3), and what a new one starts with (REC-5).
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[serde(rename_all = "camelCase")]
#[diesel(table_name = record_types)]
pub struct Sharing {
    pub shared: bool,
    pub shared_fields: Vec<SharedField>,
    pub show_stage_names: bool,
    pub show_files: bool,
    pub show_comments: bool,
    pub allow_uploads: bool,
    pub email_on_reply: bool,
    pub portal_enabled_default: bool,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = record_types)]
pub(super) struct NewRecordType {
    pub org_id: OrgId,
    pub id: RecordTypeId,
    pub key: String,
    pub name: String,
    pub name_plural: String,
    #[diesel(embed)]
    pub sharing: Sharing,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = record_types)]
pub(super) struct NamesPatch {
    pub name: Option<String>,
    pub name_plural: Option<String>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

/// Where a page of record types ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordTypeKey {
    pub name: String,
    pub id: RecordTypeId,
}

impl From<&RecordType> for RecordTypeKey {
    fn from(kind: &RecordType) -> Self {
        Self { name: kind.name.clone(), id: kind.id }
    }
}

const UNIQUE: &[Unique] = &[
    Unique {
        constraint: "record_types_org_id_key_key",
        path: "input.key",
        message: "A record type with this key exists already, perhaps in the archive.",
    },
    Unique {
        constraint: "record_types_name",
        path: "input.name",
        message: "A record type of this name exists already.",
    },
];

pub(super) async fn insert(tx: &Tx<Staff>, new: NewRecordType) -> Result<()> {
    diesel::insert_into(record_types::table)
        .values(new)
        .execute(&mut tx.connection())
        .await
        .map_err(duplicate(UNIQUE))?;
    Ok(())
}

/// The type, held alone: nobody writes a record of it until the transaction ends.
pub(super) async fn lock(tx: &Tx<Staff>, id: RecordTypeId) -> Result<Option<RecordType>> {
    Ok(record_types::table
        .filter(record_types::id.eq(id))
        .select(RecordType::as_select())
        .for_no_key_update()
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// The type, held with others: nobody changes what it shares until the transaction ends.
pub(super) async fn hold(tx: &Tx<Staff>, id: RecordTypeId) -> Result<Option<RecordType>> {
    Ok(record_types::table
        .filter(record_types::id.eq(id))
        .select(RecordType::as_select())
        .for_share()
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: RecordTypeId,
    names: &NamesPatch,
    sharing: Option<&Sharing>,
) -> Result<RecordType> {
    diesel::update(record_types::table.filter(record_types::id.eq(id)))
        .set((names, sharing, record_types::version.eq(record_types::version + 1)))
        .returning(RecordType::as_returning())
        .get_result(&mut tx.connection())
        .await
        .map_err(duplicate(UNIQUE))
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[RecordTypeId]) -> Result<Vec<RecordType>> {
    Ok(record_types::table
        .filter(record_types::id.eq_any(ids))
        .select(RecordType::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    archived: bool,
    page: &Page<RecordTypeKey>,
) -> Result<Vec<RecordType>> {
    let mut query = filtered(archived).limit(page.fetch());
    if let Some(RecordTypeKey { name, id }) = page.after.clone() {
        query = query.filter(
            record_types::name.gt(name.clone()).or(record_types::name.eq(name).and(record_types::id.gt(id))),
        );
    }
    Ok(query
        .order((record_types::name.asc(), record_types::id.asc()))
        .select(RecordType::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn count(tx: &Tx<Staff>, archived: bool) -> Result<i64> {
    let count: i64 = filtered(archived).select(count_star()).first(&mut tx.connection()).await?;
    Ok(count.min(MAX_COUNT))
}

fn filtered(archived: bool) -> record_types::BoxedQuery<'static, Pg> {
    let query = record_types::table.into_boxed();
    match archived {
        true => query.filter(record_types::archived_at.is_not_null()),
        false => query.filter(record_types::archived_at.is_null()),
    }
}

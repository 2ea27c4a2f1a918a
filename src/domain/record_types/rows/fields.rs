//! `field_definitions` in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::db::constraints::{Unique, duplicate};
use crate::db::enums::FieldKind;
use crate::db::ids::{FieldId, OrgId, RecordTypeId};
use crate::db::schema::staff::field_definitions;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::positions::Shift;
use crate::error::Result;

/// A custom field of a record type as staff see it.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[serde(rename_all = "camelCase")]
#[diesel(table_name = field_definitions)]
pub struct FieldDefinition {
    pub id: FieldId,
    pub type_id: RecordTypeId,
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    pub options: Vec<String>,
    pub shared: bool,
    pub position: i32,
    #[serde(skip)]
    pub version: i32,
    pub archived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = field_definitions)]
pub(in crate::domain::record_types) struct NewField {
    pub org_id: OrgId,
    pub id: FieldId,
    pub type_id: RecordTypeId,
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    pub options: Vec<String>,
    pub shared: bool,
    pub position: i32,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = field_definitions)]
pub(in crate::domain::record_types) struct FieldPatch {
    pub label: Option<String>,
    pub options: Option<Vec<String>>,
    pub shared: Option<bool>,
    pub position: Option<i32>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

const UNIQUE: &[Unique] = &[
    Unique {
        constraint: "field_definitions_org_id_type_id_key_key",
        path: "input.key",
        message: "A field with this key exists already, perhaps in the archive.",
    },
    Unique {
        constraint: "field_definitions_label",
        path: "input.label",
        message: "A field with this label exists already.",
    },
];

pub(in crate::domain::record_types) async fn insert(tx: &Tx<Staff>, new: &NewField) -> Result<()> {
    diesel::insert_into(field_definitions::table)
        .values(new)
        .execute(&mut tx.connection())
        .await
        .map_err(duplicate(UNIQUE))?;
    Ok(())
}

pub(in crate::domain::record_types) async fn update(
    tx: &Tx<Staff>,
    id: FieldId,
    patch: &FieldPatch,
) -> Result<FieldDefinition> {
    diesel::update(field_definitions::table.filter(field_definitions::id.eq(id)))
        .set((patch, field_definitions::version.eq(field_definitions::version + 1)))
        .returning(FieldDefinition::as_returning())
        .get_result(&mut tx.connection())
        .await
        .map_err(duplicate(UNIQUE))
}

/// Moves living siblings; their versions stay, for nobody edits a position by itself.
pub(in crate::domain::record_types) async fn shift(
    tx: &Tx<Staff>,
    kind: RecordTypeId,
    shift: Shift,
) -> Result<()> {
    let siblings = field_definitions::table
        .filter(field_definitions::type_id.eq(kind))
        .filter(field_definitions::archived_at.is_null())
        .filter(field_definitions::position.between(shift.first, shift.last));
    diesel::update(siblings)
        .set(field_definitions::position.eq(field_definitions::position + shift.by))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// How many living fields a type has.
pub(in crate::domain::record_types) async fn count(tx: &Tx<Staff>, kind: RecordTypeId) -> Result<i64> {
    Ok(field_definitions::table
        .filter(field_definitions::type_id.eq(kind))
        .filter(field_definitions::archived_at.is_null())
        .select(count_star())
        .first(&mut tx.connection())
        .await?)
}

pub(in crate::domain::record_types) async fn by_ids(
    tx: &Tx<Staff>,
    ids: &[FieldId],
) -> Result<Vec<FieldDefinition>> {
    Ok(field_definitions::table
        .filter(field_definitions::id.eq_any(ids))
        .select(FieldDefinition::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// In their order, the archived ones last.
pub(in crate::domain::record_types) async fn of_types(
    tx: &Tx<Staff>,
    kinds: &[RecordTypeId],
) -> Result<Vec<FieldDefinition>> {
    Ok(field_definitions::table
        .filter(field_definitions::type_id.eq_any(kinds))
        .order((
            field_definitions::archived_at.is_not_null(),
            field_definitions::position,
            field_definitions::id,
        ))
        .select(FieldDefinition::as_select())
        .load(&mut tx.connection())
        .await?)
}

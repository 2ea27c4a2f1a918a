//! `stages` in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::db::constraints::{Unique, duplicate};
use crate::db::enums::ClientPhase;
use crate::db::ids::{OrgId, RecordTypeId, StageId};
use crate::db::schema::staff::stages;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::positions::Shift;
use crate::error::Result;

/// A step of a type's pipeline as staff see it.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[serde(rename_all = "camelCase")]
#[diesel(table_name = stages)]
pub struct Stage {
    pub id: StageId,
    pub type_id: RecordTypeId,
    pub name: String,
    pub color: String,
    pub client_phase: ClientPhase,
    pub position: i32,
    #[serde(skip)]
    pub version: i32,
    pub archived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = stages)]
pub(in crate::domain::record_types) struct NewStage {
    pub org_id: OrgId,
    pub id: StageId,
    pub type_id: RecordTypeId,
    pub name: String,
    pub color: String,
    pub client_phase: ClientPhase,
    pub position: i32,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = stages)]
pub(in crate::domain::record_types) struct StagePatch {
    pub name: Option<String>,
    pub color: Option<String>,
    pub client_phase: Option<ClientPhase>,
    pub position: Option<i32>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

const UNIQUE: &[Unique] = &[Unique {
    constraint: "stages_name",
    path: "input.name",
    message: "A stage of this name exists already.",
}];

pub(in crate::domain::record_types) async fn insert(tx: &Tx<Staff>, new: &[NewStage]) -> Result<()> {
    diesel::insert_into(stages::table)
        .values(new)
        .execute(&mut tx.connection())
        .await
        .map_err(duplicate(UNIQUE))?;
    Ok(())
}

pub(in crate::domain::record_types) async fn update(
    tx: &Tx<Staff>,
    id: StageId,
    patch: &StagePatch,
) -> Result<Stage> {
    diesel::update(stages::table.filter(stages::id.eq(id)))
        .set((patch, stages::version.eq(stages::version + 1)))
        .returning(Stage::as_returning())
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
    let siblings = stages::table
        .filter(stages::type_id.eq(kind))
        .filter(stages::archived_at.is_null())
        .filter(stages::position.between(shift.first, shift.last));
    diesel::update(siblings)
        .set(stages::position.eq(stages::position + shift.by))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// How many living stages a type has.
pub(in crate::domain::record_types) async fn count(tx: &Tx<Staff>, kind: RecordTypeId) -> Result<i64> {
    Ok(stages::table
        .filter(stages::type_id.eq(kind))
        .filter(stages::archived_at.is_null())
        .select(count_star())
        .first(&mut tx.connection())
        .await?)
}

pub(in crate::domain::record_types) async fn by_ids(tx: &Tx<Staff>, ids: &[StageId]) -> Result<Vec<Stage>> {
    Ok(stages::table
        .filter(stages::id.eq_any(ids))
        .select(Stage::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// In pipeline order, the archived ones last.
pub(in crate::domain::record_types) async fn of_types(
    tx: &Tx<Staff>,
    kinds: &[RecordTypeId],
) -> Result<Vec<Stage>> {
    Ok(stages::table
        .filter(stages::type_id.eq_any(kinds))
        .order((stages::archived_at.is_not_null(), stages::position, stages::id))
        .select(Stage::as_select())
        .load(&mut tx.connection())
        .await?)
}

//! `milestones` in Diesel, for staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::{MilestoneId, OrgId, RecordId};
use crate::db::schema::staff::milestones;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::positions::Shift;
use crate::error::Result;

/// A step of a project as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = milestones)]
pub struct Milestone {
    pub id: MilestoneId,
    pub record_id: RecordId,
    pub name: String,
    pub weight: i32,
    pub due_on: Option<NaiveDate>,
    pub completed_at: Option<DateTime<Utc>>,
    pub position: i32,
    pub version: i32,
    pub archived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = milestones)]
pub(in crate::domain::records) struct NewMilestone {
    pub org_id: OrgId,
    pub id: MilestoneId,
    pub record_id: RecordId,
    pub name: String,
    pub weight: i32,
    pub due_on: Option<NaiveDate>,
    pub position: i32,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = milestones)]
pub(in crate::domain::records) struct MilestonePatch {
    pub name: Option<String>,
    pub weight: Option<i32>,
    pub due_on: Option<Option<NaiveDate>>,
    pub completed_at: Option<Option<DateTime<Utc>>>,
    pub position: Option<i32>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

pub(in crate::domain::records) async fn insert(tx: &Tx<Staff>, new: &NewMilestone) -> Result<()> {
    diesel::insert_into(milestones::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(in crate::domain::records) async fn update(
    tx: &Tx<Staff>,
    id: MilestoneId,
    patch: &MilestonePatch,
) -> Result<()> {
    diesel::update(milestones::table.filter(milestones::id.eq(id)))
        .set((patch, milestones::version.eq(milestones::version + 1)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// Moves living siblings; their versions stay, for nobody edits a position by itself.
pub(in crate::domain::records) async fn shift(tx: &Tx<Staff>, record: RecordId, shift: Shift) -> Result<()> {
    let siblings = milestones::table
        .filter(milestones::record_id.eq(record))
        .filter(milestones::archived_at.is_null())
        .filter(milestones::position.between(shift.first, shift.last));
    diesel::update(siblings)
        .set(milestones::position.eq(milestones::position + shift.by))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// How many living milestones a record has.
pub(in crate::domain::records) async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    Ok(milestones::table
        .filter(milestones::record_id.eq(record))
        .filter(milestones::archived_at.is_null())
        .select(count_star())
        .first(&mut tx.connection())
        .await?)
}

pub(in crate::domain::records) async fn by_ids(
    tx: &Tx<Staff>,
    ids: &[MilestoneId],
) -> Result<Vec<Milestone>> {
    Ok(milestones::table
        .filter(milestones::id.eq_any(ids))
        .select(Milestone::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// In their order, the archived ones last.
pub(in crate::domain::records) async fn of_records(
    tx: &Tx<Staff>,
    records: &[RecordId],
) -> Result<Vec<Milestone>> {
    Ok(milestones::table
        .filter(milestones::record_id.eq_any(records))
        .order((milestones::archived_at.is_not_null(), milestones::position, milestones::id))
        .select(Milestone::as_select())
        .load(&mut tx.connection())
        .await?)
}

//! Records as clients see them (REC-3, REC-6, REC-8): what each shares, its steps, milestones,
//! deadlines and shared custom fields. Reads as a portal caller, from columns that hold nothing
//! else than what is shared. Not here: the home's grouping (`home`), and anything of staff.

mod deadlines;
mod fields;
mod rows;
mod steps;

pub use deadlines::{Deadline, DeadlineKind, upcoming};
pub use fields::{SharedValue, values};
pub use rows::{
    SharedField, SharedMilestone, SharedRecord, SharedRecordFilter, SharedRecordKey, SharedRecordOrder,
    SharedStage, SharedType,
};
pub use steps::{Step, StepState, steps};

use super::callers::Portal;
use crate::db::ids::{RecordId, RecordTypeId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::Result;

/// The visible ones of these records.
pub async fn by_ids(tx: &Tx<Portal>, ids: &[RecordId]) -> Result<Vec<SharedRecord>> {
    rows::by_ids(tx, ids).await
}

/// A page of the visible records.
pub async fn list(
    tx: &Tx<Portal>,
    filter: &SharedRecordFilter,
    page: &Page<SharedRecordKey>,
) -> Result<Rows<SharedRecord>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many visible records the filter finds, counted up to the limit of API-4.
pub async fn count(tx: &Tx<Portal>, filter: &SharedRecordFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

/// These types, as far as clients see records of them.
pub async fn types(tx: &Tx<Portal>, ids: &[RecordTypeId]) -> Result<Vec<SharedType>> {
    rows::types(tx, ids).await
}

/// The stages of those types that show stage names, in pipeline order.
pub async fn stages(tx: &Tx<Portal>, types: &[RecordTypeId]) -> Result<Vec<SharedStage>> {
    rows::stages(tx, types).await
}

/// The shared custom fields of these types, in their order.
pub async fn fields(tx: &Tx<Portal>, types: &[RecordTypeId]) -> Result<Vec<SharedField>> {
    rows::fields(tx, types).await
}

/// The milestones of these records, in their order; none where MILESTONES is not shared.
pub async fn milestones(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<SharedMilestone>> {
    rows::milestones(tx, records).await
}

/// How many shared files each of these records has. A record without any is left out.
pub async fn file_counts(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<(RecordId, i64)>> {
    rows::file_counts(tx, records).await
}

/// How many messages the thread of each of these records has. A record without any is left out.
pub async fn message_counts(tx: &Tx<Portal>, records: &[RecordId]) -> Result<Vec<(RecordId, i64)>> {
    rows::message_counts(tx, records).await
}

//! The audit log: who changed what, when, from where (ORG-5). Append only; the database grants
//! nothing else. Entries are written by [`super::changes`], never by a verb itself.

mod rows;

pub use rows::{AuditEntry, AuditFilter, NewEntry};

use super::callers::Staff;
use crate::db::ids::AuditEntryId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::Result;

/// Appends entries in the transaction of their changes.
pub(super) async fn append(tx: &Tx<Staff>, entries: Vec<NewEntry>) -> Result<()> {
    rows::insert(tx, &entries).await
}

/// Newest first. For OWNER and ADMIN only.
pub async fn list(
    tx: &Tx<Staff>,
    filter: &AuditFilter,
    page: &Page<AuditEntryId>,
) -> Result<Rows<AuditEntry>> {
    tx.scope().require_admin()?;
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`]. For OWNER and ADMIN only.
pub async fn count(tx: &Tx<Staff>, filter: &AuditFilter) -> Result<i64> {
    tx.scope().require_admin()?;
    rows::count(tx, filter).await
}

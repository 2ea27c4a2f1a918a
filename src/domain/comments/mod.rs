//! Comments (MSG-1): what staff say to each other about a record. Not for clients, who have
//! [`super::messages`] with staff: neither their login nor their root knows of these.

mod rows;

pub use rows::Comment;

use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::idempotency::{self, Claim};
use super::records;
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{CommentId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What is to be said to colleagues. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct CommentDraft {
    pub record_id: RecordId,
    pub body: String,
}

/// Writes to colleagues, once for each idempotency key.
pub async fn post(write: &Write, draft: CommentDraft, key: Option<&str>) -> Result<CommentId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "comment.post", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let record = records::by_ids(write, &[draft.record_id]).await?.pop().ok_or(Error::NotFound("record"))?;
    let mut checks = Checks::new();
    let body = checks.text("body", &draft.body, 10_000);
    checks.finish()?;
    let id = write.id();
    rows::insert(write, (id, record.id), &body).await?;
    fresh.settle(write, id).await?;
    write.done(Change::new("comment.posted", id).company(record.company_id).record(record.id));
    Ok(id)
}

/// A page of a record's comments, newest first.
pub async fn list(tx: &Tx<Staff>, record: RecordId, page: &Page<CommentId>) -> Result<Rows<Comment>> {
    Ok(page.cut(rows::list(tx, record, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    rows::count(tx, record).await
}

/// The comments of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[CommentId]) -> Result<Vec<Comment>> {
    rows::by_ids(tx, ids).await
}

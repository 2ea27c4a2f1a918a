//! The same threads for a portal's visitors: which there are, what is in them, and writing in one. Row-level
//! security decides which records' threads these are: MESSAGES, and the type's "show comments".

mod rows;

pub use rows::{NamedRecord, SharedMessage, Thread, ThreadKey};

use serde::Serialize;

use super::LONGEST;
use crate::db::ids::{MessageId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::{Change, Write};
use crate::domain::idempotency::{self, Claim};
use crate::domain::validation::Checks;
use crate::domain::visitors;
use crate::error::{Error, Result};

/// What is to be said to the team. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct SharedDraft {
    pub record_id: RecordId,
    pub body: String,
    /// How the visitor calls themselves, if nobody knows yet.
    pub name: Option<String>,
}

/// Writes to the team, once for each idempotency key, and tells the record's owner and watchers by mail.
pub async fn post(write: &Write<Portal>, draft: SharedDraft, key: Option<&str>) -> Result<MessageId> {
    let fresh = match idempotency::claim(write, key, "message.post", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    thread(write, draft.record_id).await?;
    let mut checks = Checks::new();
    let body = checks.text("body", &draft.body, LONGEST);
    checks.finish()?;
    visitors::named(write, draft.name.as_deref()).await?;
    let id = write.id();
    rows::insert(write, (id, draft.record_id), &body).await?;
    rows::tell_team(write, id).await?;
    fresh.settle(write, id).await?;
    write.done(Change::new("message.posted", id).record(draft.record_id).client_visible());
    Ok(id)
}

/// A thread that the portal shows, also one that nobody has written in yet.
pub async fn thread(tx: &Tx<Portal>, record: RecordId) -> Result<Thread> {
    rows::thread(tx, record).await?.ok_or(Error::NotFound("record"))
}

/// A page of the threads, those with the newest message first, and last those without one.
pub async fn threads(tx: &Tx<Portal>, page: &Page<ThreadKey>) -> Result<Rows<Thread>> {
    Ok(page.cut(rows::threads(tx, page).await?))
}

/// How many threads there are.
pub async fn count_threads(tx: &Tx<Portal>) -> Result<i64> {
    rows::count_threads(tx).await
}

/// A page of a record's thread, newest first.
pub async fn list(tx: &Tx<Portal>, record: RecordId, page: &Page<MessageId>) -> Result<Rows<SharedMessage>> {
    Ok(page.cut(rows::list(tx, record, page).await?))
}

/// How many it has, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Portal>, record: RecordId) -> Result<i64> {
    rows::count(tx, record).await
}

/// Those of these messages that the portal shows, in any order.
pub async fn by_ids(tx: &Tx<Portal>, ids: &[MessageId]) -> Result<Vec<SharedMessage>> {
    rows::by_ids(tx, ids).await
}

/// What the records are called that something of the portal is about.
pub async fn record_names(tx: &Tx<Portal>) -> Result<Vec<NamedRecord>> {
    rows::record_names(tx).await
}

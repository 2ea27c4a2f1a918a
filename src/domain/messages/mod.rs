//! The thread of a record that staff and clients share (MSG-1), and who is mailed about a message
//! (MSG-2). Not here: what staff say among themselves ([`super::comments`]), and feedback, which no
//! client reads again ([`super::tasks`]).

mod rows;
pub mod shared;

pub use rows::Message;

use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::idempotency::{self, Claim};
use super::members;
use super::notifications::{self, News};
use super::records;
use super::validation::Checks;
use crate::db::enums::{NotificationTopic, Permission};
use crate::db::ids::{MessageId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// The longest message, in characters.
const LONGEST: usize = 10_000;

/// What is to be said to clients. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct MessageDraft {
    pub record_id: RecordId,
    pub body: String,
}

/// Writes to the clients of a record, once for each idempotency key, and tells those of them who asked
/// for it, where the type and the portal let that be mailed.
pub async fn post(write: &Write, draft: MessageDraft, key: Option<&str>) -> Result<MessageId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "message.post", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let record = records::by_ids(write, &[draft.record_id]).await?.pop().ok_or(Error::NotFound("record"))?;
    let mut checks = Checks::new();
    let body = checks.text("body", &draft.body, LONGEST);
    checks.finish()?;
    let id = write.id();
    let sender = members::own(write).await?;
    rows::insert(write, (id, record.id), &sender, &body).await?;
    fresh.settle(write, id).await?;
    let news = News {
        topic: NotificationTopic::Replies,
        change: id.into(),
        company: record.company_id,
        record: Some(record.id),
    };
    notifications::tell(write, &news).await?;
    let change = Change::new("message.posted", id).company(record.company_id).record(record.id);
    write.done(change.client_visible());
    Ok(id)
}

/// A page of a record's thread, newest first.
pub async fn list(tx: &Tx<Staff>, record: RecordId, page: &Page<MessageId>) -> Result<Rows<Message>> {
    Ok(page.cut(rows::list(tx, record, page).await?))
}

/// How many messages it has, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    rows::count(tx, record).await
}

/// The messages of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[MessageId]) -> Result<Vec<Message>> {
    rows::by_ids(tx, ids).await
}

//! Notifications (NOTE-2, NOTE-4): what clients are mailed about, because they asked for it. Not here:
//! who asked for what ([`super::consents`]), and mails to staff, which ask nobody's consent.

pub mod letters;
mod rows;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::changes::Write;
use super::mails::MailKind;
use super::outbox;
use crate::db::enums::NotificationTopic;
use crate::db::ids::{CompanyId, OrgId, RecordId};
use crate::db::scope::Tx;
use crate::error::Result;

/// Rows that one statement inserts.
const BATCH: usize = 1_000;

/// Something that clients may want to be told.
#[derive(Clone, Copy, Debug)]
pub struct News {
    pub topic: NotificationTopic,
    /// What happened: the id of the message, of the deliverable's version, of the invoice. Where a change
    /// leaves nothing behind that has an id, a new one. Nobody is mailed twice about the same.
    pub change: Uuid,
    pub company: CompanyId,
    /// None for what concerns the company as a whole.
    pub record: Option<RecordId>,
}

/// Tells clients of a change, in the transaction that makes it: call it from a verb of staff, beside
/// `write.done(…)`, once the row that the change is about is written.
///
/// ```ignore
/// let news = News { topic: NotificationTopic::Replies, change: message.id.into(), company, record: Some(record) };
/// notifications::tell(write, &news).await?;
/// ```
///
/// Each address that confirmed the topic, in a live portal that shows the record to its clients and sends
/// notifications, has one mail queued. All of that is asked again as the mail is sent, so the verb need not
/// look at types, portals or people; only tell what clients may learn of at all.
pub async fn tell(write: &Write, news: &News) -> Result<()> {
    let told = rows::insert(write, news, &rows::audience(write, news).await?).await?;
    for batch in told.chunks(BATCH) {
        let mails = batch.iter().map(|notification| (write.id(), Uuid::from(*notification)));
        outbox::queue_all(write, MailKind::News, mails).await?;
    }
    Ok(())
}

/// Forgets what was queued before a moment.
pub async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    rows::forget(tx, before).await
}

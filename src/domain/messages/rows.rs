//! `messages` in Diesel, for staff.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::SenderType;
use crate::db::ids::{MemberId, MessageId, PortalSessionId, RecordId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::messages;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::domain::members::Member;
use crate::error::Result;

/// A message as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Message {
    pub id: MessageId,
    pub record_id: RecordId,
    pub sender_type: SenderType,
    pub sender_name: String,
    pub sender_verified: bool,
    pub sender_member_id: Option<MemberId>,
    pub sender_session_id: Option<PortalSessionId>,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn insert(
    write: &Write,
    (id, record): (MessageId, RecordId),
    sender: &Member,
    body: &str,
) -> Result<()> {
    let row = (
        messages::org_id.eq(write.scope().org_id),
        messages::id.eq(id),
        messages::record_id.eq(record),
        messages::sender_type.eq(SenderType::Staff),
        messages::sender_name.eq(&sender.name),
        messages::sender_member_id.eq(sender.id),
        messages::body.eq(body),
        messages::created_at.eq(write.at()),
    );
    diesel::insert_into(messages::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn list(tx: &Tx<Staff>, record: RecordId, page: &Page<MessageId>) -> Result<Vec<Message>> {
    let mut query = messages::table
        .filter(messages::record_id.eq(record))
        .order(messages::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(messages::id.lt(after));
    }
    Ok(query.select(Message::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    let of_record = messages::table.filter(messages::record_id.eq(record));
    let ids: Vec<MessageId> =
        of_record.select(messages::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[MessageId]) -> Result<Vec<Message>> {
    Ok(messages::table
        .filter(messages::id.eq_any(ids))
        .select(Message::as_select())
        .load(&mut tx.connection())
        .await?)
}

//! Threads in Diesel, as `app_portal`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::enums::SenderType;
use crate::db::ids::{MessageId, RecordId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::prepared::Prepare as _;
use crate::db::schema::portal::messages;
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::Write;
use crate::error::Result;

diesel::define_sql_function! {
    fn tell_team_of_message(message: SqlUuid);
}

/// A message as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct SharedMessage {
    pub id: MessageId,
    pub record_id: RecordId,
    pub sender_type: SenderType,
    pub sender_name: String,
    pub sender_verified: bool,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

/// The thread of a record.
#[derive(Clone, Debug, QueryableByName)]
pub struct Thread {
    #[diesel(sql_type = SqlUuid)]
    pub record_id: RecordId,
    #[diesel(sql_type = Text)]
    pub record_name: String,
    #[diesel(sql_type = sql_types::BigInt)]
    pub count: i64,
    /// The newest message.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub newest: Option<MessageId>,
}

/// Where a page of threads ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ThreadKey {
    pub newest: Option<MessageId>,
    pub record: RecordId,
}

impl From<&Thread> for ThreadKey {
    fn from(thread: &Thread) -> Self {
        Self { newest: thread.newest, record: thread.record_id }
    }
}

/// A record, and what it is called.
#[derive(Clone, Debug, QueryableByName)]
pub struct NamedRecord {
    #[diesel(sql_type = SqlUuid)]
    pub id: RecordId,
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// Each thread with its newest message: an index look-up a record.
const THREADS: &str = "select n.id as record_id, n.name as record_name, m.id as newest,
        (select count(*) from messages c where c.record_id = n.id) as count
    from shown_names() n
    left join lateral (select x.id from messages x where x.record_id = n.id order by x.id desc limit 1) m on true
    where n.id = any (app_ids('app.message_records'))";

/// Stands for no message: smaller than every id.
const NONE: Uuid = Uuid::nil();

pub(super) async fn thread(tx: &Tx<Portal>, record: RecordId) -> Result<Option<Thread>> {
    let query = format!("{THREADS} and n.id = $1");
    Ok(diesel::sql_query(query)
        .bind::<SqlUuid, _>(record)
        .prepared()
        .get_result(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn threads(tx: &Tx<Portal>, page: &Page<ThreadKey>) -> Result<Vec<Thread>> {
    let after = page.after.as_ref().map(|key| (key.newest.map_or(NONE, |id| id.0), key.record.0));
    let (newest, record) = after.unwrap_or((Uuid::max(), Uuid::max()));
    let query = format!(
        "{THREADS} and (coalesce(m.id, $1), n.id) < ($2, $3)
         order by coalesce(m.id, $1) desc, n.id desc limit $4"
    );
    Ok(diesel::sql_query(query)
        .bind::<SqlUuid, _>(NONE)
        .bind::<SqlUuid, _>(newest)
        .bind::<SqlUuid, _>(record)
        .bind::<sql_types::BigInt, _>(page.fetch())
        .prepared()
        .load(&mut tx.connection())
        .await?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

pub(super) async fn count_threads(tx: &Tx<Portal>) -> Result<i64> {
    let count: Count =
        diesel::sql_query("select cardinality(app_ids('app.message_records'))::bigint as count")
            .prepared()
            .get_result(&mut tx.connection())
            .await?;
    Ok(count.count)
}

pub(super) async fn list(
    tx: &Tx<Portal>,
    record: RecordId,
    page: &Page<MessageId>,
) -> Result<Vec<SharedMessage>> {
    let mut query = messages::table
        .filter(messages::record_id.eq(record))
        .order(messages::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(messages::id.lt(after));
    }
    Ok(query.select(SharedMessage::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Portal>, record: RecordId) -> Result<i64> {
    let of_record = messages::table.filter(messages::record_id.eq(record));
    let ids: Vec<MessageId> =
        of_record.select(messages::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

pub(super) async fn by_ids(tx: &Tx<Portal>, ids: &[MessageId]) -> Result<Vec<SharedMessage>> {
    Ok(messages::table
        .filter(messages::id.eq_any(ids))
        .select(SharedMessage::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn record_names(tx: &Tx<Portal>) -> Result<Vec<NamedRecord>> {
    let names = diesel::sql_query("select id, name from shown_names() order by name, id").prepared();
    Ok(names.load(&mut tx.connection()).await?)
}

/// The database signs it.
pub(super) async fn insert(
    write: &Write<Portal>,
    (id, record): (MessageId, RecordId),
    body: &str,
) -> Result<()> {
    let row = (
        messages::org_id.eq(write.scope().org_id),
        messages::id.eq(id),
        messages::record_id.eq(record),
        messages::sender_type.eq(SenderType::Client),
        messages::body.eq(body),
        messages::created_at.eq(write.at()),
    );
    diesel::insert_into(messages::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn tell_team(write: &Write<Portal>, id: MessageId) -> Result<()> {
    diesel::select(tell_team_of_message(id)).execute(&mut write.connection()).await?;
    Ok(())
}

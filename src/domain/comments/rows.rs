//! `comments` in Diesel, for staff: no other login may touch them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::{CommentId, MemberId, RecordId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::comments;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::error::Result;

/// A comment.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = comments)]
pub struct Comment {
    pub id: CommentId,
    pub record_id: RecordId,
    pub author_id: MemberId,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn insert(write: &Write, (id, record): (CommentId, RecordId), body: &str) -> Result<()> {
    let row = (
        comments::org_id.eq(write.scope().org_id),
        comments::id.eq(id),
        comments::record_id.eq(record),
        comments::author_id.eq(write.scope().member()?.id),
        comments::body.eq(body),
        comments::created_at.eq(write.at()),
    );
    diesel::insert_into(comments::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn list(tx: &Tx<Staff>, record: RecordId, page: &Page<CommentId>) -> Result<Vec<Comment>> {
    let mut query = comments::table
        .filter(comments::record_id.eq(record))
        .order(comments::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(comments::id.lt(after));
    }
    Ok(query.select(Comment::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, record: RecordId) -> Result<i64> {
    let of_record = comments::table.filter(comments::record_id.eq(record));
    let ids: Vec<CommentId> =
        of_record.select(comments::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[CommentId]) -> Result<Vec<Comment>> {
    Ok(comments::table
        .filter(comments::id.eq_any(ids))
        .select(Comment::as_select())
        .load(&mut tx.connection())
        .await?)
}

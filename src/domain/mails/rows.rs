//! The outbox and the organisation in Diesel, for the worker.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::kinds::MailKind;
use super::letter::House;
use crate::db::enums::{MailState, Role};
use crate::db::ids::OrgId;
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::system::{mail_attempts, members, organizations, outbox};
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::app_id;
use crate::error::Result;

/// A row that is ours for a while.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub org: OrgId,
    pub id: Uuid,
    pub kind: MailKind,
    pub subject: Uuid,
    /// How often it was taken, this time included.
    pub attempts: i32,
}

impl Claimed {
    /// Its id says when it was queued.
    pub fn queued_at(&self) -> DateTime<Utc> {
        let (seconds, nanos) = self.id.get_timestamp().map_or((0, 0), |made| made.to_unix());
        DateTime::from_timestamp(seconds.cast_signed(), nanos).unwrap_or_default()
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    org_id: Uuid,
    #[diesel(sql_type = sql_types::Uuid)]
    id: Uuid,
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    subject_id: Option<Uuid>,
    #[diesel(sql_type = sql_types::Integer)]
    attempts: i32,
}

/// Moves the due time of what it takes ahead, so that a worker that is killed loses nothing.
const CLAIM: &str = "update outbox o set due_at = $4, attempts = o.attempts + 1
    from (
        select q.org_id, q.id from outbox q
        where q.state = 'WAITING' and q.due_at <= $3 and q.kind = any ($2)
        order by q.due_at limit $1
        for update skip locked
    ) due
    where o.org_id = due.org_id and o.id = due.id
    returning o.org_id, o.id, o.kind, o.subject_id, o.attempts";

pub(super) async fn claim(
    pools: &Pools,
    most: i32,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let entered = pools.enter(Door::System, Access::Write, move |mut connection| {
        let claim = diesel::sql_query(CLAIM)
            .bind::<sql_types::Integer, _>(most)
            .bind::<sql_types::Array<sql_types::Text>, _>(MailKind::names())
            .bind::<sql_types::Timestamptz, _>(now)
            .bind::<sql_types::Timestamptz, _>(until)
            .prepared();
        async move { claim.load::<Row>(&mut connection).await.map(Some) }.boxed()
    });
    let Some(tx) = entered.await? else { return Ok(Vec::new()) };
    let claimed = |row: &Row| {
        Some(Claimed {
            org: OrgId(row.org_id),
            id: row.id,
            kind: MailKind::of(&row.kind)?,
            subject: row.subject_id?,
            attempts: row.attempts,
        })
    };
    let claimed = tx.scope().iter().filter_map(claimed).collect();
    tx.commit().await?;
    Ok(claimed)
}

/// Enters a row's organisation; none if that is gone.
pub(super) async fn enter(pools: &Pools, org: OrgId) -> Result<Option<Tx<OrgId>>> {
    pools.enter(Door::Organization(org), Access::Write, entered).await
}

fn entered(mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Option<OrgId>>> {
    async move { diesel::select(app_id("app.org")).get_result(&mut connection).await }.boxed()
}

pub(super) async fn house(tx: &Tx<OrgId>) -> Result<House> {
    Ok(organizations::table.select(House::as_select()).first(&mut tx.connection()).await?)
}

/// Name and address of the owner who has been there longest.
pub(super) async fn owner(tx: &Tx<OrgId>) -> Result<Option<(String, String)>> {
    Ok(members::table
        .filter(members::role.eq(Role::Owner))
        .filter(members::ended_at.is_null())
        .order(members::id)
        .select((members::name, members::email))
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// Whether the row was still ours. `due`: when it is tried again; none leaves the time as it is.
pub(super) async fn settle(
    tx: &Tx<OrgId>,
    claimed: &Claimed,
    attempts: i32,
    (state, due): (MailState, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<bool> {
    let ours = outbox::table
        .filter(outbox::org_id.eq(claimed.org))
        .filter(outbox::id.eq(claimed.id))
        .filter(outbox::state.eq(MailState::Waiting))
        .filter(outbox::attempts.eq(claimed.attempts));
    let ended = (state != MailState::Waiting).then_some(now);
    let settled = diesel::update(ours)
        .set((
            outbox::state.eq(state),
            outbox::ended_at.eq(ended),
            outbox::attempts.eq(attempts),
            outbox::due_at.eq(due.unwrap_or(now)),
        ))
        .execute(&mut tx.connection())
        .await?;
    Ok(settled == 1)
}

pub(super) async fn note_failure(
    tx: &Tx<OrgId>,
    id: Uuid,
    claimed: &Claimed,
    why: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let why: String = why.chars().take(500).collect();
    let row = (
        mail_attempts::org_id.eq(claimed.org),
        mail_attempts::id.eq(id),
        mail_attempts::mail_id.eq(claimed.id),
        mail_attempts::attempted_at.eq(now),
        mail_attempts::failure.eq(why),
    );
    diesel::insert_into(mail_attempts::table).values(row).execute(&mut tx.connection()).await?;
    Ok(())
}

/// This queue's retention: whoever settles a row clears the organisation's old ones.
pub(super) async fn forget_old(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    let old = outbox::table.filter(outbox::org_id.eq(*tx.scope())).filter(outbox::ended_at.lt(before));
    diesel::delete(old).execute(&mut tx.connection()).await?;
    Ok(())
}

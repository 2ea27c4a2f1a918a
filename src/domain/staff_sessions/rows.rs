//! `staff_sessions` in Diesel, and the door function that starts one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;

use crate::db::ids::{MemberId, OrgId, PersonId, StaffSessionId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::pool::Pools;
use crate::db::schema::staff::staff_sessions as sessions;
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::domain::callers::{Staff, read_staff};
use crate::error::Result;

/// A session as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct StaffSession {
    pub id: StaffSessionId,
    pub member_id: MemberId,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Which live sessions to list.
#[derive(Clone, Debug)]
pub struct SessionFilter {
    /// Everyone's instead of the caller's own.
    pub everyone: bool,
    /// With `everyone`: only this member's.
    pub member: Option<MemberId>,
    /// What counts as live.
    pub now: DateTime<Utc>,
}

/// A session to start, for somebody who proved who they are.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub org_id: OrgId,
    pub id: StaffSessionId,
    pub token_hash: CredentialHash,
    pub user_agent: Option<String>,
    pub expires_at: DateTime<Utc>,
}

diesel::define_sql_function! {
    /// Stores a session and enters it.
    fn start_staff_session(
        org: sql_types::Uuid,
        person: sql_types::Uuid,
        session: sql_types::Uuid,
        hash: sql_types::Binary,
        agent: sql_types::Nullable<sql_types::Text>,
        expires: sql_types::Timestamptz
    );
}

/// Starts a session and reads whom it stands for: nobody, if the membership has ended.
pub async fn start(
    mut connection: &AsyncPgConnection,
    new: &NewSession,
    person: PersonId,
) -> QueryResult<Option<Staff>> {
    let started = start_staff_session(
        new.org_id,
        person,
        new.id,
        new.token_hash.to_vec(),
        new.user_agent.as_deref(),
        new.expires_at,
    );
    diesel::select(started).execute(&mut connection).await?;
    read_staff(connection).await
}

/// Enters an organisation by starting a session there.
pub(super) async fn enter_with(
    pools: &Pools,
    new: &NewSession,
    person: PersonId,
) -> Result<Option<Tx<Staff>>> {
    let new = Arc::new(new.clone());
    pools
        .enter(Door::Street, Access::Write, |connection| {
            let new = new.clone();
            async move { start(connection, &new, person).await }.boxed()
        })
        .await
}

pub(super) async fn live_by_id(
    tx: &Tx<Staff>,
    id: StaffSessionId,
    now: DateTime<Utc>,
) -> Result<Option<StaffSession>> {
    let live = filtered(&SessionFilter { everyone: true, member: None, now });
    Ok(live
        .filter(sessions::id.eq(id))
        .select(StaffSession::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn end(tx: &Tx<Staff>, id: StaffSessionId) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::id.eq(id)))
        .set(sessions::ended_at.eq(diesel::dsl::now))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn end_all_of(tx: &Tx<Staff>, member: MemberId) -> Result<()> {
    let open = sessions::table.filter(sessions::member_id.eq(member)).filter(sessions::ended_at.is_null());
    diesel::update(open).set(sessions::ended_at.eq(diesel::dsl::now)).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &SessionFilter,
    page: &Page<StaffSessionId>,
) -> Result<Vec<StaffSession>> {
    let mut query = filtered(filter).order(sessions::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(sessions::id.lt(after));
    }
    Ok(query.select(StaffSession::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &SessionFilter) -> Result<i64> {
    let ids: Vec<StaffSessionId> =
        filtered(filter).select(sessions::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &SessionFilter) -> sessions::BoxedQuery<'static, Pg> {
    let query = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(filter.now))
        .into_boxed();
    match filter.member {
        Some(member) => query.filter(sessions::member_id.eq(member)),
        None => query,
    }
}

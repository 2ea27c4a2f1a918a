//! Where an address is signed in: seen by who proved it, and ended (DOOR-6, DOOR-7). What was opened there
//! closes with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Binary, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::db::ids::VisitorSessionId;
use crate::db::prepared::Prepare as _;
use crate::db::scope::{Access, Door};
use crate::domain::callers::hash_token;
use crate::domain::people::Stranger;
use crate::error::{Error, Result};

/// A browser or program in which somebody proved the address.
#[derive(Clone, Debug, QueryableByName)]
pub struct VisitorSession {
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: VisitorSessionId,
    /// As it named itself.
    #[diesel(sql_type = Nullable<Text>)]
    pub user_agent: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
    /// Whether it is who asks.
    #[diesel(sql_type = Bool)]
    pub current: bool,
}

diesel::define_sql_function! {
    /// Ends a session of the same address; whether it was one.
    #[sql_name = "end_visitor_session"]
    fn end(token: Binary, visit: sql_types::Uuid) -> Bool;
}

/// Where the address of a visitor is signed in, the newest first; at most 100. The asking one is among them.
pub async fn visitor_sessions(stranger: &Stranger<'_>, visitor: &str) -> Result<Vec<VisitorSession>> {
    let hash = hash_token(visitor);
    let entered = stranger
        .pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query(
                "select id, user_agent, created_at, expires_at, current from find_visitor_sessions($1)",
            )
            .bind::<Binary, _>(hash.to_vec())
            .prepared();
            async move { query.load::<VisitorSession>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Err(Error::Unauthenticated) };
    let sessions = tx.scope().clone();
    tx.commit().await?;
    if sessions.is_empty() { Err(Error::Unauthenticated) } else { Ok(sessions) }
}

/// Ends one of them, and closes what was opened there. One of another address is as if it never was.
pub async fn end_visitor_session(
    stranger: &Stranger<'_>,
    visitor: &str,
    session: VisitorSessionId,
) -> Result<()> {
    let hash = hash_token(visitor);
    let entered = stranger
        .pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let ended = diesel::select(end(hash.to_vec(), session));
            async move { ended.get_result::<bool>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Err(Error::NotFound("session")) };
    let ended = *tx.scope();
    tx.commit().await?;
    if ended { Ok(()) } else { Err(Error::NotFound("session")) }
}

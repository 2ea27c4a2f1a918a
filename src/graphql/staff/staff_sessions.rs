//! Staff sessions in the staff root (ORG-2): seen and ended.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::members::Member;
use crate::db::ids::{MemberId, StaffSessionId};
use crate::db::paging::Page;
use crate::domain::staff_sessions::{self, SessionFilter};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A member's session.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct StaffSession {
    /// Its id.
    id: StaffSessionId,
    #[graphql(skip)]
    member_id: MemberId,
    /// The browser or client at sign-in, as it named itself.
    user_agent: Option<String>,
    /// When the member signed in.
    created_at: DateTime<Utc>,
    /// From then on its token opens nothing.
    expires_at: DateTime<Utc>,
}

#[ComplexObject]
impl StaffSession {
    /// Whose it is.
    async fn member(&self, ctx: &Context<'_>) -> Option<Result<Member>> {
        Some(member(ctx, self.member_id).await)
    }

    /// Whether this request came with it.
    async fn current(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(request(ctx).staff().await?.tx.scope().member().map_err(coded)?.session_id == self.id)
    }
}

async fn member(ctx: &Context<'_>, id: MemberId) -> Result<Member> {
    request(ctx).staff().await?.loaders.required(id, "member").await.map(Member::from)
}

impl From<staff_sessions::StaffSession> for StaffSession {
    fn from(session: staff_sessions::StaffSession) -> Self {
        Self {
            id: session.id,
            member_id: session.member_id,
            user_agent: session.user_agent,
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}

connection!(StaffSessionConnection, StaffSessionEdge, StaffSession, "staff sessions");

/// Reading staff sessions.
#[derive(Default)]
pub struct StaffSessionQueries;

#[Object]
impl StaffSessionQueries {
    /// Live sessions, newest first: the caller's own, or everyone's.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Everyone's instead of the caller's own. For OWNER and ADMIN.", default)]
        everyone: bool,
        #[graphql(desc = "With `everyone`: only those of this member.")] member_id: Option<MemberId>,
    ) -> Result<StaffSessionConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let now = request(ctx).app.clock.now();
        let filter = SessionFilter { everyone, member: member_id, now };
        let reading = request(ctx).staff().await?;
        let rows = staff_sessions::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(staff_sessions::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(StaffSessionConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

/// Which session to end.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// The session.
    id: StaffSessionId,
}

/// The session is over.
#[derive(SimpleObject)]
pub struct EndSessionPayload {
    /// The session that was ended.
    session_id: StaffSessionId,
}

/// The caller is signed out.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// The session that was ended.
    session_id: StaffSessionId,
}

/// Ending staff sessions.
#[derive(Default)]
pub struct StaffSessionMutations;

#[Object]
impl StaffSessionMutations {
    /// Ends the session that the request came with.
    async fn sign_out(&self, ctx: &Context<'_>) -> Option<Result<SignOutPayload>> {
        Some(sign_out(ctx).await)
    }

    /// Ends a session of the caller's own, or as OWNER or ADMIN anybody's.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EndSessionInput,
    ) -> Option<Result<EndSessionPayload>> {
        Some(end(ctx, input).await)
    }
}

async fn sign_out(ctx: &Context<'_>) -> Result<SignOutPayload> {
    let write = request(ctx).write().await?;
    let session_id = write.scope().member().map_err(coded)?.session_id;
    let ended = staff_sessions::sign_out(&write).await;
    write.finish(ended).await.map_err(coded)?;
    Ok(SignOutPayload { session_id })
}

async fn end(ctx: &Context<'_>, input: EndSessionInput) -> Result<EndSessionPayload> {
    let write = request(ctx).write().await?;
    let ended = staff_sessions::end(&write, input.id).await;
    write.finish(ended).await.map_err(coded)?;
    Ok(EndSessionPayload { session_id: input.id })
}

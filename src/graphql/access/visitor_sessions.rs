//! Where an address is signed in: seen and ended by who proved it (DOOR-6, DOOR-7).

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::staff_sessions::stranger;
use crate::db::ids::VisitorSessionId;
use crate::domain::accounts;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Whose sessions are read.
#[derive(InputObject)]
pub struct ReadVisitorSessionsInput {
    /// The visitor's token, `va_…`.
    visitor_token: String,
}

/// Which session to end.
#[derive(InputObject)]
pub struct EndVisitorSessionInput {
    /// The visitor's token, `va_…`.
    visitor_token: String,
    /// A session of the same address.
    id: VisitorSessionId,
}

/// A browser or program in which somebody proved the visitor's address.
#[derive(SimpleObject)]
pub struct VisitorSession {
    /// Its id.
    id: VisitorSessionId,
    /// The browser or client, as it named itself.
    user_agent: Option<String>,
    /// When the address was proved there.
    created_at: DateTime<Utc>,
    /// From then on its token shows nothing.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
}

/// Where the address is signed in.
#[derive(SimpleObject)]
pub struct ReadVisitorSessionsPayload {
    /// The newest first, at most 100.
    sessions: Vec<VisitorSession>,
}

/// The session is over.
#[derive(SimpleObject)]
pub struct EndVisitorSessionPayload {
    /// The session that was ended.
    session_id: VisitorSessionId,
}

impl From<accounts::VisitorSession> for VisitorSession {
    fn from(session: accounts::VisitorSession) -> Self {
        Self {
            id: session.id,
            user_agent: session.user_agent,
            created_at: session.created_at,
            expires_at: session.expires_at,
            current: session.current,
        }
    }
}

/// A visitor's sessions.
#[derive(Default)]
pub struct VisitorSessionAccess;

#[Object]
impl VisitorSessionAccess {
    /// Reads where the visitor's address is signed in. Changes nothing.
    async fn read_visitor_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: ReadVisitorSessionsInput,
    ) -> Option<Result<ReadVisitorSessionsPayload>> {
        let sessions = accounts::visitor_sessions(&stranger(request(ctx)), &input.visitor_token).await;
        let sessions = sessions.map(|sessions| sessions.into_iter().map(VisitorSession::from).collect());
        Some(sessions.map(|sessions| ReadVisitorSessionsPayload { sessions }).map_err(coded))
    }

    /// Ends a session of the visitor's address, and closes the portals that were opened with it.
    async fn end_visitor_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EndVisitorSessionInput,
    ) -> Option<Result<EndVisitorSessionPayload>> {
        let stranger = stranger(request(ctx));
        let ended = accounts::end_visitor_session(&stranger, &input.visitor_token, input.id).await;
        Some(ended.map(|()| EndVisitorSessionPayload { session_id: input.id }).map_err(coded))
    }
}

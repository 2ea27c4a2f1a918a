//! The sessions that are open at a portal (DOOR-4): seen, and ended.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::queries;
use crate::db::enums::PortalSessionKind;
use crate::db::ids::{LinkId, PortalId, PortalSessionId};
use crate::db::paging::Page;
use crate::domain::portals::{self, OpenSession};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A visitor behind a portal's door.
#[derive(SimpleObject)]
pub struct PortalSession {
    /// Its id.
    id: PortalSessionId,
    /// The link that was opened.
    link_id: LinkId,
    /// How it was opened.
    kind: PortalSessionKind,
    /// When it was opened; for a browser, when it came back.
    created_at: DateTime<Utc>,
    /// From then on it opens nothing.
    expires_at: DateTime<Utc>,
}

impl From<OpenSession> for PortalSession {
    fn from(session: OpenSession) -> Self {
        Self {
            id: session.id,
            link_id: session.link_id,
            kind: session.kind,
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}

connection!(PortalSessionConnection, PortalSessionEdge, PortalSession, "portal sessions");

/// Reading portal sessions.
#[derive(Default)]
pub struct PortalSessionQueries;

#[Object]
impl PortalSessionQueries {
    /// The sessions that open a portal now, newest first, a page at a time.
    async fn portal_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "The portal.")] portal_id: PortalId,
    ) -> Option<Result<PortalSessionConnection>> {
        Some(list(ctx, first, after, portal_id).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    portal: PortalId,
) -> Result<PortalSessionConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    queries::load(ctx, portal).await?;
    let reading = request(ctx).staff().await?;
    let rows = portals::open_sessions(&reading.tx, portal, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(portals::count_open_sessions(&reading.tx, portal).await.map_err(coded)?),
        false => None,
    };
    Ok(PortalSessionConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// Which session to end.
#[derive(InputObject)]
pub struct EndPortalSessionInput {
    /// The session.
    id: PortalSessionId,
}

/// The session is over.
#[derive(SimpleObject)]
pub struct EndPortalSessionPayload {
    /// The session that was ended.
    session_id: PortalSessionId,
}

/// Ending portal sessions.
#[derive(Default)]
pub struct PortalSessionMutations;

#[Object]
impl PortalSessionMutations {
    /// Ends a visitor's session at once. Whoever holds the link can open it again: to keep them out,
    /// rotate or revoke it. Needs PORTALS_MANAGE.
    async fn end_portal_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EndPortalSessionInput,
    ) -> Option<Result<EndPortalSessionPayload>> {
        Some(end(ctx, input.id).await)
    }
}

async fn end(ctx: &Context<'_>, id: PortalSessionId) -> Result<EndPortalSessionPayload> {
    let write = request(ctx).write().await?;
    let ended = portals::end_open_session(&write, id).await;
    write.finish(ended).await.map_err(coded)?;
    Ok(EndPortalSessionPayload { session_id: id })
}

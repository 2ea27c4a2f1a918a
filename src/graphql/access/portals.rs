//! Opening a portal by its link.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain::portals::{self, OpenedPortal};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Coming in as a client.
#[derive(Default)]
pub struct PortalAccess;

/// What opens a portal.
#[derive(InputObject)]
pub struct OpenPortalInput {
    /// The 32 characters that end the link's URL.
    token: String,
    /// The portal's access code, where it has one.
    access_code: Option<String>,
}

/// A portal session.
#[derive(SimpleObject)]
pub struct OpenPortalPayload {
    /// Send it as `Authorization: Bearer …`. Shown once.
    session_token: String,
    /// From then on it opens nothing; the link's own end may come sooner.
    expires_at: DateTime<Utc>,
}

#[Object]
impl PortalAccess {
    /// Turns a link's token into a portal session, for those who build their own page.
    async fn open_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What opens the portal.")] input: OpenPortalInput,
    ) -> Option<Result<OpenPortalPayload>> {
        let request = request(ctx);
        // Access codes come with the next release: until then no portal has one.
        let _ = input.access_code;
        let opened =
            portals::open(&request.app.pools, &request.app.clock, request.page(), &input.token).await;
        Some(opened.map(OpenPortalPayload::from).map_err(coded))
    }
}

impl From<OpenedPortal> for OpenPortalPayload {
    fn from(opened: OpenedPortal) -> Self {
        Self { session_token: opened.token.reveal(), expires_at: opened.expires_at }
    }
}

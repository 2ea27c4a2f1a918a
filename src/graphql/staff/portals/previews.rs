//! Looking through a portal's eyes (LINK-9).

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::ids::PortalId;
use crate::domain::portals;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Which portal to look at.
#[derive(InputObject)]
pub struct PreviewPortalInput {
    /// The portal.
    portal_id: PortalId,
}

/// A short look through a portal's eyes.
#[derive(SimpleObject)]
pub struct PreviewPortalPayload {
    /// Opens exactly what the portal's holder sees, past its access code. Ends in the token
    /// `vw_…`, which also reads the portal root as `Authorization: Bearer …`. Shown once.
    url: String,
    /// From then on it shows nothing; the session it was asked for in may end sooner.
    expires_at: DateTime<Utc>,
}

/// Looking at portals.
#[derive(Default)]
pub struct PreviewMutations;

#[Object]
impl PreviewMutations {
    /// Lets the caller see a portal as its holder does: to read only, and never counted as a view.
    /// Every member may.
    async fn preview_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: PreviewPortalInput,
    ) -> Option<Result<PreviewPortalPayload>> {
        Some(preview(ctx, input.portal_id).await)
    }
}

async fn preview(ctx: &Context<'_>, id: PortalId) -> Result<PreviewPortalPayload> {
    let write = request(ctx).write().await?;
    let made = portals::preview(&write, id).await;
    let made = write.finish(made).await.map_err(coded)?;
    let url = request(ctx).app.config.http.preview_url(&made.token.reveal());
    Ok(PreviewPortalPayload { url, expires_at: made.expires_at })
}

//! Changing portals. A URL stands in the answer that made it, and nowhere else (LINK-2).

use async_graphql::{Context, Object, SimpleObject};

use super::inputs::{
    CreatePortalInput, CreatePortalLinkInput, RevokePortalInput, RevokePortalLinkInput, RotatePortalInput,
    RotatePortalLinkInput, UnlockPortalLinkInput, UpdatePortalInput, UpdatePortalLinkInput,
};
use super::queries::load;
use super::{Portal, PortalLink};
use crate::db::ids::{LinkId, PortalId};
use crate::domain::portals::{self, Link, NewUrl};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::sealing::SealingKeys;

/// The portal as it was made.
#[derive(SimpleObject)]
pub struct CreatePortalPayload {
    /// The new portal.
    portal: Portal,
    /// The secret URL of its first link. Shown once: null when an idempotency key was repeated.
    url: Option<String>,
}

/// The portal as it was changed.
#[derive(SimpleObject)]
pub struct UpdatePortalPayload {
    /// The changed portal.
    portal: Portal,
}

/// A portal whose links have new URLs.
#[derive(SimpleObject)]
pub struct RotatePortalPayload {
    /// The portal.
    portal: Portal,
    /// The new URL of each link that was not revoked. Shown once.
    urls: Vec<PortalLinkUrl>,
}

/// A link's new URL.
#[derive(SimpleObject)]
pub struct PortalLinkUrl {
    /// The link.
    link_id: LinkId,
    /// Its secret URL.
    url: String,
}

impl PortalLinkUrl {
    pub(super) fn new(ctx: &Context<'_>, secret: &NewUrl) -> Self {
        Self { link_id: secret.link, url: url(ctx, secret) }
    }
}

/// A portal that is closed for good.
#[derive(SimpleObject)]
pub struct RevokePortalPayload {
    /// The portal.
    portal: Portal,
}

/// The link as it was made.
#[derive(SimpleObject)]
pub struct CreatePortalLinkPayload {
    /// The new link.
    link: PortalLink,
    /// Its secret URL. Shown once: null when an idempotency key was repeated.
    url: Option<String>,
}

/// The link as it was changed.
#[derive(SimpleObject)]
pub struct UpdatePortalLinkPayload {
    /// The changed link.
    link: PortalLink,
}

/// A link with a new URL.
#[derive(SimpleObject)]
pub struct RotatePortalLinkPayload {
    /// The link.
    link: PortalLink,
    /// Its new secret URL. Shown once.
    url: String,
}

/// The link whose door can be tried again.
#[derive(SimpleObject)]
pub struct UnlockPortalLinkPayload {
    /// The link.
    link: PortalLink,
}

/// A link that is closed for good.
#[derive(SimpleObject)]
pub struct RevokePortalLinkPayload {
    /// The link.
    link: PortalLink,
}

/// Changing portals.
#[derive(Default)]
pub struct PortalMutations;

#[Object]
impl PortalMutations {
    /// Makes a portal with its first link. Needs PORTALS_MANAGE.
    async fn create_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreatePortalInput,
    ) -> Option<Result<CreatePortalPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a portal. Needs PORTALS_MANAGE.
    async fn update_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePortalInput,
    ) -> Option<Result<UpdatePortalPayload>> {
        Some(update(ctx, input).await)
    }

    /// Closes every link and session of a portal at once, and gives each link a new URL. Needs
    /// PORTALS_MANAGE.
    async fn rotate_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RotatePortalInput,
    ) -> Option<Result<RotatePortalPayload>> {
        Some(rotate(ctx, input.id).await)
    }

    /// Closes a portal at once and for good. Needs PORTALS_MANAGE.
    async fn revoke_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokePortalInput,
    ) -> Option<Result<RevokePortalPayload>> {
        Some(revoke(ctx, input.id).await)
    }

    /// Adds a link to a portal. Needs PORTALS_MANAGE.
    async fn create_portal_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreatePortalLinkInput,
    ) -> Option<Result<CreatePortalLinkPayload>> {
        Some(create_link(ctx, input).await)
    }

    /// Changes a link. Needs PORTALS_MANAGE.
    async fn update_portal_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePortalLinkInput,
    ) -> Option<Result<UpdatePortalLinkPayload>> {
        Some(update_link(ctx, input).await)
    }

    /// Closes a link's URL and its sessions at once, and gives it a new URL. Needs PORTALS_MANAGE.
    async fn rotate_portal_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RotatePortalLinkInput,
    ) -> Option<Result<RotatePortalLinkPayload>> {
        Some(rotate_link(ctx, input.id).await)
    }

    /// Forgets every guess at a link's access code, so that a locked door can be tried again. Needs
    /// PORTALS_MANAGE.
    async fn unlock_portal_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: UnlockPortalLinkInput,
    ) -> Option<Result<UnlockPortalLinkPayload>> {
        Some(unlock(ctx, input.id).await)
    }

    /// Closes a link at once and for good. Needs PORTALS_MANAGE.
    async fn revoke_portal_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokePortalLinkInput,
    ) -> Option<Result<RevokePortalLinkPayload>> {
        Some(revoke_link(ctx, input.id).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreatePortalInput) -> Result<CreatePortalPayload> {
    let key = input.idempotency_key.clone();
    let write = request(ctx).write().await?;
    let created = portals::create(&write, keys(ctx), input.into(), key.as_deref()).await;
    let created = write.finish(created).await.map_err(coded)?;
    Ok(CreatePortalPayload {
        portal: load(ctx, created.id).await?,
        url: created.url.map(|secret| url(ctx, &secret)),
    })
}

async fn update(ctx: &Context<'_>, input: UpdatePortalInput) -> Result<UpdatePortalPayload> {
    let (id, version) = (input.id, input.version);
    let write = request(ctx).write().await?;
    let updated = portals::update(&write, keys(ctx), id, version, input.into()).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdatePortalPayload { portal: load(ctx, id).await? })
}

async fn rotate(ctx: &Context<'_>, id: PortalId) -> Result<RotatePortalPayload> {
    let write = request(ctx).write().await?;
    let rotated = portals::rotate(&write, id).await;
    let secrets = write.finish(rotated).await.map_err(coded)?;
    let urls = secrets.iter().map(|secret| PortalLinkUrl::new(ctx, secret));
    Ok(RotatePortalPayload { urls: urls.collect(), portal: load(ctx, id).await? })
}

async fn revoke(ctx: &Context<'_>, id: PortalId) -> Result<RevokePortalPayload> {
    let write = request(ctx).write().await?;
    let revoked = portals::revoke(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(RevokePortalPayload { portal: load(ctx, id).await? })
}

async fn create_link(ctx: &Context<'_>, input: CreatePortalLinkInput) -> Result<CreatePortalLinkPayload> {
    let key = input.idempotency_key;
    let write = request(ctx).write().await?;
    let created =
        portals::create_link(&write, keys(ctx), input.portal_id, input.link.into(), key.as_deref()).await;
    let (id, secret) = write.finish(created).await.map_err(coded)?;
    Ok(CreatePortalLinkPayload {
        link: load_link(ctx, id).await?,
        url: secret.map(|secret| url(ctx, &secret)),
    })
}

async fn update_link(ctx: &Context<'_>, input: UpdatePortalLinkInput) -> Result<UpdatePortalLinkPayload> {
    let (id, version) = (input.id, input.version);
    let write = request(ctx).write().await?;
    let updated = portals::update_link(&write, keys(ctx), id, version, input.into()).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdatePortalLinkPayload { link: load_link(ctx, id).await? })
}

async fn rotate_link(ctx: &Context<'_>, id: LinkId) -> Result<RotatePortalLinkPayload> {
    let write = request(ctx).write().await?;
    let rotated = portals::rotate_link(&write, id).await;
    let secret = write.finish(rotated).await.map_err(coded)?;
    Ok(RotatePortalLinkPayload { link: load_link(ctx, id).await?, url: url(ctx, &secret) })
}

async fn revoke_link(ctx: &Context<'_>, id: LinkId) -> Result<RevokePortalLinkPayload> {
    let write = request(ctx).write().await?;
    let revoked = portals::revoke_link(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(RevokePortalLinkPayload { link: load_link(ctx, id).await? })
}

async fn unlock(ctx: &Context<'_>, id: LinkId) -> Result<UnlockPortalLinkPayload> {
    let write = request(ctx).write().await?;
    let unlocked = portals::unlock(&write, id).await;
    write.finish(unlocked).await.map_err(coded)?;
    request(ctx).app.redis.unlock_door(id).await.map_err(coded)?;
    Ok(UnlockPortalLinkPayload { link: load_link(ctx, id).await? })
}

pub(super) async fn load_link(ctx: &Context<'_>, id: LinkId) -> Result<PortalLink> {
    let reading = request(ctx).staff().await?;
    let link: Option<Link> = portals::link_by_id(&reading.tx, id).await.map_err(coded)?;
    link.map(PortalLink).ok_or_else(|| coded(Error::NotFound("link")))
}

pub(super) fn keys<'a>(ctx: &Context<'a>) -> &'a SealingKeys {
    &request(ctx).app.config.sealing
}

pub(super) fn url(ctx: &Context<'_>, secret: &NewUrl) -> String {
    request(ctx).app.config.http.portal_url(&secret.token.reveal())
}

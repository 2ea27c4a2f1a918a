//! Sharing a portal with a contact (LINK-8), and rotating and revoking many portals at once
//! (LINK-11).

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::mutations::{PortalLinkUrl, keys, load_link, url};
use super::queries::load;
use super::{Portal, PortalLink};
use crate::db::ids::{ContactId, PortalId};
use crate::domain::portals::{self, Delivery, Earlier, Share};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::mail_places::MailPlaces;

/// Whom to share a portal with, and how.
#[derive(InputObject)]
pub struct SharePortalInput {
    /// The portal.
    portal_id: PortalId,
    /// A contact of the portal's company who is not archived.
    contact_id: ContactId,
    /// How the link reaches them.
    delivery: Delivery,
    /// True revokes the links of this portal that the same contact had; nobody else's are touched.
    #[graphql(default)]
    invalidate_earlier: bool,
    /// The same key and input within 24 hours share once only.
    idempotency_key: Option<String>,
}

impl SharePortalInput {
    fn share(&self) -> Share {
        Share {
            portal: self.portal_id,
            contact: self.contact_id,
            delivery: self.delivery,
            earlier: if self.invalidate_earlier { Earlier::Invalidated } else { Earlier::Kept },
        }
    }
}

/// A fresh link for a contact.
#[derive(SimpleObject)]
pub struct SharePortalPayload {
    /// The new link.
    link: PortalLink,
    /// Its secret URL, for the delivery COPY. Shown once: null when an idempotency key was
    /// repeated. A mailed one nobody but its recipient reads.
    url: Option<String>,
}

/// Which portals to give new URLs.
#[derive(InputObject)]
pub struct RotatePortalsInput {
    /// 1 to 100 portals, none of them revoked.
    ids: Vec<PortalId>,
}

/// Portals whose links have new URLs.
#[derive(SimpleObject)]
pub struct RotatePortalsPayload {
    /// Each of the portals, in the order they were named.
    results: Vec<RotatedPortal>,
}

/// One of many portals whose links have new URLs.
#[derive(SimpleObject)]
pub struct RotatedPortal {
    /// The portal.
    portal: Portal,
    /// The new URL of each link that was not revoked. Shown once.
    urls: Vec<PortalLinkUrl>,
}

/// Which portals to close for good.
#[derive(InputObject)]
pub struct RevokePortalsInput {
    /// 1 to 100 portals.
    ids: Vec<PortalId>,
}

/// Portals that are closed for good.
#[derive(SimpleObject)]
pub struct RevokePortalsPayload {
    /// Each of the portals, in the order they were named.
    portals: Vec<Portal>,
}

/// Sharing portals.
#[derive(Default)]
pub struct SharingMutations;

#[Object]
impl SharingMutations {
    /// Makes a fresh link for a contact and mails it, or returns it once. Needs PORTALS_MANAGE.
    async fn share_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to share it with.")] input: SharePortalInput,
    ) -> Option<Result<SharePortalPayload>> {
        Some(share(ctx, input).await)
    }

    /// Closes every link and session of many portals at once, and gives each link a new URL: all of
    /// them, or none if one is unknown or revoked. Needs PORTALS_MANAGE.
    async fn rotate_portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: RotatePortalsInput,
    ) -> Option<Result<RotatePortalsPayload>> {
        Some(rotate(ctx, &input.ids).await)
    }

    /// Closes many portals at once and for good: all of them, or none if one is unknown. Needs
    /// PORTALS_MANAGE.
    async fn revoke_portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: RevokePortalsInput,
    ) -> Option<Result<RevokePortalsPayload>> {
        Some(revoke(ctx, &input.ids).await)
    }
}

async fn share(ctx: &Context<'_>, input: SharePortalInput) -> Result<SharePortalPayload> {
    let key = input.idempotency_key.as_deref();
    let places = match input.delivery {
        Delivery::Email => place_for(ctx, input.contact_id, key).await?,
        Delivery::Copy => MailPlaces::none(),
    };
    places.whole()?;
    let write = request(ctx).write().await?;
    let shared = portals::share(&write, keys(ctx), input.share(), key).await;
    let (id, secret) = places.unless_refused(ctx, write.finish(shared).await).await?;
    Ok(SharePortalPayload { link: load_link(ctx, id).await?, url: secret.map(|secret| url(ctx, &secret)) })
}

/// A place for the contact's address: links mailed by staff count like invitations (INV-4).
async fn place_for(ctx: &Context<'_>, contact: ContactId, key: Option<&str>) -> Result<MailPlaces> {
    let look = request(ctx).write().await?;
    let addresses = portals::address_to_share_with(&look, contact).await;
    MailPlaces::after(ctx, look, addresses, key).await
}

async fn rotate(ctx: &Context<'_>, ids: &[PortalId]) -> Result<RotatePortalsPayload> {
    let write = request(ctx).write().await?;
    let rotated = portals::rotate_many(&write, ids).await;
    let rotated = write.finish(rotated).await.map_err(coded)?;
    let named: Vec<PortalId> = rotated.iter().map(|of| of.portal).collect();
    let portals = load_all(ctx, &named).await?;
    let results = rotated.iter().zip(portals).map(|(of, portal)| {
        let urls = of.urls.iter().map(|secret| PortalLinkUrl::new(ctx, secret));
        RotatedPortal { portal, urls: urls.collect() }
    });
    Ok(RotatePortalsPayload { results: results.collect() })
}

async fn revoke(ctx: &Context<'_>, ids: &[PortalId]) -> Result<RevokePortalsPayload> {
    let write = request(ctx).write().await?;
    let revoked = portals::revoke_many(&write, ids).await;
    let revoked = write.finish(revoked).await.map_err(coded)?;
    Ok(RevokePortalsPayload { portals: load_all(ctx, &revoked).await? })
}

/// Read anew together.
async fn load_all(ctx: &Context<'_>, ids: &[PortalId]) -> Result<Vec<Portal>> {
    futures::future::try_join_all(ids.iter().map(|id| load(ctx, *id))).await
}

//! What stands open, and how it breaks the organisation's policy (LINK-11): loaded for all portals of
//! a page at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, SimpleObject};
use futures::future::try_join_all;

use super::LinksOf;
use crate::db::ids::PortalId;
use crate::domain::callers::Staff;
use crate::domain::organizations::{self, SharingPolicy};
use crate::domain::portals::{self, Content, DoorState, Link, Policy, PolicyBreach};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::Result;
use crate::graphql::loaders::{Batch, keyed};

/// How much a portal shows.
#[derive(SimpleObject)]
pub struct PortalContent {
    /// Records, where the portal has the mode RECORDS.
    record_count: i64,
    /// Shared files, where the portal has the mode FILES.
    file_count: i64,
}

/// How much a portal shows.
pub(super) async fn content(ctx: &Context<'_>, portal: PortalId) -> Result<PortalContent> {
    let reading = request(ctx).staff().await?;
    let content: Content = reading.loaders.required(ContentOf(portal), "portal").await?;
    Ok(PortalContent { record_count: content.records, file_count: content.files })
}

/// How many of a portal's links open now.
pub(super) async fn open_links(ctx: &Context<'_>, portal: &portals::Portal) -> Result<i32> {
    let request = request(ctx);
    let links = request.staff().await?.loaders.many(LinksOf(portal.id)).await?;
    let now = request.app.clock.now();
    let live = links.iter().filter(|link| link.state(portal, now) == DoorState::Live).count();
    Ok(i32::try_from(live).unwrap_or(i32::MAX))
}

/// How a portal breaks the policy.
pub(super) async fn breaches(ctx: &Context<'_>, portal: &portals::Portal) -> Result<Vec<PolicyBreach>> {
    let request = request(ctx);
    let (reading, now) = (request.staff().await?, request.app.clock.now());
    let sharing: SharingPolicy = reading.loaders.required(PolicyOfAll, "organisation").await?;
    let policy = Policy::of(sharing, reading.tx.scope().time_zone(), now);
    let links: Vec<Link> = reading.loaders.many(LinksOf(portal.id)).await?;
    let with_addresses = links.into_iter().map(async |link| {
        let email = match link.recipient_contact_id {
            Some(contact) => reading.loaders.one(contact).await?.map(|contact| contact.email),
            None => None,
        };
        Result::<_>::Ok((link, email))
    });
    let links = try_join_all(with_addresses).await?;
    Ok(portals::breaches_of(&policy, portal, &links, now))
}

/// What a portal shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ContentOf(PortalId);

impl Loader<ContentOf> for Batch<Staff> {
    type Value = Content;
    type Error = Error;

    async fn load(&self, keys: &[ContentOf]) -> Result<HashMap<ContentOf, Content>, Error> {
        let ids: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        Ok(keyed(portals::contents(&self.0, &ids).await?, |content| ContentOf(content.portal_id)))
    }
}

/// The policy, read once for a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PolicyOfAll;

impl Loader<PolicyOfAll> for Batch<Staff> {
    type Value = SharingPolicy;
    type Error = Error;

    async fn load(&self, _: &[PolicyOfAll]) -> Result<HashMap<PolicyOfAll, SharingPolicy>, Error> {
        Ok(HashMap::from([(PolicyOfAll, organizations::read(&self.0).await?.policy)]))
    }
}

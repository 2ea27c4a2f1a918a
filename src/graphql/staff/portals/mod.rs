//! Portals and their links in the staff root (LINK-1 to LINK-4): the types that staff read.

mod exposure;
mod inputs;
mod inventory;
mod mutations;
mod previews;
mod queries;
mod sessions;
mod sharing;
mod usage;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};

pub use exposure::ExposureQueries;
pub use mutations::PortalMutations;
pub use previews::PreviewMutations;
pub use queries::PortalQueries;
pub use sessions::{PortalSessionMutations, PortalSessionQueries};
pub use sharing::SharingMutations;
pub use usage::PortalUsage;

use super::companies::Company;
use super::dashboards::{Dashboard, DashboardsOf};
use crate::adapters::redis::guesses::DoorWatch;
use crate::db::enums::PortalMode;
use crate::db::ids::{ContactId, LinkId, MemberId, PortalId, RecordId};
use crate::domain::callers::Staff;
use crate::domain::portals::{self, DoorState, PolicyBreach};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};
use crate::graphql::paging::connection;
use inventory::PortalContent;

/// What a portal opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PortalScope {
    /// Every shared record of a company.
    Company,
    /// One record.
    Record,
}

/// A doorway to one company, or to one record of it.
#[derive(async_graphql::Description)]
pub struct Portal(portals::Portal);

#[Object(use_type_description)]
impl Portal {
    /// Its id.
    async fn id(&self) -> PortalId {
        self.0.id
    }

    /// The name that staff read.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The name that clients read.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it opens.
    async fn scope(&self) -> PortalScope {
        if self.0.record_id.is_some() { PortalScope::Record } else { PortalScope::Company }
    }

    /// The company whose doorway it is.
    async fn company(&self, ctx: &Context<'_>) -> Result<Company> {
        let reading = request(ctx).staff().await?;
        reading.loaders.required(self.0.company_id, "company").await.map(Company::from)
    }

    /// The one record it opens, for the scope RECORD.
    async fn record_id(&self) -> Option<RecordId> {
        self.0.record_id
    }

    /// The sections it shows.
    async fn modes(&self) -> &[PortalMode] {
        &self.0.modes
    }

    /// The dashboards chosen for it, in their order; they show where its modes have DASHBOARD.
    async fn dashboards(&self, ctx: &Context<'_>) -> Result<Vec<Dashboard>> {
        let chosen = request(ctx).staff().await?.loaders.many(DashboardsOf(self.0.id)).await?;
        Ok(chosen.into_iter().map(|(_, dashboard)| Dashboard::from(dashboard)).collect())
    }

    /// When it opens; null is at once.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    /// The instant from which it is closed; null is never.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Whether it opens, as far as its own dates tell.
    async fn state(&self, ctx: &Context<'_>) -> DoorState {
        let now = request(ctx).app.clock.now();
        DoorState::at(now, self.0.starts_at, self.0.expires_at, self.0.revoked_at)
    }

    /// Whether clients can be mailed about it.
    async fn notifications(&self) -> bool {
        self.0.notifications
    }

    /// Whether who made it is mailed when one of its links is viewed for the first time.
    async fn tell_first_view(&self) -> bool {
        self.0.tell_first_view
    }

    /// A line such as "Managed by Example", shown in the header.
    async fn attribution(&self) -> Option<&str> {
        self.0.attribution.as_deref()
    }

    /// Below which folder of the organisation's storage clients' files land; null for the company's name.
    async fn upload_folder(&self) -> Option<&str> {
        self.0.upload_folder.as_deref()
    }

    /// Whether visitors are asked for an access code, unless their link has one of its own.
    async fn has_access_code(&self) -> bool {
        self.0.has_code
    }

    /// The member who made it.
    async fn created_by(&self) -> MemberId {
        self.0.created_by
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was revoked, if it was.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// How many of its links open now, as far as it and they tell.
    async fn open_links(&self, ctx: &Context<'_>) -> Result<i32> {
        inventory::open_links(ctx, &self.0).await
    }

    /// How much it shows to who gets in.
    async fn shows(&self, ctx: &Context<'_>) -> Result<PortalContent> {
        inventory::content(ctx, self.0.id).await
    }

    /// How it breaks the organisation's sharing policy, through links that open now or will.
    async fn breaks_policy(&self, ctx: &Context<'_>) -> Result<Vec<PolicyBreach>> {
        inventory::breaches(ctx, &self.0).await
    }

    /// Its links, oldest first. Their URLs were shown once and are kept nowhere.
    async fn links(&self, ctx: &Context<'_>) -> Result<Vec<PortalLink>> {
        let reading = request(ctx).staff().await?;
        let links = reading.loaders.many(LinksOf(self.0.id)).await?;
        Ok(links.into_iter().map(PortalLink).collect())
    }

    /// How it is used, all its links together.
    async fn usage(&self, ctx: &Context<'_>) -> Result<PortalUsage> {
        usage::load(ctx, self.0.id, None).await
    }
}

impl From<portals::Portal> for Portal {
    fn from(portal: portals::Portal) -> Self {
        Self(portal)
    }
}

connection!(PortalConnection, PortalEdge, Portal, "portals");

/// One secret URL of a portal.
#[derive(async_graphql::Description)]
pub struct PortalLink(portals::Link);

#[Object(use_type_description)]
impl PortalLink {
    /// Its id; stays through rotation.
    async fn id(&self) -> LinkId {
        self.0.id
    }

    /// The contact it is meant for.
    async fn recipient_contact_id(&self) -> Option<ContactId> {
        self.0.recipient_contact_id
    }

    /// The address it is meant for, where there is no contact.
    async fn recipient_email(&self) -> Option<&str> {
        self.0.recipient_email.as_deref()
    }

    /// Whether it has a start of its own; else the portal's holds.
    async fn own_start(&self) -> bool {
        self.0.own_start
    }

    /// With a start of its own: when it opens; null is at once.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    /// Whether it has an end of its own; it never outlives its portal.
    async fn own_expiry(&self) -> bool {
        self.0.own_expiry
    }

    /// With an end of its own: the instant from which it is closed; null is with its portal.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Whether clients can be mailed about it; null is as its portal says.
    async fn notifications(&self) -> Option<bool> {
        self.0.notifications
    }

    /// Whether it has an access code of its own; else the portal's holds, if there is one.
    async fn has_own_access_code(&self) -> bool {
        self.0.has_code
    }

    /// What its door has seen lately; null with an error while Redis is away.
    async fn door(&self, ctx: &Context<'_>) -> Option<Result<PortalDoor>> {
        let app = &request(ctx).app;
        let watched = app.redis.watch_door(self.0.id, app.clock.now()).await;
        Some(watched.map(PortalDoor::from).map_err(coded))
    }

    /// Whether it opens, as far as it and its portal tell.
    async fn state(&self, ctx: &Context<'_>) -> Result<DoorState> {
        let request = request(ctx);
        let reading = request.staff().await?;
        let portal: portals::Portal = reading.loaders.required(self.0.portal_id, "portal").await?;
        Ok(self.0.state(&portal, request.app.clock.now()))
    }

    /// How it is used.
    async fn usage(&self, ctx: &Context<'_>) -> Result<PortalUsage> {
        usage::load(ctx, self.0.portal_id, Some(self.0.id)).await
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was revoked, if it was.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}

/// What a link's door has seen of guesses at its access code (DOOR-3).
#[derive(SimpleObject)]
pub struct PortalDoor {
    /// Codes that were tried since the door was last quiet for two days, or unlocked.
    attempts: i64,
    /// Until when somebody is locked out: one network or the holder of a bypass after five wrong codes,
    /// or everybody after twenty in an hour.
    locked_until: Option<DateTime<Utc>>,
}

impl From<DoorWatch> for PortalDoor {
    fn from(watch: DoorWatch) -> Self {
        Self { attempts: watch.attempts, locked_until: watch.locked_until }
    }
}

/// The links of a portal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LinksOf(PortalId);

impl Loader<LinksOf> for Batch<Staff> {
    type Value = Vec<portals::Link>;
    type Error = Error;

    async fn load(&self, keys: &[LinksOf]) -> Result<HashMap<LinksOf, Vec<portals::Link>>, Error> {
        let ids: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(portals::links_of(&self.0, &ids).await?, |link| LinksOf(link.portal_id)))
    }
}

impl Loader<PortalId> for Batch<Staff> {
    type Value = portals::Portal;
    type Error = Error;

    async fn load(&self, ids: &[PortalId]) -> Result<HashMap<PortalId, portals::Portal>, Error> {
        Ok(keyed(portals::by_ids(&self.0, ids).await?, |portal| portal.id))
    }
}

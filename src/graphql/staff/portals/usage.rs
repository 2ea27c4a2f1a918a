//! How portals and links are used (LINK-6), as staff read it: loaded for all portals of an answer
//! at once.

use std::collections::{BTreeMap, HashMap};

use async_graphql::dataloader::Loader;
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::PortalMode;
use crate::db::ids::{LinkId, PortalId};
use crate::domain::callers::Staff;
use crate::domain::portals::{self, OpenSessions};
use crate::domain::usage::{self, LinkUsage, SectionViews};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::Result;
use crate::graphql::loaders::{Batch, gathered};

/// How a portal or a link is used. What clients did in the last seconds may be missing. Previews by
/// staff never count.
#[derive(Default, SimpleObject)]
pub struct PortalUsage {
    /// Requests that showed at least one section, by page or API, of visitors who came back: with
    /// their cookie, by a beacon of the page, or with an API session.
    views: i64,
    /// The views by section, those with views only. A view of two sections counts for both.
    sections: Vec<PortalSectionUsage>,
    /// How often a visitor came: each begins with a view after half an hour without one.
    visits: i64,
    /// How many different sessions viewed something; each counts once in 30 days.
    visitors: i64,
    /// Loads of the page by whoever never came back with cookie or beacon, such as mail scanners.
    /// When they do within a day, their loads become views.
    unconfirmed_views: i64,
    /// Bytes of the answers' bodies as sent, to visitors and scanners. A whole number; a Float
    /// because Int ends at two thousand million.
    bytes_served: f64,
    /// When it was viewed first, if it was.
    first_viewed_at: Option<DateTime<Utc>>,
    /// When it was viewed last, if it was.
    last_viewed_at: Option<DateTime<Utc>>,
    /// Sessions that open it now.
    open_sessions: i64,
}

/// The views of one section.
#[derive(SimpleObject)]
pub struct PortalSectionUsage {
    /// The section.
    section: PortalMode,
    /// Requests that showed it.
    views: i64,
}

/// Of a portal, or of one of its links.
pub(super) async fn load(ctx: &Context<'_>, portal: PortalId, link: Option<LinkId>) -> Result<PortalUsage> {
    let reading = request(ctx).staff().await?;
    let (totals, sections, open): (Vec<LinkUsage>, Vec<SectionViews>, Vec<OpenSessions>) = futures::try_join!(
        reading.loaders.many(UsageOf(portal)),
        reading.loaders.many(SectionsOf(portal)),
        reading.loaders.many(OpenAt(portal)),
    )?;
    let asked = |other: LinkId| link.is_none_or(|link| link == other);
    let mut usage = PortalUsage::default();
    for row in totals.iter().filter(|row| asked(row.link_id)) {
        usage.add(row);
    }
    let mut views: BTreeMap<PortalMode, i64> = BTreeMap::new();
    for row in sections.iter().filter(|row| asked(row.link_id) && row.views > 0) {
        *views.entry(row.section).or_default() += row.views;
    }
    usage.sections =
        views.into_iter().map(|(section, views)| PortalSectionUsage { section, views }).collect();
    usage.open_sessions = open.iter().filter(|row| asked(row.link_id)).map(|row| row.count).sum();
    Ok(usage)
}

impl PortalUsage {
    /// A batch that takes something back may have been applied before the one it takes it from:
    /// for a moment a number may stand below zero, and nobody is shown that.
    fn add(&mut self, row: &LinkUsage) {
        self.views += row.views.max(0);
        self.visits += row.visits.max(0);
        self.visitors += row.visitors.max(0);
        self.unconfirmed_views += row.unconfirmed_views.max(0);
        self.bytes_served += row.bytes_served.max(0) as f64;
        self.first_viewed_at = self.first_viewed_at.into_iter().chain(row.first_viewed_at).min();
        self.last_viewed_at = self.last_viewed_at.into_iter().chain(row.last_viewed_at).max();
    }
}

/// The totals of a portal's links.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct UsageOf(PortalId);

/// The section views of a portal's links.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SectionsOf(PortalId);

/// The sessions open at a portal's links.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct OpenAt(PortalId);

impl Loader<UsageOf> for Batch<Staff> {
    type Value = Vec<LinkUsage>;
    type Error = Error;

    async fn load(&self, keys: &[UsageOf]) -> Result<HashMap<UsageOf, Vec<LinkUsage>>, Error> {
        let ids: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(usage::of_portals(&self.0, &ids).await?, |row| UsageOf(row.portal_id)))
    }
}

impl Loader<SectionsOf> for Batch<Staff> {
    type Value = Vec<SectionViews>;
    type Error = Error;

    async fn load(&self, keys: &[SectionsOf]) -> Result<HashMap<SectionsOf, Vec<SectionViews>>, Error> {
        let ids: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(usage::sections_of_portals(&self.0, &ids).await?, |row| SectionsOf(row.portal_id)))
    }
}

impl Loader<OpenAt> for Batch<Staff> {
    type Value = Vec<OpenSessions>;
    type Error = Error;

    async fn load(&self, keys: &[OpenAt]) -> Result<HashMap<OpenAt, Vec<OpenSessions>>, Error> {
        let ids: Vec<PortalId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(portals::open_sessions_of(&self.0, &ids).await?, |row| OpenAt(row.portal_id)))
    }
}

//! How portals are used (LINK-6): what a drain brings is added to what is known, once, and staff
//! read it. Not here: how requests are counted, and what each number means; see
//! [`crate::adapters::redis::usage`].

mod rows;

pub use rows::{LinkUsage, SectionViews};

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::callers::Staff;
use super::changes::{self, Change};
use super::mails::MailKind;
use super::outbox;
use crate::clock::Clock;
use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, LinkId, OrgId, PortalId};
use crate::db::pool::Pools;
use crate::db::scope::{CredentialHash, Tx};
use crate::error::Result;

/// How long it is remembered that a batch was applied: far longer than one waits in Redis between
/// being applied and being cleared.
const MEMORY: TimeDelta = TimeDelta::days(1);
/// How long a browser's session lives; its link may end sooner.
const SESSION_LIFE: TimeDelta = TimeDelta::days(30);

/// One organisation's part of a batch.
#[derive(Clone, Debug)]
pub struct Portion {
    pub batch: Uuid,
    pub tallies: Vec<LinkTally>,
    pub browsers: Vec<ReturnedBrowser>,
}

/// What a batch adds to a link. Numbers may be negative: a load that is confirmed takes back that
/// it was not.
#[derive(Clone, Debug, Default)]
pub struct LinkTally {
    pub link: LinkId,
    pub views: i64,
    pub sections: BTreeMap<PortalMode, i64>,
    pub visits: i64,
    pub visitors: i64,
    pub unconfirmed_views: i64,
    pub bytes_served: i64,
    pub first_viewed_at: Option<DateTime<Utc>>,
    pub last_viewed_at: Option<DateTime<Utc>>,
}

impl LinkTally {
    /// Nothing yet.
    pub fn of(link: LinkId) -> Self {
        Self { link, ..Self::default() }
    }
}

/// A link that was viewed for the first time.
#[derive(Clone, Copy, Debug)]
struct FirstView {
    link: LinkId,
    portal: PortalId,
    company: CompanyId,
    at: DateTime<Utc>,
    /// Whether the portal's maker wants to know.
    tells: bool,
}

impl FirstView {
    fn change(&self) -> Change {
        Change::new("portal_link.first_viewed", self.link)
            .company(self.company)
            .payload(json!({ "portalId": self.portal }))
    }
}

/// A browser that came back with its cookie, whose session is to be stored (DOOR-4).
#[derive(Clone, Copy, Debug)]
pub struct ReturnedBrowser {
    /// Hash of the link's token that it came with: a link that was rotated since keeps nothing.
    pub link: CredentialHash,
    /// Hash of the cookie's token.
    pub session: CredentialHash,
    pub at: DateTime<Utc>,
    /// Whether it signed out meanwhile.
    pub left: bool,
}

/// Applies a batch's portion to its organisation, unless that was done before. What belongs to an
/// organisation, a portal or a link that is gone goes with it.
pub async fn apply(pools: &Pools, clock: &Clock, org: OrgId, portion: &Portion) -> Result<()> {
    let Some(tx) = rows::enter(pools, org).await? else { return Ok(()) };
    let now = clock.now();
    if rows::claim(&tx, portion.batch, now).await? {
        let first = rows::first_views(&tx, &portion.tallies).await?;
        rows::add(&tx, &portion.tallies).await?;
        for browser in &portion.browsers {
            rows::keep_session(&tx, clock.id(), browser, browser.at + SESSION_LIFE).await?;
        }
        rows::forget_claims(&tx, now - MEMORY).await?;
        for seen in first.iter().filter(|first| first.tells) {
            outbox::queue(&tx, clock.id(), MailKind::FirstView, seen.link).await?;
        }
        if !first.is_empty() {
            let told: Vec<_> = first.into_iter().map(|first| (first.change(), first.at)).collect();
            changes::announce(&tx, clock, &told).await?;
        }
    }
    tx.commit().await
}

/// How the links of several portals were used, at once. A link that never was is not in it, unless
/// it has open sessions.
pub async fn of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<LinkUsage>> {
    rows::of_portals(tx, portals).await
}

/// The views of several portals' links by section.
pub async fn sections_of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<SectionViews>> {
    rows::sections_of_portals(tx, portals).await
}

//! Rotating and revoking many portals in one transaction (LINK-11): all of them or none, audited one
//! by one.

use super::links::{self, NewUrl};
use super::manage::about;
use super::rows::{self, Portal};
use crate::db::enums::Permission;
use crate::db::ids::PortalId;
use crate::domain::changes::{Change, Write};
use crate::domain::validation::Checks;
use crate::error::Result;

/// The most portals of one call.
const MOST: usize = 100;

/// A portal with the new secrets of its links.
#[derive(Debug)]
pub struct Rotated {
    pub portal: PortalId,
    pub urls: Vec<NewUrl>,
}

/// Gives every link of these portals that is not revoked a new URL (LINK-4). Refused as a whole if
/// one of them is unknown or revoked.
pub async fn rotate_many(write: &Write, ids: &[PortalId]) -> Result<Vec<Rotated>> {
    let portals = find(write, ids, Wanted::NotRevoked).await?;
    let ids: Vec<PortalId> = portals.iter().map(|portal| portal.id).collect();
    let mut rotated: Vec<Rotated> = ids.iter().map(|id| Rotated { portal: *id, urls: Vec::new() }).collect();
    for (portal, url) in links::rotate_all(write, &ids).await? {
        if let Some(of) = rotated.iter_mut().find(|of| of.portal == portal) {
            of.urls.push(url);
        }
    }
    for portal in &portals {
        tell(write, "portal.rotated", portal);
    }
    Ok(rotated)
}

/// Closes these portals for good (LINK-4). Again is no error; an unknown one refuses the whole.
pub async fn revoke_many(write: &Write, ids: &[PortalId]) -> Result<Vec<PortalId>> {
    let portals = find(write, ids, Wanted::Any).await?;
    for portal in portals.iter().filter(|portal| portal.revoked_at.is_none()) {
        if rows::revoke(write, portal.id, write.at()).await? {
            tell(write, "portal.revoked", portal);
        }
    }
    Ok(portals.iter().map(|portal| portal.id).collect())
}

/// Which portals will do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    NotRevoked,
}

/// The portals of these ids, each once, in their order. Names every one that will not do.
async fn find(write: &Write, ids: &[PortalId], wanted: Wanted) -> Result<Vec<Portal>> {
    write.scope().require(Permission::PortalsManage)?;
    let mut checks = Checks::new();
    if !(1..=MOST).contains(&ids.len()) {
        checks.problem("ids", format!("Name 1 to {MOST} portals."));
        checks.finish()?;
        return Ok(Vec::new());
    }
    let mut found = rows::by_ids(write, ids).await?;
    for (index, id) in ids.iter().enumerate() {
        let path = format!("ids.{index}");
        match found.iter().find(|portal| portal.id == *id) {
            None => checks.problem(&path, "There is no such portal."),
            Some(portal) if wanted == Wanted::NotRevoked && portal.revoked_at.is_some() => {
                checks.problem(&path, "This portal was revoked, for good.");
            }
            Some(_) => {}
        }
    }
    checks.finish()?;
    found.sort_by_key(|portal| ids.iter().position(|id| *id == portal.id));
    Ok(found)
}

fn tell(write: &Write, kind: &'static str, portal: &Portal) {
    write.done(about(Change::new(kind, portal.id), portal.company_id, portal.record_id));
}

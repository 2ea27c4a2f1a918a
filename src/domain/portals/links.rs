//! Links: the secret URLs of a portal (LINK-1, LINK-2, LINK-4).

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

use super::DoorState;
use super::expiry::Expiry;
use super::manage::{about, check_order, live};
use super::open_sessions::end_behind_link_code;
use super::policy::{Paths, Policy, Terms};
use super::rows::{self, Link, LinkPatch, NewLink, Portal};
use crate::db::enums::Permission;
use crate::db::ids::{ContactId, LinkId, PortalId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write, missed_update};
use crate::domain::codes::CodeHash;
use crate::domain::idempotency::{self, Claim};
use crate::domain::tokens::{Token, TokenKind};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// Where the policy's breaches of a new link are mended.
pub(super) const NEW_LINK: Paths =
    Paths { expiry: "link.expiry", code: "link.accessCode", recipient: "link.recipient" };
/// The same of a link that takes after its portal in everything.
pub(super) const SHARED: Paths = Paths { expiry: "portalId", code: "portalId", recipient: "contactId" };

/// A portal's links are read and rotated all at once.
const MOST_LINKS: usize = 100;

/// Whom a link is meant for.
#[derive(Clone, Debug, Serialize)]
pub enum Recipient {
    /// A contact of the portal's company.
    Contact(ContactId),
    /// An address without a contact.
    Email(String),
}

/// What a new link is made of; absent parts are the portal's. Unchecked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LinkDraft {
    pub recipient: Option<Recipient>,
    /// `Some(None)`: at once, whatever the portal says.
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub expiry: Option<Expiry>,
    pub notifications: Option<bool>,
    /// Six digits of its own (DOOR-1). Not part of what an idempotency key is compared with.
    #[serde(skip)]
    pub code: Option<SecretString>,
}

/// What changes of a link: absent parts stay, `Some(None)` goes back to the portal's. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct LinkEdit {
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub expiry: Option<Option<Expiry>>,
    pub notifications: Option<Option<bool>>,
    pub code: Option<Option<SecretString>>,
}

/// The secret of a link, to be shown once.
#[derive(Debug)]
pub struct NewUrl {
    pub link: LinkId,
    pub token: Token,
}

/// Adds a link to a portal, once for each idempotency key. On a repeated key the secret is gone:
/// only its hash was kept.
pub async fn create_link(
    write: &Write,
    keys: &SealingKeys,
    portal: PortalId,
    draft: LinkDraft,
    key: Option<&str>,
) -> Result<(LinkId, Option<NewUrl>)> {
    write.scope().require(Permission::PortalsManage)?;
    let fresh = match idempotency::claim(write, key, "portal_link.create", &(portal, &draft)).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok((id.into(), None)),
    };
    let portal = live(write, portal).await?;
    leave_room(write, portal.id).await?;
    let url = insert(write, keys, &portal, (draft, &NEW_LINK)).await?;
    fresh.settle(write, url.link).await?;
    tell(write, "portal_link.created", &portal, url.link);
    Ok((url.link, Some(url)))
}

/// Refuses a portal that has as many links as it can have.
pub(super) async fn leave_room(write: &Write, portal: PortalId) -> Result<()> {
    if rows::links_of(write, &[portal]).await?.len() < MOST_LINKS {
        return Ok(());
    }
    Err(Error::invalid("input.portalId", format!("A portal can have {MOST_LINKS} links at most.")))
}

/// Stores a link of a portal that the caller has checked. `paths` is where a breach of the policy is
/// mended.
pub(super) async fn insert(
    write: &Write,
    keys: &SealingKeys,
    portal: &Portal,
    (draft, paths): (LinkDraft, &Paths),
) -> Result<NewUrl> {
    let token = Token::new(TokenKind::Link)?;
    let mut checks = Checks::new();
    let (contact, email) = match draft.recipient {
        Some(Recipient::Contact(contact)) => (Some(contact), None),
        Some(Recipient::Email(email)) => (None, Some(checks.email("recipientEmail", &email))),
        None => (None, None),
    };
    let contacts_email = match contact {
        Some(contact) => rows::contact_email(write, contact, portal.company_id).await?,
        None => None,
    };
    if contact.is_some() && contacts_email.is_none() {
        checks.problem("recipientContactId", "This is not a contact of the portal's company.");
    }
    let zone = write.scope().time_zone();
    let expires_at = draft.expiry.and_then(|expiry| expiry.instant(&mut checks, write.at(), zone));
    check_order(&mut checks, draft.starts_at.flatten(), expires_at);
    let id: LinkId = write.id();
    let code = draft.code.map(|code| CodeHash::of(&mut checks, keys, id.into(), &code));
    let own_end = draft.expiry.is_some().then_some(expires_at).flatten();
    let terms = Terms {
        ends_at: own_end.into_iter().chain(portal.expires_at).min(),
        has_code: code.is_some() || portal.has_code,
        email: email.clone().or(contacts_email),
    };
    Policy::read(write, write.at()).await?.check(&mut checks, paths, &terms);
    checks.finish()?;
    let (code_key, code_hash) = code.map(|code| (code.key, code.hash)).unzip();
    let new = NewLink {
        org_id: write.scope().org_id,
        id,
        own_code: code_hash.is_some(),
        code_key,
        code_hash,
        portal_id: portal.id,
        company_id: portal.company_id,
        token_hash: token.hash().to_vec(),
        recipient_contact_id: contact,
        recipient_email: email,
        own_start: draft.starts_at.is_some(),
        starts_at: draft.starts_at.flatten(),
        own_expiry: draft.expiry.is_some(),
        expires_at,
        notifications: draft.notifications,
    };
    rows::insert_link(write, &new).await?;
    Ok(NewUrl { link: new.id, token })
}

/// Changes a link that stands at `version` (API-8).
pub async fn update_link(
    write: &Write,
    keys: &SealingKeys,
    id: LinkId,
    version: i32,
    edit: LinkEdit,
) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let (link, portal) = find_live(write, id).await?;
    let mut checks = Checks::new();
    let zone = write.scope().time_zone();
    let code = edit.code.map(|code| code.map(|code| CodeHash::of(&mut checks, keys, id.into(), &code)));
    let patch = LinkPatch {
        own_code: code.as_ref().map(Option::is_some),
        code_version: code.as_ref().map(|_| version + 1),
        code_key: code.as_ref().map(|code| code.as_ref().map(|code| code.key.clone())),
        code_hash: code.map(|code| code.map(|code| code.hash)),
        own_start: edit.starts_at.map(|starts_at| starts_at.is_some()),
        starts_at: edit.starts_at,
        own_expiry: edit.expiry.map(|expiry| expiry.is_some()),
        expires_at: edit
            .expiry
            .map(|expiry| expiry.and_then(|expiry| expiry.instant(&mut checks, write.at(), zone))),
        notifications: edit.notifications,
    };
    let starts_at = patch.starts_at.unwrap_or(link.starts_at);
    check_order(&mut checks, starts_at, patch.expires_at.unwrap_or(link.expires_at));
    keep_to_policy(write, &mut checks, (&link, &portal), &patch).await?;
    checks.finish()?;
    if rows::update_link(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "link"));
    }
    if patch.code_hash.is_some() {
        end_behind_link_code(write, id).await?;
    }
    tell(write, "portal_link.updated", &portal, id);
    Ok(())
}

/// LINK-11: what a link opens, and how long; whom it is meant for never changes.
async fn keep_to_policy(
    write: &Write,
    checks: &mut Checks,
    (link, portal): (&Link, &Portal),
    patch: &LinkPatch,
) -> Result<()> {
    if patch.starts_at.is_none() && patch.expires_at.is_none() && patch.code_hash.is_none() {
        return Ok(());
    }
    let mut changed = link.clone();
    changed.own_expiry = patch.own_expiry.unwrap_or(link.own_expiry);
    changed.expires_at = patch.expires_at.unwrap_or(link.expires_at);
    changed.has_code = patch.code_hash.as_ref().map_or(link.has_code, Option::is_some);
    changed.recipient_email = None;
    let paths = Paths { expiry: "expiry", code: "accessCode", recipient: "" };
    Policy::read(write, write.at()).await?.check(checks, &paths, &changed.terms(portal, None));
    Ok(())
}

/// Closes a link's URL and its sessions, and gives it a new URL (LINK-4).
pub async fn rotate_link(write: &Write, id: LinkId) -> Result<NewUrl> {
    write.scope().require(Permission::PortalsManage)?;
    let (_, portal) = find_live(write, id).await?;
    let url = rotate(write, id).await?;
    tell(write, "portal_link.rotated", &portal, id);
    Ok(url)
}

/// Closes a link for good (LINK-4). Again is no error.
pub async fn revoke_link(write: &Write, id: LinkId) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let link = rows::link(write, id).await?.ok_or(Error::NotFound("link"))?;
    let portal = rows::by_ids(write, &[link.portal_id]).await?.pop().ok_or(Error::NotFound("link"))?;
    if link.revoked_at.is_none() && rows::revoke_link(write, id, write.at()).await? {
        tell(write, "portal_link.revoked", &portal, id);
    }
    Ok(())
}

/// Gives every link of these portals that is not revoked a new URL; says whose each is.
pub(super) async fn rotate_all(write: &Write, portals: &[PortalId]) -> Result<Vec<(PortalId, NewUrl)>> {
    let links = rows::links_of(write, portals).await?;
    let mut urls = Vec::with_capacity(links.len());
    for link in links.into_iter().filter(|link| link.revoked_at.is_none()) {
        urls.push((link.portal_id, NewUrl { link: link.id, token: Token::new(TokenKind::Link)? }));
    }
    rows::replace_tokens(write, urls.iter().map(|(_, url)| (url.link, url.token.hash()))).await?;
    Ok(urls)
}

/// A portal's links, oldest first, for several portals at once.
pub async fn links_of(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<Link>> {
    rows::links_of(tx, portals).await
}

/// A link that the organisation has.
pub async fn link_by_id(tx: &Tx<Staff>, id: LinkId) -> Result<Option<Link>> {
    rows::link(tx, id).await
}

/// Notes that staff opened a locked door again; the guesses themselves are Redis's to forget.
pub async fn unlock(write: &Write, id: LinkId) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let (_, portal) = find_live(write, id).await?;
    tell(write, "portal_link.unlocked", &portal, id);
    Ok(())
}

async fn rotate(write: &Write, id: LinkId) -> Result<NewUrl> {
    let token = Token::new(TokenKind::Link)?;
    rows::replace_tokens(write, [(id, token.hash())].into_iter()).await?;
    Ok(NewUrl { link: id, token })
}

impl Link {
    /// Whether it opens at a moment, as far as it and its portal tell.
    pub fn state(&self, portal: &Portal, now: DateTime<Utc>) -> DoorState {
        let starts_at = if self.own_start { self.starts_at } else { portal.starts_at };
        let own_end = self.expires_at.filter(|_| self.own_expiry);
        let expires_at = own_end.into_iter().chain(portal.expires_at).min();
        DoorState::at(now, starts_at, expires_at, self.revoked_at.or(portal.revoked_at))
    }
}

async fn find_live(write: &Write, id: LinkId) -> Result<(Link, Portal)> {
    let link = rows::link(write, id).await?.ok_or(Error::NotFound("link"))?;
    let portal = live(write, link.portal_id).await?;
    match link.revoked_at {
        None => Ok((link, portal)),
        Some(_) => Err(Error::Conflict("This link was revoked, for good. Make a new one.".into())),
    }
}

pub(super) fn tell(write: &Write, kind: &'static str, portal: &Portal, link: LinkId) {
    let change = Change::new(kind, link).payload(json!({ "portalId": portal.id }));
    write.done(about(change, portal.company_id, portal.record_id));
}

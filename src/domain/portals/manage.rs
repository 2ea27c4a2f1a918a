//! Making, changing, rotating and revoking portals. All of it needs PORTALS_MANAGE (ORG-3).

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

use super::expiry::Expiry;
use super::links::{self, LinkDraft, NewUrl};
use super::open_sessions;
use super::policy::{Paths, Policy, Terms};
use super::rows::{self, NewPortal, Portal, PortalFilter, PortalPatch};
use crate::db::enums::{Permission, PortalMode};
use crate::db::ids::{CompanyId, DashboardId, PortalId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write, missed_update};
use crate::domain::codes::CodeHash;
use crate::domain::companies;
use crate::domain::dashboards;
use crate::domain::idempotency::{self, Claim};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// A portal has no recipient; its links have.
const POLICY_PATHS: Paths = Paths { expiry: "expiry", code: "accessCode", recipient: "" };

/// What a portal opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PortalScope {
    /// Every shared record of a company.
    Company(CompanyId),
    /// One record.
    Record(RecordId),
}

/// What a new portal is made of, with its first link. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct PortalDraft {
    pub label: String,
    pub title: String,
    pub scope: PortalScope,
    pub modes: Vec<PortalMode>,
    pub starts_at: Option<DateTime<Utc>>,
    pub expiry: Expiry,
    pub notifications: bool,
    pub tell_first_view: bool,
    pub attribution: Option<String>,
    /// Six digits (DOOR-1). Not part of what an idempotency key is compared with: its hash would
    /// give six digits away.
    #[serde(skip)]
    pub code: Option<SecretString>,
    pub link: LinkDraft,
    /// What it shows where its modes have DASHBOARD, in this order.
    pub dashboards: Vec<DashboardId>,
}

/// What changes of a portal: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct PortalEdit {
    pub label: Option<String>,
    pub title: Option<String>,
    pub modes: Option<Vec<PortalMode>>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub expiry: Option<Expiry>,
    pub notifications: Option<bool>,
    pub tell_first_view: Option<bool>,
    pub attribution: Option<Option<String>>,
    /// FILE-2: below which folder of storage clients' files land.
    pub upload_folder: Option<Option<String>>,
    /// Who passed the former code is outside again.
    pub code: Option<Option<SecretString>>,
    /// All that it shows, in this order.
    pub dashboards: Option<Vec<DashboardId>>,
}

/// A portal as it was made.
#[derive(Debug)]
pub struct CreatedPortal {
    pub id: PortalId,
    /// The first link's secret. None when an idempotency key was repeated: only its hash was kept.
    pub url: Option<NewUrl>,
}

/// Makes a portal and its first link, once for each idempotency key. The first portal of a record
/// turns the record on (REC-5).
pub async fn create(
    write: &Write,
    keys: &SealingKeys,
    draft: PortalDraft,
    key: Option<&str>,
) -> Result<CreatedPortal> {
    write.scope().require(Permission::PortalsManage)?;
    let fresh = match idempotency::claim(write, key, "portal.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(CreatedPortal { id: id.into(), url: None }),
    };
    let (company_id, record_id) = resolve_scope(write, draft.scope).await?;
    let policy = Policy::read(write, write.at()).await?;
    let new = check(write, (keys, &policy), &draft, (company_id, record_id))?;
    rows::insert(write, &new).await?;
    if !draft.dashboards.is_empty() {
        dashboards::choose(write, new.id, (company_id, record_id), draft.dashboards).await?;
    }
    if let Some(record) = record_id {
        turn_on(write, record, company_id).await?;
    }
    let url =
        links::insert(write, keys, &by_id(write, new.id).await?, (draft.link, &links::NEW_LINK)).await?;
    fresh.settle(write, new.id).await?;
    let payload = json!({ "modes": new.modes, "expiresAt": new.expires_at });
    write.done(about(Change::new("portal.created", new.id).payload(payload), company_id, record_id));
    Ok(CreatedPortal { id: new.id, url: Some(url) })
}

fn check(
    write: &Write,
    (keys, policy): (&SealingKeys, &Policy),
    draft: &PortalDraft,
    (company_id, record_id): (CompanyId, Option<RecordId>),
) -> Result<NewPortal> {
    let mut checks = Checks::new();
    let staff = write.scope();
    let id: PortalId = write.id();
    let code = draft.code.as_ref().map(|code| CodeHash::of(&mut checks, keys, id.into(), code));
    let (code_key, code_hash) = code.map(|code| (code.key, code.hash)).unzip();
    let new = NewPortal {
        org_id: staff.org_id,
        id,
        code_key,
        code_hash,
        label: checks.line("label", &draft.label, 120),
        title: checks.line("title", &draft.title, 120),
        company_id,
        record_id,
        modes: check_modes(&mut checks, draft.modes.clone()),
        starts_at: draft.starts_at,
        expires_at: draft.expiry.instant(&mut checks, write.at(), staff.time_zone()),
        notifications: draft.notifications,
        tell_first_view: draft.tell_first_view,
        attribution: checks
            .optional(Some(draft.attribution.clone()), |c, v| c.line("attribution", v, 200))
            .flatten(),
        created_by: staff.member()?.id,
    };
    check_order(&mut checks, new.starts_at, new.expires_at);
    let terms = Terms { ends_at: new.expires_at, has_code: new.code_hash.is_some(), email: None };
    policy.check(&mut checks, &POLICY_PATHS, &terms);
    checks.finish()?;
    Ok(new)
}

/// The company that a scope belongs to. Nothing of an internal or archived one is shared (INV-5).
pub(super) async fn resolve_scope(
    tx: &Tx<Staff>,
    scope: PortalScope,
) -> Result<(CompanyId, Option<RecordId>)> {
    let (company, record) = match scope {
        PortalScope::Company(company) => (company, None),
        PortalScope::Record(record) => {
            let found = rows::record(tx, record).await?.ok_or(Error::NotFound("record"))?;
            if found.archived_at.is_some() {
                return Err(Error::invalid("input.recordId", "An archived record cannot be shared."));
            }
            (found.company_id, Some(record))
        }
    };
    let found = companies::by_ids(tx, &[company]).await?;
    let found = found.first().ok_or(Error::NotFound("company"))?;
    if found.internal || found.archived_at.is_some() {
        return Err(Error::invalid(
            "input.companyId",
            "Nothing of an internal or archived company can be shared.",
        ));
    }
    Ok((company, record))
}

/// REC-5: only the first portal does it; a record that staff switched off later stays off.
async fn turn_on(write: &Write, record: RecordId, company: CompanyId) -> Result<()> {
    if rows::portals_of_record(write, record).await? == 1 && rows::enable_record(write, record).await? {
        let shared = Change::new("record.shared", record).company(company).record(record);
        write.done(shared.client_visible());
    }
    Ok(())
}

/// Changes a portal that stands at `version` (API-8). A revoked one cannot be changed.
pub async fn update(
    write: &Write,
    keys: &SealingKeys,
    id: PortalId,
    version: i32,
    edit: PortalEdit,
) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let portal = live(write, id).await?;
    let mut checks = Checks::new();
    let zone = write.scope().time_zone();
    let code = edit.code.map(|code| code.map(|code| CodeHash::of(&mut checks, keys, id.into(), &code)));
    let patch = PortalPatch {
        code_version: code.as_ref().map(|_| version + 1),
        code_key: code.as_ref().map(|code| code.as_ref().map(|code| code.key.clone())),
        code_hash: code.map(|code| code.map(|code| code.hash)),
        label: edit.label.map(|v| checks.line("label", &v, 120)),
        title: edit.title.map(|v| checks.line("title", &v, 120)),
        modes: edit.modes.map(|modes| check_modes(&mut checks, modes)),
        starts_at: edit.starts_at,
        expires_at: edit.expiry.map(|expiry| expiry.instant(&mut checks, write.at(), zone)),
        notifications: edit.notifications,
        tell_first_view: edit.tell_first_view,
        attribution: checks.optional(edit.attribution, |c, v| c.line("attribution", v, 200)),
        upload_folder: checks.optional(edit.upload_folder, |c, v| c.line("uploadFolder", v, 200)),
        revoked_at: None,
    };
    let starts_at = patch.starts_at.unwrap_or(portal.starts_at);
    check_order(&mut checks, starts_at, patch.expires_at.unwrap_or(portal.expires_at));
    keep_to_policy(write, &mut checks, &portal, &patch).await?;
    checks.finish()?;
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "portal"));
    }
    if matches!(patch.code_hash, Some(Some(_))) {
        open_sessions::end_behind_portal_code(write, id).await?;
    }
    if let Some(chosen) = edit.dashboards {
        dashboards::choose(write, id, (portal.company_id, portal.record_id), chosen).await?;
    }
    let before = settings(&portal);
    let after = settings(&by_id(write, id).await?);
    let mut change = Change::new("portal.updated", id).settings(before, after);
    if patch.code_version.is_some() {
        change = change.payload(json!({ "accessCodeChanged": true }));
    }
    write.done(about(change, portal.company_id, portal.record_id));
    Ok(())
}

/// LINK-11: a change of names, or of who is mailed, is none of what the policy speaks of.
async fn keep_to_policy(
    write: &Write,
    checks: &mut Checks,
    portal: &Portal,
    patch: &PortalPatch,
) -> Result<()> {
    let opens = patch.modes.is_some() || patch.starts_at.is_some() || patch.expires_at.is_some();
    if opens || patch.code_hash.is_some() {
        let terms = Terms {
            ends_at: patch.expires_at.unwrap_or(portal.expires_at),
            has_code: patch.code_hash.as_ref().map_or(portal.has_code, Option::is_some),
            email: None,
        };
        Policy::read(write, write.at()).await?.check(checks, &POLICY_PATHS, &terms);
    }
    Ok(())
}

/// What the audit log keeps of a portal before and after a change.
fn settings(portal: &Portal) -> serde_json::Value {
    json!({
        "label": portal.label,
        "title": portal.title,
        "modes": portal.modes,
        "startsAt": portal.starts_at,
        "expiresAt": portal.expires_at,
        "notifications": portal.notifications,
        "tellFirstView": portal.tell_first_view,
        "attribution": portal.attribution,
        "uploadFolder": portal.upload_folder,
        "hasCode": portal.has_code,
    })
}

/// Closes every link and session and gives each link a new URL (LINK-4). Revoked links stay so.
pub async fn rotate(write: &Write, id: PortalId) -> Result<Vec<NewUrl>> {
    write.scope().require(Permission::PortalsManage)?;
    let portal = live(write, id).await?;
    let urls = links::rotate_all(write, &[id]).await?;
    write.done(about(Change::new("portal.rotated", id), portal.company_id, portal.record_id));
    Ok(urls.into_iter().map(|(_, url)| url).collect())
}

/// Closes a portal for good (LINK-4). Again is no error.
pub async fn revoke(write: &Write, id: PortalId) -> Result<()> {
    write.scope().require(Permission::PortalsManage)?;
    let portal = by_id(write, id).await?;
    if portal.revoked_at.is_none() && rows::revoke(write, id, write.at()).await? {
        write.done(about(Change::new("portal.revoked", id), portal.company_id, portal.record_id));
    }
    Ok(())
}

/// The portals of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[PortalId]) -> Result<Vec<Portal>> {
    rows::by_ids(tx, ids).await
}

/// A page of portals, newest first.
pub async fn list(tx: &Tx<Staff>, filter: &PortalFilter, page: &Page<PortalId>) -> Result<Rows<Portal>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &PortalFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

async fn by_id(write: &Write, id: PortalId) -> Result<Portal> {
    rows::by_ids(write, &[id]).await?.pop().ok_or(Error::NotFound("portal"))
}

/// A portal that is not revoked.
pub(super) async fn live(write: &Write, id: PortalId) -> Result<Portal> {
    let portal = by_id(write, id).await?;
    match portal.revoked_at {
        None => Ok(portal),
        Some(_) => Err(Error::Conflict("This portal was revoked, for good. Make a new one.".into())),
    }
}

fn check_modes(checks: &mut Checks, mut modes: Vec<PortalMode>) -> Vec<PortalMode> {
    modes.sort_unstable();
    modes.dedup();
    if modes.is_empty() {
        checks.problem("modes", "Choose at least one mode.");
    }
    modes
}

/// A start has to lie before the end.
pub(super) fn check_order(
    checks: &mut Checks,
    starts_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
) {
    if let (Some(start), Some(end)) = (starts_at, expires_at)
        && start >= end
    {
        checks.problem("startsAt", "This must lie before the end.");
    }
}

/// Says which company, and which record, a change concerns.
pub(in crate::domain) fn about(change: Change, company: CompanyId, record: Option<RecordId>) -> Change {
    let change = change.company(company);
    match record {
        Some(record) => change.record(record),
        None => change,
    }
}

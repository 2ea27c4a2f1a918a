//! Companies: the customers of an organisation (REC-1). Clients see their own company's name
//! through the doorway ([`super::callers::Guest`]) and nothing from here.

mod rows;

pub use rows::{Company, CompanyFilter, CompanyKey, CompanyOrder};

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::idempotency::{self, Claim};
use super::validation::Checks;
use serde::Serialize;

use crate::db::enums::Permission;
use crate::db::ids::CompanyId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::Result;
use rows::{CompanyPatch, NewCompany};

/// What a new company is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct CompanyDraft {
    pub name: String,
    pub website: Option<String>,
    pub notes: Option<String>,
    pub internal: bool,
}

/// What changes of a company: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct CompanyEdit {
    pub name: Option<String>,
    pub website: Option<Option<String>>,
    pub notes: Option<Option<String>>,
    pub internal: Option<bool>,
}

/// Adds a company, once for each idempotency key.
pub async fn create(write: &Write, draft: CompanyDraft, key: Option<&str>) -> Result<CompanyId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "company.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let mut checks = Checks::new();
    let new = NewCompany {
        org_id: write.scope().org_id,
        id: write.id(),
        name: checks.line("name", &draft.name, 200),
        website: checks.optional(Some(draft.website), |c, v| c.web_address("website", v)).flatten(),
        notes: checks.optional(Some(draft.notes), |c, v| c.text("notes", v, 10_000)).flatten(),
        internal: draft.internal,
    };
    checks.finish()?;
    rows::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    write.done(Change::new("company.created", new.id).company(new.id));
    Ok(new.id)
}

/// Changes a company that stands at `version` (API-8).
pub async fn update(write: &Write, id: CompanyId, version: i32, edit: CompanyEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let mut checks = Checks::new();
    let patch = CompanyPatch {
        name: edit.name.map(|v| checks.line("name", &v, 200)),
        website: checks.optional(edit.website, |c, v| c.web_address("website", v)),
        notes: checks.optional(edit.notes, |c, v| c.text("notes", v, 10_000)),
        internal: edit.internal,
        archived_at: None,
    };
    checks.finish()?;
    apply(write, id, version, &patch).await?;
    write.done(Change::new("company.updated", id).company(id));
    Ok(())
}

/// Hides a company and closes its portals, or brings it back.
pub async fn archive(write: &Write, id: CompanyId, version: i32, archival: Archival) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let (kind, archived_at) = match archival {
        Archival::Archive => ("company.archived", Some(write.at())),
        Archival::Restore => ("company.restored", None),
    };
    let patch = CompanyPatch { archived_at: Some(archived_at), ..CompanyPatch::default() };
    apply(write, id, version, &patch).await?;
    write.done(Change::new(kind, id).company(id));
    Ok(())
}

/// Into the archive or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archival {
    Archive,
    Restore,
}

async fn apply(write: &Write, id: CompanyId, version: i32, patch: &CompanyPatch) -> Result<()> {
    if rows::update(write, id, version, patch).await? == 0 {
        return Err(missed_update(!rows::by_ids(write, &[id]).await?.is_empty(), "company"));
    }
    Ok(())
}

/// The companies of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[CompanyId]) -> Result<Vec<Company>> {
    rows::by_ids(tx, ids).await
}

/// A page of companies.
pub async fn list(tx: &Tx<Staff>, filter: &CompanyFilter, page: &Page<CompanyKey>) -> Result<Rows<Company>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &CompanyFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

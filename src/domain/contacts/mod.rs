//! Contacts: the people at a company (REC-1). Inviting them, and what they then see, is not here.

mod rows;

pub use rows::{CompanyContacts, Contact, ContactFilter, ContactKey, ContactOrder};
use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::companies::{self, Archival};
use super::idempotency::{self, Claim};
use super::invitations;
use super::validation::Checks;
use crate::db::enums::{Language, Permission};
use crate::db::ids::{CompanyId, ContactId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{ContactPatch, NewContact};

/// What a new contact is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct ContactDraft {
    pub company_id: CompanyId,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub language: Option<Language>,
}

/// What changes of a contact: absent parts stay, `Some(None)` empties. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct ContactEdit {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<Option<String>>,
    pub language: Option<Option<Language>>,
}

/// Adds a contact to a company, once for each idempotency key.
pub async fn create(write: &Write, draft: ContactDraft, key: Option<&str>) -> Result<ContactId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "contact.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let mut checks = Checks::new();
    let new = NewContact {
        org_id: write.scope().org_id,
        id: write.id(),
        company_id: draft.company_id,
        name: checks.line("name", &draft.name, 120),
        email: checks.email("email", &draft.email),
        phone: checks.optional(Some(draft.phone), |c, v| c.line("phone", v, 50)).flatten(),
        language: draft.language,
    };
    checks.finish()?;
    if companies::by_ids(write, &[new.company_id]).await?.is_empty() {
        return Err(Error::NotFound("company"));
    }
    if rows::insert(write, &new).await? == 0 {
        return Err(taken(&new.email));
    }
    fresh.settle(write, new.id).await?;
    write.done(Change::new("contact.created", new.id).company(new.company_id));
    Ok(new.id)
}

/// Changes a contact that stands at `version` (API-8).
pub async fn update(write: &Write, id: ContactId, version: i32, edit: ContactEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let mut checks = Checks::new();
    let patch = ContactPatch {
        name: edit.name.map(|v| checks.line("name", &v, 120)),
        email: edit.email.map(|v| checks.email("email", &v)),
        phone: checks.optional(edit.phone, |c, v| c.line("phone", v, 50)),
        language: edit.language,
        archived_at: None,
    };
    checks.finish()?;
    let contact = find(write, id).await?;
    if let Some(email) = &patch.email {
        check_address(write, &contact, email).await?;
        if *email != contact.email {
            invitations::take_back_from(write, contact.id).await?;
        }
    }
    apply(write, &contact, version, &patch, "contact.updated").await
}

/// Hides a contact from lists, or brings them back.
pub async fn archive(write: &Write, id: ContactId, version: i32, archival: Archival) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let contact = find(write, id).await?;
    let (kind, archived_at) = match archival {
        Archival::Archive => ("contact.archived", Some(write.at())),
        Archival::Restore => ("contact.restored", None),
    };
    let patch = ContactPatch { archived_at: Some(archived_at), ..ContactPatch::default() };
    apply(write, &contact, version, &patch, kind).await
}

async fn apply(
    write: &Write,
    contact: &Contact,
    version: i32,
    patch: &ContactPatch,
    kind: &'static str,
) -> Result<()> {
    if rows::update(write, contact.id, version, patch).await? == 0 {
        return Err(missed_update(true, "contact"));
    }
    write.done(Change::new(kind, contact.id).company(contact.company_id));
    Ok(())
}

/// Refuses an address that another contact of the company has, also an archived one. Of two who
/// take it at once, the database's own constraint refuses the second.
async fn check_address(write: &Write, contact: &Contact, email: &str) -> Result<()> {
    match rows::by_address(write, contact.company_id, email).await? {
        Some(other) if other != contact.id => Err(taken(email)),
        _ => Ok(()),
    }
}

fn taken(email: &str) -> Error {
    Error::Conflict(format!("This company already has a contact with the address {email}."))
}

async fn find(tx: &Tx<Staff>, id: ContactId) -> Result<Contact> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("contact"))
}

/// The contacts of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[ContactId]) -> Result<Vec<Contact>> {
    rows::by_ids(tx, ids).await
}

/// A page of contacts.
pub async fn list(tx: &Tx<Staff>, filter: &ContactFilter, page: &Page<ContactKey>) -> Result<Rows<Contact>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &ContactFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

/// The first rows of one page for each of many companies, in one statement: by company, then name.
/// A company's own rows are cut to the page by the caller.
pub async fn of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    wanted: &CompanyContacts,
) -> Result<Vec<Contact>> {
    rows::of_companies(tx, companies, wanted).await
}

/// How many contacts each of these companies has; those with none are absent.
pub async fn counts_of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    archived: bool,
) -> Result<Vec<(CompanyId, i64)>> {
    rows::counts_of_companies(tx, companies, archived).await
}

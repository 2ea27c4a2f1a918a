//! Activity (EVT-8): a portal's view of the event log in people's words ([`shared`]), and what staff put
//! into it themselves. Not here: the log itself ([`super::events`]), and what programs are told of it.

mod rows;
pub mod shared;
mod words;

pub use rows::Entry;

use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::idempotency::{self, Claim};
use super::validation::Checks;
use super::{companies, records};
use crate::db::enums::Permission;
use crate::db::ids::{ActivityEntryId, CompanyId, RecordId};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What clients are to be told. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct EntryDraft {
    pub subject: Subject,
    pub title: String,
    pub body: Option<String>,
    pub url: Option<String>,
}

/// Whose activity it is.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Subject {
    /// The company's as a whole.
    Company(CompanyId),
    /// A record's.
    Record(RecordId),
}

/// Tells clients of something that the service does not know by itself, once for each idempotency key.
pub async fn append(write: &Write, draft: EntryDraft, key: Option<&str>) -> Result<ActivityEntryId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "activity.append", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let (company_id, record_id) = match draft.subject {
        Subject::Company(id) => {
            let company = companies::by_ids(write, &[id]).await?.pop().ok_or(Error::NotFound("company"))?;
            (company.id, None)
        }
        Subject::Record(id) => {
            let record = records::by_ids(write, &[id]).await?.pop().ok_or(Error::NotFound("record"))?;
            (record.company_id, Some(record.id))
        }
    };
    let mut checks = Checks::new();
    let entry = Entry {
        id: write.id(),
        company_id,
        record_id,
        title: checks.line("title", &draft.title, 200),
        body: checks.optional(Some(draft.body), |checks, body| checks.text("body", body, 2_000)).flatten(),
        url: checks.optional(Some(draft.url), |checks, url| checks.web_address("url", url)).flatten(),
        created_at: write.at(),
    };
    checks.finish()?;
    rows::insert(write, &entry).await?;
    fresh.settle(write, entry.id).await?;
    let change = Change::new("activity.appended", entry.id).company(company_id).client_visible();
    write.done(match record_id {
        Some(record) => change.record(record),
        None => change,
    });
    Ok(entry.id)
}

/// The entries of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[ActivityEntryId]) -> Result<Vec<Entry>> {
    rows::by_ids(tx, ids).await
}

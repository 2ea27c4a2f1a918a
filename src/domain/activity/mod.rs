//! Activity (EVT-8): a portal's view of the event log in people's words ([`shared`]), and what staff
//! and partners put into it themselves. Not here: the log itself ([`super::events`]), and what programs are told of it.

mod rows;
pub mod shared;
pub mod words;

pub use rows::Entry;

use serde::Serialize;
use serde_json::json;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::idempotency::{self, Claim};
use super::portals::about;
use super::subjects::{self, Subject};
use super::validation::Checks;
use crate::db::enums::{ApiKeyScope, Permission};
use crate::db::ids::ActivityEntryId;
use crate::db::scope::Tx;
use crate::error::Result;

/// What clients are to be told. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct EntryDraft {
    pub subject: Subject,
    pub title: String,
    pub body: Option<String>,
    pub url: Option<String>,
}

/// Tells clients of something that the service does not know by itself, once for each idempotency key; for
/// members with RECORDS_WRITE and keys with ACTIVITY_WRITE.
pub async fn append(write: &Write, draft: EntryDraft, key: Option<&str>) -> Result<ActivityEntryId> {
    write.scope().require_either(Permission::RecordsWrite, ApiKeyScope::ActivityWrite)?;
    let fresh = match idempotency::claim(write, key, "activity.append", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let (company_id, record_id) = subjects::find(write, &[draft.subject]).await?.place(draft.subject)?;
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
    let payload = json!({ "keyId": write.scope().key() });
    let change = Change::new("activity.appended", entry.id).payload(payload).client_visible();
    write.done(about(change, company_id, record_id));
    Ok(entry.id)
}

/// The entries of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[ActivityEntryId]) -> Result<Vec<Entry>> {
    rows::by_ids(tx, ids).await
}

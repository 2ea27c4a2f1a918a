//! What staff and partners put into clients' activity themselves, in the staff root (EVT-8).

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::ApiKeyScope;
use crate::db::ids::{ActivityEntryId, CompanyId, RecordId};
use crate::domain::activity::{self, Entry, EntryDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::subjects::SubjectInput;

/// Something that clients were told in their activity.
#[derive(SimpleObject)]
pub struct ActivityEntry {
    /// Its id.
    id: ActivityEntryId,
    /// Whose activity it is.
    company_id: CompanyId,
    /// The record that it is about; null for the company as a whole.
    record_id: Option<RecordId>,
    /// What happened.
    title: String,
    /// More of it, plain text.
    body: Option<String>,
    /// Where there is more.
    url: Option<String>,
    /// When it was appended.
    created_at: DateTime<Utc>,
}

impl From<Entry> for ActivityEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            company_id: entry.company_id,
            record_id: entry.record_id,
            title: entry.title,
            body: entry.body,
            url: entry.url,
            created_at: entry.created_at,
        }
    }
}

/// What to tell clients.
#[derive(InputObject)]
pub struct AppendActivityInput {
    /// Whose activity it is.
    subject: SubjectInput,
    /// What happened: 1 to 200 characters.
    title: String,
    /// More of it: 1 to 2,000 characters, plain text.
    body: Option<String>,
    /// Where there is more: an absolute http or https address.
    url: Option<String>,
    /// The same key and input within 24 hours append one entry only.
    idempotency_key: Option<String>,
}

/// The entry as it was appended.
#[derive(SimpleObject)]
pub struct AppendActivityPayload {
    /// The new entry.
    entry: ActivityEntry,
}

/// Telling clients.
#[derive(Default)]
pub struct ActivityMutations;

#[Object]
impl ActivityMutations {
    /// Tells clients of something that happened elsewhere: a form submitted, a work order closed. It stands
    /// in the activity of portals that show it, and in the event log. Needs RECORDS_WRITE, of an API key
    /// ACTIVITY_WRITE.
    async fn append_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to tell, and whose it is.")] input: AppendActivityInput,
    ) -> Option<Result<AppendActivityPayload>> {
        Some(append(ctx, input).await)
    }
}

async fn append(ctx: &Context<'_>, input: AppendActivityInput) -> Result<AppendActivityPayload> {
    let draft =
        EntryDraft { subject: input.subject.into(), title: input.title, body: input.body, url: input.url };
    let write = request(ctx).write_for(ApiKeyScope::ActivityWrite).await?;
    let appended = activity::append(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(appended).await.map_err(coded)?;
    let reading = request(ctx).staff_for(ApiKeyScope::ActivityWrite).await?;
    let entry = activity::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    let entry = entry.ok_or_else(|| coded(Error::NotFound("entry")))?.into();
    Ok(AppendActivityPayload { entry })
}

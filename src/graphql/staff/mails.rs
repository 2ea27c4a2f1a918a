//! Mails in the staff root (NOTE-4): what left, what waits, and what was given up.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::MailState;
use crate::db::ids::MailId;
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::mails::{self, MailFilter, MailKind};
use crate::error::{Error, ErrorCode};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A mail that the organisation sends. Whom it goes to, and what it says, is known when it is sent.
#[derive(async_graphql::Description)]
pub struct Mail(mails::Mail);

#[Object(use_type_description)]
impl Mail {
    /// Its id, which begins the mail's Message-ID.
    async fn id(&self) -> MailId {
        self.0.id
    }

    /// What it is about; null for a kind that this release does not know.
    async fn kind(&self) -> Option<MailKind> {
        self.0.kind()
    }

    /// The id of what it is about.
    async fn subject_id(&self) -> Option<ID> {
        self.0.subject_id.map(ID::from)
    }

    /// How far it has come.
    async fn state(&self) -> MailState {
        self.0.state
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Each try that did not succeed, in order.
    async fn failures(&self, ctx: &Context<'_>) -> Result<Vec<MailFailure>> {
        let failures = request(ctx).staff().await?.loaders.many(FailuresOf(self.0.id)).await?;
        Ok(failures.into_iter().map(MailFailure::from).collect())
    }

    /// When it is tried next, if a try failed. That a mail waits for another reason is nobody's to know.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        (self.0.state == MailState::Waiting && self.0.attempts > 0).then_some(self.0.due_at)
    }

    /// When it was sent, dropped or given up.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

impl From<mails::Mail> for Mail {
    fn from(mail: mails::Mail) -> Self {
        Self(mail)
    }
}

connection!(MailConnection, MailEdge, Mail, "mails");

/// A try to send a mail that did not succeed.
#[derive(SimpleObject)]
pub struct MailFailure {
    /// When it was tried.
    at: DateTime<Utc>,
    /// Why it failed: what the mail server said, if it said something.
    reason: String,
}

impl From<mails::MailFailure> for MailFailure {
    fn from(failure: mails::MailFailure) -> Self {
        Self { at: failure.attempted_at, reason: failure.failure }
    }
}

/// Why one of many was refused.
#[derive(SimpleObject)]
pub struct Problem {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// Seconds after which trying again helps.
    pub retry_after: Option<i32>,
}

impl Loader<MailId> for Batch<Staff> {
    type Value = mails::Mail;
    type Error = Error;

    async fn load(&self, ids: &[MailId]) -> Result<HashMap<MailId, mails::Mail>, Error> {
        Ok(keyed(mails::by_ids(&self.0, ids).await?, |mail| mail.id))
    }
}

/// Key of a mail's failed tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FailuresOf(MailId);

impl Loader<FailuresOf> for Batch<Staff> {
    type Value = Vec<mails::MailFailure>;
    type Error = Error;

    async fn load(&self, keys: &[FailuresOf]) -> Result<HashMap<FailuresOf, Vec<mails::MailFailure>>, Error> {
        let ids: Vec<MailId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(mails::failures(&self.0, &ids).await?, |failure| FailuresOf(failure.mail_id)))
    }
}

/// Reading mails.
#[derive(Default)]
pub struct MailQueries;

#[Object]
impl MailQueries {
    /// The organisation's mails of the last 30 days, the newest first. Only an OWNER or ADMIN reads them.
    async fn mails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<MailState>,
        #[graphql(desc = "Only those of this kind.")] kind: Option<MailKind>,
    ) -> Result<MailConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = MailFilter { state, kind };
        let reading = request(ctx).staff().await?;
        let rows = mails::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(mails::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(MailConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

/// Which mail to try again.
#[derive(InputObject)]
pub struct RetryMailInput {
    /// A mail that was given up.
    id: MailId,
}

/// The mail that is tried again.
#[derive(SimpleObject)]
pub struct RetryMailPayload {
    /// The mail.
    mail: Mail,
}

/// Changing what becomes of mails.
#[derive(Default)]
pub struct MailMutations;

#[Object]
impl MailMutations {
    /// Tries a mail again that was given up. Only an OWNER or ADMIN does it.
    async fn retry_mail(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RetryMailInput,
    ) -> Option<Result<RetryMailPayload>> {
        Some(retry(ctx, input.id).await)
    }
}

async fn retry(ctx: &Context<'_>, id: MailId) -> Result<RetryMailPayload> {
    let write = request(ctx).write().await?;
    let retried = mails::retry(&write, id).await;
    write.finish(retried).await.map_err(coded)?;
    let mail = request(ctx).staff().await?.loaders.required(id, "mail").await?;
    Ok(RetryMailPayload { mail: Mail(mail) })
}

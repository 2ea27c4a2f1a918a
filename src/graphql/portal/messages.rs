//! Threads in the portal root (MSG-1): what the team and this company's clients wrote to each other about
//! a record, and writing there.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{PortalMode, SenderType};
use crate::db::ids::{MessageId, RecordId};
use crate::db::paging::Page;
use crate::domain::callers::Portal;
use crate::domain::messages::shared::{self, SharedDraft, SharedMessage, Thread, ThreadKey};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A message in the thread of a record.
#[derive(SimpleObject)]
pub struct PortalMessage {
    /// Its id.
    id: MessageId,
    /// The record whose thread it is in.
    record_id: RecordId,
    /// Which side wrote it.
    sender_type: SenderType,
    /// Who wrote it.
    sender_name: String,
    /// False where a client's name is only what they said it is.
    sender_verified: bool,
    /// What it says, plain text.
    body: String,
    /// When it was sent.
    sent_at: DateTime<Utc>,
}

impl From<SharedMessage> for PortalMessage {
    fn from(message: SharedMessage) -> Self {
        Self {
            id: message.id,
            record_id: message.record_id,
            sender_type: message.sender_type,
            sender_name: message.sender_name,
            sender_verified: message.sender_verified,
            body: message.body,
            sent_at: message.created_at,
        }
    }
}

connection!(PortalMessageConnection, PortalMessageEdge, PortalMessage, "messages");

/// The thread of a record.
#[derive(async_graphql::Description)]
pub struct PortalThread(Thread);

#[Object(use_type_description)]
impl PortalThread {
    /// The record.
    async fn record_id(&self) -> RecordId {
        self.0.record_id
    }

    /// What the record is called.
    async fn record_name(&self) -> &str {
        &self.0.record_name
    }

    /// How many messages it holds.
    async fn count(&self) -> i64 {
        self.0.count
    }

    /// The newest message; null where nobody has written yet.
    async fn newest(&self, ctx: &Context<'_>) -> Result<Option<PortalMessage>> {
        let Some(id) = self.0.newest else { return Ok(None) };
        let message = request(ctx).portal().await?.loaders.one(id).await?;
        Ok(message.map(PortalMessage::from))
    }
}

impl From<Thread> for PortalThread {
    fn from(thread: Thread) -> Self {
        Self(thread)
    }
}

connection!(PortalThreadConnection, PortalThreadEdge, PortalThread, "threads");

/// Reading threads.
#[derive(Default)]
pub struct MessageQueries;

#[Object]
impl MessageQueries {
    /// The threads that this portal shows, those with the newest message first, and last those that nobody
    /// has written in yet; a page at a time.
    async fn threads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<PortalThreadConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let reading = request(ctx).portal().await?;
        let rows = shared::threads(&reading.tx, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(shared::count_threads(&reading.tx).await.map_err(coded)?),
            false => None,
        };
        request(ctx).shows(PortalMode::Messages);
        Ok(PortalThreadConnection::new(rows, |row| ThreadKey::from(row), page.after.is_some(), count))
    }

    /// The thread of a record. NOT_FOUND if this portal shows no such record, or not its messages.
    async fn thread(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record.")] record_id: RecordId,
    ) -> Option<Result<PortalThread>> {
        Some(load(ctx, record_id).await)
    }

    /// The messages of a record's thread, newest first, a page at a time; none where this portal does not
    /// show them.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record.")] record_id: RecordId,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<PortalMessageConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let reading = request(ctx).portal().await?;
        let rows = shared::list(&reading.tx, record_id, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(shared::count(&reading.tx, record_id).await.map_err(coded)?),
            false => None,
        };
        Ok(PortalMessageConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }
}

impl Loader<MessageId> for Batch<Portal> {
    type Value = SharedMessage;
    type Error = Error;

    async fn load(&self, ids: &[MessageId]) -> Result<HashMap<MessageId, SharedMessage>, Error> {
        Ok(keyed(shared::by_ids(&self.0, ids).await?, |message| message.id))
    }
}

async fn load(ctx: &Context<'_>, record: RecordId) -> Result<PortalThread> {
    let reading = request(ctx).portal().await?;
    let thread = shared::thread(&reading.tx, record).await.map_err(coded)?;
    request(ctx).shows(PortalMode::Messages);
    Ok(thread.into())
}

/// What to say to the team, and where.
#[derive(InputObject)]
pub struct PortalPostMessageInput {
    /// The record in whose thread it is said.
    record_id: RecordId,
    /// 1 to 10,000 characters, plain text.
    body: String,
    /// How the visitor calls themselves: needed once, while `visitor` is null.
    name: Option<String>,
    /// The same key and input within 24 hours send one message only.
    idempotency_key: Option<String>,
}

/// The message as it was sent.
#[derive(SimpleObject)]
pub struct PortalPostMessagePayload {
    /// The new message.
    message: PortalMessage,
}

/// Writing to the team.
#[derive(Default)]
pub struct MessageMutations;

#[Object]
impl MessageMutations {
    /// Writes in the thread of a record. The record's owner and watchers are mailed.
    async fn post_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to say, and where.")] input: PortalPostMessageInput,
    ) -> Option<Result<PortalPostMessagePayload>> {
        Some(post(ctx, input).await)
    }
}

async fn post(ctx: &Context<'_>, input: PortalPostMessageInput) -> Result<PortalPostMessagePayload> {
    let draft = SharedDraft { record_id: input.record_id, body: input.body, name: input.name };
    let write = request(ctx).act().await?;
    let posted = shared::post(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(posted).await.map_err(coded)?;
    let reading = request(ctx).portal().await?;
    let message = reading.loaders.required(id, "message").await?.into();
    Ok(PortalPostMessagePayload { message })
}

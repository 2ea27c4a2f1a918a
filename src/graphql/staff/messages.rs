//! Threads that staff share with clients, in the staff root (MSG-1). What staff say among themselves is
//! `comments`, of another type.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::members::Member;
use super::records::{self, Record};
use crate::db::enums::SenderType;
use crate::db::ids::{MessageId, PortalSessionId, RecordId};
use crate::db::paging::Page;
use crate::domain::messages::{self, MessageDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A message in the thread of a record: clients who see the record read it.
#[derive(async_graphql::Description)]
pub struct Message(messages::Message);

#[Object(use_type_description)]
impl Message {
    /// Its id.
    async fn id(&self) -> MessageId {
        self.0.id
    }

    /// The record whose thread it is in.
    async fn record(&self, ctx: &Context<'_>) -> Result<Record> {
        records::load(ctx, self.0.record_id).await
    }

    /// Which side wrote it.
    async fn sender_type(&self) -> SenderType {
        self.0.sender_type
    }

    /// The name that stands beside it.
    async fn sender_name(&self) -> &str {
        &self.0.sender_name
    }

    /// False where a client's name is only what they said it is.
    async fn sender_verified(&self) -> bool {
        self.0.sender_verified
    }

    /// The member who wrote it; null for clients.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        let Some(sender) = self.0.sender_member_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(sender).await?.map(Member::from))
    }

    /// The portal session whose holder wrote it; null for staff.
    async fn sender_session_id(&self) -> Option<PortalSessionId> {
        self.0.sender_session_id
    }

    /// What it says, plain text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was sent.
    async fn sent_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl From<messages::Message> for Message {
    fn from(message: messages::Message) -> Self {
        Self(message)
    }
}

connection!(MessageConnection, MessageEdge, Message, "messages");

/// Reading threads.
#[derive(Default)]
pub struct StaffMessageQueries;

#[Object]
impl StaffMessageQueries {
    /// The thread of a record, newest first, a page at a time.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record.")] record_id: RecordId,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Option<Result<MessageConnection>> {
        Some(list(ctx, record_id, first, after).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    record: RecordId,
    first: Option<i32>,
    after: Option<String>,
) -> Result<MessageConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = messages::list(&reading.tx, record, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(messages::count(&reading.tx, record).await.map_err(coded)?),
        false => None,
    };
    Ok(MessageConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// What to say to clients, and where.
#[derive(InputObject)]
pub struct PostMessageInput {
    /// The record in whose thread it is said.
    record_id: RecordId,
    /// 1 to 10,000 characters, plain text.
    body: String,
    /// The same key and input within 24 hours send one message only.
    idempotency_key: Option<String>,
}

/// The message as it was sent.
#[derive(SimpleObject)]
pub struct PostMessagePayload {
    /// The new message.
    message: Message,
}

/// Writing to clients.
#[derive(Default)]
pub struct StaffMessageMutations;

#[Object]
impl StaffMessageMutations {
    /// Writes in the thread of a record: clients who see the record read it, and those who asked for it
    /// are mailed if the type and the portal let that be. Needs RECORDS_WRITE.
    async fn post_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to say, and where.")] input: PostMessageInput,
    ) -> Option<Result<PostMessagePayload>> {
        Some(post(ctx, input).await)
    }
}

async fn post(ctx: &Context<'_>, input: PostMessageInput) -> Result<PostMessagePayload> {
    let draft = MessageDraft { record_id: input.record_id, body: input.body };
    let write = request(ctx).write().await?;
    let posted = messages::post(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(posted).await.map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let message = messages::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    let message = message.ok_or_else(|| coded(Error::NotFound("message")))?.into();
    Ok(PostMessagePayload { message })
}

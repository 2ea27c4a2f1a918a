//! What staff say to each other about a record, in the staff root (MSG-1). The portal root has nothing of
//! the kind.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::members::Member;
use super::records::{self, Record};
use crate::db::ids::{CommentId, RecordId};
use crate::db::paging::Page;
use crate::domain::comments::{self, CommentDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A comment of staff's on a record. No client ever sees it.
#[derive(async_graphql::Description)]
pub struct Comment(comments::Comment);

#[Object(use_type_description)]
impl Comment {
    /// Its id.
    async fn id(&self) -> CommentId {
        self.0.id
    }

    /// The record it is about.
    async fn record(&self, ctx: &Context<'_>) -> Result<Record> {
        records::load(ctx, self.0.record_id).await
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Result<Member> {
        Ok(request(ctx).staff().await?.loaders.required(self.0.author_id, "member").await?.into())
    }

    /// What it says, plain text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was written.
    async fn posted_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl From<comments::Comment> for Comment {
    fn from(comment: comments::Comment) -> Self {
        Self(comment)
    }
}

connection!(CommentConnection, CommentEdge, Comment, "comments");

/// Reading comments.
#[derive(Default)]
pub struct CommentQueries;

#[Object]
impl CommentQueries {
    /// The comments on a record, newest first, a page at a time. For staff only.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record.")] record_id: RecordId,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Option<Result<CommentConnection>> {
        Some(list(ctx, record_id, first, after).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    record: RecordId,
    first: Option<i32>,
    after: Option<String>,
) -> Result<CommentConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = comments::list(&reading.tx, record, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(comments::count(&reading.tx, record).await.map_err(coded)?),
        false => None,
    };
    Ok(CommentConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// What to say to colleagues, and where.
#[derive(InputObject)]
pub struct PostCommentInput {
    /// The record it is about.
    record_id: RecordId,
    /// 1 to 10,000 characters, plain text.
    body: String,
    /// The same key and input within 24 hours post one comment only.
    idempotency_key: Option<String>,
}

/// The comment as it was posted.
#[derive(SimpleObject)]
pub struct PostCommentPayload {
    /// The new comment.
    comment: Comment,
}

/// Writing to colleagues.
#[derive(Default)]
pub struct CommentMutations;

#[Object]
impl CommentMutations {
    /// Writes a comment on a record, for staff only. Needs RECORDS_WRITE.
    async fn post_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to say, and where.")] input: PostCommentInput,
    ) -> Option<Result<PostCommentPayload>> {
        Some(post(ctx, input).await)
    }
}

async fn post(ctx: &Context<'_>, input: PostCommentInput) -> Result<PostCommentPayload> {
    let draft = CommentDraft { record_id: input.record_id, body: input.body };
    let write = request(ctx).write().await?;
    let posted = comments::post(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(posted).await.map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let comment = comments::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    let comment = comment.ok_or_else(|| coded(Error::NotFound("comment")))?.into();
    Ok(PostCommentPayload { comment })
}

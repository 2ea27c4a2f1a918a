//! Feedback in the portal root (MSG-3): given here, read by the team only.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::db::enums::PortalMode;
use crate::db::ids::RecordId;
use crate::domain::messages::shared::{self, NamedRecord};
use crate::domain::tasks::feedback::{self, Feedback};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Something that feedback can be about.
#[derive(SimpleObject)]
pub struct PortalFeedbackSubject {
    /// The record.
    record_id: RecordId,
    /// What the record is called.
    name: String,
}

impl From<NamedRecord> for PortalFeedbackSubject {
    fn from(NamedRecord { id, name }: NamedRecord) -> Self {
        Self { record_id: id, name }
    }
}

/// Reading what feedback can be about.
#[derive(Default)]
pub struct FeedbackQueries;

#[Object]
impl FeedbackQueries {
    /// The records that feedback can be about, by name; empty where the portal takes none.
    async fn feedback_subjects(&self, ctx: &Context<'_>) -> Result<Vec<PortalFeedbackSubject>> {
        let reading = request(ctx).portal().await?;
        if !reading.tx.scope().modes.contains(&PortalMode::Feedback) {
            return Ok(Vec::new());
        }
        let names = shared::record_names(&reading.tx).await.map_err(coded)?;
        request(ctx).shows(PortalMode::Feedback);
        Ok(names.into_iter().map(PortalFeedbackSubject::from).collect())
    }
}

/// What the visitor has to say.
#[derive(InputObject)]
pub struct PortalGiveFeedbackInput {
    /// What it is about; absent is the company as a whole, and in a portal of one record that record.
    record_id: Option<RecordId>,
    /// 1 to 10,000 characters, plain text.
    body: String,
    /// How the visitor calls themselves: needed once, while `visitor` is null.
    name: Option<String>,
    /// The same key and input within 24 hours give it once only.
    idempotency_key: Option<String>,
}

/// Nobody but the team reads it again.
#[derive(SimpleObject)]
pub struct PortalGiveFeedbackPayload {
    /// Always true: somebody of the team has it as a task.
    given: bool,
}

/// Giving feedback.
#[derive(Default)]
pub struct FeedbackMutations;

#[Object]
impl FeedbackMutations {
    /// Tells the team something that is not for a record's thread: it becomes a task of whoever leads the
    /// record. NOT_FOUND where the portal takes no feedback, or shows no such record.
    async fn give_feedback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What there is to say.")] input: PortalGiveFeedbackInput,
    ) -> Option<Result<PortalGiveFeedbackPayload>> {
        Some(give(ctx, input).await)
    }
}

async fn give(ctx: &Context<'_>, input: PortalGiveFeedbackInput) -> Result<PortalGiveFeedbackPayload> {
    let feedback = Feedback { record_id: input.record_id, body: input.body, name: input.name };
    let write = request(ctx).act().await?;
    let given = feedback::give(&write, feedback, input.idempotency_key.as_deref()).await;
    write.finish(given).await.map_err(coded)?;
    Ok(PortalGiveFeedbackPayload { given: true })
}

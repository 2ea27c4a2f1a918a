//! What became of an event that was to be sent.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::WebhookEndpoint;
use crate::db::enums::WebhookDeliveryState;
use crate::db::ids::WebhookDeliveryId;
use crate::domain::callers::Staff;
use crate::domain::webhooks;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::Result;
use crate::graphql::loaders::{Batch, gathered};
use crate::graphql::paging::connection;
use crate::graphql::staff::events::StaffEventType;

/// An event on its way to a webhook endpoint.
#[derive(async_graphql::Description)]
pub struct WebhookDelivery(webhooks::WebhookDelivery);

#[Object(use_type_description)]
impl WebhookDelivery {
    /// Its id.
    async fn id(&self) -> WebhookDeliveryId {
        self.0.id
    }

    /// Where to.
    async fn endpoint(&self, ctx: &Context<'_>) -> Result<WebhookEndpoint> {
        let loaders = &request(ctx).staff().await?.loaders;
        Ok(loaders.required(self.0.endpoint_id, "webhook endpoint").await?.into())
    }

    /// The event's id, which the endpoint sees as `webhook-id`.
    async fn event_id(&self) -> ID {
        self.0.event_id.into()
    }

    /// The event's kind.
    #[graphql(name = "type")]
    async fn kind(&self) -> StaffEventType {
        StaffEventType::of(&self.0.event_kind)
    }

    /// How far it has come.
    async fn state(&self) -> WebhookDeliveryState {
        self.0.state
    }

    /// Whether staff asked for the event to be sent again.
    async fn replay(&self) -> bool {
        self.0.replay
    }

    /// When it is tried next, if it is on its way.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        (self.0.state == WebhookDeliveryState::Pending).then_some(self.0.due_at)
    }

    /// Each try, in order.
    async fn attempts(&self, ctx: &Context<'_>) -> Result<Vec<WebhookAttempt>> {
        let attempts = request(ctx).staff().await?.loaders.many(AttemptsOf(self.0.id)).await?;
        Ok(attempts.into_iter().map(WebhookAttempt::from).collect())
    }

    /// When it was queued.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was taken or given up.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

impl From<webhooks::WebhookDelivery> for WebhookDelivery {
    fn from(delivery: webhooks::WebhookDelivery) -> Self {
        Self(delivery)
    }
}

connection!(WebhookDeliveryConnection, WebhookDeliveryEdge, WebhookDelivery, "deliveries");

/// One try to deliver an event.
#[derive(SimpleObject)]
pub struct WebhookAttempt {
    /// When it was sent.
    at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    duration_ms: i32,
    /// HTTP status of the answer; null if none came.
    status: Option<i32>,
    /// Why no answer came.
    failure: Option<String>,
    /// The first 1,000 characters of the answer's body.
    answer: Option<String>,
}

impl From<webhooks::WebhookAttempt> for WebhookAttempt {
    fn from(attempt: webhooks::WebhookAttempt) -> Self {
        let webhooks::WebhookAttempt { attempted_at, duration_ms, status, failure, answer, .. } = attempt;
        Self { at: attempted_at, duration_ms, status, failure, answer }
    }
}

/// Key of a delivery's tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptsOf(pub WebhookDeliveryId);

impl Loader<AttemptsOf> for Batch<Staff> {
    type Value = Vec<webhooks::WebhookAttempt>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[AttemptsOf],
    ) -> Result<HashMap<AttemptsOf, Vec<webhooks::WebhookAttempt>>, Error> {
        let ids: Vec<WebhookDeliveryId> = keys.iter().map(|key| key.0).collect();
        Ok(gathered(webhooks::attempts(&self.0, &ids).await?, |attempt| AttemptsOf(attempt.delivery_id)))
    }
}

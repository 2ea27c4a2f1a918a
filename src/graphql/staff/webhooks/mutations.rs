//! Changing webhooks (EVT-7).

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{WebhookDelivery, WebhookEndpoint, delivery, load};
use crate::db::ids::{CompanyId, WebhookDeliveryId, WebhookEndpointId};
use crate::domain::webhooks::{self, EndpointDraft, EndpointEdit};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::events::StaffEventType;

/// What a new webhook endpoint is made of.
#[derive(InputObject)]
pub struct CreateWebhookEndpointInput {
    /// Where to: an https address of at most 500 characters that is no private one.
    url: String,
    /// What it is for: up to 200 characters, for staff only.
    description: Option<String>,
    /// The events to send; all but those of sessions, keys and webhooks if absent.
    types: Option<Vec<StaffEventType>>,
    /// Only events of this company; of all if absent. It stays so.
    company_id: Option<CompanyId>,
    /// False: an event is sent while those before it are still being tried. True if absent.
    in_order: Option<bool>,
    /// The same key and input within 24 hours make one endpoint; its secret comes with the first answer only.
    idempotency_key: Option<String>,
}

/// What to change of a webhook endpoint. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateWebhookEndpointInput {
    /// The endpoint.
    id: WebhookEndpointId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// Where to.
    url: Option<String>,
    /// What it is for; null empties it.
    description: MaybeUndefined<String>,
    /// The events to send; null: all.
    types: MaybeUndefined<Vec<StaffEventType>>,
    /// Whether an event waits until the one before it has been taken or given up.
    in_order: Option<bool>,
    /// False switches it off. True switches it on again: it is sent what happens from now on, and what it
    /// missed can be replayed.
    enabled: Option<bool>,
}

/// Which webhook endpoint gets a new secret.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// The endpoint.
    id: WebhookEndpointId,
}

/// Which webhook endpoint to delete.
#[derive(InputObject)]
pub struct DeleteWebhookEndpointInput {
    /// The endpoint.
    id: WebhookEndpointId,
}

/// What to send once more: one delivery's event.
#[derive(InputObject)]
pub struct ReplayWebhookDeliveryInput {
    /// The delivery.
    id: WebhookDeliveryId,
}

/// What to send once more: all events of a stretch of time.
#[derive(InputObject)]
pub struct ReplayWebhookEventsInput {
    /// The endpoint.
    endpoint_id: WebhookEndpointId,
    /// What happened at this moment or later,
    since: DateTime<Utc>,
    /// and before this one; now if absent. At most 10,000 events.
    until: Option<DateTime<Utc>>,
}

/// The webhook endpoint, and a secret of it.
#[derive(SimpleObject)]
pub struct WebhookSecretPayload {
    /// The endpoint.
    endpoint: WebhookEndpoint,
    /// What deliveries are signed with, `whsec_…`. Shown once; null when an idempotency key is repeated.
    secret: Option<String>,
}

/// The webhook endpoint as it was changed.
#[derive(SimpleObject)]
pub struct UpdateWebhookEndpointPayload {
    /// The changed endpoint.
    endpoint: WebhookEndpoint,
}

/// The webhook endpoint is no more.
#[derive(SimpleObject)]
pub struct DeleteWebhookEndpointPayload {
    /// The endpoint that was deleted.
    endpoint_id: WebhookEndpointId,
}

/// The event is on its way again.
#[derive(SimpleObject)]
pub struct ReplayWebhookDeliveryPayload {
    /// The new delivery.
    delivery: WebhookDelivery,
}

/// The events are on their way again.
#[derive(SimpleObject)]
pub struct ReplayWebhookEventsPayload {
    /// How many.
    count: i32,
}

/// Changing webhooks.
#[derive(Default)]
pub struct WebhookMutations;

#[Object]
impl WebhookMutations {
    /// Makes a webhook endpoint, which is sent what happens from now on. For OWNER and ADMIN.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateWebhookEndpointInput,
    ) -> Option<Result<WebhookSecretPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a webhook endpoint. For OWNER and ADMIN.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookEndpointInput,
    ) -> Option<Result<UpdateWebhookEndpointPayload>> {
        Some(update(ctx, input).await)
    }

    /// Gives a webhook endpoint a new secret. For 24 hours deliveries are signed with the one before it too.
    /// For OWNER and ADMIN.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: RotateWebhookSecretInput,
    ) -> Option<Result<WebhookSecretPayload>> {
        Some(rotate(ctx, input.id).await)
    }

    /// Deletes a webhook endpoint with its deliveries. For OWNER and ADMIN.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteWebhookEndpointInput,
    ) -> Option<Result<DeleteWebhookEndpointPayload>> {
        Some(delete(ctx, input.id).await)
    }

    /// Sends a delivery's event once more. For OWNER and ADMIN.
    async fn replay_webhook_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ReplayWebhookDeliveryInput,
    ) -> Option<Result<ReplayWebhookDeliveryPayload>> {
        Some(replay(ctx, input.id).await)
    }

    /// Sends what happened in a stretch of time once more, as far as the endpoint wants it, oldest first.
    /// For OWNER and ADMIN.
    async fn replay_webhook_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: ReplayWebhookEventsInput,
    ) -> Option<Result<ReplayWebhookEventsPayload>> {
        Some(replay_events(ctx, input).await)
    }
}

fn kinds(types: Vec<StaffEventType>) -> Vec<String> {
    types.into_iter().map(|kind| kind.kind().to_owned()).collect()
}

/// Refuses an address that may not be sent to. Its name is resolved before any transaction begins.
async fn check(ctx: &Context<'_>, url: &str) -> Result<()> {
    request(ctx).staff().await?.tx.scope().require_admin().map_err(coded)?;
    match request(ctx).app.outbound.objection(url.trim()).await {
        Some(objection) => Err(coded(Error::invalid("input.url", objection))),
        None => Ok(()),
    }
}

async fn create(ctx: &Context<'_>, input: CreateWebhookEndpointInput) -> Result<WebhookSecretPayload> {
    check(ctx, &input.url).await?;
    let draft = EndpointDraft {
        url: input.url,
        description: input.description,
        kinds: input.types.map(kinds),
        company_id: input.company_id,
        in_order: input.in_order.unwrap_or(true),
    };
    let keys = &request(ctx).app.config.sealing;
    let write = request(ctx).write().await?;
    let created = webhooks::create(&write, keys, draft, input.idempotency_key.as_deref()).await;
    let (id, secret) = write.finish(created).await.map_err(coded)?;
    Ok(WebhookSecretPayload { endpoint: load(ctx, id).await?, secret: secret.map(|secret| secret.reveal()) })
}

async fn update(
    ctx: &Context<'_>,
    input: UpdateWebhookEndpointInput,
) -> Result<UpdateWebhookEndpointPayload> {
    if let Some(url) = &input.url {
        check(ctx, url).await?;
    }
    let edit = EndpointEdit {
        url: input.url,
        description: input.description.into(),
        kinds: Option::<Option<Vec<StaffEventType>>>::from(input.types).map(|types| types.map(kinds)),
        in_order: input.in_order,
        enabled: input.enabled,
    };
    let write = request(ctx).write().await?;
    let updated = webhooks::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateWebhookEndpointPayload { endpoint: load(ctx, input.id).await? })
}

async fn rotate(ctx: &Context<'_>, id: WebhookEndpointId) -> Result<WebhookSecretPayload> {
    let keys = &request(ctx).app.config.sealing;
    let write = request(ctx).write().await?;
    let rotated = webhooks::rotate(&write, keys, id).await;
    let secret = write.finish(rotated).await.map_err(coded)?;
    Ok(WebhookSecretPayload { endpoint: load(ctx, id).await?, secret: Some(secret.reveal()) })
}

async fn delete(ctx: &Context<'_>, id: WebhookEndpointId) -> Result<DeleteWebhookEndpointPayload> {
    let write = request(ctx).write().await?;
    let deleted = webhooks::delete(&write, id).await;
    write.finish(deleted).await.map_err(coded)?;
    Ok(DeleteWebhookEndpointPayload { endpoint_id: id })
}

async fn replay(ctx: &Context<'_>, id: WebhookDeliveryId) -> Result<ReplayWebhookDeliveryPayload> {
    let write = request(ctx).write().await?;
    let replayed = webhooks::replay(&write, id).await;
    let id = write.finish(replayed).await.map_err(coded)?;
    Ok(ReplayWebhookDeliveryPayload { delivery: delivery(ctx, id).await? })
}

async fn replay_events(
    ctx: &Context<'_>,
    input: ReplayWebhookEventsInput,
) -> Result<ReplayWebhookEventsPayload> {
    let write = request(ctx).write().await?;
    let replayed = webhooks::replay_range(&write, input.endpoint_id, input.since, input.until).await;
    let count = write.finish(replayed).await.map_err(coded)?;
    Ok(ReplayWebhookEventsPayload { count: i32::try_from(count).unwrap_or(i32::MAX) })
}

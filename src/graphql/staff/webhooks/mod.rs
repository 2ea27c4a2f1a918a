//! Webhooks in the staff root (EVT-7): endpoints, and what became of each delivery.

mod deliveries;
mod mutations;

pub use deliveries::{WebhookDelivery, WebhookDeliveryConnection};
pub use mutations::WebhookMutations;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::companies::Company;
use super::events::StaffEventType;
use super::members::Member;
use crate::db::enums::{WebhookDeliveryState, WebhookDisabledFor};
use crate::db::ids::{WebhookDeliveryId, WebhookEndpointId};
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::webhooks;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::wants_count;

/// Where a partner wants the organisation's events sent.
#[derive(async_graphql::Description)]
pub struct WebhookEndpoint(webhooks::WebhookEndpoint);

#[Object(use_type_description)]
impl WebhookEndpoint {
    /// Its id.
    async fn id(&self) -> WebhookEndpointId {
        self.0.id
    }

    /// Where to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What it is for, in staff's words.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The events it is sent; null: all but those of sessions, keys and webhooks.
    async fn types(&self) -> Option<Vec<StaffEventType>> {
        let kinds = self.0.kinds.as_ref()?;
        Some(kinds.iter().map(|kind| StaffEventType::of(kind)).collect())
    }

    /// The one company whose events it is sent; null: all.
    async fn company(&self, ctx: &Context<'_>) -> Result<Option<Company>> {
        let Some(company) = self.0.company_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(company).await?.map(Company::from))
    }

    /// Whether an event waits until the one before it has been taken or given up.
    async fn in_order(&self) -> bool {
        self.0.in_order
    }

    /// Until then deliveries are signed with the secret before the newest one too; null: with one only.
    async fn previous_secret_until(&self) -> Option<DateTime<Utc>> {
        self.0.previous_until
    }

    /// When it was switched off, if it is.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Why it was switched off, if it is.
    async fn disabled_for(&self) -> Option<WebhookDisabledFor> {
        self.0.disabled_for
    }

    /// What was or is to be sent there, the newest first, a page at a time. Ended deliveries are kept for
    /// as long as events are.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those that stand so; all if absent.")] state: Option<WebhookDeliveryState>,
    ) -> Result<WebhookDeliveryConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let reading = request(ctx).staff().await?;
        let rows = webhooks::deliveries(&reading.tx, self.0.id, state, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(webhooks::count_deliveries(&reading.tx, self.0.id, state).await.map_err(coded)?),
            false => None,
        };
        Ok(WebhookDeliveryConnection::new(rows, |row| row.id, page.after.is_some(), count))
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Member> {
        Ok(request(ctx).staff().await?.loaders.required(self.0.created_by, "member").await?.into())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When staff last changed it.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl From<webhooks::WebhookEndpoint> for WebhookEndpoint {
    fn from(endpoint: webhooks::WebhookEndpoint) -> Self {
        Self(endpoint)
    }
}

impl Loader<WebhookEndpointId> for Batch<Staff> {
    type Value = webhooks::WebhookEndpoint;
    type Error = Error;

    async fn load(
        &self,
        ids: &[WebhookEndpointId],
    ) -> Result<HashMap<WebhookEndpointId, webhooks::WebhookEndpoint>, Error> {
        Ok(keyed(webhooks::by_ids(&self.0, ids).await?, |endpoint| endpoint.id))
    }
}

/// Reading webhooks.
#[derive(Default)]
pub struct WebhookQueries;

#[Object]
impl WebhookQueries {
    /// A webhook endpoint by its id. For OWNER and ADMIN.
    async fn webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint's id.")] id: WebhookEndpointId,
    ) -> Option<Result<WebhookEndpoint>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's webhook endpoints, at most 50, the newest first. For OWNER and ADMIN.
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Option<Result<Vec<WebhookEndpoint>>> {
        Some(list(ctx).await)
    }

    /// A delivery to a webhook endpoint by its id. For OWNER and ADMIN.
    async fn webhook_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The delivery's id, not the event's.")] id: WebhookDeliveryId,
    ) -> Option<Result<WebhookDelivery>> {
        Some(delivery(ctx, id).await)
    }
}

async fn load(ctx: &Context<'_>, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
    request(ctx).staff().await?.loaders.required(id, "webhook endpoint").await.map(WebhookEndpoint)
}

async fn list(ctx: &Context<'_>) -> Result<Vec<WebhookEndpoint>> {
    let reading = request(ctx).staff().await?;
    let endpoints = webhooks::list(&reading.tx).await.map_err(coded)?;
    Ok(endpoints.into_iter().map(WebhookEndpoint).collect())
}

async fn delivery(ctx: &Context<'_>, id: WebhookDeliveryId) -> Result<WebhookDelivery> {
    let reading = request(ctx).staff().await?;
    webhooks::delivery(&reading.tx, id).await.map(WebhookDelivery::from).map_err(coded)
}

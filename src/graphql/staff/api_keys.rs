//! API keys in the staff root (EVT-6).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::companies::Company;
use super::members::Member;
use crate::db::enums::ApiKeyScope;
use crate::db::ids::{ApiKeyId, CompanyId};
use crate::db::paging::Page;
use crate::domain::api_keys::{self, ApiKeyDraft};
use crate::domain::callers::Staff;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A key that a partner's program presents as `Authorization: Bearer vk_…`.
#[derive(async_graphql::Description)]
pub struct ApiKey(api_keys::ApiKey);

#[Object(use_type_description)]
impl ApiKey {
    /// Its id.
    async fn id(&self) -> ApiKeyId {
        self.0.id
    }

    /// What it is for, in staff's words.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The key's last four characters, to tell keys apart.
    async fn hint(&self) -> &str {
        &self.0.hint
    }

    /// What it may do.
    async fn scopes(&self) -> &[ApiKeyScope] {
        &self.0.scopes
    }

    /// The one company it is about; null: all.
    async fn company(&self, ctx: &Context<'_>) -> Result<Option<Company>> {
        let Some(company) = self.0.company_id else { return Ok(None) };
        Ok(request(ctx).staff().await?.loaders.one(company).await?.map(Company::from))
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Member> {
        Ok(request(ctx).staff().await?.loaders.required(self.0.created_by, "member").await?.into())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// From then on it opens nothing; null: never.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When it was last used, to the minute or so; null: never.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When it was revoked, if it was.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}

impl From<api_keys::ApiKey> for ApiKey {
    fn from(key: api_keys::ApiKey) -> Self {
        Self(key)
    }
}

connection!(ApiKeyConnection, ApiKeyEdge, ApiKey, "API keys");

impl Loader<ApiKeyId> for Batch<Staff> {
    type Value = api_keys::ApiKey;
    type Error = Error;

    async fn load(&self, ids: &[ApiKeyId]) -> Result<HashMap<ApiKeyId, api_keys::ApiKey>, Error> {
        Ok(keyed(api_keys::by_ids(&self.0, ids).await?, |key| key.id))
    }
}

/// Reading API keys.
#[derive(Default)]
pub struct ApiKeyQueries;

#[Object]
impl ApiKeyQueries {
    /// An API key by its id. For OWNER and ADMIN.
    async fn api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key's id, not its secret.")] id: ApiKeyId,
    ) -> Option<Result<ApiKey>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's API keys, newest first, a page at a time. For OWNER and ADMIN.
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "True: the revoked ones instead of the others.")] revoked: Option<bool>,
    ) -> Option<Result<ApiKeyConnection>> {
        Some(list(ctx, first, after, revoked.unwrap_or_default()).await)
    }
}

async fn load(ctx: &Context<'_>, id: ApiKeyId) -> Result<ApiKey> {
    request(ctx).staff().await?.loaders.required(id, "API key").await.map(ApiKey)
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    revoked: bool,
) -> Result<ApiKeyConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = api_keys::list(&reading.tx, revoked, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(api_keys::count(&reading.tx, revoked).await.map_err(coded)?),
        false => None,
    };
    Ok(ApiKeyConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// What a new API key is made of.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// What it is for: 1 to 100 characters, for staff only.
    name: String,
    /// What it may do: at least one.
    scopes: Vec<ApiKeyScope>,
    /// The one company it is about: it then reads that company, its records and its events, and nothing
    /// of any other. All companies if absent.
    company_id: Option<CompanyId>,
    /// From then on it opens nothing. Never if absent.
    expires_at: Option<DateTime<Utc>>,
    /// The same key and input within 24 hours make one API key; its secret comes with the first answer only.
    idempotency_key: Option<String>,
}

/// Which API key to revoke.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// The key's id, not its secret.
    id: ApiKeyId,
}

/// The API key as it was made.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The new key.
    api_key: ApiKey,
    /// The secret, `vk_…`. Shown once, and kept nowhere; null when an idempotency key is repeated.
    secret: Option<String>,
}

/// The API key as it was revoked.
#[derive(SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// The revoked key.
    api_key: ApiKey,
}

/// Changing API keys.
#[derive(Default)]
pub struct ApiKeyMutations;

#[Object]
impl ApiKeyMutations {
    /// Makes an API key for a partner's program. For OWNER and ADMIN.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateApiKeyInput,
    ) -> Option<Result<CreateApiKeyPayload>> {
        Some(create(ctx, input).await)
    }

    /// Revokes an API key: requests with it are refused at once, and its subscriptions end within a
    /// second. Again is no error. For OWNER and ADMIN.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeApiKeyInput,
    ) -> Option<Result<RevokeApiKeyPayload>> {
        Some(revoke(ctx, input.id).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateApiKeyInput) -> Result<CreateApiKeyPayload> {
    let draft = ApiKeyDraft {
        name: input.name,
        scopes: input.scopes,
        company_id: input.company_id,
        expires_at: input.expires_at,
    };
    let write = request(ctx).write().await?;
    let created = api_keys::create(&write, draft, input.idempotency_key.as_deref()).await;
    let (id, token) = write.finish(created).await.map_err(coded)?;
    Ok(CreateApiKeyPayload { api_key: load(ctx, id).await?, secret: token.map(|token| token.reveal()) })
}

async fn revoke(ctx: &Context<'_>, id: ApiKeyId) -> Result<RevokeApiKeyPayload> {
    let write = request(ctx).write().await?;
    let revoked = api_keys::revoke(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(RevokeApiKeyPayload { api_key: load(ctx, id).await? })
}

//! The organisation's sign-in provider in the staff root (ORG-2).

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::members::Member;
use crate::adapters::openid::Failure;
use crate::db::ids::MemberId;
use crate::domain::sign_in_providers::{self, ProviderDraft};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// The OpenID Connect provider through which members sign in.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SignInProvider {
    /// The provider's issuer identifier, below which it describes itself.
    issuer: String,
    /// What the provider calls this service.
    client_id: String,
    /// The page that the provider sends members back to, registered there.
    redirect_url: String,
    /// Raised by every change; an update names the one it read.
    version: i32,
    #[graphql(skip)]
    configured_by: MemberId,
    /// When it was set last.
    updated_at: DateTime<Utc>,
}

#[ComplexObject]
impl SignInProvider {
    /// Who set it last. Owners sign in through it only if that is an OWNER.
    async fn configured_by(&self, ctx: &Context<'_>) -> Option<Result<Member>> {
        Some(member(ctx, self.configured_by).await)
    }
}

async fn member(ctx: &Context<'_>, id: MemberId) -> Result<Member> {
    request(ctx).staff().await?.loaders.required(id, "member").await.map(Member::from)
}

impl From<sign_in_providers::SignInProvider> for SignInProvider {
    fn from(provider: sign_in_providers::SignInProvider) -> Self {
        Self {
            issuer: provider.issuer,
            client_id: provider.client_id,
            redirect_url: provider.redirect_url,
            version: provider.version,
            configured_by: provider.configured_by,
            updated_at: provider.updated_at,
        }
    }
}

/// Reading the sign-in provider.
#[derive(Default)]
pub struct SignInProviderQueries;

#[Object]
impl SignInProviderQueries {
    /// The provider through which members sign in; null if there is none. For OWNER and ADMIN.
    async fn sign_in_provider(&self, ctx: &Context<'_>) -> Option<Result<SignInProvider>> {
        read(ctx).await.transpose()
    }
}

async fn read(ctx: &Context<'_>) -> Result<Option<SignInProvider>> {
    let reading = request(ctx).staff().await?;
    let provider = sign_in_providers::read(&reading.tx).await.map_err(coded)?;
    Ok(provider.map(SignInProvider::from))
}

/// What the provider is set with.
#[derive(InputObject)]
pub struct SetSignInProviderInput {
    /// The version that was read; left out when there is no provider yet.
    version: Option<i32>,
    /// The issuer identifier: an https address below which `/.well-known/openid-configuration` answers.
    issuer: String,
    /// What the provider calls this service.
    client_id: String,
    /// What the provider knows this service by. Kept sealed and never shown; left out, the one there is stays.
    client_secret: Option<String>,
    /// A page of your own that finishes the sign-in with `access.finishProviderSignIn`; register it at
    /// the provider.
    redirect_url: String,
}

/// Which provider to remove.
#[derive(InputObject)]
pub struct RemoveSignInProviderInput {
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
}

/// The provider as it was set.
#[derive(SimpleObject)]
pub struct SetSignInProviderPayload {
    /// The provider.
    provider: Option<SignInProvider>,
}

/// There is no provider any more.
#[derive(SimpleObject)]
pub struct RemoveSignInProviderPayload {
    /// Always true: members sign in with their passwords only.
    removed: bool,
}

/// Changing the sign-in provider.
#[derive(Default)]
pub struct SignInProviderMutations;

#[Object]
impl SignInProviderMutations {
    /// Sets the provider through which members may sign in, beside their passwords. It is asked to
    /// describe itself first. For OWNER and ADMIN; owners come in through it only if an OWNER set it.
    async fn set_sign_in_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which provider, and what it knows this service by.")] input: SetSignInProviderInput,
    ) -> Option<Result<SetSignInProviderPayload>> {
        Some(set(ctx, input).await)
    }

    /// Removes the provider. Who signed in through it stays signed in. For OWNER and ADMIN.
    async fn remove_sign_in_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RemoveSignInProviderInput,
    ) -> Option<Result<RemoveSignInProviderPayload>> {
        Some(remove(ctx, input).await)
    }
}

async fn set(ctx: &Context<'_>, input: SetSignInProviderInput) -> Result<SetSignInProviderPayload> {
    request(ctx).staff().await?.tx.scope().require_admin().map_err(coded)?;
    let app = &request(ctx).app;
    // Asked before any transaction begins.
    if let Some(objection) = app.outbound.objection(input.issuer.trim()).await {
        return Err(coded(Error::invalid("input.issuer", objection)));
    }
    let described = app.openid.check(&app.outbound, input.issuer.trim(), app.clock.now()).await;
    described.map_err(|failure| coded(explain(&failure)))?;
    let draft = ProviderDraft {
        issuer: input.issuer,
        client_id: input.client_id,
        client_secret: input.client_secret.map(Into::into),
        redirect_url: input.redirect_url,
    };
    let write = request(ctx).write().await?;
    let set = sign_in_providers::set(&write, &app.config.sealing, input.version, draft).await;
    write.finish(set).await.map_err(coded)?;
    Ok(SetSignInProviderPayload { provider: read(ctx).await? })
}

fn explain(failure: &Failure) -> Error {
    tracing::info!(error = %failure, "a sign-in provider does not describe itself");
    Error::invalid("input.issuer", "No OpenID Connect provider describes itself below this address.")
}

async fn remove(ctx: &Context<'_>, input: RemoveSignInProviderInput) -> Result<RemoveSignInProviderPayload> {
    let write = request(ctx).write().await?;
    let removed = sign_in_providers::remove(&write, input.version).await;
    write.finish(removed).await.map_err(coded)?;
    Ok(RemoveSignInProviderPayload { removed: true })
}

//! Signing in as staff through the organisation's OpenID Connect provider (ORG-2).

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::staff_sessions::{SignInPayload, stranger};
use crate::adapters::openid::{self, Failure, Provider};
use crate::domain::sign_in_providers::{self, Attempt, OpenedProvider, Vouched};
use crate::error::Error;
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};

/// Where to sign in.
#[derive(InputObject)]
pub struct StartProviderSignInInput {
    /// Slug of the organisation.
    organization: String,
}

/// A sign-in that was begun.
#[derive(SimpleObject)]
pub struct StartProviderSignInPayload {
    /// Send the browser there. The provider sends it back to the organisation's redirect URL, with `code`
    /// and `state` in the query.
    authorization_url: String,
    /// Keep it where only this browser has it, and finish with it within 15 minutes.
    attempt: String,
}

/// What the browser came back with.
#[derive(InputObject)]
pub struct FinishProviderSignInInput {
    /// What the sign-in was begun with.
    attempt: String,
    /// `state` of the query that the browser came back with.
    state: String,
    /// `code` of the same query.
    code: String,
}

/// Coming in as staff, vouched for by a provider.
#[derive(Default)]
pub struct ProviderAccess;

#[Object]
impl ProviderAccess {
    /// Begins to sign a member in through the organisation's OpenID Connect provider.
    async fn start_provider_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where.")] input: StartProviderSignInInput,
    ) -> Option<Result<StartProviderSignInPayload>> {
        Some(start(request(ctx), input).await.map_err(coded))
    }

    /// Finishes it, and signs the member in to that organisation. Whatever the provider refused, and
    /// whoever is no member there, get the same answer.
    async fn finish_provider_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the browser came back with.")] input: FinishProviderSignInInput,
    ) -> Option<Result<SignInPayload>> {
        Some(finish(request(ctx), input).await.map_err(coded))
    }
}

async fn start(
    request: &RequestContext,
    input: StartProviderSignInInput,
) -> Result<StartProviderSignInPayload, Error> {
    let app = &request.app;
    app.limits.check_sign_in_network(request.origin.address.as_deref())?;
    let keys = &app.config.sealing;
    let found = sign_in_providers::find(&stranger(request), keys, &input.organization).await?;
    let now = app.clock.now();
    let begun = app.openid.begin(&app.outbound, &provider(&found), now).await;
    let (url, remembered) = begun.map_err(|failure| coded_failure(&failure))?;
    let attempt = Attempt::new(input.organization, found.version, now, remembered).seal(keys)?;
    Ok(StartProviderSignInPayload { authorization_url: url.into(), attempt })
}

async fn finish(request: &RequestContext, input: FinishProviderSignInInput) -> Result<SignInPayload, Error> {
    let app = &request.app;
    app.limits.check_sign_in_network(request.origin.address.as_deref())?;
    let keys = &app.config.sealing;
    let attempt: Attempt<openid::Attempt> =
        Attempt::open(keys, &input.attempt, app.clock.now()).ok_or(Error::NotVouchedFor)?;
    if attempt.remembered.state != input.state {
        return Err(Error::NotVouchedFor);
    }
    let stranger = stranger(request);
    let found = sign_in_providers::find(&stranger, keys, &attempt.organization).await?;
    if found.version != attempt.version {
        return Err(Error::NotVouchedFor);
    }
    let came_back = (attempt.remembered, input.code);
    let identity = app.openid.finish(&app.outbound, &provider(&found), came_back, app.clock.now()).await;
    let identity = identity.map_err(|failure| coded_failure(&failure))?;
    let vouched = Vouched {
        version: found.version,
        subject: identity.subject,
        verified_email: identity.verified_email,
    };
    Ok(sign_in_providers::arrive(&stranger, found.org_id, vouched).await?.into())
}

fn provider(found: &OpenedProvider) -> Provider {
    Provider {
        issuer: found.issuer.clone(),
        client_id: found.client_id.clone(),
        client_secret: found.client_secret.clone(),
        redirect_url: found.redirect_url.clone(),
    }
}

fn coded_failure(failure: &Failure) -> Error {
    tracing::info!(error = %failure, "no sign-in through a provider");
    match failure {
        Failure::Unusable(_) => Error::Unavailable("sign-in provider"),
        Failure::Refused(_) => Error::NotVouchedFor,
    }
}

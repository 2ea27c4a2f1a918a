//! Mails with which people prove an address: asked for by anybody, answered alike for everybody.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::staff_sessions::{count_attempt, stranger};
use crate::domain::address_proofs;
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};

/// What asking takes at least: several times what queuing a mail does, so that the time of the answer
/// does not tell whether there was one.
const EVEN: Duration = Duration::from_millis(50);

/// Who has forgotten a password.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The person's address.
    email: String,
}

/// Says nothing of whether anybody has the address.
#[derive(SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// Always true: if somebody signs in with the address, a mail is on its way to them.
    requested: bool,
}

/// The new password.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// What was mailed, `vr_…`.
    token: String,
    /// 12 to 200 characters.
    password: String,
}

/// The person has a new password.
#[derive(SimpleObject)]
pub struct ResetPasswordPayload {
    /// Always true. Every session that the person had is over: sign in with the new password.
    reset: bool,
}

/// Who wants to sign in without a password.
#[derive(InputObject)]
pub struct RequestSignInLinkInput {
    /// The person's address.
    email: String,
    /// Slug of the organisation in whose name the mail should come, if it knows the address.
    organization: Option<String>,
}

/// Says nothing of whether anybody has the address.
#[derive(SimpleObject)]
pub struct RequestSignInLinkPayload {
    /// Keep it where only this browser has it: the mailed link works together with it only.
    ask: String,
}

/// Proving an address.
#[derive(Default)]
pub struct AddressProofAccess;

#[Object]
impl AddressProofAccess {
    /// Asks for a mail with which a forgotten password is replaced. The answer is always the same.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: RequestPasswordResetInput,
    ) -> Option<Result<RequestPasswordResetPayload>> {
        Some(ask_for_reset(request(ctx), input).await)
    }

    /// Replaces a password with what was mailed, which is used up, and ends every session of the person.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was mailed, and the new password.")] input: ResetPasswordInput,
    ) -> Option<Result<ResetPasswordPayload>> {
        Some(reset(request(ctx), input).await)
    }

    /// Asks for a mail with a link that signs its reader in to the portals that are meant for them. The
    /// answer is always the same.
    async fn request_sign_in_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: RequestSignInLinkInput,
    ) -> Option<Result<RequestSignInLinkPayload>> {
        Some(ask_to_sign_in(request(ctx), input).await)
    }
}

async fn ask_for_reset(
    request: &RequestContext,
    input: RequestPasswordResetInput,
) -> Result<RequestPasswordResetPayload> {
    count_attempt(request, &input.email)?;
    let stranger = stranger(request);
    let asked = address_proofs::ask_for_reset(&stranger, &input.email);
    let (asked, ()) = futures::join!(asked, tokio::time::sleep(EVEN));
    asked.map(|()| RequestPasswordResetPayload { requested: true }).map_err(coded)
}

async fn reset(request: &RequestContext, input: ResetPasswordInput) -> Result<ResetPasswordPayload> {
    request.app.limits.check_sign_in_network(request.origin.address.as_deref()).map_err(coded)?;
    let stranger = stranger(request);
    let reset = address_proofs::reset(&stranger, &input.token, Arc::new(input.password.into()));
    reset.await.map(|()| ResetPasswordPayload { reset: true }).map_err(coded)
}

async fn ask_to_sign_in(
    request: &RequestContext,
    input: RequestSignInLinkInput,
) -> Result<RequestSignInLinkPayload> {
    count_attempt(request, &input.email)?;
    let stranger = stranger(request);
    let asked = address_proofs::ask_to_sign_in(&stranger, &input.email, input.organization);
    let (asked, ()) = futures::join!(asked, tokio::time::sleep(EVEN));
    asked.map(|ask| RequestSignInLinkPayload { ask: ask.reveal() }).map_err(coded)
}

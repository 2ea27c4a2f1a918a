//! Signing in as staff (ORG-2).

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain::people::{Credentials, Stranger};
use crate::domain::staff_sessions::{self, SignedIn};
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::members::Member;
use crate::graphql::staff::organizations::Organization;

/// Who signs in, and where.
#[derive(InputObject)]
pub struct SignInInput {
    /// The person's address.
    email: String,
    /// The person's password.
    password: String,
    /// Slug of the organisation; needed only by who belongs to several.
    organization: Option<String>,
}

/// A staff session.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// Send it as `Authorization: Bearer …`. Shown once.
    session_token: String,
    /// From then on the token opens nothing.
    expires_at: DateTime<Utc>,
    /// The organisation it opens.
    organization: Organization,
    /// Whose session it is.
    member: Member,
}

/// Coming in as staff.
#[derive(Default)]
pub struct StaffAccess;

#[Object]
impl StaffAccess {
    /// Signs a member in to one organisation. An unknown address and a wrong password get the
    /// same answer.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and where.")] input: SignInInput,
    ) -> Option<Result<SignInPayload>> {
        Some(sign_in(ctx, input).await)
    }
}

async fn sign_in(ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
    count_attempt(request(ctx), &input.email)?;
    let credentials = Credentials { email: input.email, password: Arc::new(input.password.into()) };
    let stranger = stranger(request(ctx));
    let signed_in = staff_sessions::sign_in(&stranger, credentials, input.organization.as_deref());
    Ok(signed_in.await.map_err(coded)?.into())
}

/// Before the password is looked at: guessing costs us a hash each time (API-6).
pub(super) fn count_attempt(request: &RequestContext, email: &str) -> Result<()> {
    request.app.limits.check_sign_in(request.origin.address.as_deref(), email).map_err(coded)
}

/// The caller, as somebody without a credential.
pub(super) fn stranger(request: &RequestContext) -> Stranger<'_> {
    Stranger {
        pools: &request.app.pools,
        clock: &request.app.clock,
        origin: &request.origin,
        user_agent: request.user_agent.as_deref(),
        page: request.page(),
    }
}

impl From<SignedIn> for SignInPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            session_token: signed_in.token.reveal(),
            expires_at: signed_in.expires_at,
            organization: signed_in.organization.into(),
            member: signed_in.member.into(),
        }
    }
}

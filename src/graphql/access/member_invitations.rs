//! Joining an organisation as a colleague who was invited (ORG-3).

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

use super::staff_sessions::{SignInPayload, stranger};
use crate::domain::member_invitations;
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};

/// What accepts an invitation.
#[derive(InputObject)]
pub struct AcceptMemberInvitationInput {
    /// What was mailed, `vm_…`.
    token: String,
    /// The name that colleagues and clients read, 1 to 120 characters.
    name: String,
    /// 12 to 200 characters. Who has a password that they chose with a mailed link or invitation keeps it,
    /// and leaves this out; one that was only signed up with is replaced.
    password: Option<String>,
}

/// Joining.
#[derive(Default)]
pub struct MemberInvitationAccess;

#[Object]
impl MemberInvitationAccess {
    /// Makes an invited colleague a member and signs them in. The invitation is used up.
    async fn accept_member_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was mailed, and who joins.")] input: AcceptMemberInvitationInput,
    ) -> Option<Result<SignInPayload>> {
        Some(accept(request(ctx), input).await)
    }
}

async fn accept(request: &RequestContext, input: AcceptMemberInvitationInput) -> Result<SignInPayload> {
    request.app.limits.check_sign_in_network(request.origin.address.as_deref()).map_err(coded)?;
    let password = input.password.map(|password| Arc::new(password.into()));
    let stranger = stranger(request);
    let joined = member_invitations::accept(&stranger, &input.token, &input.name, password);
    Ok(joined.await.map_err(coded)?.into())
}

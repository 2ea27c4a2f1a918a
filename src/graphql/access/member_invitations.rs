//! Joining an organisation as a colleague who was invited (ORG-3).

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::staff_sessions::stranger;
use crate::domain::member_invitations::{self, Afterwards, Joined, Joiner};
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::members::Member;
use crate::graphql::staff::organizations::Organization;

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
    /// Whether to sign them in as well.
    #[graphql(default = true)]
    sign_in: bool,
}

/// A colleague who has joined.
#[derive(SimpleObject)]
pub struct AcceptMemberInvitationPayload {
    /// Send it as `Authorization: Bearer …`. Shown once; null unless `signIn` was asked for.
    session_token: Option<String>,
    /// From then on the token opens nothing.
    expires_at: Option<DateTime<Utc>>,
    /// The organisation that they joined.
    organization: Organization,
    /// What they are there.
    member: Member,
}

impl From<Joined> for AcceptMemberInvitationPayload {
    fn from(joined: Joined) -> Self {
        let (token, expires_at) = joined.session.unzip();
        Self {
            session_token: token.map(|token| token.reveal()),
            expires_at,
            organization: joined.organization.into(),
            member: joined.member.into(),
        }
    }
}

/// Joining.
#[derive(Default)]
pub struct MemberInvitationAccess;

#[Object]
impl MemberInvitationAccess {
    /// Makes an invited colleague a member, and signs them in if asked to. The invitation is used up.
    async fn accept_member_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was mailed, and who joins.")] input: AcceptMemberInvitationInput,
    ) -> Option<Result<AcceptMemberInvitationPayload>> {
        Some(accept(request(ctx), input).await)
    }
}

async fn accept(
    request: &RequestContext,
    input: AcceptMemberInvitationInput,
) -> Result<AcceptMemberInvitationPayload> {
    request.app.limits.check_sign_in_network(request.origin.address.as_deref()).map_err(coded)?;
    let afterwards = if input.sign_in { Afterwards::SignedIn } else { Afterwards::Nothing };
    let password = input.password.map(|password| Arc::new(password.into()));
    let joiner = Joiner { token: &input.token, name: &input.name, password, afterwards };
    let stranger = stranger(request);
    let joined = member_invitations::accept(&stranger, joiner);
    Ok(joined.await.map_err(coded)?.into())
}

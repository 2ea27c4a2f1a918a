//! Inviting colleagues, in the staff root (ORG-3).

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::members::Member;
use crate::db::enums::{Permission, Role};
use crate::db::ids::{MemberId, MemberInvitationId};
use crate::domain::member_invitations::{self, InvitationDraft};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// A colleague who was asked to join.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct MemberInvitation {
    /// Its id.
    id: MemberInvitationId,
    /// The address that is invited.
    email: String,
    /// What they will be.
    role: Role,
    /// What they will be granted. Counts only for a MEMBER.
    permissions: Vec<Permission>,
    #[graphql(skip)]
    invited_by: MemberId,
    /// When they were invited.
    created_at: DateTime<Utc>,
    /// From then on it cannot be accepted.
    expires_at: DateTime<Utc>,
    /// When it was accepted, if it was.
    accepted_at: Option<DateTime<Utc>>,
    /// When it was taken back, if it was.
    revoked_at: Option<DateTime<Utc>>,
}

#[ComplexObject]
impl MemberInvitation {
    /// Who invited.
    async fn invited_by(&self, ctx: &Context<'_>) -> Option<Result<Member>> {
        Some(inviter(ctx, self.invited_by).await)
    }
}

async fn inviter(ctx: &Context<'_>, id: MemberId) -> Result<Member> {
    request(ctx).staff().await?.loaders.required(id, "member").await.map(Member::from)
}

impl From<member_invitations::MemberInvitation> for MemberInvitation {
    fn from(invitation: member_invitations::MemberInvitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            permissions: invitation.permissions,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: invitation.accepted_at,
            revoked_at: invitation.revoked_at,
        }
    }
}

/// Reading invitations of colleagues.
#[derive(Default)]
pub struct MemberInvitationQueries;

#[Object]
impl MemberInvitationQueries {
    /// Colleagues who were invited and have neither accepted nor been taken back, newest first, at most
    /// 100. For OWNER and ADMIN.
    async fn member_invitations(&self, ctx: &Context<'_>) -> Option<Result<Vec<MemberInvitation>>> {
        Some(pending(ctx).await)
    }
}

async fn pending(ctx: &Context<'_>) -> Result<Vec<MemberInvitation>> {
    let reading = request(ctx).staff().await?;
    let pending = member_invitations::pending(&reading.tx).await.map_err(coded)?;
    Ok(pending.into_iter().map(MemberInvitation::from).collect())
}

/// Whom to invite.
#[derive(InputObject)]
pub struct InviteMemberInput {
    /// Their address, which is mailed.
    email: String,
    /// What they will be. Only an OWNER invites an OWNER.
    role: Role,
    /// What they will be granted, as a MEMBER. PORTALS_MANAGE cannot be.
    #[graphql(default)]
    permissions: Vec<Permission>,
}

/// Which invitation to send again.
#[derive(InputObject)]
pub struct ResendMemberInvitationInput {
    /// The invitation.
    id: MemberInvitationId,
}

/// Which invitation to take back.
#[derive(InputObject)]
pub struct RevokeMemberInvitationInput {
    /// The invitation.
    id: MemberInvitationId,
}

/// The invitation, on its way.
#[derive(SimpleObject)]
pub struct InviteMemberPayload {
    /// The new invitation.
    invitation: MemberInvitation,
}

/// The invitation, on its way again.
#[derive(SimpleObject)]
pub struct ResendMemberInvitationPayload {
    /// The invitation.
    invitation: MemberInvitation,
}

/// The invitation can no longer be accepted.
#[derive(SimpleObject)]
pub struct RevokeMemberInvitationPayload {
    /// The invitation.
    invitation: MemberInvitation,
}

/// Inviting colleagues.
#[derive(Default)]
pub struct MemberInvitationMutations;

#[Object]
impl MemberInvitationMutations {
    /// Mails a colleague an invitation, good for 14 days. They join with `access.acceptMemberInvitation`.
    /// For OWNER and ADMIN.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and as what.")] input: InviteMemberInput,
    ) -> Option<Result<InviteMemberPayload>> {
        Some(invite(ctx, input).await)
    }

    /// Mails a pending invitation again, for another 14 days; what was mailed before is of no use any
    /// more. For OWNER and ADMIN.
    async fn resend_member_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ResendMemberInvitationInput,
    ) -> Option<Result<ResendMemberInvitationPayload>> {
        Some(resend(ctx, input.id).await)
    }

    /// Takes a pending invitation back. For OWNER and ADMIN.
    async fn revoke_member_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeMemberInvitationInput,
    ) -> Option<Result<RevokeMemberInvitationPayload>> {
        Some(revoke(ctx, input.id).await)
    }
}

async fn invite(ctx: &Context<'_>, input: InviteMemberInput) -> Result<InviteMemberPayload> {
    let draft = InvitationDraft { email: input.email, role: input.role, permissions: input.permissions };
    let write = request(ctx).write().await?;
    let invited = member_invitations::invite(&write, draft).await;
    let id = write.finish(invited).await.map_err(coded)?;
    Ok(InviteMemberPayload { invitation: read(ctx, id).await? })
}

async fn resend(ctx: &Context<'_>, id: MemberInvitationId) -> Result<ResendMemberInvitationPayload> {
    let write = request(ctx).write().await?;
    let resent = member_invitations::resend(&write, id).await;
    write.finish(resent).await.map_err(coded)?;
    Ok(ResendMemberInvitationPayload { invitation: read(ctx, id).await? })
}

async fn revoke(ctx: &Context<'_>, id: MemberInvitationId) -> Result<RevokeMemberInvitationPayload> {
    let write = request(ctx).write().await?;
    let revoked = member_invitations::revoke(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(RevokeMemberInvitationPayload { invitation: read(ctx, id).await? })
}

async fn read(ctx: &Context<'_>, id: MemberInvitationId) -> Result<MemberInvitation> {
    let reading = request(ctx).staff().await?;
    member_invitations::read(&reading.tx, id).await.map(MemberInvitation::from).map_err(coded)
}

//! The organisation's people in the staff root (ORG-3).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{Permission, Role};
use crate::db::ids::MemberId;
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::members::{self, MemberEdit, MemberFilter, MemberKey};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A person with a role in the organisation.
#[derive(async_graphql::Description)]
pub struct Member(members::Member);

#[Object(use_type_description)]
impl Member {
    /// Its id: the membership's, not the person's.
    async fn id(&self) -> MemberId {
        self.0.id
    }

    /// The name that colleagues and clients read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The member's address at the organisation.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The member's role.
    async fn role(&self) -> Role {
        self.0.role
    }

    /// What was granted. Counts only for a MEMBER: the other roles hold every permission.
    async fn permissions(&self) -> &[Permission] {
        &self.0.permissions
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When the person joined.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the membership ended, if it has.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

impl From<members::Member> for Member {
    fn from(member: members::Member) -> Self {
        Self(member)
    }
}

connection!(MemberConnection, MemberEdge, Member, "members");

impl Loader<MemberId> for Batch<Staff> {
    type Value = members::Member;
    type Error = Error;

    async fn load(&self, ids: &[MemberId]) -> Result<HashMap<MemberId, members::Member>, Error> {
        Ok(keyed(members::by_ids(&self.0, ids).await?, |member| member.id))
    }
}

/// Who is asking.
#[derive(SimpleObject)]
pub struct Viewer {
    /// The caller's membership.
    member: Member,
    /// The caller's role.
    role: Role,
    /// Every permission the caller holds, by role or by grant.
    permissions: Vec<Permission>,
}

/// Reading members.
#[derive(Default)]
pub struct MemberQueries;

#[Object]
impl MemberQueries {
    /// Who is asking, and what they may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        Some(viewer(ctx).await)
    }

    /// A member by their id, also one whose membership has ended.
    async fn member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member's id.")] id: MemberId,
    ) -> Option<Result<Member>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's members by name, a page at a time.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those whose name or address contains this.")] search: Option<String>,
        #[graphql(desc = "True: those whose membership has ended instead of the others.")] ended: Option<
            bool,
        >,
    ) -> Result<MemberConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = MemberFilter { search, ended: ended.unwrap_or_default() };
        let reading = request(ctx).staff().await?;
        let rows = members::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(members::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(MemberConnection::new(rows, |row| MemberKey::from(row), page.after.is_some(), count))
    }
}

async fn viewer(ctx: &Context<'_>) -> Result<Viewer> {
    let reading = request(ctx).staff().await?;
    let caller = reading.tx.scope();
    let member = caller.member().map_err(coded)?;
    let permissions = Permission::ALL.iter().copied().filter(|p| caller.may(*p)).collect();
    Ok(Viewer { member: load(ctx, member.id).await?, role: member.role, permissions })
}

async fn load(ctx: &Context<'_>, id: MemberId) -> Result<Member> {
    request(ctx).staff().await?.loaders.required(id, "member").await.map(Member)
}

/// What to change of a member. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateMemberInput {
    /// The member.
    id: MemberId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// The new role. Only an OWNER makes or unmakes OWNERs, and one always remains.
    role: Option<Role>,
    /// All that is granted from now on. PORTALS_MANAGE cannot be.
    permissions: Option<Vec<Permission>>,
}

/// Whose membership to end.
#[derive(InputObject)]
pub struct EndMembershipInput {
    /// The member.
    id: MemberId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
}

/// The member as they were changed.
#[derive(SimpleObject)]
pub struct UpdateMemberPayload {
    /// The changed member.
    member: Member,
}

/// The membership is over.
#[derive(SimpleObject)]
pub struct EndMembershipPayload {
    /// The former member. An id, not the member: who ends their own membership reads nothing more.
    member_id: MemberId,
}

/// Changing members.
#[derive(Default)]
pub struct MemberMutations;

#[Object]
impl MemberMutations {
    /// Changes what a member may do. For OWNER and ADMIN.
    async fn update_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateMemberInput,
    ) -> Option<Result<UpdateMemberPayload>> {
        Some(update(ctx, input).await)
    }

    /// Ends a membership, and all the member's sessions at once. For OWNER and ADMIN; an OWNER's
    /// is ended by an OWNER, and never the last one's.
    async fn end_membership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: EndMembershipInput,
    ) -> Option<Result<EndMembershipPayload>> {
        Some(end(ctx, input).await)
    }
}

async fn update(ctx: &Context<'_>, input: UpdateMemberInput) -> Result<UpdateMemberPayload> {
    let edit = MemberEdit { role: input.role, permissions: input.permissions };
    let write = request(ctx).write().await?;
    let updated = members::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateMemberPayload { member: load(ctx, input.id).await? })
}

async fn end(ctx: &Context<'_>, input: EndMembershipInput) -> Result<EndMembershipPayload> {
    let write = request(ctx).write().await?;
    let ended = members::end(&write, input.id, input.version).await;
    write.finish(ended).await.map_err(coded)?;
    Ok(EndMembershipPayload { member_id: input.id })
}

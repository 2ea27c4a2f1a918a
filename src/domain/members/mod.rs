//! Members: the people of an organisation, their roles and what they may do (ORG-3). Where a
//! permission is checked is [`super::callers::Staff`]; here it is given and taken.

mod rows;

use serde_json::{Value, json};

pub use rows::{Member, MemberFilter, MemberKey};

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::staff_sessions;
use crate::db::enums::{Permission, Role};
use crate::db::ids::MemberId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What changes of a member; absent parts stay.
#[derive(Clone, Debug, Default)]
pub struct MemberEdit {
    pub role: Option<Role>,
    pub permissions: Option<Vec<Permission>>,
}

/// The caller's own membership.
pub async fn own(tx: &Tx<Staff>) -> Result<Member> {
    find(tx, tx.scope().member()?.id).await
}

/// Changes a member who stands at `version` (API-8). For OWNER and ADMIN only; nobody but an
/// OWNER makes or unmakes OWNERs, and one always remains.
pub async fn update(write: &Write, id: MemberId, version: i32, edit: MemberEdit) -> Result<()> {
    write.scope().require_admin()?;
    let permissions = edit.permissions.map(grantable).transpose()?;
    let member = find(write, id).await?;
    if member.ended_at.is_some() {
        return Err(Error::Conflict("This membership has ended.".into()));
    }
    let role = edit.role.unwrap_or(member.role);
    if role != member.role {
        check_owners(write, &member, role).await?;
    }
    let permissions = permissions.unwrap_or_else(|| member.permissions.clone());
    if rows::update(write, id, version, role, &permissions).await? == 0 {
        return Err(missed_update(true, "member"));
    }
    let (before, after) = (standing(member.role, &member.permissions), standing(role, &permissions));
    write.done(Change::new("member.updated", id).settings(before, after));
    Ok(())
}

/// Ends a membership and with it all the member's sessions, at once. For OWNER and ADMIN only; an
/// OWNER's is ended by an OWNER, and never the last one's.
pub async fn end(write: &Write, id: MemberId, version: i32) -> Result<()> {
    write.scope().require_admin()?;
    let member = find(write, id).await?;
    if member.ended_at.is_some() {
        return Err(Error::Conflict("This membership has ended already.".into()));
    }
    if member.role == Role::Owner {
        check_owners(write, &member, Role::Member).await?;
    }
    if rows::end(write, id, version, write.at()).await? == 0 {
        return Err(missed_update(true, "member"));
    }
    staff_sessions::end_all_of(write, id).await?;
    write.done(Change::new("member.ended", id));
    Ok(())
}

/// In order, each once. PORTALS_MANAGE comes with a role and is never granted.
pub(super) fn grantable(mut permissions: Vec<Permission>) -> Result<Vec<Permission>> {
    permissions.sort_unstable();
    permissions.dedup();
    if permissions.contains(&Permission::PortalsManage) {
        return Err(Error::invalid(
            "input.permissions",
            "PORTALS_MANAGE comes with the role ADMIN; it cannot be granted to a member.",
        ));
    }
    Ok(permissions)
}

/// Checks a change of role into OWNER or out of it. Locks the owners, so that of two who demote
/// each other one remains.
async fn check_owners(write: &Write, member: &Member, role: Role) -> Result<()> {
    if member.role != Role::Owner && role != Role::Owner {
        return Ok(());
    }
    if write.scope().member()?.role != Role::Owner {
        return Err(Error::Forbidden("Only an owner makes or unmakes owners."));
    }
    let owners = rows::lock_owners(write).await?;
    if !owners.contains(&write.scope().member()?.id) {
        return Err(Error::Forbidden("Only an owner makes or unmakes owners."));
    }
    if owners == [member.id] {
        return Err(Error::Conflict("An organisation needs an owner, and this is the last one.".into()));
    }
    Ok(())
}

fn standing(role: Role, permissions: &[Permission]) -> Value {
    json!({ "role": role, "permissions": permissions })
}

async fn find(tx: &Tx<Staff>, id: MemberId) -> Result<Member> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("member"))
}

/// The members of these ids that the organisation has or had, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[MemberId]) -> Result<Vec<Member>> {
    rows::by_ids(tx, ids).await
}

/// Whether a member who is there now has an address.
pub(super) async fn has_address(tx: &Tx<Staff>, email: &str) -> Result<bool> {
    rows::has_address(tx, email).await
}

/// A page of members, by name.
pub async fn list(tx: &Tx<Staff>, filter: &MemberFilter, page: &Page<MemberKey>) -> Result<Rows<Member>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &MemberFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

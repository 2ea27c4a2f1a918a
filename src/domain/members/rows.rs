//! `members` in Diesel.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::enums::{Permission, Role};
use crate::db::ids::MemberId;
use crate::db::paging::{MAX_COUNT, Page, contains};
use crate::db::schema::staff::members;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A person with a role in the organisation.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = members)]
pub struct Member {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// What a MEMBER was granted; kept, and of no effect, while the role is another.
    pub permissions: Vec<Permission>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which members to list.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter {
    pub search: Option<String>,
    pub ended: bool,
}

/// Where a page of members ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberKey {
    pub name: String,
    pub id: MemberId,
}

impl From<&Member> for MemberKey {
    fn from(member: &Member) -> Self {
        Self { name: member.name.clone(), id: member.id }
    }
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: MemberId,
    version: i32,
    role: Role,
    permissions: &[Permission],
) -> Result<usize> {
    let row = members::table.filter(members::id.eq(id)).filter(members::version.eq(version));
    let changes =
        (members::role.eq(role), members::permissions.eq(permissions), members::version.eq(version + 1));
    Ok(diesel::update(row).set(changes).execute(&mut tx.connection()).await?)
}

pub(super) async fn end(tx: &Tx<Staff>, id: MemberId, version: i32, at: DateTime<Utc>) -> Result<usize> {
    let row = members::table.filter(members::id.eq(id)).filter(members::version.eq(version));
    let changes = (members::ended_at.eq(at), members::version.eq(version + 1));
    Ok(diesel::update(row).set(changes).execute(&mut tx.connection()).await?)
}

/// Whoever waited for the lock sees the owners as the other left them.
pub(super) async fn lock_owners(tx: &Tx<Staff>) -> Result<Vec<MemberId>> {
    Ok(members::table
        .filter(members::role.eq(Role::Owner))
        .filter(members::ended_at.is_null())
        .order(members::id)
        .select(members::id)
        .for_update()
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[MemberId]) -> Result<Vec<Member>> {
    Ok(members::table
        .filter(members::id.eq_any(ids))
        .select(Member::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn has_address(tx: &Tx<Staff>, email: &str) -> Result<bool> {
    let living = members::table.filter(members::email.eq(email)).filter(members::ended_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(living)).get_result(&mut tx.connection()).await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &MemberFilter,
    page: &Page<MemberKey>,
) -> Result<Vec<Member>> {
    let mut query = filtered(filter).order((members::name.asc(), members::id.asc())).limit(page.fetch());
    if let Some(MemberKey { name, id }) = page.after.clone() {
        query =
            query.filter(members::name.gt(name.clone()).or(members::name.eq(name).and(members::id.gt(id))));
    }
    Ok(query.select(Member::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &MemberFilter) -> Result<i64> {
    let ids: Vec<MemberId> =
        filtered(filter).select(members::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &MemberFilter) -> members::BoxedQuery<'static, Pg> {
    let mut query = members::table.into_boxed();
    query = match filter.ended {
        true => query.filter(members::ended_at.is_not_null()),
        false => query.filter(members::ended_at.is_null()),
    };
    if let Some(search) = &filter.search {
        let pattern = contains(search);
        query = query.filter(members::name.ilike(pattern.clone()).or(members::email.ilike(pattern)));
    }
    query
}

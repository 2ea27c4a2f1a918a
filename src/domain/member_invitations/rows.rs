//! `member_invitations` in Diesel, and the door functions that accept one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Binary, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::db::enums::{Permission, Role};
use crate::db::ids::{MemberId, MemberInvitationId, OrgId, PersonId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::schema::staff::member_invitations as invitations;
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::domain::callers::{Staff, read_staff};
use crate::domain::staff_sessions::NewSession;
use crate::error::{Error, Result};

/// An invitation as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub struct MemberInvitation {
    pub id: MemberInvitationId,
    pub email: String,
    pub role: Role,
    pub permissions: Vec<Permission>,
    pub invited_by: MemberId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl MemberInvitation {
    /// Expired or not.
    pub fn is_pending(&self) -> bool {
        self.accepted_at.is_none() && self.revoked_at.is_none()
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = invitations)]
pub(super) struct NewInvitation {
    pub org_id: OrgId,
    pub id: MemberInvitationId,
    pub email: String,
    pub role: Role,
    pub permissions: Vec<Permission>,
    pub invited_by: MemberId,
    pub expires_at: DateTime<Utc>,
}

/// Somebody who holds a token.
pub(super) struct Joining {
    pub hash: CredentialHash,
    /// Their id if they are new here,
    pub person: PersonId,
    /// and the password, if they keep none.
    pub password_hash: Option<String>,
    pub member: MemberId,
    pub name: String,
    pub session: NewSession,
}

/// What a token stands for.
#[derive(Clone, QueryableByName)]
pub(super) struct Found {
    #[diesel(sql_type = sql_types::Uuid)]
    pub org_id: OrgId,
    /// Whether the person has a password that they keep.
    #[diesel(sql_type = sql_types::Bool)]
    pub known: bool,
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewInvitation) -> Result<()> {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    let inserted = diesel::insert_into(invitations::table).values(new).execute(&mut tx.connection()).await;
    match inserted {
        Err(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(Error::Conflict("Somebody else invited this person at the same time.".into()))
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub(super) async fn renew(tx: &Tx<Staff>, id: MemberInvitationId, until: DateTime<Utc>) -> Result<()> {
    diesel::update(invitations::table.filter(invitations::id.eq(id)))
        .set(invitations::expires_at.eq(until))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn revoke(tx: &Tx<Staff>, id: MemberInvitationId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(invitations::table.filter(invitations::id.eq(id)))
        .set(invitations::revoked_at.eq(at))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn by_id(tx: &Tx<Staff>, id: MemberInvitationId) -> Result<Option<MemberInvitation>> {
    let found = invitations::table.filter(invitations::id.eq(id)).select(MemberInvitation::as_select());
    Ok(found.first(&mut tx.connection()).await.optional()?)
}

pub(super) async fn pending(tx: &Tx<Staff>, email: &str) -> Result<Option<MemberInvitation>> {
    let pending = invitations::table
        .filter(invitations::email.eq(email))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null());
    Ok(pending.select(MemberInvitation::as_select()).first(&mut tx.connection()).await.optional()?)
}

/// At most 100: an organisation invites colleagues by hand.
pub(super) async fn all_pending(tx: &Tx<Staff>) -> Result<Vec<MemberInvitation>> {
    Ok(invitations::table
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null())
        .order(invitations::id.desc())
        .limit(100)
        .select(MemberInvitation::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn find(pools: &Pools, hash: CredentialHash) -> Result<Option<Found>> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query("select org_id, known from find_member_invitation($1)");
            let query = query.bind::<Binary, _>(hash.to_vec()).prepared();
            async move { query.get_result::<Found>(&mut connection).await.optional() }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let found = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(found))
}

/// Uses the invitation up and enters the organisation as its new member.
pub(super) async fn enter_with(pools: &Pools, joining: Joining) -> Result<Option<Tx<Staff>>> {
    let joining = Arc::new(joining);
    pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let Joining { hash, person, password_hash, member, name, session } = &*joining;
            let accept = sql_query("select accept_member_invitation($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind::<Binary, _>(hash.to_vec())
                .bind::<sql_types::Uuid, _>(*person)
                .bind::<Nullable<Text>, _>(password_hash.clone())
                .bind::<sql_types::Uuid, _>(*member)
                .bind::<Text, _>(name.clone())
                .bind::<sql_types::Uuid, _>(session.id)
                .bind::<Binary, _>(session.token_hash.to_vec())
                .bind::<Nullable<Text>, _>(session.user_agent.clone())
                .bind::<sql_types::Timestamptz, _>(session.expires_at)
                .prepared();
            async move {
                accept.execute(&mut connection).await?;
                read_staff(connection).await
            }
            .boxed()
        })
        .await
}

/// Address, end and inviter of an invitation that can still be accepted.
pub(super) async fn to_mail(
    tx: &Tx<OrgId>,
    id: MemberInvitationId,
    now: DateTime<Utc>,
) -> Result<Option<(String, DateTime<Utc>, String)>> {
    use crate::db::schema::system::{member_invitations as invitations, members};
    Ok(invitations::table
        .inner_join(members::table.on(members::id.eq(invitations::invited_by)))
        .filter(invitations::id.eq(id))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null())
        .filter(invitations::expires_at.gt(now))
        .select((invitations::email, invitations::expires_at, members::name))
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// What is mailed now accepts the invitation; what was mailed before does not any more.
pub(super) async fn give_token(tx: &Tx<OrgId>, id: MemberInvitationId, hash: CredentialHash) -> Result<()> {
    use crate::db::schema::system::member_invitations as invitations;
    diesel::update(invitations::table.filter(invitations::id.eq(id)))
        .set(invitations::token_hash.eq(hash.to_vec()))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

//! The door functions over accounts and visitors. Nobody but the door reads those tables.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{self, Array, Binary, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use crate::db::ids::{ContactId, InvitationId, LinkId, MemberId, PersonId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::domain::callers::Staff;
use crate::domain::changes::Origin;
use crate::error::Result;
use crate::sealing::Sealed;

/// A door that is meant for an address.
#[derive(Clone, Debug, QueryableByName)]
pub struct AddressedDoor {
    #[diesel(sql_type = sql_types::Uuid)]
    pub link_id: LinkId,
    #[diesel(sql_type = Text)]
    pub organization_name: String,
    #[diesel(sql_type = Text)]
    pub accent_color: String,
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Whether it asks for an access code.
    #[diesel(sql_type = Bool)]
    pub coded: bool,
    #[diesel(sql_type = Nullable<sql_types::Timestamptz>)]
    pub ends_at: Option<DateTime<Utc>>,
}

/// What an invitation says to who holds it.
#[derive(Clone, Debug, QueryableByName)]
pub struct InvitationFace {
    #[diesel(sql_type = sql_types::Uuid)]
    pub invitation_id: InvitationId,
    #[diesel(sql_type = Text)]
    pub organization_name: String,
    #[diesel(sql_type = Text)]
    pub accent_color: String,
    #[diesel(sql_type = Text)]
    pub company_name: String,
    #[diesel(sql_type = Text)]
    pub email: String,
    /// How many portals it opens.
    #[diesel(sql_type = sql_types::Integer)]
    pub doors: i32,
    /// Whether the contact has a password that they keep.
    #[diesel(sql_type = Bool)]
    pub known: bool,
    #[diesel(sql_type = Nullable<Text>)]
    code_key: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    code_sealed: Option<Vec<u8>>,
}

impl InvitationFace {
    /// The access code that it brings.
    pub(super) fn sealed_code(&self) -> Option<Sealed> {
        Some(Sealed { bytes: self.code_sealed.clone()?, key: self.code_key.clone()? })
    }
}

pub(super) struct Accepting {
    pub hash: CredentialHash,
    /// Of the contact, if the address is nobody's yet,
    pub person: PersonId,
    /// and their password, if they choose one and have none.
    pub password_hash: Option<String>,
    pub member: MemberId,
    /// Of portals and links, a pair for each door.
    pub ids: Vec<Uuid>,
    /// What each of the portals keeps of its access code, and the key it was made with.
    pub codes_key: Option<String>,
    pub codes: Option<Vec<Vec<u8>>>,
    /// Of what it leaves in both logs,
    pub entry: Uuid,
    /// and where the request came from.
    pub origin: Origin,
}

/// The address that an accepted invitation proves; none if it was no longer good.
#[derive(Clone, QueryableByName)]
struct Accepted {
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
}

pub(super) struct NewVisitor {
    pub address: String,
    pub id: Uuid,
    pub hash: CredentialHash,
    pub user_agent: Option<String>,
    pub expires_at: DateTime<Utc>,
}

diesel::define_sql_function! {
    /// Stores that an address was proved.
    fn start_visitor(who: Text, session: sql_types::Uuid, token: Binary, agent: Nullable<Text>, expires: sql_types::Timestamptz);
}

diesel::define_sql_function! {
    /// Signs a visitor out.
    fn end_visitor(token: Binary);
}

diesel::define_sql_function! {
    /// Whether a visitor's token lives.
    fn visitor_is_known(token: Binary) -> Bool;
}

diesel::define_sql_function! {
    /// The hash by which a link of a visitor is opened.
    fn find_visitors_link(token: Binary, link: sql_types::Uuid) -> Nullable<Binary>;
}

diesel::define_sql_function! {
    /// Deletes visitors who were over before a moment; how many.
    fn forget_visitors(before: sql_types::Timestamptz, most: sql_types::Integer) -> sql_types::Integer;
}

diesel::define_sql_function! {
    /// Ends a contact's account; its id.
    fn end_portal_account(contact: sql_types::Uuid) -> Nullable<sql_types::Uuid>;
}

pub(super) async fn find_invitation(pools: &Pools, hash: CredentialHash) -> Result<Option<InvitationFace>> {
    const FIND: &str =
        "select org_id, invitation_id, organization_name, accent_color, company_name, email, doors, known,
        code_key, code_sealed from find_invitation($1)";
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query(FIND).bind::<Binary, _>(hash.to_vec()).prepared();
            async move { query.get_result::<InvitationFace>(&mut connection).await.optional() }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let face = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(face))
}

pub(super) async fn accept(pools: &Pools, accepting: Accepting) -> Result<Option<String>> {
    let accepting = Arc::new(accepting);
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let Accepting { hash, person, password_hash, member, ids, codes_key, codes, entry, origin } =
                &*accepting;
            let call = "select accept_invitation($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as address";
            let query = sql_query(call)
                .bind::<Binary, _>(hash.to_vec())
                .bind::<sql_types::Uuid, _>(*person)
                .bind::<Nullable<Text>, _>(password_hash.clone())
                .bind::<sql_types::Uuid, _>(*member)
                .bind::<Array<sql_types::Uuid>, _>(ids.clone())
                .bind::<Nullable<Text>, _>(codes_key.clone())
                .bind::<Nullable<Array<Binary>>, _>(codes.clone())
                .bind::<sql_types::Uuid, _>(*entry)
                .bind::<Nullable<Text>, _>(origin.address.clone())
                .bind::<Text, _>(origin.request_id.clone())
                .prepared();
            async move {
                let accepted: Accepted = query.get_result(&mut connection).await?;
                Ok(accepted.address)
            }
            .boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let address = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(address))
}

pub(super) async fn start(pools: &Pools, new: &NewVisitor) -> Result<()> {
    let expires = new.expires_at;
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let (agent, hash) = (new.user_agent.clone(), new.hash.to_vec());
            let started = start_visitor(new.address.clone(), new.id, hash, agent, expires);
            async move { diesel::select(started).execute(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    match entered {
        Some(tx) => tx.commit().await,
        None => Ok(()),
    }
}

/// None for a token that is no visitor's.
pub(super) async fn doors(pools: &Pools, hash: CredentialHash) -> Result<Option<Vec<AddressedDoor>>> {
    const DOORS: &str =
        "select link_id, organization_name, accent_color, title, coded, ends_at from find_doors($1)";
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let query = sql_query(DOORS).bind::<Binary, _>(hash.to_vec()).prepared();
            let known = diesel::select(visitor_is_known(hash.to_vec()));
            async move {
                match known.get_result::<bool>(&mut connection).await? {
                    true => query.load::<AddressedDoor>(&mut connection).await.map(Some),
                    false => Ok(None),
                }
            }
            .boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let doors = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(doors))
}

pub(super) async fn link(
    pools: &Pools,
    visitor: CredentialHash,
    link: LinkId,
) -> Result<Option<CredentialHash>> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let found = diesel::select(find_visitors_link(visitor.to_vec(), link));
            async move { found.get_result::<Option<Vec<u8>>>(&mut connection).await }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(None) };
    let hash = CredentialHash::try_from(tx.scope().as_slice()).ok();
    tx.commit().await?;
    Ok(hash)
}

pub(super) async fn end(pools: &Pools, visitor: CredentialHash) -> Result<()> {
    let entered = pools
        .enter(Door::Street, Access::Write, |mut connection| {
            let ended = diesel::select(end_visitor(visitor.to_vec()));
            async move { ended.execute(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    match entered {
        Some(tx) => tx.commit().await,
        None => Ok(()),
    }
}

/// A piece of the visitors who were over before a moment; how many it was.
pub(super) async fn forget(pools: &Pools, before: DateTime<Utc>, most: i32) -> Result<i32> {
    let entered = pools
        .enter(Door::System, Access::Write, |mut connection| {
            let gone = diesel::select(forget_visitors(before, most));
            async move { gone.get_result::<i32>(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(0) };
    let gone = *tx.scope();
    tx.commit().await?;
    Ok(gone)
}

pub(super) async fn end_account(tx: &Tx<Staff>, contact: ContactId) -> Result<Option<MemberId>> {
    Ok(diesel::select(end_portal_account(contact)).get_result(&mut tx.connection()).await?)
}

//! The door of a link, before anybody has passed it (DOOR-1, DOOR-3): whose it is, whether it wants
//! an access code, and the bypass of one that strangers have locked.
//!
//! Not here: how guesses are limited. Redis counts them, and the edge asks it before it asks
//! [`Door::fits`].

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use secrecy::SecretString;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::ids::{LinkId, OrgId};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::scope::{self, Access, CredentialHash, Tx};
use crate::domain::callers::hash_token;
use crate::domain::codes::CodeHash;
use crate::domain::tokens::{Token, TokenKind};
use crate::error::{DoorFace, Error, Result};
use crate::sealing::SealingKeys;

/// How long a bypass helps: as long as the bypasses that an address is mailed are counted (INV-4). So
/// when strangers have asked for all that may be mailed, what was mailed still opens.
const BYPASS_LIFE: TimeDelta = TimeDelta::hours(24);

diesel::define_sql_function! {
    fn request_bypass(hash: sql_types::Binary, entry: sql_types::Uuid);
}
diesel::define_sql_function! {
    fn request_fresh_link(hash: sql_types::Binary, entry: sql_types::Uuid);
}
diesel::define_sql_function! {
    fn find_bypass(link: sql_types::Uuid, hash: sql_types::Binary) -> sql_types::Nullable<sql_types::Uuid>;
}

/// A live door, seen from outside.
#[derive(Clone, Debug, QueryableByName)]
pub struct Door {
    #[diesel(sql_type = sql_types::Uuid)]
    pub org_id: OrgId,
    #[diesel(sql_type = sql_types::Uuid)]
    pub link_id: LinkId,
    #[diesel(sql_type = sql_types::Text)]
    organization_name: String,
    #[diesel(sql_type = sql_types::Text)]
    accent_color: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    pub ends_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = sql_types::Uuid)]
    code_salt: Uuid,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    code_key: Option<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Binary>)]
    code_hash: Option<Vec<u8>>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Binary>)]
    mark: Option<Vec<u8>>,
}

impl Door {
    /// What a session says that passed the code; none if there is none to pass.
    pub fn mark(&self) -> Option<CredentialHash> {
        self.mark.clone()?.try_into().ok()
    }

    /// Whether a text is the code.
    pub fn fits(&self, keys: &SealingKeys, text: &SecretString) -> bool {
        let (Some(key), Some(hash)) = (self.code_key.clone(), self.code_hash.clone()) else { return false };
        CodeHash { key, hash }.fits(keys, self.code_salt, text)
    }

    /// All that a visitor may see before the code (DOOR-1).
    pub fn face(&self) -> DoorFace {
        DoorFace { organization: self.organization_name.clone(), accent_color: self.accent_color.clone() }
    }
}

/// The live door that a link's or a session's hash leads to. Dead ones are LINK_INACTIVE, whatever
/// killed them.
pub async fn find(pools: &Pools, hash: CredentialHash) -> Result<Door> {
    let entered = pools
        .enter(scope::Door::Doorstep, Access::Read, |mut connection| {
            async move {
                diesel::sql_query("select org_id, link_id, organization_name, accent_color, ends_at, code_salt, code_key, code_hash, mark from find_door($1)")
                    .bind::<sql_types::Binary, _>(hash.to_vec())
                    .prepared()
                    .get_result(&mut connection)
                    .await
                    .optional()
            }
            .boxed()
        })
        .await?;
    leave(entered).await?.ok_or(Error::LinkInactive)
}

/// Why a credential opened nothing: a code that was not passed, or a dead link.
pub async fn refusal(pools: &Pools, hash: CredentialHash) -> Error {
    match find(pools, hash).await {
        Ok(door) if door.mark.is_some() => Error::CodeRequired(Arc::new(door.face())),
        Ok(_) => Error::LinkInactive,
        Err(error) => error,
    }
}

/// Queues a bypass for the recipient on record, if there is one; never says whether (DOOR-3).
pub async fn ask_for_bypass(pools: &Pools, clock: &Clock, link: CredentialHash) -> Result<()> {
    let entry = clock.id();
    let entered = pools
        .enter(scope::Door::Doorstep, Access::Write, |mut connection| {
            let asked = request_bypass(link.to_vec(), entry);
            async move { diesel::select(asked).execute(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    match entered {
        Some(tx) => tx.commit().await,
        None => Ok(()),
    }
}

/// Queues a fresh link for the recipient on record of a link that a token is or was of, if there is one
/// and the portal is open; never says whether (LINK-10).
pub async fn ask_for_fresh_link(pools: &Pools, clock: &Clock, link: CredentialHash) -> Result<()> {
    let entry = clock.id();
    let entered = pools
        .enter(scope::Door::Doorstep, Access::Write, |mut connection| {
            let asked = request_fresh_link(link.to_vec(), entry);
            async move { diesel::select(asked).execute(&mut connection).await.map(Some) }.boxed()
        })
        .await?;
    match entered {
        Some(tx) => tx.commit().await,
        None => Ok(()),
    }
}

/// The bypass of a link that a text stands for, if it still helps.
pub async fn find_bypass_of(pools: &Pools, link: LinkId, token: &str) -> Result<Option<Uuid>> {
    let hash = hash_token(token);
    let entered = pools
        .enter(scope::Door::Doorstep, Access::Read, |mut connection| {
            let found = find_bypass(link, hash.to_vec());
            async move { diesel::select(found).get_result(&mut connection).await }.boxed()
        })
        .await?;
    leave(entered).await
}

/// Makes the bypass that a queued mail is about, as the mail is sent. The token goes into the mail
/// and nowhere else.
pub(super) async fn make_bypass(tx: &Tx<OrgId>, clock: &Clock, link: LinkId) -> Result<Token> {
    use crate::db::schema::system::door_bypasses as bypasses;
    let token = Token::new(TokenKind::Bypass)?;
    let row = (
        bypasses::org_id.eq(*tx.scope()),
        bypasses::id.eq(clock.id()),
        bypasses::link_id.eq(link),
        bypasses::token_hash.eq(token.hash().to_vec()),
        bypasses::expires_at.eq(clock.now() + BYPASS_LIFE),
    );
    diesel::insert_into(bypasses::table).values(row).execute(&mut tx.connection()).await?;
    Ok(token)
}

async fn leave<T: Clone>(entered: Option<Tx<T>>) -> Result<Option<T>> {
    let Some(tx) = entered else { return Ok(None) };
    let found = tx.scope().clone();
    tx.commit().await?;
    Ok(Some(found))
}

//! People across organisations: who signs in, and with which password. They are reached only from
//! the street, through door functions; inside an organisation there are members
//! ([`super::members`]).

mod rows;

use std::sync::Arc;

use secrecy::SecretString;

pub(super) use rows::{Membership, register};

use super::changes::Origin;
use super::origins::ForeignPage;
use super::passwords;
use crate::clock::Clock;
use crate::db::ids::PersonId;
use crate::db::pool::Pools;
use crate::error::{Error, Result};

/// Somebody without a credential, and what they use of the service.
pub struct Stranger<'a> {
    pub pools: &'a Pools,
    pub clock: &'a Arc<Clock>,
    pub origin: &'a Origin,
    /// Their browser or client, for session lists.
    pub user_agent: Option<&'a str>,
    /// The page of another origin they came by (API-7).
    pub page: Option<&'a ForeignPage>,
}

/// What a person signs in with. Unchecked.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub email: String,
    pub password: Arc<SecretString>,
}

/// What is known of an address once its password was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nobody has the address.
    Unknown,
    /// The password is that person's.
    Person(PersonId),
}

/// Who signs in. Unknown address and wrong password get one answer, in the same time.
pub async fn sign_in(stranger: &Stranger<'_>, credentials: Credentials) -> Result<PersonId> {
    match prove(stranger, credentials).await? {
        Proof::Person(person) => Ok(person),
        Proof::Unknown => Err(Error::WrongPassword),
    }
}

/// The address of who signs in with a password that they chose once they had proved it. Anybody can sign
/// up with an address: such a password proves nothing of it, and is answered like a wrong one.
pub async fn prove_address(stranger: &Stranger<'_>, credentials: Credentials) -> Result<String> {
    let person = sign_in(stranger, credentials).await?;
    rows::proved_address(stranger.pools, person).await?.ok_or(Error::WrongPassword)
}

/// Checks the password of an address, which may be nobody's yet.
pub async fn prove(stranger: &Stranger<'_>, credentials: Credentials) -> Result<Proof> {
    let email = credentials.email.trim().to_lowercase();
    let known = rows::find(stranger.pools, email).await?;
    let id = known.as_ref().map(|known| known.person_id);
    let hash = known.and_then(|known| known.password_hash);
    // Between the transactions: hashing takes its time, and no connection waits for it.
    let fits = passwords::verify_aside(credentials.password, hash).await?;
    match id {
        None => Ok(Proof::Unknown),
        Some(id) if fits => Ok(Proof::Person(id)),
        Some(_) => Err(Error::WrongPassword),
    }
}

/// The organisations a person can sign in to, by slug.
pub async fn memberships(stranger: &Stranger<'_>, person: PersonId) -> Result<Vec<Membership>> {
    rows::memberships(stranger.pools, person).await
}

//! Portal accounts (DOOR-6), and visitors who proved their address (DOOR-7). An account is what a contact
//! has who accepted an invitation: it opens portals of its own, and nothing of staff. A visitor sees the
//! doors that are meant for their address, in every organisation; each door's own code is still asked.

mod rows;
mod visits;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

pub use rows::{AddressedDoor, InvitationFace};
pub use visits::{VisitorSession, end_visitor_session, visitor_sessions};

use super::callers::hash_token;
use super::changes::{Change, Write};
use super::people::{self, Credentials, Stranger};
use super::tokens::{Token, TokenKind};
use super::validation::Checks;
use super::{address_proofs, contacts, invitations, passwords};
use crate::db::enums::Permission;
use crate::db::ids::{ContactId, LinkId, PersonId};
use crate::db::pool::Pools;
use crate::db::scope::CredentialHash;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;
use rows::{Accepting, NewVisitor};

/// How long a visitor stays signed in.
const LIFE: TimeDelta = TimeDelta::days(30);

/// Visitors that a transaction forgets at most.
const PIECE: i32 = 2_000;

/// A visitor who has just proved their address.
pub struct Arrived {
    pub token: Token,
    pub expires_at: DateTime<Utc>,
    pub doors: Vec<AddressedDoor>,
}

/// Comes in with the password of an address, if it was chosen by who had proved it (DOOR-7).
pub async fn sign_in(stranger: &Stranger<'_>, credentials: Credentials) -> Result<Arrived> {
    let address = people::prove_address(stranger, credentials).await?;
    arrive(stranger, address).await
}

/// Comes in with a mailed link, in the browser that asked for it.
pub async fn sign_in_by_link(stranger: &Stranger<'_>, ask: &str, token: &str) -> Result<Arrived> {
    let gone = || {
        Error::invalid("input.token", "This link is no longer good here. Ask for a new one in this browser.")
    };
    let address = address_proofs::prove(stranger, ask, token).await?.ok_or_else(gone)?;
    arrive(stranger, address).await
}

/// Whose invitation a token stands for.
pub async fn invitation(stranger: &Stranger<'_>, token: &str) -> Result<InvitationFace> {
    let found = rows::find_invitation(stranger.pools, hash_token(token)).await?;
    found.ok_or_else(no_longer_good)
}

/// Accepts an invitation (INV-3): the contact becomes a CLIENT member. With a password they can come in
/// with it from then on, without one by mailed links. Who has a password already keeps it. One that no longer
/// keeps to the organisation's sharing policy is no longer good (LINK-11).
pub async fn accept(
    stranger: &Stranger<'_>,
    keys: &SealingKeys,
    token: &str,
    password: Option<Arc<SecretString>>,
) -> Result<Arrived> {
    let face = invitation(stranger, token).await?;
    let password_hash = match password.filter(|_| !face.known) {
        None => None,
        Some(password) => {
            let mut checks = Checks::new();
            passwords::check(&mut checks, "password", &password);
            checks.finish()?;
            Some(passwords::hash_aside(password).await?)
        }
    };
    let person: PersonId = stranger.clock.id().into();
    let ids: Vec<Uuid> = (0..2 * face.doors).map(|_| stranger.clock.id()).collect();
    let (codes_key, codes) = codes(keys, &face, &ids)?.unzip();
    let accepting = Accepting {
        hash: hash_token(token),
        person,
        password_hash,
        member: stranger.clock.id().into(),
        ids,
        codes_key,
        codes,
        entry: stranger.clock.id(),
        origin: stranger.origin.clone(),
    };
    let address = rows::accept(stranger.pools, accepting).await?;
    arrive(stranger, address.ok_or_else(no_longer_good)?).await
}

/// What each portal that is to be made keeps of the invitation's access code, if it brings one.
fn codes(keys: &SealingKeys, face: &InvitationFace, ids: &[Uuid]) -> Result<Option<(String, Vec<Vec<u8>>)>> {
    let Some(sealed) = face.sealed_code() else { return Ok(None) };
    let portals = ids.iter().step_by(2).copied();
    let kept = invitations::access_codes::of_portals(keys, (face.invitation_id, &sealed), portals);
    if kept.is_none() {
        tracing::warn!(key.id = %sealed.key, "SEALING_KEYS lacks the key of an invitation's access code");
    }
    kept.map(Some).ok_or_else(no_longer_good)
}

fn no_longer_good() -> Error {
    Error::invalid("input.token", super::member_invitations::NO_LONGER_GOOD)
}

async fn arrive(stranger: &Stranger<'_>, address: String) -> Result<Arrived> {
    let token = Token::new(TokenKind::Visitor)?;
    let new = NewVisitor {
        address,
        id: stranger.clock.id(),
        hash: token.hash(),
        user_agent: stranger.user_agent.map(|agent| agent.chars().take(300).collect()),
        expires_at: stranger.clock.now() + LIFE,
    };
    rows::start(stranger.pools, &new).await?;
    let doors = rows::doors(stranger.pools, token.hash()).await?.unwrap_or_default();
    Ok(Arrived { token, expires_at: new.expires_at, doors })
}

/// The live doors that are meant for a visitor. Who proved nothing sees none.
pub async fn doors(stranger: &Stranger<'_>, visitor: &str) -> Result<Vec<AddressedDoor>> {
    rows::doors(stranger.pools, hash_token(visitor)).await?.ok_or(Error::Unauthenticated)
}

/// The hash by which a door that is meant for a visitor is opened. A door of others, and one that never
/// was, are the same.
pub async fn link(stranger: &Stranger<'_>, visitor: &str, door: LinkId) -> Result<CredentialHash> {
    rows::link(stranger.pools, hash_token(visitor), door).await?.ok_or(Error::NotFound("door"))
}

/// Signs a visitor out, and closes the portals that they opened.
pub async fn sign_out(stranger: &Stranger<'_>, visitor: &str) -> Result<()> {
    rows::end(stranger.pools, hash_token(visitor)).await
}

/// Forgets visitors who were over before a moment, a bounded piece at a time.
pub(super) async fn forget_visitors(pools: &Pools, before: DateTime<Utc>) -> Result<()> {
    while rows::forget(pools, before, PIECE).await? >= PIECE {}
    Ok(())
}

/// Ends a contact's access at once, with every session of it (INV-1). Links that staff shared with the
/// contact besides are closed by themselves.
pub async fn end_access(write: &Write, contact: ContactId) -> Result<()> {
    write.scope().require(Permission::ClientsInvite)?;
    let known = contacts::by_ids(write, &[contact]).await?.pop().ok_or(Error::NotFound("contact"))?;
    let none = || Error::Conflict("This contact has no account.".into());
    rows::end_account(write, contact).await?.ok_or_else(none)?;
    write.done(Change::new("contact.access_ended", contact).company(known.company_id));
    Ok(())
}

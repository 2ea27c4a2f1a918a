//! Colleagues who are asked to join an organisation (ORG-3): by its OWNER or an ADMIN, with a role and
//! permissions. They accept by what was mailed to them; the worker makes that as it sends.

pub(super) mod letters;
mod rows;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

pub use rows::MemberInvitation;

use super::callers::{Staff, hash_token};
use super::changes::{Change, Write};
use super::mails::MailKind;
use super::members::{self, Member};
use super::organizations::{self, Organization};
use super::people::Stranger;
use super::staff_sessions::{self, NewSession, SignedIn};
use super::tokens::Token;
use super::validation::Checks;
use super::{origins, outbox, passwords};
use crate::db::enums::{Permission, Role};
use crate::db::ids::{MemberInvitationId, PersonId};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{Joining, NewInvitation};

/// How long an invitation can be accepted.
const LIFE: TimeDelta = TimeDelta::days(14);
/// The one answer to a token that is unknown, used, taken back or too old.
pub(in crate::domain) const NO_LONGER_GOOD: &str = "This invitation is no longer good. Ask for a new one.";

/// Whom to invite, and as what. Unchecked.
#[derive(Clone, Debug)]
pub struct InvitationDraft {
    pub email: String,
    pub role: Role,
    pub permissions: Vec<Permission>,
}

/// Who joins. Unchecked.
pub struct Joiner<'a> {
    /// What was mailed.
    pub token: &'a str,
    pub name: &'a str,
    pub password: Option<Arc<SecretString>>,
    pub afterwards: Afterwards,
}

/// What comes after joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// They go on as the member that they are now.
    SignedIn,
    /// Nothing: who asks has no use for a session, so none is left open.
    Nothing,
}

/// A colleague who has joined.
pub struct Joined {
    /// With [`Afterwards::SignedIn`]: the session's token, and when it ends.
    pub session: Option<(Token, DateTime<Utc>)>,
    pub organization: Organization,
    pub member: Member,
}

/// Invites a colleague. Only an OWNER invites an OWNER.
pub async fn invite(write: &Write, draft: InvitationDraft) -> Result<MemberInvitationId> {
    write.scope().require_admin()?;
    if draft.role == Role::Owner && write.scope().member()?.role != Role::Owner {
        return Err(Error::Forbidden("Only an owner makes or unmakes owners."));
    }
    let permissions = members::grantable(draft.permissions)?;
    let mut checks = Checks::new();
    let email = checks.email("email", &draft.email);
    checks.finish()?;
    if members::has_address(write, &email).await? {
        return Err(Error::Conflict("This person is a member already.".into()));
    }
    if let Some(pending) = rows::pending(write, &email).await? {
        if pending.expires_at > write.at() {
            return Err(Error::Conflict(
                "This person has a pending invitation. Send it again, or revoke it first.".into(),
            ));
        }
        rows::revoke(write, pending.id, write.at()).await?;
    }
    let new = NewInvitation {
        org_id: write.scope().org_id,
        id: write.id(),
        email,
        role: draft.role,
        permissions,
        invited_by: write.scope().member()?.id,
        expires_at: write.at() + LIFE,
    };
    rows::insert(write, &new).await?;
    outbox::queue(write, write.id(), MailKind::MemberInvitation, new.id).await?;
    write.done(Change::new("member_invitation.created", new.id));
    Ok(new.id)
}

/// Sends a pending invitation again, for another 14 days. What was mailed before is of no use any more.
pub async fn resend(write: &Write, id: MemberInvitationId) -> Result<()> {
    write.scope().require_admin()?;
    let invitation = find(write, id).await?;
    if !invitation.is_pending() {
        return Err(Error::Conflict("This invitation is no longer pending. Invite the person anew.".into()));
    }
    rows::renew(write, id, write.at() + LIFE).await?;
    outbox::queue(write, write.id(), MailKind::MemberInvitation, id).await?;
    write.done(Change::new("member_invitation.resent", id));
    Ok(())
}

/// Takes a pending invitation back. Again is no error.
pub async fn revoke(write: &Write, id: MemberInvitationId) -> Result<()> {
    write.scope().require_admin()?;
    let invitation = find(write, id).await?;
    if invitation.accepted_at.is_some() {
        return Err(Error::Conflict("This invitation was accepted: end the membership instead.".into()));
    }
    if invitation.revoked_at.is_none() {
        rows::revoke(write, id, write.at()).await?;
        write.done(Change::new("member_invitation.revoked", id));
    }
    Ok(())
}

/// What is neither accepted nor revoked, newest first. For OWNER and ADMIN.
pub async fn pending(tx: &Tx<Staff>) -> Result<Vec<MemberInvitation>> {
    tx.scope().require_admin()?;
    rows::all_pending(tx).await
}

/// An invitation by its id, whatever became of it. For OWNER and ADMIN.
pub async fn read(tx: &Tx<Staff>, id: MemberInvitationId) -> Result<MemberInvitation> {
    tx.scope().require_admin()?;
    find(tx, id).await
}

async fn find(tx: &Tx<Staff>, id: MemberInvitationId) -> Result<MemberInvitation> {
    rows::by_id(tx, id).await?.ok_or(Error::NotFound("invitation"))
}

/// Makes who holds the mailed token a member. Who has a password that they chose with
/// the address proved keeps it; one that somebody only signed up with is replaced.
pub async fn accept(stranger: &Stranger<'_>, joiner: Joiner<'_>) -> Result<Joined> {
    let gone = || Error::invalid("input.token", NO_LONGER_GOOD);
    let hash = hash_token(joiner.token);
    let found = rows::find(stranger.pools, hash).await?.ok_or_else(gone)?;
    let mut checks = Checks::new();
    let name = checks.line("name", joiner.name, 120);
    let password = joiner.password.filter(|_| !found.known);
    match &password {
        Some(password) => passwords::check(&mut checks, "password", password),
        None if !found.known => checks.problem("password", "Choose a password."),
        None => {}
    }
    checks.finish()?;
    let password_hash = match password {
        Some(password) => Some(passwords::hash_aside(password).await?),
        None => None,
    };
    let (session, session_token) = staff_sessions::prepare(stranger, found.org_id)?;
    let person: PersonId = stranger.clock.id().into();
    let joining = Joining {
        hash,
        person,
        password_hash,
        member: stranger.clock.id().into(),
        name,
        session: session.clone(),
    };
    let tx = rows::enter_with(stranger.pools, joining).await?.ok_or_else(gone)?;
    let write = Write::new(tx, stranger.clock.clone(), stranger.origin.clone());
    let arrived = match origins::admit(stranger.page, &write).await {
        Ok(()) => {
            write.done(Change::new("member.joined", write.scope().member()?.id));
            go_on(&write, joiner.afterwards, &session, session_token).await
        }
        Err(refused) => Err(refused),
    };
    write.finish(arrived).await
}

/// The door has entered as the new member by a session of theirs. One that is not wanted is over before
/// anybody could have used it: its token is told to nobody, and it ends in the same transaction.
async fn go_on(write: &Write, after: Afterwards, session: &NewSession, token: Token) -> Result<Joined> {
    match after {
        Afterwards::SignedIn => {
            let SignedIn { token, expires_at, organization, member } =
                staff_sessions::arrive(write, session, token).await?;
            Ok(Joined { session: Some((token, expires_at)), organization, member })
        }
        Afterwards::Nothing => {
            staff_sessions::leave_unused(write, session).await?;
            let (organization, member) = (organizations::read(write).await?, members::own(write).await?);
            Ok(Joined { session: None, organization, member })
        }
    }
}

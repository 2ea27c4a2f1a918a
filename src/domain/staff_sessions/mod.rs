//! Staff sessions (ORG-2): signing in and out, and ending what others hold. That an ended or
//! expired one opens nothing is decided by the door (`enter_staff`), at each request.

mod rows;

use chrono::{DateTime, TimeDelta, Utc};

pub(super) use rows::{NewSession, start};
pub use rows::{SessionFilter, StaffSession};

use super::callers::Staff;
use super::changes::{Change, Write};
use super::members::{self, Member};
use super::organizations::{self, Organization};
use super::origins;
use super::people::{self, Credentials, Stranger};
use super::tokens::{Token, TokenKind};
use crate::db::ids::{MemberId, OrgId, PersonId, StaffSessionId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// How long a staff session lives.
const LIFE: TimeDelta = TimeDelta::days(30);

/// A member who has just signed in.
pub struct SignedIn {
    pub token: Token,
    pub expires_at: DateTime<Utc>,
    pub organization: Organization,
    pub member: Member,
}

/// Signs a person in to one organisation. `slug` is needed only by who belongs to several.
pub async fn sign_in(
    stranger: &Stranger<'_>,
    credentials: Credentials,
    slug: Option<&str>,
) -> Result<SignedIn> {
    let person = people::sign_in(stranger, credentials).await?;
    let org = choose(stranger, person, slug).await?;
    let (new, token) = prepare(stranger, org)?;
    let tx = rows::enter_with(stranger.pools, &new, person).await?.ok_or(Error::WrongPassword)?;
    admit(stranger, tx, &new, token).await
}

/// Lets in whom the door let in, unless they came by a page that the organisation does not list.
pub(super) async fn admit(
    stranger: &Stranger<'_>,
    tx: Tx<Staff>,
    new: &NewSession,
    token: Token,
) -> Result<SignedIn> {
    let write = Write::new(tx, stranger.clock.clone(), stranger.origin.clone());
    let arrived = match origins::admit(stranger.page, &write).await {
        Ok(()) => arrive(&write, new, token).await,
        Err(refused) => Err(refused),
    };
    write.finish(arrived).await
}

/// A session to start, and the token that will open it.
pub(super) fn prepare(stranger: &Stranger<'_>, org: OrgId) -> Result<(NewSession, Token)> {
    let token = Token::new(TokenKind::StaffSession)?;
    let new = NewSession {
        org_id: org,
        id: stranger.clock.id().into(),
        token_hash: token.hash(),
        user_agent: stranger.user_agent.map(|agent| agent.chars().take(300).collect()),
        expires_at: stranger.clock.now() + LIFE,
    };
    Ok((new, token))
}

/// What a member finds who has just come in, and the note of it.
pub(super) async fn arrive(write: &Write, new: &NewSession, token: Token) -> Result<SignedIn> {
    write.done(Change::new("staff_session.started", new.id));
    Ok(SignedIn {
        token,
        expires_at: new.expires_at,
        organization: organizations::read(write).await?,
        member: members::own(write).await?,
    })
}

/// Ends a session in the transaction that stored it, unused and unnoted.
pub(super) async fn leave_unused(write: &Write, new: &NewSession) -> Result<()> {
    rows::end(write, new.id).await
}

/// Asked only once the password was right: the answers name organisations.
async fn choose(stranger: &Stranger<'_>, person: PersonId, slug: Option<&str>) -> Result<OrgId> {
    let memberships = people::memberships(stranger, person).await?;
    let chosen = match (slug, memberships.as_slice()) {
        (_, []) => return Err(Error::Forbidden("You do not belong to any organisation any more.")),
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(slug), all) => all.iter().find(|membership| membership.slug == slug),
    };
    chosen.map(|membership| membership.org_id).ok_or_else(|| {
        let slugs: Vec<&str> = memberships.iter().map(|membership| membership.slug.as_str()).collect();
        Error::invalid("input.organization", format!("Name one of your organisations: {}.", slugs.join(", ")))
    })
}

/// Ends the session that the caller came with.
pub async fn sign_out(write: &Write) -> Result<()> {
    let own = write.scope().member()?.session_id;
    rows::end(write, own).await?;
    write.done(Change::new("staff_session.ended", own));
    Ok(())
}

/// Ends a live session: one's own, or as OWNER or ADMIN anybody's. To a MEMBER those of others do
/// not exist.
pub async fn end(write: &Write, id: StaffSessionId) -> Result<()> {
    let session = rows::live_by_id(write, id, write.at()).await?.ok_or(Error::NotFound("session"))?;
    if session.member_id != write.scope().member()?.id && write.scope().require_admin().is_err() {
        return Err(Error::NotFound("session"));
    }
    rows::end(write, id).await?;
    write.done(Change::new("staff_session.ended", id));
    Ok(())
}

/// Ends all that a member holds. Noted by the verb that does it.
pub(super) async fn end_all_of(write: &Write, member: MemberId) -> Result<()> {
    rows::end_all_of(write, member).await
}

/// Live sessions, newest first: the caller's own, or as OWNER or ADMIN everyone's.
pub async fn list(
    tx: &Tx<Staff>,
    filter: &SessionFilter,
    page: &Page<StaffSessionId>,
) -> Result<Rows<StaffSession>> {
    Ok(page.cut(rows::list(tx, &permitted(tx, filter)?, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &SessionFilter) -> Result<i64> {
    rows::count(tx, &permitted(tx, filter)?).await
}

/// The filter, if the caller may ask for it; no member named means the caller's own.
fn permitted(tx: &Tx<Staff>, filter: &SessionFilter) -> Result<SessionFilter> {
    let own = tx.scope().member()?.id;
    match filter {
        SessionFilter { everyone: true, .. } => tx.scope().require_admin().map(|()| filter.clone()),
        SessionFilter { everyone: false, .. } => Ok(SessionFilter { member: Some(own), ..filter.clone() }),
    }
}

//! Mails on their way (NOTE-4). A feature queues a row ([`super::outbox::queue`]) in the transaction of
//! its change; the worker claims rows, lets the row's composer write a [`Letter`] inside the
//! organisation, sends it outside any transaction, and notes what came of it. Whoever is killed between
//! two steps leaves a row that falls due again: a mail may arrive twice, under one Message-ID, and none
//! is lost.
//!
//! Not here: words and layout (`crate::letters`), SMTP (`crate::adapters::mail`), and what mails are
//! about: each feature has a `letters.rs` with its composers.

mod address;
mod kinds;
mod letter;
mod log;
mod rows;
pub mod schedule;

pub use address::MailAddress;
pub use kinds::MailKind;
pub use letter::{Budget, Fact, House, Letter, Reader, Unsubscribe};
pub use log::{Mail, MailFailure, MailFilter, by_ids, count, failures, list, retry};
pub use rows::Claimed;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    address_proofs, consents, invitations, member_invitations, notifications, portals, team_notices, webhooks,
};
use crate::clock::Clock;
use crate::db::enums::Language;
pub use crate::db::enums::MailState;
use crate::db::ids::OrgId;
use crate::db::pool::Pools;
use crate::db::scope::Tx;
use crate::error::Result;
use crate::sealing::SealingKeys;

/// How long nobody else takes a claimed row: far longer than composing and sending may take.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// How long it is known what became of a mail.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a composer works with: the organisation that was entered, and the row whose turn it is.
pub struct Desk<'a> {
    pub tx: &'a Tx<OrgId>,
    pub clock: &'a Clock,
    pub house: &'a House,
    pub kind: MailKind,
    pub subject: Uuid,
    /// What tokens that are mailed more than once are derived from.
    pub keys: &'a SealingKeys,
    base_url: &'a str,
}

impl Desk<'_> {
    /// An absolute address of ours; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }

    /// A letter to somebody; none if nothing can be sent to that address. `language` is the reader's
    /// own, if it is known.
    pub fn letter(&self, address: &str, name: Option<String>, language: Option<Language>) -> Option<Letter> {
        let language = language.unwrap_or(self.house.language);
        let reader = Reader { address: MailAddress::parse(address)?, name, language };
        Some(Letter {
            kind: self.kind,
            house: self.house.clone(),
            reader,
            facts: Vec::new(),
            button: None,
            quote: None,
            budget: Budget::Free,
            unsubscribe: None,
        })
    }

    /// The owner who has been there longest: reads what concerns the whole organisation.
    pub async fn letter_to_owner(&self) -> Result<Option<Letter>> {
        let owner = rows::owner(self.tx).await?;
        Ok(owner.and_then(|(name, email)| self.letter(&email, Some(name), None)))
    }
}

/// What came of a claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Handed over.
    Sent,
    /// Nothing is to be sent any more.
    Dropped,
    /// Not tried: its turn comes at that moment. Counts as no attempt.
    Deferred(DateTime<Utc>),
    /// Failed, and why; perhaps the next time.
    Failed(String),
    /// Failed for good.
    Refused(String),
}

/// Takes up to so many rows that are due. Each is ours until its lease ends.
pub async fn claim(pools: &Pools, clock: &Clock, most: i32) -> Result<Vec<Claimed>> {
    let now = clock.now();
    rows::claim(pools, most, now, now + LEASE).await
}

/// Writes the letter of a claimed row; none if it is no longer to be sent. What a letter's secrets open
/// is stored before the letter leaves.
pub async fn compose(
    pools: &Pools,
    clock: &Clock,
    (base_url, keys): (&str, &SealingKeys),
    claimed: &Claimed,
) -> Result<Option<Letter>> {
    let Some(tx) = rows::enter(pools, claimed.org).await? else { return Ok(None) };
    let house = rows::house(&tx).await?;
    let (kind, subject) = (claimed.kind, claimed.subject);
    let desk = Desk { tx: &tx, clock, house: &house, kind, subject, keys, base_url };
    let letter = match kind {
        MailKind::Invitation => invitations::letters::invitation(&desk).await,
        MailKind::MemberInvitation => member_invitations::letters::member_invitation(&desk).await,
        MailKind::PasswordReset => address_proofs::letters::password_reset(&desk).await,
        MailKind::SignInLink => address_proofs::letters::sign_in_link(&desk).await,
        MailKind::PortalLink => portals::letters::portal_link(&desk).await,
        MailKind::FreshLink => portals::letters::fresh_link(&desk).await,
        MailKind::FirstView => portals::letters::first_view(&desk).await,
        MailKind::DoorBypass => portals::letters::door_bypass(&desk).await,
        MailKind::WebhookParked | MailKind::WebhookGone => webhooks::letters::about_endpoint(&desk).await,
        MailKind::Consent | MailKind::ConsentStands => consents::letters::question(&desk).await,
        MailKind::News
        | MailKind::StatusNews
        | MailKind::RepliesNews
        | MailKind::ReviewsNews
        | MailKind::InvoicesNews => notifications::letters::news(&desk).await,
        MailKind::TeamNotice
        | MailKind::ClientMessage
        | MailKind::ClientFeedback
        | MailKind::FileUploaded
        | MailKind::ClientDecision => team_notices::letters::notice(&desk).await,
    };
    match letter {
        Ok(letter) => {
            tx.commit().await?;
            Ok(letter)
        }
        Err(error) => {
            let _ = tx.rollback().await;
            Err(error)
        }
    }
}

/// Notes what came of a row, unless its lease ran out and somebody else has taken it.
pub async fn settle(pools: &Pools, clock: &Clock, claimed: &Claimed, outcome: &Outcome) -> Result<()> {
    let Some(tx) = rows::enter(pools, claimed.org).await? else { return Ok(()) };
    let now = clock.now();
    let waits = |due| (MailState::Waiting, Some(due));
    let (attempts, (state, due)) = match outcome {
        Outcome::Sent => (claimed.attempts, (MailState::Sent, None)),
        Outcome::Dropped => (claimed.attempts, (MailState::Dropped, None)),
        Outcome::Refused(_) => (claimed.attempts, (MailState::Parked, None)),
        Outcome::Deferred(until) => (claimed.attempts - 1, waits(*until)),
        Outcome::Failed(_) => match schedule::next(claimed.attempts, claimed.queued_at(), now) {
            Some(due) => (claimed.attempts, waits(due)),
            None => (claimed.attempts, (MailState::Parked, None)),
        },
    };
    if rows::settle(&tx, claimed, attempts, (state, due), now).await?
        && let Outcome::Failed(why) | Outcome::Refused(why) = outcome
    {
        rows::note_failure(&tx, clock.id(), claimed, why, now).await?;
    }
    rows::forget_old(&tx, now - KEPT).await?;
    tx.commit().await
}

//! The event log as its readers see it (EVT-1 to EVT-3): in the order of commits, each under its own
//! scope, so row-level security decides what is there. Not here: writing it (see [`super::changes`]),
//! and who is woken when something was written (see [`crate::live`]).

mod cursors;
mod rows;

pub use cursors::{CursorKey, Position};
pub use rows::{Event, Horizon, SharedEvent};

use super::callers::{Actor, Portal, Staff};
use crate::db::ids::{CompanyId, OrgId, RecordId};
use crate::db::pool::Pools;
use crate::db::scope::{CredentialHash, Tx};
use crate::error::Result;

/// Events of colleagues' sign-ins, of keys and of webhooks are for OWNER and ADMIN, as the lists of them are.
pub(super) const FOR_ADMINS: &[&str] = &["staff_session.", "api_key.", "webhook_"];

/// Which events of an organisation a reader wants; an absent part does not narrow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Kinds, `noun.verb`.
    pub kinds: Option<Vec<String>>,
    pub company: Option<CompanyId>,
    pub record: Option<RecordId>,
}

impl EventFilter {
    /// Whether an event is wanted.
    pub fn holds(&self, event: &Event) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind))
            && self.company.is_none_or(|company| event.company_id == Some(company))
            && self.record.is_none_or(|record| event.record_id == Some(record))
    }
}

/// The organisation's events after a position, oldest first, at most `limit`: those that the caller may
/// read and wants.
pub async fn after(
    tx: &Tx<Staff>,
    position: Position,
    filter: &EventFilter,
    limit: i64,
) -> Result<Vec<Event>> {
    let hidden = if tx.scope().require_admin().is_ok() { &[] } else { FOR_ADMINS };
    rows::after(tx, position, filter, hidden, limit).await
}

/// Of the newest event that the caller may read: a key about one company does not learn how much happens
/// elsewhere.
pub async fn newest_seen(tx: &Tx<Staff>) -> Result<Position> {
    let company = match &tx.scope().actor {
        Actor::Key(key) => key.company_id,
        Actor::Member(_) => None,
    };
    match rows::newest_seen(tx, company).await? {
        Some(newest) => Ok(newest),
        None => Ok(rows::horizon(tx).await?.before_oldest),
    }
}

/// A portal's events after a position, oldest first, at most `limit`.
pub async fn shared_after(tx: &Tx<Portal>, position: Position, limit: i64) -> Result<Vec<SharedEvent>> {
    rows::shared_after(tx, position, limit).await
}

/// Where the log of the organisation that was entered begins and ends.
pub async fn horizon<S>(tx: &Tx<S>) -> Result<Horizon> {
    rows::horizon(tx).await
}

/// Changes when what the portal shows grows or shrinks.
pub async fn fingerprint(tx: &Tx<Portal>) -> Result<Vec<u8>> {
    rows::fingerprint(tx).await
}

/// How far the logs of these organisations have come, one position each.
pub async fn newest(pools: &Pools, orgs: &[OrgId]) -> Result<Vec<Position>> {
    rows::newest(pools, orgs.to_vec()).await
}

/// Which of these credentials, of members, of keys and of portals' visitors with the mark of a passed code, open
/// nothing any more (EVT-5).
pub async fn dead_credentials(
    pools: &Pools,
    staff: Vec<CredentialHash>,
    keys: Vec<CredentialHash>,
    portals: Vec<(CredentialHash, Option<CredentialHash>)>,
) -> Result<Vec<CredentialHash>> {
    rows::dead_credentials(pools, staff, keys, portals).await
}

/// Which of these staff previews show nothing any more.
pub async fn dead_previews(pools: &Pools, previews: Vec<CredentialHash>) -> Result<Vec<CredentialHash>> {
    rows::dead_previews(pools, previews).await
}

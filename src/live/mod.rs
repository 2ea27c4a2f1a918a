//! Who is to be told when a log grows (EVT-2 to EVT-5). Subscribers that see the same form a scope:
//! each scope reads the log once, however many they are, with the credential of one of them, and hands
//! on what it read. A subscriber who misses something, because it is slow, reads for itself.
//!
//! Not here: what an event is (`domain::events`), and how it is sent (`http::graphql`).

mod reading;
mod scope;
mod subscription;
mod telling;
mod transfers;

pub use reading::{News, Pass, What};
pub use subscription::{Caller, Subscription};
pub use telling::{Telling, Words};
pub use transfers::{Bearer, Escort};

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use self::scope::{Batch, Holder, Scope};
use crate::app::App;
use crate::db::enums::Role;
use crate::db::ids::{CompanyId, OrgId, PortalId};
use crate::db::scope::CredentialHash;
use crate::domain::callers::StaffPass;
use crate::domain::changes::Observer;
use crate::domain::events::{self, CursorKey, Position};
use crate::error::Result;

/// What subscribers have in common who see the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKey {
    Staff(OrgId, Role),
    /// Holders of API keys for one company's events, or for all.
    Key(OrgId, Option<CompanyId>),
    Portal(OrgId, PortalId),
}

impl ScopeKey {
    pub fn org(self) -> OrgId {
        match self {
            Self::Staff(org, _) | Self::Key(org, _) | Self::Portal(org, _) => org,
        }
    }

    /// Whose cursors its events have.
    pub fn cursors(self) -> CursorKey {
        match self {
            Self::Staff(org, _) | Self::Key(org, _) => CursorKey::Staff(org),
            Self::Portal(org, portal) => CursorKey::Portal(org, portal),
        }
    }
}

/// The scopes of this instance's subscribers.
#[derive(Default)]
pub struct Hub {
    scopes: Mutex<HashMap<OrgId, HashMap<ScopeKey, Arc<Scope>>>>,
    /// Logs that grew here, which the other instances have not been told yet.
    grown: Mutex<Vec<OrgId>>,
    grew: Notify,
    /// Who is being sent bytes, or sends them.
    transfers: Mutex<HashMap<u64, Holder>>,
    /// The same, for staff who look through a portal's eyes.
    previews: Mutex<HashMap<u64, (CredentialHash, CancellationToken)>>,
    to_send: Notify,
    ids: AtomicU64,
    closing: CancellationToken,
}

impl Hub {
    /// A log has grown: its scopes read on.
    pub fn wake(&self, org: OrgId) {
        for scope in open(&self.scopes).get(&org).into_iter().flat_map(HashMap::values) {
            scope.wake.notify_one();
        }
    }

    /// Any log may have grown.
    pub fn wake_all(&self) {
        for scope in open(&self.scopes).values().flat_map(HashMap::values) {
            scope.wake.notify_one();
        }
    }

    /// Cancelled when the service stops: whoever sends to a subscriber says goodbye.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Says that the service stops.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until logs have grown by what this instance did, and says which.
    pub async fn grown(&self) -> Vec<OrgId> {
        loop {
            let mut orgs = std::mem::take(&mut *open(&self.grown));
            if !orgs.is_empty() {
                orgs.sort_unstable();
                orgs.dedup();
                return orgs;
            }
            self.grew.notified().await;
        }
    }

    /// Waits until a log has grown by what this instance did.
    pub async fn something_to_send(&self) {
        self.to_send.notified().await;
    }

    /// Wakes the scopes whose log has come further than they have.
    pub async fn catch_up(&self, app: &App) -> Result<()> {
        let orgs: Vec<OrgId> = open(&self.scopes).keys().copied().collect();
        if orgs.is_empty() {
            return Ok(());
        }
        let newest = events::newest(&app.pools, &orgs).await?;
        let scopes = open(&self.scopes);
        for (org, newest) in orgs.iter().zip(newest) {
            for scope in scopes.get(org).into_iter().flat_map(HashMap::values) {
                if scope.position() < newest {
                    scope.wake.notify_one();
                }
            }
        }
        Ok(())
    }

    /// Sends away whoever holds a credential that opens nothing any more (EVT-5).
    pub async fn expel_the_dead(&self, app: &App) -> Result<()> {
        let (mut staff, mut keys, mut portals) = (Vec::new(), Vec::new(), Vec::new());
        self.each_holder(|holder| match holder.pass {
            Pass::Staff(StaffPass::Session(hash)) => staff.push(hash),
            Pass::Staff(StaffPass::Key(hash)) => keys.push(hash),
            Pass::Portal(pass) => {
                portals.push((pass.hash, pass.passed));
                portals
                    .extend(pass.visit.filter(|_| pass.passed.is_some()).map(|visit| (visit, pass.passed)));
            }
        });
        let previews: Vec<CredentialHash> = open(&self.previews).values().map(|(hash, _)| *hash).collect();
        if staff.is_empty() && keys.is_empty() && portals.is_empty() && previews.is_empty() {
            return Ok(());
        }
        let mut dead = events::dead_credentials(&app.pools, staff, keys, portals).await?;
        if !previews.is_empty() {
            dead.extend(events::dead_previews(&app.pools, previews).await?);
        }
        if !dead.is_empty() {
            let is_dead = |hash: CredentialHash| dead.contains(&hash);
            self.each_holder(|holder| {
                let dead = match holder.pass {
                    Pass::Staff(StaffPass::Session(hash) | StaffPass::Key(hash)) => is_dead(hash),
                    Pass::Portal(pass) => {
                        is_dead(pass.hash) || (pass.passed.is_some() && pass.visit.is_some_and(is_dead))
                    }
                };
                if dead {
                    holder.expel.cancel();
                }
            });
            for (_, expel) in open(&self.previews).values().filter(|(hash, _)| is_dead(*hash)) {
                expel.cancel();
            }
        }
        Ok(())
    }

    fn each_holder(&self, mut each: impl FnMut(&Holder)) {
        for scope in open(&self.scopes).values().flat_map(HashMap::values) {
            open(&scope.holders).values().for_each(&mut each);
        }
        open(&self.transfers).values().for_each(&mut each);
    }

    /// Adds a subscriber to its scope, making that at `position` if it is the first.
    fn join(
        self: &Arc<Self>,
        app: &Arc<App>,
        caller: &Caller,
        position: Position,
    ) -> (Ticket, broadcast::Receiver<Batch>) {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let mut scopes = open(&self.scopes);
        let of_org = scopes.entry(caller.scope.org()).or_default();
        let scope = match of_org.entry(caller.scope) {
            Entry::Occupied(there) => there.get().clone(),
            Entry::Vacant(free) => {
                let scope = Arc::new(Scope::new(caller.scope, position));
                tokio::spawn(scope::follow(app.clone(), self.clone(), scope.clone()));
                free.insert(scope).clone()
            }
        };
        let holder = Holder { pass: caller.pass, member: caller.member, expel: caller.expel.clone() };
        open(&scope.holders).insert(id, holder);
        let receiver = scope.subscribe();
        (Ticket { scope, id }, receiver)
    }

    /// Takes a scope away if nobody is left in it.
    fn forget(&self, scope: &Scope) -> bool {
        let mut scopes = open(&self.scopes);
        if !open(&scope.holders).is_empty() {
            return false;
        }
        if let Some(of_org) = scopes.get_mut(&scope.key.org()) {
            of_org.remove(&scope.key);
            if of_org.is_empty() {
                scopes.remove(&scope.key.org());
            }
        }
        true
    }
}

impl Observer for Hub {
    fn committed(&self, org: OrgId) {
        self.wake(org);
        open(&self.grown).push(org);
        self.grew.notify_one();
        self.to_send.notify_one();
    }
}

/// A subscriber's place in its scope, given up when it is dropped.
struct Ticket {
    scope: Arc<Scope>,
    id: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        open(&self.scope.holders).remove(&self.id);
        // The scope's task notices whether it was the last.
        self.scope.wake.notify_one();
    }
}

/// Nothing here panics while it holds a lock, and telling goes on if something did.
fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The transaction itself, of staff or of a portal's visitor: it keeps a journal of what was done, and
//! writes that last.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use prometheus::Histogram;
use uuid::Uuid;

use super::{Author, Change, Origin};
use crate::clock::Clock;
use crate::db::ids::OrgId;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// Who wants to know that something was committed.
pub trait Observer: Send + Sync {
    /// The log of an organisation has grown. Never waits.
    fn committed(&self, org: OrgId);
}

/// A transaction that may write, and what it did so far: of staff, or of a portal's visitor as
/// `Write<Portal>`.
pub struct Write<S = Staff> {
    tx: Tx<S>,
    clock: Arc<Clock>,
    at: DateTime<Utc>,
    origin: Origin,
    journal: Mutex<Vec<Change>>,
    lag: Option<Histogram>,
    observer: Option<Arc<dyn Observer>>,
}

impl<S> std::ops::Deref for Write<S> {
    type Target = Tx<S>;

    fn deref(&self) -> &Tx<S> {
        &self.tx
    }
}

impl<S: Author> Write<S> {
    /// Wraps a transaction entered with [`crate::db::scope::Access::Write`].
    pub fn new(tx: Tx<S>, clock: Arc<Clock>, origin: Origin) -> Self {
        let at = clock.now();
        Self { tx, clock, at, origin, journal: Mutex::default(), lag: None, observer: None }
    }

    /// Observes the seconds from the change to the commit that makes its events readable.
    pub fn measured_by(self, lag: Histogram) -> Self {
        Self { lag: Some(lag), ..self }
    }

    /// Tells who wants to know once it is committed.
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The moment of the change: one for all it writes.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Where the request came from.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A new id of any kind.
    pub fn id<I: From<Uuid>>(&self) -> I {
        self.clock.id().into()
    }

    /// Notes what was done; it is written when the transaction commits.
    pub fn done(&self, change: Change) {
        self.journal.lock().expect("no panic while held").push(change);
    }

    /// Commits after a success, gives up after a refusal, and hands the outcome on.
    pub async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(done) => {
                let wrote_events = self.write_journal().await?;
                let org = self.tx.scope().org();
                self.tx.commit().await?;
                if let Some(observer) = self.observer.filter(|_| wrote_events) {
                    observer.committed(org);
                }
                if let Some(lag) = self.lag.filter(|_| wrote_events) {
                    lag.observe((self.clock.now() - self.at).as_seconds_f64());
                }
                Ok(done)
            }
            Err(refusal) => {
                self.abandon().await;
                Err(refusal)
            }
        }
    }

    /// Gives up what was written. A connection that cannot even roll back is closed.
    pub async fn abandon(self) {
        let _ = self.tx.rollback().await;
    }

    /// Whether there was anything to write.
    async fn write_journal(&self) -> Result<bool> {
        let changes = std::mem::take(&mut *self.journal.lock().expect("no panic while held"));
        if changes.is_empty() {
            return Ok(false);
        }
        S::log(self, &changes).await?;
        Ok(true)
    }
}

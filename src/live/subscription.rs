//! One subscriber's way through a log: first what it missed, read by itself, then what its scope hands
//! on. Where it falls behind, it goes back to reading by itself. Every event once, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::reading::{News, Pass, Reading, What, is_refusal};
use super::scope::{Batch, RESPITE};
use super::{ScopeKey, Ticket};
use crate::app::App;
use crate::db::ids::MemberId;
use crate::domain::events::{CursorKey, EventFilter, Position};

/// The longest page that a subscriber reads by itself.
const PAGE: i64 = 100;

/// Who subscribes.
#[derive(Clone)]
pub struct Caller {
    pub scope: ScopeKey,
    pub pass: Pass,
    /// A member; none for a portal's visitor.
    pub member: Option<MemberId>,
    /// Cancelled when the credential opens nothing any more: whoever sends to the caller ends.
    pub expel: CancellationToken,
}

/// A subscription under way.
pub struct Subscription {
    app: Arc<App>,
    caller: Caller,
    filter: EventFilter,
    position: Position,
    waiting: VecDeque<Arc<News>>,
    behind: bool,
    receiver: broadcast::Receiver<Batch>,
    _ticket: Ticket,
}

impl Subscription {
    /// Begins after `after`, or with what happens after `now`, which the caller has just read.
    pub fn begin(
        app: &Arc<App>,
        caller: Caller,
        filter: EventFilter,
        after: Option<Position>,
        now: Position,
    ) -> Self {
        let (ticket, receiver) = app.live.join(app, &caller, now);
        Self {
            app: app.clone(),
            caller,
            filter,
            position: after.unwrap_or(now),
            waiting: VecDeque::new(),
            behind: true,
            receiver,
            _ticket: ticket,
        }
    }

    /// The next news; none when the subscriber is sent away.
    pub async fn next(&mut self) -> Option<Arc<News>> {
        loop {
            if self.caller.expel.is_cancelled() {
                return None;
            }
            if let Some(news) = self.waiting.pop_front() {
                self.position = self.position.max(news.position);
                return Some(news);
            }
            if self.behind {
                // Boxed, so that who waits holds no room for what reading takes.
                Box::pin(self.read()).await;
                continue;
            }
            tokio::select! {
                () = self.caller.expel.cancelled() => return None,
                batch = self.receiver.recv() => match batch {
                    Ok(batch) => self.take(&batch),
                    Err(RecvError::Lagged(_)) => self.behind = true,
                    Err(RecvError::Closed) => return None,
                }
            }
        }
    }

    fn take(&mut self, batch: &Batch) {
        let wanted = batch.iter().filter(|news| match &news.what {
            What::Resync { .. } => true,
            What::Event(event) => news.position > self.position && self.filter.holds(event),
            What::Shared(_) => news.position > self.position,
        });
        self.waiting.extend(wanted.cloned());
        self.position = batch.last().map_or(self.position, |last| self.position.max(last.position));
    }

    /// Reads a page by itself. While the database is away, events wait there.
    async fn read(&mut self) {
        let read = Reading::after(&self.app, self.caller.pass, self.position, &self.filter, PAGE);
        let reading = match read.await {
            Ok(reading) => reading,
            Err(error) if is_refusal(&error) => return self.caller.expel.cancel(),
            Err(error) => {
                tracing::warn!(%error, "a subscriber's events could not be read");
                return tokio::time::sleep(RESPITE).await;
            }
        };
        if self.position < reading.horizon.before_oldest {
            self.position = reading.horizon.newest;
            self.waiting.push_back(News::resync(&self.app.clock, self.position));
            return;
        }
        self.behind = reading.news.len() as i64 >= PAGE;
        self.position = reading.end(PAGE);
        self.waiting.extend(reading.news);
    }

    /// Whose cursors its news have.
    pub fn cursors(&self) -> CursorKey {
        self.caller.scope.cursors()
    }
}

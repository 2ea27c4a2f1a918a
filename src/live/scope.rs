//! A scope at work: it reads on when it is woken, and hands what it read to all who are in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::reading::{News, Pass, Reading, What, is_refusal};
use super::{Hub, ScopeKey, open};
use crate::app::App;
use crate::clock::Clock;
use crate::db::ids::MemberId;
use crate::domain::events::{EventFilter, Position};
use crate::error::Error;

/// What subscribers are handed at once.
pub(super) type Batch = Arc<[Arc<News>]>;

/// Batches that a subscriber may be behind before it reads for itself.
const BUFFER: usize = 16;
/// The longest batch.
const PAGE: i64 = 200;
/// Between two readings of a scope: what is written meanwhile is read at once.
const GATHERING: Duration = Duration::from_millis(20);
/// How long the database is left alone after it refused.
pub(super) const RESPITE: Duration = Duration::from_millis(250);

/// Subscribers that see the same.
pub(super) struct Scope {
    pub key: ScopeKey,
    pub wake: Notify,
    pub holders: Mutex<HashMap<u64, Holder>>,
    sender: broadcast::Sender<Batch>,
    position: AtomicI64,
}

/// A subscriber, as its scope knows it.
#[derive(Clone)]
pub(super) struct Holder {
    pub pass: Pass,
    pub member: Option<MemberId>,
    pub expel: CancellationToken,
}

impl Scope {
    pub fn new(key: ScopeKey, position: Position) -> Self {
        Self {
            key,
            wake: Notify::new(),
            holders: Mutex::default(),
            sender: broadcast::Sender::new(BUFFER),
            position: AtomicI64::new(position.0),
        }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Batch> {
        self.sender.subscribe()
    }

    /// How far it has read.
    pub fn position(&self) -> Position {
        Position(self.position.load(Ordering::Acquire))
    }

    /// Reads with the first credential that still opens; who holds one that does not is sent away.
    async fn read(&self, app: &App) -> Result<Option<Reading>, Error> {
        loop {
            let holder = open(&self.holders).values().find(|holder| !holder.expel.is_cancelled()).cloned();
            let Some(holder) = holder else { return Ok(None) };
            match Reading::after(app, holder.pass, self.position(), &EventFilter::default(), PAGE).await {
                Ok(reading) => return Ok(Some(reading)),
                Err(error) if is_refusal(&error) => holder.expel.cancel(),
                Err(error) => return Err(error),
            }
        }
    }

    fn hand_on(&self, clock: &Clock, reading: &Reading, seen: &mut Option<Vec<u8>>) {
        self.expel_changed(reading);
        let end = reading.end(PAGE);
        let mut news = reading.news.clone();
        if seen.as_ref().is_some_and(|seen| *seen != reading.fingerprint) {
            news.push(News::resync(clock, end));
        }
        *seen = Some(reading.fingerprint.clone());
        if !news.is_empty() {
            // Nobody listening is no harm: whoever comes reads from where it stands.
            let _ = self.sender.send(news.into());
        }
        self.position.store(end.0, Ordering::Release);
    }

    /// A member who may now do something else belongs to another scope, or to none.
    fn expel_changed(&self, reading: &Reading) {
        for news in &reading.news {
            let What::Event(event) = &news.what else { continue };
            if !matches!(event.kind.as_str(), "member.updated" | "member.ended") {
                continue;
            }
            let subject = event.payload.get("id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
            for holder in open(&self.holders).values() {
                if holder.member.is_some() && holder.member == subject.map(MemberId) {
                    holder.expel.cancel();
                }
            }
        }
    }
}

/// Follows the log for as long as somebody is there.
pub(super) async fn follow(app: Arc<App>, hub: Arc<Hub>, scope: Arc<Scope>) {
    let mut seen = None;
    if let (ScopeKey::Portal(..), Ok(Some(reading))) = (scope.key, scope.read(&app).await) {
        scope.hand_on(&app.clock, &reading, &mut seen);
    }
    loop {
        scope.wake.notified().await;
        loop {
            if hub.forget(&scope) {
                return;
            }
            match scope.read(&app).await {
                Ok(Some(reading)) => {
                    let more = reading.news.len() as i64 >= PAGE;
                    scope.hand_on(&app.clock, &reading, &mut seen);
                    if !more {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "a scope's events could not be read");
                    tokio::time::sleep(RESPITE).await;
                }
            }
        }
        tokio::time::sleep(GATHERING).await;
    }
}

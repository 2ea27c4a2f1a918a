//! From a request that showed something of a portal to Redis (LINK-6), without the request waiting:
//! it notes what it showed in its [`Sighting`], the answer's last layer hands that to the
//! [`Recorder`], and a job of the worker sends it on. What goes on being sent after that, as files and
//! events are, a [`Serving`] gathers. Not here: what the numbers mean; that is
//! [`crate::adapters::redis::usage`].
//!
//! What cannot be counted, because Redis is away or the queue is full, is reported and never
//! invented. It is not tried again either: nobody knows whether it arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use prometheus::IntCounter;
use tokio::sync::Notify;

use crate::adapters::redis::usage::Remembered;
pub use crate::adapters::redis::usage::{Returned, Seen, Visitor};
use crate::app::App;
use crate::db::ids::{LinkId, OrgId};
use crate::db::scope::CredentialHash;
use crate::metrics::Metrics;

/// Requests that may wait to be counted; some seconds of a busy instance.
const CAPACITY: usize = 20_000;
/// How often the log says that something was not counted.
const COMPLAINTS: TimeDelta = TimeDelta::minutes(1);
/// How long bytes gather that go on being served.
const GATHERING: TimeDelta = TimeDelta::minutes(1);

/// What a request showed, noted while it runs. All clones of a request's share it.
#[derive(Clone, Debug, Default)]
pub struct Sighting(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    seen: Option<Seen>,
    first: Option<CredentialHash>,
}

impl Sighting {
    /// Notes what was shown. A request that runs several documents counts once.
    pub fn note(&self, seen: Seen) {
        let mut noted = open(&self.0);
        match &mut noted.seen {
            Some(before) => {
                let new: Vec<_> = seen.sections.iter().filter(|new| !before.sections.contains(new)).collect();
                before.sections.extend(new);
                before.visitor = seen.visitor;
            }
            nothing => *nothing = Some(seen),
        }
    }

    /// Says that a browser is given a cookie with this answer: the hash of its token. The load of one
    /// that came without any is confirmed when it comes back.
    pub fn gives_cookie(&self, session: CredentialHash) {
        open(&self.0).first = Some(session);
    }

    /// What to count now that it is answered, if it was about a portal at all. A refusal or a defect
    /// shows no section, whatever was resolved for it.
    pub fn answered(&self, bytes: u64, success: bool) -> Option<Seen> {
        let mut noted = open(&self.0);
        let mut seen = noted.seen.take()?;
        if let (Visitor::Unknown, Some(session)) = (seen.visitor, noted.first) {
            seen.visitor = Visitor::First(session);
        }
        if !success {
            seen.sections.clear();
        }
        seen.bytes = bytes;
        Some(seen)
    }

    /// Whose portal was seen through which link, if that is noted and was not counted yet.
    fn doorway(&self) -> Option<(OrgId, LinkId)> {
        open(&self.0).seen.as_ref().map(|seen| (seen.org, seen.link))
    }
}

impl From<Option<Seen>> for Sighting {
    fn from(seen: Option<Seen>) -> Self {
        Self(Arc::new(Mutex::new(Noted { seen, first: None })))
    }
}

/// Bytes that are served of a portal for longer than an answer takes: a file, or what subscriptions
/// tell. Gathered where they are sent, so that none of them waits for anybody, and counted for the
/// portal that the sighting is of: no later than with the first of them that is sent a minute after
/// they began to gather, and when it is over. They are no view.
pub struct Serving {
    app: Arc<App>,
    sighting: Sighting,
    bytes: u64,
    since: DateTime<Utc>,
}

impl Serving {
    /// What the sighting is of may become known later; it must be nobody else's to count.
    pub fn new(app: &Arc<App>, sighting: Sighting) -> Self {
        Self { app: app.clone(), sighting, bytes: 0, since: app.clock.now() }
    }

    /// So many more are sent. Said with none now and then where nothing may be sent for long.
    pub fn sent(&mut self, bytes: usize) {
        let now = self.app.clock.now();
        if self.bytes == 0 {
            self.since = now;
        }
        self.bytes += bytes as u64;
        if now - self.since >= GATHERING {
            self.record();
        }
    }

    fn record(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let Some((org, link)) = self.sighting.doorway().filter(|_| bytes > 0) else { return };
        let at = self.app.clock.now();
        let (visitor, sections) = (Visitor::Unknown, Vec::new());
        self.app.usage.record(Seen { org, link, visitor, sections, bytes, at });
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.record();
    }
}

/// Takes what was shown, and remembers what of it reached Redis.
pub struct Recorder {
    queue: Mutex<VecDeque<Seen>>,
    wake: Notify,
    memory: tokio::sync::Mutex<Memory>,
    complaint: Mutex<Complaint>,
    uncounted: IntCounter,
}

/// What is known of Redis's memory.
pub(crate) struct Memory {
    /// How many requests of this instance Redis said to remember when it was last asked.
    told: u64,
    /// How many of these are in Postgres for sure.
    settled: u64,
    /// How often Redis came back with older memory.
    setbacks: u64,
    lost: IntCounter,
}

/// How far a drain reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    told: u64,
    setbacks: u64,
}

#[derive(Debug, Default)]
struct Complaint {
    last: Option<DateTime<Utc>>,
    since: u64,
}

impl Recorder {
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            memory: tokio::sync::Mutex::new(Memory {
                told: 0,
                settled: 0,
                setbacks: 0,
                lost: metrics.usage_lost.clone(),
            }),
            complaint: Mutex::default(),
            uncounted: metrics.usage_uncounted.clone(),
        }
    }

    /// Takes one request. Never waits.
    pub fn record(&self, seen: Seen) {
        let at = seen.at;
        let fits = {
            let mut queue = open(&self.queue);
            let fits = queue.len() < CAPACITY;
            if fits {
                queue.push_back(seen);
            }
            fits
        };
        if fits { self.wake.notify_one() } else { self.missed(1, at) }
    }

    /// The oldest requests that wait, at most so many.
    pub(crate) fn take(&self, most: usize) -> Vec<Seen> {
        let mut queue = open(&self.queue);
        let most = most.min(queue.len());
        queue.drain(..most).collect()
    }

    /// Waits until there is something to take.
    pub(crate) async fn awaits(&self) {
        while open(&self.queue).is_empty() {
            self.wake.notified().await;
        }
    }

    /// What is known of Redis's memory. Whoever asks Redis holds it until they have heard the answer, so
    /// that answers are heard in their order.
    pub(crate) async fn memory(&self) -> tokio::sync::MutexGuard<'_, Memory> {
        self.memory.lock().await
    }

    /// So many could not be counted.
    pub(crate) fn missed(&self, count: usize, now: DateTime<Utc>) {
        self.uncounted.inc_by(count as u64);
        let mut complaint = open(&self.complaint);
        complaint.since += count as u64;
        if complaint.last.is_none_or(|last| now - last >= COMPLAINTS) {
            tracing::error!(usage.uncounted = complaint.since, "requests were not counted");
            *complaint = Complaint { last: Some(now), since: 0 };
        }
    }
}

impl Memory {
    /// How many requests of this instance Redis said to remember when it was last asked.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// Hears what Redis remembers now. If its memory is older than what it told, what it forgot and a
    /// drain had not settled may be lost: so many requests at most, which is reported.
    pub(crate) fn hear(&mut self, remembered: Remembered) {
        let Remembered { before, now } = remembered;
        if before < self.told {
            let most = self.told.saturating_sub(before.max(self.settled));
            // Redis counts on from here, so the same numbers stand for other requests.
            self.settled = self.settled.min(before);
            self.setbacks += 1;
            if most > 0 {
                self.lost.inc_by(most);
                tracing::error!(
                    usage.lost = most,
                    "Redis forgot requests that it had counted: at most so many"
                );
            }
        }
        self.told = now;
    }

    /// For a drain, when it has taken what was counted.
    pub(crate) fn mark(&self) -> Mark {
        Mark { told: self.told, setbacks: self.setbacks }
    }

    /// All up to there is in Postgres. If Redis's memory went back meanwhile, nobody knows what it means.
    pub(crate) fn settle(&mut self, mark: Mark) {
        if mark.setbacks == self.setbacks {
            self.settled = self.settled.max(mark.told);
        }
    }
}

/// Nothing here panics while it holds a lock, and counting goes on if something did.
fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

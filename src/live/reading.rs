//! One reading of a log, with a credential, in a transaction of its own.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::telling::{Telling, Tellings, Words};
use crate::app::App;
use crate::clock::Clock;
use crate::db::scope::{Access, PortalPass};
use crate::domain::callers::{self, StaffPass};
use crate::domain::events::{self, Event, EventFilter, Horizon, Position, SharedEvent};
use crate::error::{Error, Result};

/// What a subscriber presents, at each reading again.
#[derive(Clone, Copy, Debug)]
pub enum Pass {
    Staff(StaffPass),
    Portal(PortalPass),
}

/// What a subscriber is told, and where in the log it stands then.
#[derive(Debug)]
pub struct News {
    pub position: Position,
    pub what: What,
    tellings: Tellings,
}

/// What there is to tell.
#[derive(Clone, Debug)]
pub enum What {
    Event(Event),
    Shared(SharedEvent),
    /// Read everything anew: what was missed is not kept any more, or what is shown has grown or shrunk.
    Resync {
        id: Uuid,
        at: DateTime<Utc>,
    },
}

/// What a reading found.
pub(super) struct Reading {
    /// In order, at most as many as were asked for.
    pub news: Vec<Arc<News>>,
    pub horizon: Horizon,
    /// What the portal shows, for comparison; empty for staff.
    pub fingerprint: Vec<u8>,
}

impl Reading {
    /// Reads at most `limit` events after a position.
    pub async fn after(
        app: &App,
        pass: Pass,
        position: Position,
        filter: &EventFilter,
        limit: i64,
    ) -> Result<Self> {
        match pass {
            Pass::Staff(pass) => {
                let tx = callers::enter_staff(&app.pools, pass, Access::Read).await?;
                app.key_uses.note(pass, &app.clock);
                let read =
                    futures::try_join!(events::after(&tx, position, filter, limit), events::horizon(&tx));
                let (found, horizon) = read?;
                tx.leave().await?;
                let news = found.into_iter().map(|event| News::of(event.position, What::Event(event)));
                Ok(Self { news: news.collect(), horizon, fingerprint: Vec::new() })
            }
            Pass::Portal(pass) => {
                let tx = callers::enter_portal(&app.pools, pass, Access::Read).await?;
                let read = futures::try_join!(
                    events::shared_after(&tx, position, limit),
                    events::horizon(&tx),
                    events::fingerprint(&tx)
                );
                let (found, horizon, fingerprint) = read?;
                tx.leave().await?;
                let news = found.into_iter().map(|event| News::of(event.position, What::Shared(event)));
                Ok(Self { news: news.collect(), horizon, fingerprint })
            }
        }
    }

    /// Where the reader stands afterwards: at the end of the log, unless there may be more.
    pub fn end(&self, limit: i64) -> Position {
        match self.news.last() {
            Some(last) if self.news.len() as i64 >= limit => last.position,
            _ => self.horizon.newest,
        }
    }
}

impl News {
    pub fn of(position: Position, what: What) -> Arc<Self> {
        Arc::new(Self { position, what, tellings: Tellings::default() })
    }

    /// That everything is to be read anew; events go on after the position.
    pub fn resync(clock: &Clock, position: Position) -> Arc<Self> {
        Self::of(position, What::Resync { id: clock.id(), at: clock.now() })
    }

    /// The answer that tells of it in these words, if it was put together before.
    pub fn told(&self, words: &Words) -> Option<Arc<Telling>> {
        self.tellings.get(words)
    }

    /// Keeps the answer for the others who ask in the same words.
    pub fn keep(&self, words: Words, telling: Arc<Telling>) {
        self.tellings.keep(words, telling);
    }
}

/// Whether an error says that the credential opens nothing; any other may pass.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Unauthenticated | Error::Forbidden(_) | Error::LinkInactive | Error::CodeRequired(_)
    )
}

//! Moves counts from Redis into Postgres (LINK-6), from any number of instances at once. A batch
//! is taken, read, applied to one organisation after another, and only then cleared; it carries an
//! id by which each organisation takes it once. So whoever is killed between two steps, the next
//! drain finds the batch and goes on, and nothing is lost or doubled.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use super::{pause, record_usage};
use crate::adapters::redis::usage::{Batch, Count, Measure, Taken};
use crate::app::App;
use crate::db::ids::{LinkId, OrgId};
use crate::domain::usage::{self, LinkTally, Portion, ReturnedBrowser};
use crate::error::Result;
use crate::usage::Mark;

/// Drains until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    while pause(app.config.worker.usage_drain, &mut stopped).await {
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "counts of portals wait in Redis");
        }
    }
}

/// Drains all there is. What fails stays in Redis for the next time.
pub async fn once(app: &App) -> Result<()> {
    // What cannot be sent is reported already, and hinders nobody from draining the rest.
    let _ = record_usage::flush(app).await;
    let (taken, mark) = take(app).await?;
    step("usage_taken");
    let mut settled = taken.whole;
    let mut outcome = Ok(());
    for name in taken.batches {
        match drain(app, name).await {
            Ok(applied) => settled &= applied,
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    if outcome.is_ok() && settled {
        app.usage.memory().await.settle(mark);
    }
    outcome
}

async fn take(app: &App) -> Result<(Taken, Mark)> {
    let mut memory = app.usage.memory().await;
    let taken = app.redis.take_usage(app.clock.id(), memory.told()).await?;
    memory.hear(taken.remembered);
    Ok((taken, memory.mark()))
}

/// Whether the batch is in Postgres for sure. One that is gone was drained by somebody else, unless
/// Redis forgot it.
async fn drain(app: &App, name: Uuid) -> Result<bool> {
    let batch = app.redis.read_usage(name).await?;
    let found = batch.is_some();
    if let Some(batch) = batch {
        step("usage_read");
        let mut outcome = Ok(());
        for (org, portion) in portions(batch) {
            // One organisation's trouble is not another's.
            outcome = outcome.and(usage::apply(&app.pools, &app.clock, org, &portion).await);
            step("usage_applied_one");
        }
        outcome?;
        step("usage_applied");
    }
    app.redis.clear_usage(name).await?;
    step("usage_cleared");
    Ok(found)
}

/// Where tests kill a service.
fn step(name: &'static str) {
    tracing::trace!(usage.step = name, "draining");
    fail::fail_point!(name, |_| {
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap_or_default()
    });
}

/// What each organisation gets of a batch.
fn portions(batch: Batch) -> BTreeMap<OrgId, Portion> {
    let mut tallies: BTreeMap<(OrgId, LinkId), LinkTally> = BTreeMap::new();
    for Count { org, link, measure, value } in batch.counts {
        let tally = tallies.entry((org, link)).or_insert_with(|| LinkTally::of(link));
        let moment = chrono::DateTime::from_timestamp_millis(value);
        match measure {
            Measure::Views => tally.views = value,
            Measure::SectionViews(section) => drop(tally.sections.insert(section, value)),
            Measure::Visits => tally.visits = value,
            Measure::Visitors => tally.visitors = value,
            Measure::UnconfirmedViews => tally.unconfirmed_views = value,
            Measure::BytesServed => tally.bytes_served = value,
            Measure::FirstViewedAt => tally.first_viewed_at = moment,
            Measure::LastViewedAt => tally.last_viewed_at = moment,
        }
    }
    let mut portions: BTreeMap<OrgId, Portion> = BTreeMap::new();
    let portion = || Portion { batch: batch.id, tallies: Vec::new(), browsers: Vec::new() };
    for ((org, _), tally) in tallies {
        portions.entry(org).or_insert_with(portion).tallies.push(tally);
    }
    for kept in batch.sessions {
        let browser =
            ReturnedBrowser { link: kept.link, session: kept.session, at: kept.at, left: kept.left };
        portions.entry(kept.org).or_insert_with(portion).browsers.push(browser);
    }
    portions
}

//! The queue of effects that wait for the worker, as `app_system` sees it: ids and times, no
//! content. Nothing is put there yet; mail is the first that will be.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::clock::Clock;
use crate::db::pool::Pools;
use crate::db::schema::system::outbox;
use crate::db::scope::{Access, Door};
use crate::error::Result;

/// Seconds since the oldest row fell due; zero when nothing waits.
pub async fn oldest_due(pools: &Pools, clock: &Clock) -> Result<i64> {
    let entered = pools
        .enter(Door::System, Access::Read, |mut connection| {
            async move {
                let oldest: Option<DateTime<Utc>> = outbox::table
                    .filter(outbox::parked_at.is_null())
                    .select(diesel::dsl::min(outbox::due_at))
                    .first(&mut connection)
                    .await?;
                Ok(Some(oldest))
            }
            .boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(0) };
    let oldest = *tx.scope();
    tx.commit().await?;
    Ok(oldest.map_or(0, |due| (clock.now() - due).num_seconds().max(0)))
}

//! The queue of effects that wait for the worker: ids and times, no content. What a row is about the
//! worker reads after it has entered the organisation, and secrets it makes itself (LINK-2).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::pool::Pools;
use crate::db::schema::system::outbox;
use crate::db::scope::{Access, Door};
use crate::domain::changes::Write;
use crate::error::Result;

/// Queues an effect of a change, in its transaction: `kind` says what, `subject` about what.
pub async fn queue(write: &Write, kind: &'static str, subject: Uuid) -> Result<()> {
    use crate::db::schema::staff::outbox;
    let row = (
        outbox::org_id.eq(write.scope().org_id),
        outbox::id.eq(write.id::<Uuid>()),
        outbox::kind.eq(kind),
        outbox::subject_id.eq(subject),
    );
    diesel::insert_into(outbox::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

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

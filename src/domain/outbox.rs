//! The queue of effects that wait for the worker: ids and times, no content. What a row is about the
//! worker reads after it has entered the organisation, and secrets it makes itself (LINK-2). What
//! becomes of a mail's row: [`super::mails`].

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use super::callers::{Portal, Staff};
use super::mails::{MailKind, MailState};
use crate::clock::Clock;
use crate::db::ids::OrgId;
use crate::db::pool::Pools;
use crate::db::schema::system::outbox;
use crate::db::scope::{Access, Door, Tx};
use crate::error::Result;

/// A scope that lies within one organisation: what it does may have effects.
pub trait Inside {
    fn org(&self) -> OrgId;
}

impl Inside for Staff {
    fn org(&self) -> OrgId {
        self.org_id
    }
}

impl Inside for Portal {
    fn org(&self) -> OrgId {
        self.org_id
    }
}

impl Inside for OrgId {
    fn org(&self) -> OrgId {
        *self
    }
}

/// Queues a mail of a change, in its transaction, whoever makes the change. `id` is a new one and
/// names the mail from then on; `subject` is what its composer reads.
pub async fn queue<S: Inside>(tx: &Tx<S>, id: Uuid, kind: MailKind, subject: impl Into<Uuid>) -> Result<()> {
    queue_all(tx, kind, [(id, subject.into())]).await
}

/// The same for many subjects, in one statement: pairs of a new id and a subject.
pub async fn queue_all<S: Inside>(
    tx: &Tx<S>,
    kind: MailKind,
    mails: impl IntoIterator<Item = (Uuid, Uuid)>,
) -> Result<()> {
    let org = tx.scope().org();
    let row = |(id, subject)| {
        (
            outbox::org_id.eq(org),
            outbox::id.eq(id),
            outbox::kind.eq(kind.as_str()),
            outbox::subject_id.eq(Some(subject)),
        )
    };
    // Every login that may queue has these four columns, so one table serves them all.
    let rows: Vec<_> = mails.into_iter().map(row).collect();
    diesel::insert_into(outbox::table).values(rows).execute(&mut tx.connection()).await?;
    Ok(())
}

/// Seconds since the oldest row fell due; zero when nothing waits.
pub async fn oldest_due(pools: &Pools, clock: &Clock) -> Result<i64> {
    let entered = pools
        .enter(Door::System, Access::Read, |mut connection| {
            async move {
                let oldest: Option<DateTime<Utc>> = outbox::table
                    .filter(outbox::state.eq(MailState::Waiting))
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

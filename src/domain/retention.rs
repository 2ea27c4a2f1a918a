//! How long logs keep what they hold (invariant 17 of docs/ARCHITECTURE.md). The events' log stays
//! without gaps: it loses its oldest part, and who reads from there is told to read anew (EVT-3).

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Integer, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;

use crate::clock::Clock;
use crate::db::ids::OrgId;
use crate::db::pool::Pools;
use crate::db::scope::{Access, Door};
use crate::db::settings::app_id;
use crate::domain::{accounts, address_proofs, consents, notifications, team_notices};
use crate::error::Result;

mod functions {
    use super::{Integer, Timestamptz, Uuid};
    use diesel::sql_types::Nullable;

    diesel::define_sql_function! {
        fn forget_old(events: Timestamptz, entries: Timestamptz, at: Timestamptz, most: Integer) -> Integer;
    }
    diesel::define_sql_function! {
        fn organizations_after(last: Nullable<Uuid>, most: Integer) -> Uuid;
    }
}

/// How long each log keeps what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Events, ended webhook deliveries, ended sessions of staff.
    pub events: TimeDelta,
    /// Audit entries.
    pub entries: TimeDelta,
}

/// Rows of one log that a transaction deletes at most: it holds up writers of the organisation.
const PIECE: i32 = 2_000;
/// How long notifications, and consents that nobody confirmed, are kept.
const MAIL: TimeDelta = TimeDelta::days(30);
/// How long what somebody proved, or could have, is kept once it is over.
const PROOFS: TimeDelta = TimeDelta::days(1);
/// Organisations that are looked up at once.
const PAGE: i32 = 500;

/// Visits every organisation and deletes what its logs keep too long.
pub async fn forget_old(pools: &Pools, clock: &Clock, keeping: Keeping) -> Result<()> {
    let now = clock.now();
    accounts::forget_visitors(pools, now - PROOFS).await?;
    let mut last = None;
    loop {
        let orgs = page(pools, last).await?;
        for org in &orgs {
            while forget_piece(pools, *org, now, keeping).await? >= PIECE {}
            forget_mail(pools, *org, now).await?;
        }
        match orgs.last() {
            Some(org) => last = Some(*org),
            None => return Ok(()),
        }
    }
}

async fn page(pools: &Pools, last: Option<OrgId>) -> Result<Vec<OrgId>> {
    let entered = pools.enter(Door::System, Access::Read, move |mut connection| {
        let page = diesel::select(functions::organizations_after(last, PAGE));
        async move { page.load::<OrgId>(&mut connection).await.map(Some) }.boxed()
    });
    let Some(tx) = entered.await? else { return Ok(Vec::new()) };
    let orgs = tx.scope().clone();
    tx.leave().await?;
    Ok(orgs)
}

/// What one person was told of one change, who was asked whether they want to be and never answered, and
/// who could have proved an address.
async fn forget_mail(pools: &Pools, org: OrgId, now: DateTime<Utc>) -> Result<()> {
    let entered = pools.enter(Door::Organization(org), Access::Write, |mut connection| {
        async move { diesel::select(app_id("app.org")).get_result::<Option<OrgId>>(&mut connection).await }.boxed()
    });
    let Some(tx) = entered.await? else { return Ok(()) };
    notifications::forget(&tx, now - MAIL).await?;
    team_notices::forget(&tx, now - MAIL).await?;
    consents::forget_unconfirmed(&tx, now - MAIL).await?;
    address_proofs::forget(&tx, now - PROOFS).await?;
    tx.commit().await
}

async fn forget_piece(pools: &Pools, org: OrgId, now: DateTime<Utc>, keeping: Keeping) -> Result<i32> {
    let (events, entries) = (now - keeping.events, now - keeping.entries);
    let entered = pools.enter(Door::Organization(org), Access::Write, move |mut connection| {
        let piece = diesel::select(functions::forget_old(events, entries, now, PIECE));
        async move { piece.get_result::<i32>(&mut connection).await.map(Some) }.boxed()
    });
    let Some(tx) = entered.await? else { return Ok(0) };
    let gone = *tx.scope();
    tx.commit().await?;
    Ok(gone)
}

//! Events and what they are about in Diesel, as `app_portal`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Told;
use crate::db::ids::RecordId;
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::prepared::{Literal, Prepare as _, literal};
use crate::db::schema::portal::{activity_entries, deliverables, events, files, messages, milestones};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::events::Position;
use crate::error::Result;

/// An event that clients may read of.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub(super) struct Happened {
    #[diesel(column_name = seq)]
    pub position: Position,
    pub id: Uuid,
    pub kind: String,
    pub record_id: Option<RecordId>,
    pub occurred_at: DateTime<Utc>,
}

/// The section is the database's to switch as well: subscribers read the same table without it. The company is
/// named beside it for the index: the policy, which lets events of dashboards through that have none, is no
/// condition that an index knows.
const SHOWN: Literal<Bool> = literal("'ACTIVITY' = any (app_modes())");

pub(super) async fn happened(
    tx: &Tx<Portal>,
    kinds: &[&str],
    page: &Page<Position>,
) -> Result<Vec<Happened>> {
    let mut query = events::table
        .filter(SHOWN)
        .filter(events::company_id.eq(tx.scope().company_id))
        .filter(events::kind.eq_any(kinds))
        .order(events::seq.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(events::seq.lt(after));
    }
    Ok(query.select(Happened::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Portal>, kinds: &[&str]) -> Result<i64> {
    let shown = events::table
        .filter(SHOWN)
        .filter(events::company_id.eq(tx.scope().company_id))
        .filter(events::kind.eq_any(kinds));
    let found: Vec<Position> = shown.select(events::seq).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(found.len() as i64)
}

#[derive(QueryableByName)]
struct About {
    #[diesel(sql_type = BigInt)]
    seq: Position,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
}

/// What each event is about, by its position.
pub(super) async fn subjects(tx: &Tx<Portal>, events: &[Happened]) -> Result<HashMap<Position, Told>> {
    let numbers: Vec<i64> = events.iter().map(|event| event.position.0).collect();
    let about: Vec<About> = diesel::sql_query("select seq, subject_id from shared_subjects($1)")
        .bind::<Array<BigInt>, _>(numbers)
        .prepared()
        .load(&mut tx.connection())
        .await?;
    let about: HashMap<Position, Uuid> = about.into_iter().map(|row| (row.seq, row.subject_id)).collect();
    let of = |noun: &str| -> Vec<Uuid> {
        let wanted = events.iter().filter(|event| event.kind.split('.').next() == Some(noun));
        wanted.filter_map(|event| about.get(&event.position).copied()).collect()
    };
    let (messages, milestones, deliverables, files, entries) = futures::try_join!(
        messages(tx, of("message")),
        milestones(tx, of("milestone")),
        deliverables(tx, of("deliverable")),
        files(tx, of("file")),
        entries(tx, of("activity")),
    )?;
    let told: HashMap<Uuid, Told> =
        [messages, milestones, deliverables, files, entries].into_iter().flatten().collect();
    let pairs = about.into_iter().filter_map(|(position, id)| Some((position, told.get(&id)?.clone())));
    Ok(pairs.collect())
}

type Names = Result<Vec<(Uuid, Told)>>;

fn named(rows: Vec<(Uuid, String)>) -> Vec<(Uuid, Told)> {
    rows.into_iter().map(|(id, name)| (id, Told { name: Some(name), ..Told::default() })).collect()
}

macro_rules! names {
    ($($table:ident by $name:ident)*) => {$(
        async fn $table(tx: &Tx<Portal>, ids: Vec<Uuid>) -> Names {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let found = $table::table.filter($table::id.eq_any(ids)).select(($table::id, $table::$name));
            Ok(named(found.load(&mut tx.connection()).await?))
        }
    )*};
}

names! {
    messages by sender_name
    milestones by name
    deliverables by title
    files by name
}

async fn entries(tx: &Tx<Portal>, ids: Vec<Uuid>) -> Names {
    use activity_entries as entries;
    type Row = (Uuid, String, Option<String>, Option<String>);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = entries::table.filter(entries::id.eq_any(ids));
    let found = found.select((entries::id, entries::title, entries::body, entries::url));
    let found: Vec<Row> = found.load(&mut tx.connection()).await?;
    let told = |(id, title, body, url): Row| (id, Told { name: Some(title), body, url });
    Ok(found.into_iter().map(told).collect())
}

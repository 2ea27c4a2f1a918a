//! The counts, as `app_portal`.

use diesel::dsl::{case_when, count};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::RunQueryDsl;

use crate::db::enums::PortalMode;
use crate::db::prepared::literal;
use crate::db::schema::portal::{
    calendar_events, dashboards, files, messages, milestones, record_types, records,
};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::Result;

/// The sections that have a count. Another one is added here and in [`counts`].
pub(super) const COUNTED: &[PortalMode] = &[
    PortalMode::Dashboard,
    PortalMode::Records,
    PortalMode::Files,
    PortalMode::Messages,
    PortalMode::Activity,
    PortalMode::Calendar,
];
/// Those whose counts add up from the home.
pub(super) const OF_THE_HOME: &[PortalMode] = &[PortalMode::Records, PortalMode::Files, PortalMode::Messages];

/// A record type with how many of its records show.
#[derive(Clone, Debug, Queryable)]
pub struct TypeTally {
    pub key: String,
    pub name_plural: String,
    pub count: i64,
}

type Counts = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Counts the wanted sections in one statement; what is not wanted is not looked at.
pub(super) async fn counts(tx: &Tx<Portal>, wanted: &[PortalMode]) -> Result<Vec<(PortalMode, i64)>> {
    // Said in the text, not bound: Postgres would plan such a statement anew each time, for what it knows of the
    // values makes each plan cheaper than one for all.
    let wants = |mode| literal::<Bool>(if wanted.contains(&mode) { "true" } else { "false" });
    let planned = calendar_events::table.count().single_value();
    let steps = milestones::table.filter(milestones::shared_due_on.is_not_null()).count().single_value();
    // Counting stops at what nobody reads on. Named is the company for its index.
    let activity = literal::<BigInt>(
        "(select count(*) from (select from events where company_id = (select app_id('app.company')) limit 99) e)",
    );
    let (dashboards, records, files, messages, activity, planned, steps): Counts = diesel::select((
        case_when(wants(PortalMode::Dashboard), dashboards::table.count().single_value()),
        case_when(wants(PortalMode::Records), records::table.count().single_value()),
        case_when(wants(PortalMode::Files), files::table.count().single_value()),
        case_when(wants(PortalMode::Messages), messages::table.count().single_value()),
        case_when(wants(PortalMode::Activity), activity),
        case_when(wants(PortalMode::Calendar), planned),
        case_when(wants(PortalMode::Calendar), steps),
    ))
    .get_result(&mut tx.connection())
    .await?;
    let calendar = planned.zip(steps).map(|(planned, steps)| planned + steps);
    let counts = [
        (PortalMode::Dashboard, dashboards),
        (PortalMode::Records, records),
        (PortalMode::Files, files),
        (PortalMode::Messages, messages),
        (PortalMode::Activity, activity),
        (PortalMode::Calendar, calendar),
    ];
    Ok(counts.into_iter().filter_map(|(mode, count)| Some((mode, count?))).collect())
}

pub(super) async fn types(tx: &Tx<Portal>) -> Result<Vec<TypeTally>> {
    Ok(record_types::table
        .inner_join(records::table.on(records::type_id.eq(record_types::id)))
        .group_by((record_types::id, record_types::key, record_types::name_plural))
        .order(record_types::id)
        .select((record_types::key, record_types::name_plural, count(records::id)))
        .load(&mut tx.connection())
        .await?)
}

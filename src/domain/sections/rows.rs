//! The counts, as `app_portal`.

use diesel::dsl::{case_when, count};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Counting;
use crate::db::enums::PortalMode;
use crate::db::prepared::{Literal, literal};
use crate::db::schema::portal::{
    calendar_events, dashboards, files, messages, milestones, record_types, records,
};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::Result;

/// A record type with how many of its records show.
#[derive(Clone, Debug, Queryable)]
pub struct TypeTally {
    pub key: String,
    pub name_plural: String,
    pub count: i64,
}

/// How much the sections hold that were to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    counting: Counting,
    dashboards: Option<i64>,
    records: Option<i64>,
    files: Option<i64>,
    messages: Option<i64>,
    activity: Option<i64>,
    planned: Option<i64>,
    steps: Option<i64>,
}

impl Counts {
    /// Which were to be.
    pub fn counting(&self) -> Counting {
        self.counting
    }

    /// How much one holds.
    pub(super) fn of(&self, mode: PortalMode) -> Option<i64> {
        match mode {
            PortalMode::Dashboard => self.dashboards,
            PortalMode::Records => self.records,
            PortalMode::Files => self.files,
            PortalMode::Messages => self.messages,
            PortalMode::Activity => self.activity,
            PortalMode::Calendar => self.planned.zip(self.steps).map(|(planned, steps)| planned + steps),
            PortalMode::Feedback | PortalMode::Billing => None,
        }
    }
}

/// Whether a section is counted: the portal shows it, and its count does not follow from the home.
/// Nothing of it is bound. Postgres would plan such a statement anew each time, for what it knows of
/// the values makes each plan cheaper than one for all.
fn is_counted(mode: PortalMode, counting: Counting) -> Literal<Bool> {
    let beside_home = counting == Counting::BesideTheHome;
    literal(match mode {
        PortalMode::Dashboard => "('DASHBOARD' = any (app_modes()))",
        PortalMode::Records if beside_home => "(false)",
        PortalMode::Records => "('RECORDS' = any (app_modes()))",
        PortalMode::Files if beside_home => {
            "('FILES' = any (app_modes()) and 'RECORDS' <> all (app_modes()))"
        }
        PortalMode::Files => "('FILES' = any (app_modes()))",
        PortalMode::Messages if beside_home => {
            "('MESSAGES' = any (app_modes()) and 'RECORDS' <> all (app_modes()))"
        }
        PortalMode::Messages => "('MESSAGES' = any (app_modes()))",
        PortalMode::Activity => "('ACTIVITY' = any (app_modes()))",
        PortalMode::Calendar => "('CALENDAR' = any (app_modes()))",
        PortalMode::Feedback | PortalMode::Billing => "(false)",
    })
}

/// Counts the sections in one statement; what is not counted is not looked at. Sent ahead of knowing
/// who asks, it finds nothing where the scope was not entered.
pub async fn counts(mut connection: &AsyncPgConnection, counting: Counting) -> QueryResult<Counts> {
    type Row = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let counted = |mode| is_counted(mode, counting);
    let planned = calendar_events::table.count().single_value();
    let steps = milestones::table.filter(milestones::shared_due_on.is_not_null()).count().single_value();
    // Counting stops at what nobody reads on. Named is the company for its index.
    let activity = literal::<BigInt>(match counting {
        Counting::Everything => {
            "(select count(*) from (select from events where company_id = (select app_id('app.company')) limit 99) e)"
        }
        Counting::BesideTheHome => {
            "(select count(*) from (select from events where company_id = (select app_id('app.company')) limit 1) e)"
        }
    });
    let (dashboards, records, files, messages, activity, planned, steps): Row = diesel::select((
        case_when(counted(PortalMode::Dashboard), dashboards::table.count().single_value()),
        case_when(counted(PortalMode::Records), records::table.count().single_value()),
        case_when(counted(PortalMode::Files), files::table.count().single_value()),
        case_when(counted(PortalMode::Messages), messages::table.count().single_value()),
        case_when(counted(PortalMode::Activity), activity),
        case_when(counted(PortalMode::Calendar), planned),
        case_when(counted(PortalMode::Calendar), steps),
    ))
    .get_result(&mut connection)
    .await?;
    Ok(Counts { counting, dashboards, records, files, messages, activity, planned, steps })
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

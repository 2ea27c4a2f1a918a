//! The portal home (REC-9): read in one statement, then handed out.

use async_graphql::{Context, Object, SimpleObject};
use chrono::NaiveDate;

use crate::db::enums::{ClientPhase, PortalMode};
use crate::db::ids::{RecordId, RecordTypeId, StageId};
use crate::domain::home::{self, Group, Heading, HomeRecord, Section};
use crate::graphql::at_hand::AtHand;
use crate::graphql::context::request;
use crate::graphql::errors::Result;

/// Everything a portal's front page shows.
#[derive(SimpleObject)]
pub struct PortalHome {
    /// One section a record type that has visible records.
    sections: AtHand<PortalSection>,
}

/// The visible records of one type.
#[derive(SimpleObject)]
pub struct PortalSection {
    /// The type's id.
    type_id: RecordTypeId,
    /// The type's stable key, `project` for projects.
    key: String,
    /// The type's name.
    name: String,
    /// The type's name in the plural.
    name_plural: String,
    /// How many records there are.
    count: i32,
    /// The records by stage, or by phase, in pipeline order.
    groups: AtHand<PortalGroup>,
}

/// The records that stand at one stage, or in one phase.
#[derive(SimpleObject)]
pub struct PortalGroup {
    /// The stage's id, where the type shows stage names.
    stage_id: Option<StageId>,
    /// The stage's name, where the type shows stage names.
    stage_name: Option<String>,
    /// The stage's colour `#rrggbb`, where the type shows stage names.
    color: Option<String>,
    /// The client phase, where the type shares it.
    phase: Option<ClientPhase>,
    /// How many records there are.
    count: i32,
    /// How many records stand at each client-facing status, most frequent first.
    statuses: AtHand<PortalStatusCount>,
    /// Mean percentage done of the records that share one, 0 to 100.
    average_percent: Option<i32>,
    /// Shared files of the group's records.
    file_count: i64,
    /// Messages in the threads of the group's records.
    message_count: i64,
    /// The records, those due first at the front.
    records: AtHand<PortalRecordSummary>,
}

/// How many records stand at one client-facing status.
#[derive(SimpleObject)]
pub struct PortalStatusCount {
    /// The status.
    status: String,
    /// How many.
    count: i32,
}

/// A record as the home lists it. A null is not shared, or not set: nothing tells which.
#[derive(SimpleObject)]
pub struct PortalRecordSummary {
    /// Its id.
    id: RecordId,
    /// Its name.
    name: String,
    /// Its client phase.
    phase: Option<ClientPhase>,
    /// Its client-facing status.
    status: Option<String>,
    /// Percentage done, 0 to 100.
    percent: Option<i32>,
    /// Planned first day.
    starts_on: Option<NaiveDate>,
    /// Planned last day.
    due_on: Option<NaiveDate>,
    /// Shared files.
    file_count: i64,
    /// Messages in its thread.
    message_count: i64,
}

impl From<Section> for PortalSection {
    fn from(section: Section) -> Self {
        Self {
            type_id: section.kind.id,
            key: section.kind.key,
            name: section.kind.name,
            name_plural: section.kind.name_plural,
            count: size(section.groups.iter().map(|group| group.records.len()).sum()),
            groups: section.groups.into_iter().collect(),
        }
    }
}

impl From<Group> for PortalGroup {
    fn from(group: Group) -> Self {
        let (stage, phase) = match &group.heading {
            Heading::Stage(stage) => (Some(stage.clone()), Some(stage.client_phase)),
            Heading::Phase(phase) => (None, Some(*phase)),
            Heading::None => (None, None),
        };
        Self {
            stage_id: stage.as_ref().map(|stage| stage.id),
            color: stage.as_ref().map(|stage| stage.color.clone()),
            stage_name: stage.map(|stage| stage.name),
            phase,
            count: size(group.records.len()),
            statuses: group
                .statuses()
                .into_iter()
                .map(|(status, count)| PortalStatusCount { status, count: size(count) })
                .collect(),
            average_percent: group.average_percent(),
            file_count: group.file_count(),
            message_count: group.message_count(),
            records: group.records.into_iter().collect(),
        }
    }
}

impl From<HomeRecord> for PortalRecordSummary {
    fn from(HomeRecord { record, file_count, message_count }: HomeRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            phase: record.phase,
            status: record.status,
            percent: record.percent.map(i32::from),
            starts_on: record.starts_on,
            due_on: record.due_on,
            file_count,
            message_count,
        }
    }
}

fn size(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Reading the home.
#[derive(Default)]
pub struct HomeQueries;

#[Object]
impl HomeQueries {
    /// The front page: the visible records, grouped. Empty where the portal has no mode RECORDS.
    async fn home(&self, ctx: &Context<'_>) -> Result<PortalHome> {
        let reading = request(ctx).portal().await?;
        let rows = request(ctx).home_rows(&reading.tx).await?;
        let home = home::arrange(reading.tx.scope(), rows);
        request(ctx).shows(PortalMode::Records);
        Ok(PortalHome { sections: home.sections.into_iter().collect() })
    }
}

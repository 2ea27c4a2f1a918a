//! A portal's view of the event log (EVT-2): that something changed of what it shows, never what else
//! there is. Clients read the thing itself anew; an event says only which.

use async_graphql::{Enum, ID, Interface, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::ids::RecordId;
use crate::live::{News, What};

/// Something changed of what the portal shows.
#[derive(Interface)]
#[graphql(
    field(
        name = "cursor",
        ty = "&String",
        desc = "Where the log stands after this event: pass it as `after` to go on from here."
    ),
    field(name = "id", ty = "&ID", desc = "The event's id."),
    field(name = "occurred_at", ty = "&DateTime<Utc>", desc = "When it happened.")
)]
pub enum PortalEvent {
    Record(PortalRecordEvent),
    Milestones(PortalMilestonesEvent),
    Messages(PortalMessagesEvent),
    Calendar(PortalCalendarEvent),
    Dashboards(PortalDashboardsEvent),
    Activity(PortalActivityEvent),
    Deliverables(PortalDeliverablesEvent),
    Resync(PortalResyncEvent),
}

/// A record came, or changed in what the portal shows of it.
#[derive(Clone, SimpleObject)]
pub struct PortalRecordEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The record.
    record_id: RecordId,
    /// What happened to it.
    change: PortalRecordChange,
}

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PortalRecordChange {
    /// It can be seen now.
    Appeared,
    /// It moved in its pipeline.
    Moved,
    /// Something else of it changed.
    Updated,
}

/// The milestones of a project changed.
#[derive(Clone, SimpleObject)]
pub struct PortalMilestonesEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The project.
    record_id: RecordId,
}

/// Somebody wrote in the thread of a record.
#[derive(Clone, SimpleObject)]
pub struct PortalMessagesEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The record.
    record_id: RecordId,
}

/// Something planned came, changed or went.
#[derive(Clone, SimpleObject)]
pub struct PortalCalendarEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The record that it is planned for; null: for no single one.
    record_id: Option<RecordId>,
}

/// A dashboard changed, or what its widgets say.
#[derive(Clone, SimpleObject)]
pub struct PortalDashboardsEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
}

/// The deliverables of a record, or what was decided of them, changed.
#[derive(Clone, SimpleObject)]
pub struct PortalDeliverablesEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The record.
    record_id: RecordId,
}

/// The team or a partner told of something: there is more in the activity.
#[derive(Clone, SimpleObject)]
pub struct PortalActivityEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// The record that it is about; null for the company as a whole.
    record_id: Option<RecordId>,
}

/// Read everything anew: what was missed is not kept any more, or what the portal shows has grown or
/// shrunk. Events go on from here.
#[derive(Clone, SimpleObject)]
pub struct PortalResyncEvent {
    /// Where the log stands after this event: pass it as `after` to go on from here. Sealed, and of use
    /// to this portal only.
    cursor: String,
    /// The event's id.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
}

/// News as a portal's visitors are told of it.
pub fn told(news: &News, cursor: String) -> PortalEvent {
    let event = match &news.what {
        What::Shared(event) => event,
        What::Resync { id, at } => {
            return PortalEvent::Resync(PortalResyncEvent { cursor, id: (*id).into(), occurred_at: *at });
        }
        What::Event(_) => unreachable!("visitors never read the staff's log"),
    };
    let (id, occurred_at) = (event.id.into(), event.occurred_at);
    if event.kind.starts_with("calendar_event.") {
        let record_id = event.record_id;
        return PortalEvent::Calendar(PortalCalendarEvent { cursor, id, occurred_at, record_id });
    }
    if event.kind.starts_with("metric.") || event.kind.starts_with("dashboard.") {
        return PortalEvent::Dashboards(PortalDashboardsEvent { cursor, id, occurred_at });
    }
    let record_id = match event.record_id {
        Some(record_id) if !event.kind.starts_with("activity.") => record_id,
        record_id => {
            return PortalEvent::Activity(PortalActivityEvent { cursor, id, occurred_at, record_id });
        }
    };
    if event.kind.starts_with("deliverable.") {
        return PortalEvent::Deliverables(PortalDeliverablesEvent { cursor, id, occurred_at, record_id });
    }
    if event.kind.starts_with("message.") {
        return PortalEvent::Messages(PortalMessagesEvent { cursor, id, occurred_at, record_id });
    }
    if event.kind.starts_with("milestone.") {
        return PortalEvent::Milestones(PortalMilestonesEvent { cursor, id, occurred_at, record_id });
    }
    let change = match event.kind.as_str() {
        "record.created" | "record.restored" | "record.portal_enabled" | "record.shared" => {
            PortalRecordChange::Appeared
        }
        "record.moved" => PortalRecordChange::Moved,
        _ => PortalRecordChange::Updated,
    };
    PortalEvent::Record(PortalRecordEvent { cursor, id, occurred_at, record_id, change })
}

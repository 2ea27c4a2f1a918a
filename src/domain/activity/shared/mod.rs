//! A portal's activity: its view of the event log, newest first. Row-level security decides which events
//! these are; what each is about is read from its own table, so that what does not show has no name here
//! either. As many statements for a hundred events as for one.

mod rows;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::words;
use crate::db::enums::PortalMode;
use crate::db::ids::RecordId;
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::events::Position;
use crate::domain::messages;
use crate::error::Result;
use rows::Happened;

/// One thing that happened, as clients read of it.
#[derive(Clone, Debug)]
pub struct Activity {
    pub position: Position,
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub record_id: Option<RecordId>,
    pub record_name: Option<String>,
    /// What happened, in English.
    pub text: String,
    /// More of it, of entries that staff and partners appended.
    pub body: Option<String>,
    /// Where there is more, an absolute http or https address.
    pub url: Option<String>,
}

/// A page of what happened, newest first; nothing where the portal does not show ACTIVITY.
pub async fn list(tx: &Tx<Portal>, page: &Page<Position>) -> Result<Rows<Activity>> {
    if !tx.scope().modes.contains(&PortalMode::Activity) {
        return Ok(Rows { rows: Vec::new(), more: false });
    }
    let happened = page.cut(rows::happened(tx, &words::kinds(), page).await?);
    let records = messages::shared::record_names(tx).await?;
    let records: HashMap<RecordId, String> =
        records.into_iter().map(|record| (record.id, record.name)).collect();
    let subjects = rows::subjects(tx, &happened.rows).await?;
    let told = happened.rows.into_iter().filter_map(|event| tell(event, &records, &subjects));
    Ok(Rows { rows: told.collect(), more: happened.more })
}

/// How much happened, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Portal>) -> Result<i64> {
    rows::count(tx, &words::kinds()).await
}

/// What an event is about, as far as the portal shows it.
#[derive(Clone, Debug, Default)]
struct Told {
    name: Option<String>,
    body: Option<String>,
    url: Option<String>,
}

fn tell(
    event: Happened,
    records: &HashMap<RecordId, String>,
    subjects: &HashMap<Position, Told>,
) -> Option<Activity> {
    let record_name = event.record_id.and_then(|id| records.get(&id).cloned());
    let told = subjects.get(&event.position).cloned().unwrap_or_default();
    Some(Activity {
        text: words::text(&event.kind, told.name.as_deref(), record_name.as_deref())?,
        position: event.position,
        id: event.id,
        occurred_at: event.occurred_at,
        record_id: event.record_id,
        record_name,
        body: told.body,
        url: told.url,
    })
}

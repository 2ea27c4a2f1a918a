//! `audit_entries` in Diesel.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::db::ids::{ApiKeyId, AuditEntryId, MemberId, OrgId, PortalSessionId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::staff::audit_entries;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// What is written of one change.
#[derive(Debug, Insertable)]
#[diesel(table_name = audit_entries)]
pub struct NewEntry {
    pub org_id: OrgId,
    pub id: AuditEntryId,
    pub action: &'static str,
    pub actor_member_id: MemberId,
    pub subject_id: Uuid,
    pub address: Option<String>,
    pub request_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub occurred_at: DateTime<Utc>,
}

/// One line of the log; as JSON, one line of its export.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = audit_entries)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub id: AuditEntryId,
    pub action: String,
    pub actor_member_id: Option<MemberId>,
    pub actor_session_id: Option<PortalSessionId>,
    pub actor_key_id: Option<ApiKeyId>,
    pub subject_id: Option<Uuid>,
    pub address: Option<String>,
    pub request_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub occurred_at: DateTime<Utc>,
}

/// Which entries to list; an absent part does not narrow.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<MemberId>,
    pub subject: Option<Uuid>,
    pub action: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

pub(super) async fn insert(tx: &Tx<Staff>, entries: &[NewEntry]) -> Result<()> {
    diesel::insert_into(audit_entries::table).values(entries).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &AuditFilter,
    page: &Page<AuditEntryId>,
) -> Result<Vec<AuditEntry>> {
    let mut query = filtered(filter).order(audit_entries::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(audit_entries::id.lt(after));
    }
    Ok(query.select(AuditEntry::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &AuditFilter) -> Result<i64> {
    let ids: Vec<AuditEntryId> =
        filtered(filter).select(audit_entries::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &AuditFilter) -> audit_entries::BoxedQuery<'static, Pg> {
    let mut query = audit_entries::table.into_boxed();
    if let Some(actor) = filter.actor {
        query = query.filter(audit_entries::actor_member_id.eq(actor));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(audit_entries::subject_id.eq(subject));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_entries::action.eq(action.clone()));
    }
    if let Some(since) = filter.since {
        query = query.filter(audit_entries::occurred_at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_entries::occurred_at.lt(until));
    }
    query
}

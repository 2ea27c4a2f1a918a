//! Who changes something, and how that stands in the two logs. Staff write them themselves; what a
//! portal's visitor did goes through a function of the database that adds who it was, and refuses what
//! lies outside of what they see.

use std::future::Future;

use diesel::sql_types;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Change, Write, append};
use crate::db::ids::{MemberId, OrgId};
use crate::domain::audit;
use crate::domain::callers::{Actor, Portal, Staff};
use crate::error::Result;

diesel::define_sql_function! {
    fn journal_visit(
        entries: sql_types::Jsonb,
        address: sql_types::Nullable<sql_types::Text>,
        request: sql_types::Text
    );
}

diesel::define_sql_function! {
    fn journal_key(
        entries: sql_types::Jsonb,
        address: sql_types::Nullable<sql_types::Text>,
        request: sql_types::Text
    );
}

/// A scope whose caller changes things.
pub trait Author: Send + Sync + Sized {
    /// The organisation that was entered.
    fn org(&self) -> OrgId;

    /// Writes what was done: the last statement before COMMIT.
    fn log(write: &Write<Self>, changes: &[Change]) -> impl Future<Output = Result<()>> + Send;
}

impl Author for Staff {
    fn org(&self) -> OrgId {
        self.org_id
    }

    async fn log(write: &Write<Self>, changes: &[Change]) -> Result<()> {
        let Actor::Member(member) = &write.scope().actor else {
            return log_by_key(write, changes).await;
        };
        let member = member.id;
        let entries = changes.iter().map(|change| audit_entry(write, change, member)).collect();
        audit::append(write, entries).await?;
        let event = |change: &Change| change.event(write.id(), Some(member), write.at());
        append(write, changes.iter().map(event).collect()).await
    }
}

impl Author for Portal {
    fn org(&self) -> OrgId {
        self.org_id
    }

    async fn log(write: &Write<Self>, changes: &[Change]) -> Result<()> {
        let company = write.scope().company_id;
        let changes = changes.iter().map(|change| change.clone().company(company));
        let entries = Value::Array(changes.map(|change| entry(write, &change)).collect());
        let origin = write.origin();
        diesel::select(journal_visit(entries, origin.address.clone(), origin.request_id.clone()))
            .execute(&mut write.connection())
            .await?;
        Ok(())
    }
}

/// For a program, whose login writes neither log itself: a function of the database adds which key it was.
async fn log_by_key(write: &Write, changes: &[Change]) -> Result<()> {
    let entries = Value::Array(changes.iter().map(|change| entry(write, change)).collect());
    let origin = write.origin();
    diesel::select(journal_key(entries, origin.address.clone(), origin.request_id.clone()))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

/// For both logs at once.
fn entry<S: Author>(write: &Write<S>, change: &Change) -> Value {
    let mut entry = change.event(write.id(), None, write.at());
    entry["auditId"] = json!(write.id::<Uuid>());
    entry
}

fn audit_entry(write: &Write, change: &Change, member: MemberId) -> audit::NewEntry {
    let (before, after) = change.settings.clone().unzip();
    audit::NewEntry {
        org_id: write.scope().org_id,
        id: write.id(),
        action: change.kind,
        actor_member_id: member,
        subject_id: change.subject,
        address: write.origin().address.clone(),
        request_id: write.origin().request_id.clone(),
        before,
        after,
        occurred_at: write.at(),
    }
}

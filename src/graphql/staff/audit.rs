//! The audit log in the staff root (ORG-5): read, never written. All of it at once is exported by
//! `GET /export/audit.ndjson`.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::members::Member;
use crate::db::ids::{ApiKeyId, AuditEntryId, MemberId, PortalSessionId};
use crate::db::paging::Page;
use crate::domain::audit::{self, AuditFilter};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// One change: who, what, when, from where.
#[derive(async_graphql::Description)]
pub struct AuditEntry(audit::AuditEntry);

#[Object(use_type_description)]
impl AuditEntry {
    /// Its id.
    async fn id(&self) -> AuditEntryId {
        self.0.id
    }

    /// What was done, as `noun.verb`: for instance `portal.created`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// The member who did it; null for clients and for API keys.
    async fn actor(&self, ctx: &Context<'_>) -> Option<Result<Member>> {
        Some(actor(ctx, self.0.actor_member_id?).await)
    }

    /// The portal session whose holder did it.
    async fn actor_session_id(&self) -> Option<PortalSessionId> {
        self.0.actor_session_id
    }

    /// The API key whose holder did it.
    async fn actor_key_id(&self) -> Option<ApiKeyId> {
        self.0.actor_key_id
    }

    /// The id of what was changed.
    async fn subject_id(&self) -> Option<ID> {
        self.0.subject_id.map(ID::from)
    }

    /// Where the request came from: an IPv4 address, or the /64 of an IPv6 one.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The request that did it, as in the service's logs.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// For settings: the values that were changed, as they were before.
    async fn before(&self) -> Option<&Value> {
        self.0.before.as_ref()
    }

    /// For settings: the values that were changed, as they were afterwards.
    async fn after(&self) -> Option<&Value> {
        self.0.after.as_ref()
    }

    /// When it was done.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }
}

async fn actor(ctx: &Context<'_>, id: MemberId) -> Result<Member> {
    request(ctx).staff().await?.loaders.required(id, "member").await.map(Member::from)
}

impl From<audit::AuditEntry> for AuditEntry {
    fn from(entry: audit::AuditEntry) -> Self {
        Self(entry)
    }
}

connection!(AuditEntryConnection, AuditEntryEdge, AuditEntry, "audit entries");

/// Which audit entries to list. An absent part does not narrow.
#[derive(Default, InputObject)]
pub struct AuditFilterInput {
    /// Only what this member did.
    actor_id: Option<MemberId>,
    /// Only what was done to this.
    subject_id: Option<ID>,
    /// Only this action, as `noun.verb`.
    action: Option<String>,
    /// Only what was done at this moment or later.
    since: Option<DateTime<Utc>>,
    /// Only what was done before this moment.
    until: Option<DateTime<Utc>>,
}

impl AuditFilterInput {
    fn parse(self) -> Result<AuditFilter> {
        let subject = self.subject_id.as_ref().map(|id| Uuid::try_parse(id)).transpose();
        let subject =
            subject.map_err(|_| coded(Error::invalid("filter.subjectId", "That is not an id of ours.")))?;
        Ok(AuditFilter {
            actor: self.actor_id,
            subject,
            action: self.action,
            since: self.since,
            until: self.until,
        })
    }
}

/// Reading the audit log.
#[derive(Default)]
pub struct AuditQueries;

#[Object]
impl AuditQueries {
    /// What was changed, newest first, a page at a time. For OWNER and ADMIN.
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all if absent.")] filter: Option<AuditFilterInput>,
    ) -> Option<Result<AuditEntryConnection>> {
        Some(list(ctx, first, after, filter.unwrap_or_default()).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: AuditFilterInput,
) -> Result<AuditEntryConnection> {
    let filter = filter.parse()?;
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = audit::list(&reading.tx, &filter, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(audit::count(&reading.tx, &filter).await.map_err(coded)?),
        false => None,
    };
    Ok(AuditEntryConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

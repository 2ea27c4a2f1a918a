//! Exports: what is too long for one answer, as newline-delimited JSON that is read while it is
//! sent. Each page is a transaction of its own, so that a slow reader holds no connection, and a
//! session that is ended ends its export.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use futures::stream;
use serde::Deserialize;
use uuid::Uuid;

use super::track::{Tracked, header};
use super::{Http, caller, graphql};
use crate::app::App;
use crate::db::ids::AuditEntryId;
use crate::db::paging::Page;
use crate::db::scope::{Access, CredentialHash};
use crate::domain::audit::{self, AuditFilter};
use crate::domain::callers::{StaffPass, enter_staff};
use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::Credential;

/// Entries read and sent at a time.
const PAGE: usize = 500;

/// Which entries; an absent part does not narrow.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditParameters {
    actor_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    action: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// The audit log, newest first, for an OWNER or ADMIN (ORG-5).
pub async fn audit(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    parameters: Result<Query<AuditParameters>, QueryRejection>,
) -> Response {
    match start(http.app.clone(), &headers, parameters).await {
        Ok(body) => (
            [
                (CONTENT_TYPE, "application/x-ndjson; charset=utf-8"),
                (CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
                (CACHE_CONTROL, "no-store"),
            ],
            body,
        )
            .into_response(),
        Err(error) => {
            let wait = error.retry_after();
            let mut refusal = graphql::turn_away(&headers, status(&error), error, &tracked);
            if let Some(wait) = wait {
                refusal.headers_mut().insert(RETRY_AFTER, header(&wait.as_secs().max(1).to_string()));
            }
            refusal
        }
    }
}

/// Reads the first page before anything is answered, so that a refusal is a refusal.
async fn start(
    app: Arc<App>,
    headers: &HeaderMap,
    parameters: Result<Query<AuditParameters>, QueryRejection>,
) -> Result<Body> {
    let hash = match caller::credential(headers) {
        Some(Credential::StaffSession(hash)) => hash,
        Some(_) => return Err(Error::Forbidden("Only a member exports.")),
        None => return Err(Error::Unauthenticated),
    };
    let Query(parameters) = parameters.map_err(|_| malformed())?;
    let mut export = Export { app, hash, filter: parameters.into(), next: Some(None) };
    let first = export.read().await?;
    let rest = stream::try_unfold(export, |mut export| async move {
        let page = export.read().await.inspect_err(|error| tracing::warn!(%error, "an export broke off"))?;
        Ok::<_, Error>(page.map(|page| (page, export)))
    });
    let first = stream::iter(first.map(Ok));
    Ok(Body::from_stream(futures::StreamExt::chain(first, rest)))
}

/// An export on its way.
struct Export {
    app: Arc<App>,
    hash: CredentialHash,
    filter: AuditFilter,
    /// After which entry to go on: from the start, or none when it is done.
    next: Option<Option<AuditEntryId>>,
}

impl Export {
    async fn read(&mut self) -> Result<Option<Bytes>> {
        let Some(after) = self.next else { return Ok(None) };
        let tx = enter_staff(&self.app.pools, StaffPass::Session(self.hash), Access::Read).await?;
        let read = audit::list(&tx, &self.filter, &Page { limit: PAGE, after }).await;
        tx.rollback().await?;
        let page = read?;
        self.next = page.rows.last().filter(|_| page.more).map(|entry| Some(entry.id));
        let mut lines = Vec::new();
        for entry in &page.rows {
            serde_json::to_writer(&mut lines, entry).map_err(Error::internal)?;
            lines.push(b'\n');
        }
        Ok(Some(lines.into()))
    }
}

impl From<AuditParameters> for AuditFilter {
    fn from(parameters: AuditParameters) -> Self {
        Self {
            actor: parameters.actor_id.map(Into::into),
            subject: parameters.subject_id,
            action: parameters.action,
            since: parameters.since,
            until: parameters.until,
        }
    }
}

fn malformed() -> Error {
    Error::invalid(
        "query",
        "The parameters are actorId and subjectId (ids), action (noun.verb), since and until (RFC 3339).",
    )
}

fn status(error: &Error) -> StatusCode {
    match error.code() {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::Validation => StatusCode::BAD_REQUEST,
        _ if error.retry_after().is_some() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

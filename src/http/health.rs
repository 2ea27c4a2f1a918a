//! For whoever operates the service: is it up, can it work, what does it measure.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};

use super::Http;
use crate::db::migrate::{self, SchemaState};

/// The process answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// Postgres answers, and the schema is ours. Without Redis an instance goes on as far as each use of it
/// says, and so do all the others: who took them out of service for it would shut what stays open (LINK-6).
pub async fn ready(State(http): State<Http>) -> Response {
    let (schema, redis) = futures::join!(migrate::state(&http.app.pools), http.app.redis.answers());
    let problem = match schema {
        Err(_) => "The database does not answer.\n",
        Ok(SchemaState::Behind(_)) => {
            "The database's schema is older than this program: run `vestibule migrate`.\n"
        }
        Ok(SchemaState::Ready) if !redis => {
            return "ready, without Redis: it does not answer\n".into_response();
        }
        Ok(SchemaState::Ready) => return "ready\n".into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], problem).into_response()
}

/// Prometheus text.
pub async fn metrics(State(http): State<Http>) -> Response {
    if let Ok(age) = crate::domain::outbox::oldest_due(&http.app.pools, &http.app.clock).await {
        http.app.metrics.outbox_age.set(age);
    }
    http.app.metrics.callers.set(i64::try_from(http.app.limits.remembered()).unwrap_or(i64::MAX));
    match http.app.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "cannot write metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

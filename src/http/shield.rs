//! What every answer carries so that browsers do not do with it what nobody meant, and the longest
//! that a request may take.

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::Http;
use super::refusals::Asked;
use super::track::Tracked;
use super::transfer;
use crate::error::Error;

/// What stands in an answer that says nothing of its own. Pages set their own content policy.
const DEFAULTS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];
/// Two years, for installations that are reached by https.
const TRANSPORT: &str = "max-age=63072000";

/// Adds the headers that the answer does not have.
pub async fn shield(State(http): State<Http>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in DEFAULTS {
        add(headers, name, value);
    }
    if http.app.config.http.base_url.scheme() == "https" {
        add(headers, STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
    response
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// Ends a request that takes too long. A change under way still finishes: it runs on a task of its
/// own, and its idempotency key tells what became of it.
pub async fn hurry(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    request: Request,
    next: Next,
) -> Response {
    // What takes bytes has limits of its own: a slow line is no reason to cut it.
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && request.extensions().get::<MatchedPath>().is_some_and(|route| transfer::is_upload(route.as_str()))
    {
        return next.run(request).await;
    }
    let asked = Asked::of(&request);
    let answer = tokio::time::timeout(http.app.config.http.timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        tracing::warn!("a request took too long");
        asked.refuse(StatusCode::SERVICE_UNAVAILABLE, Error::TooSlow, &tracked)
    })
}

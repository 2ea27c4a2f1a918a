//! Turns away who asks too often (API-6), before anything is read or any database is asked. Health
//! and metrics are not limited: who operates the service must see it when it is busiest.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::refusals::Asked;
use super::track::Tracked;
use super::{Http, caller};
use crate::graphql::context::Credential;

/// Counts the request by network and by credential.
pub async fn limit(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    request: Request,
    next: Next,
) -> Response {
    let credential = caller::credential(request.headers()).map(Credential::hash);
    match http.app.limits.check_request(tracked.network, credential) {
        Ok(()) => next.run(request).await,
        Err(error) => Asked::of(&request).refuse(StatusCode::TOO_MANY_REQUESTS, error, &tracked),
    }
}

//! Turns away who asks too often (API-6), before anything is read or any database is asked. Health
//! and metrics are not limited: who operates the service must see it when it is busiest.

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::track::{Tracked, header};
use super::{Http, caller, graphql, portal};
use crate::error::Error;
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
        Err(error) => too_many(&request, error, &tracked),
    }
}

fn too_many(request: &Request, error: Error, tracked: &Tracked) -> Response {
    let wait = error.retry_after().map_or(1, |wait| wait.as_secs().max(1));
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let mut response = if route == "/graphql" {
        graphql::turn_away(request.headers(), StatusCode::TOO_MANY_REQUESTS, error, tracked)
    } else if portal::is_page(route) {
        portal::turn_away(StatusCode::TOO_MANY_REQUESTS)
    } else {
        (StatusCode::TOO_MANY_REQUESTS, format!("{error}\n")).into_response()
    };
    response.headers_mut().insert(RETRY_AFTER, header(&wait.to_string()));
    response
}

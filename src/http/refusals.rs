//! How the layers around a handler refuse a request it has not answered: to a person with a page,
//! to a program with a coded error (API-3).

use axum::extract::{MatchedPath, Request};
use axum::http::header::{ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::track::{Tracked, header};
use super::{graphql, portal};
use crate::error::Error;

/// What of a request decides how it is refused. Kept apart, since the handler consumes the request.
pub struct Asked {
    route: Option<MatchedPath>,
    headers: HeaderMap,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let accept = request.headers().get(ACCEPT).map(|accept| (ACCEPT, accept.clone()));
        Self { route: request.extensions().get().cloned(), headers: accept.into_iter().collect() }
    }

    /// The refusal, with the seconds to wait. It tells nothing of anybody, so pages of every
    /// origin may read it.
    pub fn refuse(&self, status: StatusCode, error: Error, tracked: &Tracked) -> Response {
        let wait = error.retry_after().map_or(1, |wait| wait.as_secs().max(1));
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        let mut response = if portal::is_page(route) {
            portal::turn_away(status)
        } else {
            graphql::turn_away(&self.headers, status, error, tracked)
        };
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, header(&wait.to_string()));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, header("*"));
        response
    }
}

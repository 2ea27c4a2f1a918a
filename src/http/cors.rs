//! Pages of other origins (API-7): a browser may ask for any origin that some organisation lists;
//! the answer goes only to pages whose origin the caller's own organisation lists. Never with
//! cookies: an origin that is let in gains nothing from what the browser holds.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, COOKIE, HOST,
    ORIGIN, RETRY_AFTER, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use url::Url;

use super::track::{Tracked, header};
use super::{Http, graphql};
use crate::domain::origins::{self, ForeignPage};
use crate::error::Error;

const NOT_LISTED: &str = "No organisation lists the origin of this page.";
const NO_COOKIES: &str = "Pages of other origins call with a bearer token, never with cookies.";

/// Decides about requests that a page of another origin sent; lets every other pass.
pub async fn cors(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(origin) = foreign_origin(request.headers(), &http.app.config.http.base_url) else {
        return next.run(request).await;
    };
    if request.headers().contains_key(COOKIE) {
        return refuse(request.headers(), Error::Forbidden(NO_COOKIES), &tracked);
    }
    match origins::is_listed_anywhere(&http.app.pools, &origin).await {
        Ok(true) => {}
        Ok(false) => return refuse(request.headers(), Error::Forbidden(NOT_LISTED), &tracked),
        Err(error) => return refuse(request.headers(), error, &tracked),
    }
    if is_preflight(&request) {
        return preflight(&origin);
    }
    let page = Arc::new(ForeignPage::new(origin));
    request.extensions_mut().insert(Tracked { page: Some(page.clone()), ..tracked });
    let mut response = next.run(request).await;
    if !page.is_refused() {
        allow(response.headers_mut(), page.origin());
    }
    response
}

/// The origin of the sending page, unless it is our own.
fn foreign_origin(headers: &HeaderMap, base_url: &Url) -> Option<String> {
    let origin = headers.get(ORIGIN)?;
    let Ok(text) = origin.to_str() else { return Some(String::new()) };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = text.split_once("://").map(|(_, authority)| authority);
    let ours = text == base_url.origin().ascii_serialization() || (host.is_some() && host == authority);
    (!ours).then(|| text.to_owned())
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(origin: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, header("GET, POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        header("accept, authorization, content-type, last-event-id, traceparent"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, header("600"));
    headers.insert(
        VARY,
        header("origin, cookie, access-control-request-method, access-control-request-headers"),
    );
    response
}

fn allow(headers: &mut HeaderMap, origin: &str) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, header(origin));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, header("retry-after, x-request-id"));
}

fn refuse(headers: &HeaderMap, error: Error, tracked: &Tracked) -> Response {
    let wait = error.retry_after();
    let status = if wait.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
    let mut response = graphql::turn_away(headers, status, error, tracked);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, header(&wait.as_secs().to_string()));
    }
    response
}

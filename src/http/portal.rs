//! The portal page over HTTP: runs the page's documents against the portal root with the token of a
//! link or a staff preview, as any client could, and answers with HTML. Nothing is decided by a GET (LINK-3), no
//! cookie is set, and every dead link gets one answer (LINK-5).

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::{Request, Response as Answer, Variables};
use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use super::track::{Tracked, header, not_found};
use super::{Http, graphql};
use crate::domain::callers::hash_token;
use crate::domain::tokens::hash_link;
use crate::error::{Error, Result};
use crate::graphql::context::Credential;
use crate::graphql::errors::code;
use crate::page::{self, Visit, assets};

/// LINK-7. The token is in the address: it goes into no referrer and no cache, and nothing on the
/// page can run, frame it, or reach another origin.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "private, no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
];

/// Where clients come in, with a link's token.
const PORTAL: &str = "/portal";
/// Where staff come in, with a preview's: what they see is what the portal's holder sees.
const PREVIEW: &str = "/preview";

/// Its routes.
pub fn routes() -> Router<Http> {
    Router::new().merge(pages(PORTAL)).merge(pages(PREVIEW)).route("/assets/{version}/{file}", get(asset))
}

/// The same pages stand behind both entrances (LINK-9).
fn pages(entrance: &str) -> Router<Http> {
    let below = |path: &str| format!("{entrance}{path}");
    Router::new()
        .route(entrance, get(elsewhere))
        .route(&below("/"), get(elsewhere))
        .route(&below("/{token}"), get(home))
        .route(&below("/{token}/records/{id}"), get(record))
        .route(&below("/{token}/"), get(elsewhere))
        .route(&below("/{token}/{*rest}"), get(elsewhere))
}

async fn home(visitor: Visitor) -> Response {
    match visitor.ask(page::HOME, json!({})).await {
        Ok(data) => html(StatusCode::OK, page::home(data, &visitor.visit())),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn record(visitor: Visitor) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::RECORD, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::record(data.clone(), &visitor.visit()).transpose() {
        Some(found) => html(StatusCode::OK, found),
        None => html(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// No page of ours: in the portal's look if the link lives.
async fn elsewhere(visitor: Visitor) -> Response {
    match visitor.ask(page::DOORWAY, json!({})).await {
        Ok(data) => html(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn asset(Path((version, file)): Path<(String, String)>) -> Response {
    let Some(asset) = assets::find(&file) else { return not_found().await };
    // An address of another version stays good, for pages of an instance not yet replaced.
    let caching =
        if version == assets::version() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, caching), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, asset.text).into_response()
}

/// What a visitor reads when the layers around turn a request away. The secret of LINK-5 is kept:
/// nobody looked at the link yet.
pub fn turn_away(status: StatusCode) -> Response {
    html(status, page::unavailable())
}

/// Whether a route answers with pages.
pub fn is_page(route: &str) -> bool {
    route.starts_with(PORTAL) || route.starts_with(PREVIEW)
}

/// Whoever opened an address below one of the entrances.
struct Visitor {
    http: Http,
    tracked: Tracked,
    entrance: &'static str,
    /// The path's parameters; none if they are no UTF-8.
    parameters: HashMap<String, String>,
}

impl FromRequestParts<Http> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Infallible> {
        let parameters =
            Path::from_request_parts(parts, http).await.map_or_else(|_| HashMap::new(), |path| path.0);
        let tracked = parts.extensions.get::<Tracked>().cloned().expect("the router tracks every request");
        let entrance = if parts.uri.path().starts_with(PREVIEW) { PREVIEW } else { PORTAL };
        Ok(Self { http: http.clone(), tracked, entrance, parameters })
    }
}

/// Why there is no page to show.
enum Refusal {
    /// LINK-5.
    Inactive,
    /// The service cannot answer now; seconds to wait.
    Busy(StatusCode, u64),
    /// Logged where it happened.
    Broken,
}

impl Visitor {
    fn token(&self) -> &str {
        self.parameters.get("token").map_or("", String::as_str)
    }

    fn record_id(&self) -> Option<Uuid> {
        Uuid::try_parse(self.parameters.get("id")?).ok()
    }

    fn visit(&self) -> Visit<'_> {
        Visit { entrance: self.entrance, token: self.token(), now: self.http.app.clock.now() }
    }

    /// Runs a document of the page. A malformed token is looked up like any other.
    async fn ask(&self, document: &str, variables: Value) -> Result<Value, Refusal> {
        let credential = match self.entrance {
            PREVIEW => Credential::Preview(hash_token(self.token())),
            _ => Credential::Link(hash_link(self.token()), None),
        };
        let request = Request::new(document).variables(Variables::from_json(variables));
        let answer =
            graphql::execute(self.http.clone(), self.tracked.clone(), Some(credential), None, request).await;
        data_of(answer)
    }

    async fn refuse(&self, refusal: Refusal) -> Response {
        match refusal {
            Refusal::Inactive => {
                graphql::wait_for_deadline(&self.tracked).await;
                html(StatusCode::NOT_FOUND, page::inactive())
            }
            Refusal::Busy(status, wait) => {
                let mut response = html(status, page::unavailable());
                response.headers_mut().insert(RETRY_AFTER, header(&wait.to_string()));
                response
            }
            Refusal::Broken => html(StatusCode::INTERNAL_SERVER_ERROR, page::broken()),
        }
    }
}

/// The data of an answer, if nothing failed but a record that is not found.
fn data_of(answer: Answer) -> Result<Value, Refusal> {
    if answer.errors.iter().any(|error| code(error) == Some("LINK_INACTIVE")) {
        return Err(Refusal::Inactive);
    }
    if let Some((status, wait)) = answer.errors.iter().find_map(graphql::busy) {
        return Err(Refusal::Busy(status, wait));
    }
    if answer.errors.iter().any(|error| code(error) != Some("NOT_FOUND")) {
        return Err(Refusal::Broken);
    }
    answer.data.into_json().map_err(|_| Refusal::Broken)
}

fn html(status: StatusCode, page: Result<String>) -> Response {
    let (status, page) = match page {
        Ok(page) => (status, page),
        Err(error) => {
            if let Error::Internal(cause) = &error {
                tracing::error!(error = format!("{cause:#}"), "cannot write a page");
            }
            (StatusCode::INTERNAL_SERVER_ERROR, page::broken().unwrap_or_default())
        }
    };
    let mut response = (status, page).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

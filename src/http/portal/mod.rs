//! The portal page over HTTP: runs the page's documents against the portal root with the token of a
//! link or a staff preview, as any client could, and answers with HTML. Nothing is decided by a GET
//! (LINK-3), and every dead link gets one answer (LINK-5).

mod accounts;
mod activity;
mod calendar;
mod consents;
mod cookies;
mod deliverables;
mod door;
mod feedback;
mod files;
mod live;
mod messages;
mod visitor;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;

use self::visitor::Visitor;
use super::Http;
use super::track::not_found;
use crate::error::{Error, Result};
use crate::page::{self, Typed, assets};

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
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         media-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
];

/// Where clients come in, with a link's token.
const PORTAL: &str = "/portal";
/// Where staff come in, with a preview's: what they see is what the portal's holder sees.
const PREVIEW: &str = "/preview";
/// Where the links of notifications lead, with a token that opens no portal.
const NOTIFICATIONS: &str = "/notifications";

/// Where visitors come in who opened a door with what they proved; the link's id, and no secret, stands
/// in the address.
const DOOR: &str = "/portal/door";

/// Its routes.
pub fn routes() -> Router<Http> {
    Router::new()
        .merge(pages(PORTAL))
        .merge(pages(PREVIEW))
        .merge(by_mail())
        .merge(pages(DOOR))
        .merge(inside(PORTAL))
        .merge(inside(DOOR))
        .merge(accounts::routes())
        .merge(calendar::routes())
        .route(door::SIGNED_OUT, get(door::signed_out))
        .route("/portal/{token}/code", post(door::pass).get(elsewhere))
        .route("/portal/{token}/bypass", post(door::ask_for_bypass).get(elsewhere))
        .route("/portal/{token}/bypass/{bypass}", get(door::with_bypass))
        .route("/assets/{version}/{file}", get(asset))
}

/// The same pages stand behind both entrances (LINK-9).
fn pages(entrance: &str) -> Router<Http> {
    let below = |path: &str| format!("{entrance}{path}");
    Router::new()
        .route(entrance, get(elsewhere))
        .route(&below("/"), get(elsewhere))
        .route(&below("/{token}"), get(home).post(door::ask_for_fresh_link))
        .route(&below("/{token}/records/{id}"), get(record).post(door::ask_for_fresh_link))
        .route(&below("/{token}/notifications"), get(consents::show))
        .route(&below("/{token}/messages"), get(messages::list).post(door::ask_for_fresh_link))
        .route(&below("/{token}/messages/{id}"), get(messages::show))
        .route(&below("/{token}/feedback"), get(feedback::show))
        .route(&below("/{token}/calendar"), get(calendar::show))
        .route(&below("/{token}/dashboards"), get(dashboards))
        .route(&below("/{token}/files"), get(files::show))
        .route(&below("/{token}/files/{id}"), get(files::download))
        .route(&below("/{token}/files/{id}/view"), get(files::view))
        .route(&below("/{token}/files.zip"), get(files::download_all))
        .route(&below("/{token}/activity"), get(activity::show))
        .route(&below("/{token}/deliverables/{id}"), get(deliverables::show))
        .route(&below("/{token}/receipts/{id}"), get(deliverables::receipt))
        .route(&below("/{token}/receipts/{id}/receipt.json"), get(deliverables::download))
        .route(&below("/{token}/"), get(elsewhere))
        .route(&below("/{token}/{*rest}"), get(elsewhere).post(door::ask_for_fresh_link))
}

/// What visitors do who are inside, whichever way they came in.
fn inside(entrance: &str) -> Router<Http> {
    let below = |path: &str| format!("{entrance}/{{token}}{path}");
    Router::new()
        .route(&below("/sign-out"), post(door::sign_out).get(elsewhere))
        .route(&below("/notifications"), post(consents::ask))
        .route(&below("/files"), post(files::take).layer(DefaultBodyLimit::disable()))
        .route(&below("/notifications/{id}"), post(consents::change).get(elsewhere))
        .route(&below("/notifications/{id}/stop"), post(consents::stop).get(elsewhere))
        .route(&below("/records/{id}/messages"), post(messages::post_on_record).get(elsewhere))
        .route(&below("/messages/{id}"), post(messages::post))
        .route(&below("/feedback"), post(feedback::give))
        .route(&below("/calendar"), post(calendar::subscribe))
        .route(&below("/calendar/subscriptions/{id}/revoke"), post(calendar::unsubscribe).get(elsewhere))
        .route(&below("/deliverables/{id}"), post(deliverables::decide))
        .route(&below("/beacon"), post(beacon).get(elsewhere))
        .route(&below("/events"), get(live::events))
}

/// What the links of mails lead to (NOTE-3).
fn by_mail() -> Router<Http> {
    let below = |path: &str| format!("{NOTIFICATIONS}/{{token}}{path}");
    Router::new()
        .route(&below(""), get(consents::by_mail).post(door::ask_for_fresh_link))
        .route(&below("/confirm"), post(consents::confirm).get(consents::led_back))
        .route(&below("/topics"), post(consents::choose).get(consents::led_back))
        .route(&below("/unsubscribe"), post(consents::unsubscribe).get(consents::by_mail))
        .route(&below("/subscribe"), post(consents::renew).get(consents::led_back))
}

async fn home(visitor: Visitor) -> Response {
    match visitor.ask(page::HOME, json!({})).await {
        Ok(data) => visitor.show(StatusCode::OK, page::home(data, &visitor.visit())),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn record(visitor: Visitor) -> Response {
    record_with(visitor, StatusCode::OK, Typed::default()).await
}

/// A record's page, with what was typed into the form of its thread.
async fn record_with(visitor: Visitor, status: StatusCode, typed: Typed) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::RECORD, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::record(data.clone(), &visitor.visit(), typed).transpose() {
        Some(found) => visitor.show(status, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

async fn dashboards(visitor: Visitor) -> Response {
    let data = match visitor.ask(page::DASHBOARDS, json!({})).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::dashboards(data.clone(), &visitor.visit()).transpose() {
        Some(found) => visitor.show(StatusCode::OK, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// No page of ours: in the portal's look if the link lives.
async fn elsewhere(visitor: Visitor) -> Response {
    match visitor.ask(page::AROUND, json!({})).await {
        Ok(data) => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// A browser shows the page to somebody (DOOR-4).
async fn beacon(visitor: Visitor) -> Response {
    match visitor.ask(page::DOORWAY, json!({})).await {
        Ok(_) => html(StatusCode::NO_CONTENT, Ok(String::new())),
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
    [PORTAL, PREVIEW, NOTIFICATIONS, accounts::INVITATION, accounts::JOIN, calendar::FEED]
        .iter()
        .any(|entrance| route.starts_with(entrance))
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

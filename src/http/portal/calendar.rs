//! The calendar over HTTP (CAL-1): its page, and the address under which calendar programs read it, which
//! tells nothing of one that is dead (LINK-5), writes nothing and is not counted.

use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{foreign, to};
use super::html;
use super::visitor::{Refusal, Visitor};
use crate::domain::calendar::feed::feed;
use crate::domain::callers::{enter_calendar, hash_token};
use crate::error::{Error, Result};
use crate::http::track::Tracked;
use crate::http::{Http, graphql};
use crate::page::{self, Subscribing, WantedMonth};

/// Where calendar programs read.
pub const FEED: &str = "/calendar";

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    month: Option<String>,
    view: Option<String>,
}

type Asked = std::result::Result<Query<Parameters>, axum::extract::rejection::QueryRejection>;

/// The feeds' routes.
pub fn routes() -> Router<Http> {
    Router::new().route(&format!("{FEED}/{{file}}"), get(read))
}

/// A month.
pub async fn show(visitor: Visitor, asked: Asked) -> Response {
    let Parameters { month, view } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let wanted = WantedMonth::new(month.as_deref(), view.as_deref(), visitor.visit().now);
    show_with(&visitor, StatusCode::OK, wanted, Subscribing::default()).await
}

async fn show_with(
    visitor: &Visitor,
    status: StatusCode,
    wanted: WantedMonth,
    subscribing: Subscribing,
) -> Response {
    let data = match visitor.ask(page::CALENDAR, wanted.variables()).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::calendar(data.clone(), &visitor.visit(), wanted, subscribing).transpose() {
        Some(found) => visitor.show(status, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// Makes an address, and shows it this once.
pub async fn subscribe(visitor: Visitor) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let wanted = WantedMonth::new(None, None, visitor.visit().now);
    match visitor.ask(page::SUBSCRIBE_TO_CALENDAR, json!({})).await {
        Ok(data) => {
            let url = data.pointer("/portal/createCalendarSubscription/url").and_then(Value::as_str);
            let made = Subscribing { url: url.map(str::to_owned), trouble: None };
            show_with(&visitor, StatusCode::OK, wanted, made).await
        }
        Err(Refusal::Wrong(trouble)) => {
            let refused = Subscribing { url: None, trouble: Some(trouble) };
            show_with(&visitor, StatusCode::UNPROCESSABLE_ENTITY, wanted, refused).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Ends an address of this visitor's.
pub async fn unsubscribe(visitor: Visitor) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let input = json!({ "id": visitor.parameter("id") });
    match visitor.ask(page::UNSUBSCRIBE_FROM_CALENDAR, json!({ "input": input })).await {
        Ok(_) => to(&format!("{}/calendar", visitor.home())),
        Err(Refusal::Wrong(trouble)) => {
            let wanted = WantedMonth::new(None, None, visitor.visit().now);
            let refused = Subscribing { url: None, trouble: Some(trouble) };
            show_with(&visitor, StatusCode::UNPROCESSABLE_ENTITY, wanted, refused).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// What a calendar program reads.
async fn read(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    file: std::result::Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Response {
    // What has not the form of an address is looked up all the same, and finds nothing.
    let file = file.map(|Path(file)| file).unwrap_or_default();
    let token = file.strip_suffix(".ics").unwrap_or_default();
    match read_feed(&http, token).await {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, "text/calendar; charset=utf-8"),
                (CONTENT_DISPOSITION, "inline; filename=\"calendar.ics\""),
                (CACHE_CONTROL, "private, no-store"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
            ];
            (headers, text).into_response()
        }
        Err(Error::LinkInactive) => {
            graphql::wait_for_deadline(&tracked).await;
            html(StatusCode::NOT_FOUND, page::inactive())
        }
        Err(error) => {
            if let Error::Internal(cause) = &error {
                tracing::error!(error = format!("{cause:#}"), "cannot write a calendar");
            }
            html(StatusCode::SERVICE_UNAVAILABLE, page::unavailable())
        }
    }
}

async fn read_feed(http: &Http, token: &str) -> Result<String> {
    let tx = enter_calendar(&http.app.pools, hash_token(token)).await?;
    let text = feed(&tx, http.app.clock.now()).await;
    tx.leave().await?;
    text
}

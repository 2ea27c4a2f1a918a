//! What happened lately, over HTTP (EVT-8).

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::elsewhere;
use super::messages::Asked;
use super::visitor::{Refusal, Visitor};
use crate::page;

/// The page.
pub async fn show(visitor: Visitor, Query(asked): Asked) -> Response {
    let data = match visitor.ask(page::ACTIVITY, json!({ "after": asked.get("after") })).await {
        Ok(data) => data,
        Err(Refusal::Wrong(_)) => return elsewhere(visitor).await,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::activity(data.clone(), &visitor.visit()).transpose() {
        Some(found) => visitor.show(StatusCode::OK, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

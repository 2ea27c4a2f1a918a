//! Feedback over HTTP (MSG-3): a form, and a word of thanks.

use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::door::foreign;
use super::elsewhere;
use super::visitor::{Refusal, Visitor};
use crate::domain::callers::hash_token;
use crate::page::{self, Given, Typed};

/// The form.
#[derive(Debug, Deserialize)]
pub struct Filled {
    #[serde(default)]
    body: String,
    #[serde(default)]
    name: String,
    /// The record that it is about.
    #[serde(default)]
    about: String,
}

/// The form.
pub async fn show(visitor: Visitor) -> Response {
    show_with(visitor, StatusCode::OK, Given::default()).await
}

/// Gives it.
pub async fn give(visitor: Visitor, Form(filled): Form<Filled>) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let about = (!filled.about.is_empty()).then_some(&filled.about);
    let key = hex::encode(hash_token(&format!("{}\n{}", filled.about, filled.body)));
    let input = json!({ "recordId": about, "body": filled.body, "name": filled.name, "idempotencyKey": key });
    match visitor.ask(page::GIVE_FEEDBACK, json!({ "input": input })).await {
        Ok(data) if data.pointer("/portal/giveFeedback/given").is_some() => {
            show_with(visitor, StatusCode::OK, Given { done: true, ..Given::default() }).await
        }
        Ok(_) => elsewhere(visitor).await,
        Err(Refusal::Wrong(trouble)) => {
            let typed = Typed { body: filled.body, name: filled.name, trouble: Some(trouble) };
            let given = Given { typed, about: filled.about, done: false };
            show_with(visitor, StatusCode::UNPROCESSABLE_ENTITY, given).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn show_with(visitor: Visitor, status: StatusCode, given: Given) -> Response {
    let data = match visitor.ask(page::FEEDBACK, json!({})).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::feedback(data.clone(), &visitor.visit(), given).transpose() {
        Some(found) => visitor.show(status, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

//! Threads over HTTP (MSG-1): the list, one of them, and the form, which stands on a record's page too.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::to;
use super::elsewhere;
use super::visitor::{Refusal, Visitor};
use crate::domain::callers::hash_token;
use crate::page::{self, Typed};

/// The form.
#[derive(Debug, Deserialize)]
pub struct Written {
    #[serde(default)]
    body: String,
    #[serde(default)]
    name: String,
    /// The newest message that its writer saw.
    #[serde(default)]
    last: String,
}

impl Written {
    /// The same words after the same message are one message, however often they are sent.
    fn key(&self) -> String {
        hex::encode(hash_token(&format!("{}\n{}", self.last, self.body)))
    }

    fn input(&self, record: &str) -> Value {
        json!({ "recordId": record, "body": self.body, "name": self.name, "idempotencyKey": self.key() })
    }

    fn typed(self, trouble: String) -> Typed {
        Typed { body: self.body, name: self.name, trouble: Some(trouble) }
    }
}

/// Where a page of a list goes on.
pub type Asked = Query<HashMap<String, String>>;

/// The list of threads.
pub async fn list(visitor: Visitor, Query(asked): Asked) -> Response {
    match visitor.ask(page::THREADS, json!({ "after": asked.get("after") })).await {
        Ok(data) if shows(&data, "MESSAGES") => {
            visitor.show(StatusCode::OK, page::threads(data, &visitor.visit()))
        }
        Ok(_) | Err(Refusal::Wrong(_)) => elsewhere(visitor).await,
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// One thread.
pub async fn show(visitor: Visitor, Query(asked): Asked) -> Response {
    show_with(visitor, StatusCode::OK, asked.get("after"), Typed::default()).await
}

async fn show_with(visitor: Visitor, status: StatusCode, after: Option<&String>, typed: Typed) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::THREAD, json!({ "id": id, "after": after })).await {
        Ok(data) => data,
        Err(Refusal::Wrong(_)) => return elsewhere(visitor).await,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::thread(data.clone(), &visitor.visit(), typed).transpose() {
        Some(found) => visitor.show(status, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// Writes, on the page of a thread.
pub async fn post(visitor: Visitor, Form(written): Form<Written>) -> Response {
    match send(&visitor, &written).await {
        Ok(Some(id)) => to(&format!("{}/messages/{id}#thread", visitor.home())),
        Ok(None) => elsewhere(visitor).await,
        Err(Refusal::Wrong(trouble)) => {
            show_with(visitor, StatusCode::UNPROCESSABLE_ENTITY, None, written.typed(trouble)).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Writes, on a record's page.
pub async fn post_on_record(visitor: Visitor, Form(written): Form<Written>) -> Response {
    match send(&visitor, &written).await {
        Ok(Some(id)) => to(&format!("{}/records/{id}#thread", visitor.home())),
        Ok(None) => elsewhere(visitor).await,
        Err(Refusal::Wrong(trouble)) => {
            super::record_with(visitor, StatusCode::UNPROCESSABLE_ENTITY, written.typed(trouble)).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// The record, if there is such a thread to write in.
async fn send(visitor: &Visitor, written: &Written) -> Result<Option<String>, Refusal> {
    if !visitor.from_our_page {
        return Err(Refusal::Foreign);
    }
    let Some(id) = visitor.record_id().map(|id| id.to_string()) else { return Ok(None) };
    let data = visitor.ask(page::POST_MESSAGE, json!({ "input": written.input(&id) })).await?;
    Ok(data.pointer("/portal/postMessage/message").is_some().then_some(id))
}

/// Whether the portal has the section.
pub fn shows(data: &Value, mode: &str) -> bool {
    let modes = data.pointer("/portal/doorway/modes").and_then(Value::as_array);
    modes.is_some_and(|modes| modes.iter().any(|shown| shown == mode))
}

//! Deliverables over HTTP (DEL-2, DEL-3): a page for each, the form for the client's word, and receipts to
//! print and to download.

use axum::Form;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::to;
use super::visitor::{Refusal, Visitor};
use super::{elsewhere, html};
use crate::domain::callers::hash_token;
use crate::page::{self, Typed};

/// The form.
#[derive(Debug, Deserialize)]
pub struct Decided {
    #[serde(default)]
    version: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    name: String,
}

impl Decided {
    /// Pressing the same button twice decides once.
    fn input(&self) -> Value {
        let key = hex::encode(hash_token(&format!("{}\n{}\n{}", self.version, self.verdict, self.reason)));
        let reason = (!self.reason.trim().is_empty()).then_some(&self.reason);
        json!({
            "versionId": self.version, "verdict": self.verdict, "reason": reason, "name": self.name,
            "idempotencyKey": key,
        })
    }
}

/// The page of one.
pub async fn show(visitor: Visitor) -> Response {
    show_with(visitor, StatusCode::OK, Typed::default()).await
}

async fn show_with(visitor: Visitor, status: StatusCode, typed: Typed) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::DELIVERABLE, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::deliverable(data.clone(), &visitor.visit(), typed).transpose() {
        Some(found) => visitor.show(status, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// The client's word.
pub async fn decide(visitor: Visitor, Form(decided): Form<Decided>) -> Response {
    if !visitor.from_our_page {
        return visitor.refuse(Refusal::Foreign).await;
    }
    match visitor.ask(page::DECIDE_DELIVERABLE, json!({ "input": decided.input() })).await {
        Ok(data) => match data.pointer("/portal/decideDeliverable/deliverable/id").and_then(Value::as_str) {
            Some(id) => to(&format!("{}/deliverables/{id}", visitor.home())),
            None => elsewhere(visitor).await,
        },
        Err(Refusal::Wrong(trouble)) => {
            let typed = Typed { body: decided.reason, name: decided.name, trouble: Some(trouble) };
            show_with(visitor, StatusCode::UNPROCESSABLE_ENTITY, typed).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// A receipt to print.
pub async fn receipt(visitor: Visitor) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::RECEIPT, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::receipt(data.clone(), &visitor.visit()).transpose() {
        Some(found) => visitor.show(StatusCode::OK, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// A receipt to keep.
pub async fn download(visitor: Visitor) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::RECEIPT, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    let Some(receipt) = data.pointer("/portal/decision/receipt").and_then(Value::as_str) else {
        return elsewhere(visitor).await;
    };
    let mut response = html(StatusCode::OK, Ok(receipt.to_owned()));
    let name = HeaderValue::from_static("attachment; filename=\"receipt.json\"");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    response
}

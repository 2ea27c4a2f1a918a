//! Notifications by mail over HTTP. Within the portal visitors ask for them, and change what they asked
//! for (NOTE-1); the links of mails lead to a page of their own, which needs no session and lives on
//! after the portal (NOTE-3). Whatever a GET asks for, it shows the page; only a POST does something.

use axum::Form;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::door::{foreign, to};
use super::html;
use super::visitor::{Refusal, Visitor};
use crate::page::{self, Asked};

/// The fields of a form in which several boxes of one name may be ticked.
type Fields = Form<Vec<(String, String)>>;

/// Within the portal: what can be asked for, and what was.
pub async fn show(visitor: Visitor) -> Response {
    show_with(&visitor, StatusCode::OK, Asked::default()).await
}

/// Asks an address whether it wants to be mailed.
pub async fn ask(visitor: Visitor, headers: HeaderMap, Form(fields): Fields) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let asked = Asked { email: field(&fields, "email"), topics: topics(&fields), ..Asked::default() };
    let input = json!({ "email": asked.email, "topics": asked.topics, "language": language(&headers) });
    match visitor.ask(page::REQUEST_NOTIFICATIONS, json!({ "input": input })).await {
        Ok(_) => {
            let told = Some("We have sent a mail to this address. Open it and say yes.");
            show_with(&visitor, StatusCode::OK, Asked { told, ..Asked::default() }).await
        }
        Err(Refusal::Wrong(trouble)) => {
            let asked = Asked { trouble: Some(trouble), ..asked };
            show_with(&visitor, StatusCode::UNPROCESSABLE_ENTITY, asked).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Other topics for what this visitor asked for.
pub async fn change(visitor: Visitor, Form(fields): Fields) -> Response {
    let input = json!({ "id": visitor.parameter("id"), "topics": topics(&fields) });
    act(visitor, page::CHANGE_NOTIFICATIONS, input, "Saved.").await
}

/// Stops what this visitor asked for.
pub async fn stop(visitor: Visitor) -> Response {
    let input = json!({ "id": visitor.parameter("id") });
    act(visitor, page::WITHDRAW_NOTIFICATIONS, input, "You get no more of these mails.").await
}

async fn act(visitor: Visitor, document: &str, input: Value, told: &'static str) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    match visitor.ask(document, json!({ "input": input })).await {
        Ok(_) => show_with(&visitor, StatusCode::OK, Asked { told: Some(told), ..Asked::default() }).await,
        Err(Refusal::Wrong(trouble)) => {
            let asked = Asked { trouble: Some(trouble), ..Asked::default() };
            show_with(&visitor, StatusCode::UNPROCESSABLE_ENTITY, asked).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn show_with(visitor: &Visitor, status: StatusCode, asked: Asked) -> Response {
    match visitor.ask(page::NOTIFICATIONS, json!({})).await {
        Ok(data) => visitor.show(status, page::notifications(data, &visitor.visit(), asked)),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Where the links of mails lead.
pub async fn by_mail(visitor: Visitor) -> Response {
    show_consent(&visitor, StatusCode::OK, (None, None)).await
}

/// Yes, write to me.
pub async fn confirm(visitor: Visitor) -> Response {
    answer(visitor, page::CONFIRM_CONSENT, Vec::new(), "Thank you. From now on we write to you.").await
}

/// Other topics.
pub async fn choose(visitor: Visitor, Form(fields): Fields) -> Response {
    answer(visitor, page::CHANGE_CONSENT, topics(&fields), "Saved.").await
}

/// Mails again.
pub async fn renew(visitor: Visitor) -> Response {
    answer(visitor, page::RENEW_CONSENT, Vec::new(), "Welcome back. We write to you again.").await
}

/// No more mails. Programs of mail providers post here too (RFC 8058), from no page of ours and without
/// anything but the token, so where it comes from is not asked.
pub async fn unsubscribe(visitor: Visitor) -> Response {
    let input = json!({ "token": visitor.token() });
    match visitor.ask_outside(page::WITHDRAW_CONSENT, input).await {
        Ok(_) => show_consent(&visitor, StatusCode::OK, (None, None)).await,
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn answer(visitor: Visitor, document: &str, topics: Vec<String>, told: &'static str) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let mut input = json!({ "token": visitor.token() });
    if document == page::CHANGE_CONSENT {
        input["topics"] = json!(topics);
    }
    match visitor.ask_outside(document, input).await {
        Ok(_) => show_consent(&visitor, StatusCode::OK, (Some(told), None)).await,
        Err(Refusal::Wrong(trouble)) => {
            show_consent(&visitor, StatusCode::UNPROCESSABLE_ENTITY, (None, Some(trouble))).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn show_consent(
    visitor: &Visitor,
    status: StatusCode,
    (told, trouble): (Option<&'static str>, Option<String>),
) -> Response {
    match visitor.ask_as_nobody(page::CONSENT, json!({ "token": visitor.token() })).await {
        Ok(data) => html(status, page::consent(data, visitor.token(), told, trouble)),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// An address that only a POST does something at: the page it belongs to.
pub async fn led_back(visitor: Visitor) -> Response {
    to(&format!("{}/{}", super::NOTIFICATIONS, visitor.token()))
}

fn field(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn topics(fields: &[(String, String)]) -> Vec<String> {
    fields.iter().filter(|(name, _)| name == "topic").map(|(_, value)| value.clone()).collect()
}

/// The language that a browser prefers, of those that mails are written in.
fn language(headers: &HeaderMap) -> &'static str {
    let preferred = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let codes = preferred.split(',').map(|range| range.trim().get(..2).unwrap_or_default());
    codes
        .filter_map(|code| match code {
            "de" => Some("DE"),
            "en" => Some("EN"),
            _ => None,
        })
        .next()
        .unwrap_or("EN")
}

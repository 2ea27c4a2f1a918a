//! What a visitor does at the door: give the access code, ask for a way around a locked one, say that
//! somebody is looking, and leave. All of it by POST, and only from a page of ours.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::visitor::{Refusal, Visitor, after};
use super::{cookies, html};
use crate::http::track::header;
use crate::page::{self, Prompt};

/// Where who has left ends up: an address without a token.
pub const SIGNED_OUT: &str = "/portal/signed-out";

/// The form with the code.
#[derive(Debug, Deserialize)]
pub struct DoorForm {
    #[serde(default)]
    code: String,
    bypass: Option<String>,
}

/// Gives the code (DOOR-2, DOOR-3).
pub async fn pass(visitor: Visitor, form: Result<Form<DoorForm>, FormRejection>) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let Form(form) = form.unwrap_or(Form(DoorForm { code: String::new(), bypass: None }));
    let input = json!({
        "token": visitor.token(), "accessCode": form.code, "bypass": form.bypass, "client": "PAGE",
    });
    match visitor.ask_outside(page::OPEN, input).await {
        Ok(data) => {
            let session = data.pointer("/access/openPortal/sessionToken").and_then(Value::as_str);
            let mut response = to(&visitor.home());
            let link = visitor.link();
            cookies::keep(response.headers_mut(), &link, session.unwrap_or_default(), visitor.is_secure());
            response
        }
        Err(Refusal::Wrong(trouble)) => {
            let prompt = Prompt { trouble: Some(trouble), bypass: form.bypass, mailed: false };
            show_door(&visitor, StatusCode::UNPROCESSABLE_ENTITY, prompt).await
        }
        Err(Refusal::Locked(trouble, wait)) => {
            let prompt = Prompt { trouble: Some(trouble), bypass: form.bypass, mailed: false };
            after(show_door(&visitor, StatusCode::TOO_MANY_REQUESTS, prompt).await, wait)
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Asks that the recipient on record be mailed a way in; says the same whatever there is (DOOR-3).
pub async fn ask_for_bypass(visitor: Visitor) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    match visitor.ask_outside(page::BYPASS, json!({ "token": visitor.token() })).await {
        Ok(_) => show_door(&visitor, StatusCode::OK, Prompt { mailed: true, ..Prompt::default() }).await,
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Asks for a fresh link from the page of a dead one; says the same whatever there is (LINK-10).
pub async fn ask_for_fresh_link(visitor: Visitor) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    match visitor.ask_outside(page::FRESH, json!({ "token": visitor.token() })).await {
        Ok(_) => html(StatusCode::OK, page::fresh_link_asked()),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// The address in the bypass mail: shows the field again, and uses nothing up (LINK-3).
pub async fn with_bypass(visitor: Visitor) -> Response {
    let bypass = visitor.parameter("bypass").map(str::to_owned);
    show_door(&visitor, StatusCode::OK, Prompt { bypass, ..Prompt::default() }).await
}

/// Ends the visitor's session (DOOR-4).
pub async fn sign_out(visitor: Visitor) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let mut response = match visitor.ask(page::LEAVE, json!({})).await {
        Ok(_) | Err(Refusal::CodeRequired(_)) => to(visitor.outside()),
        // As a dead link answers everything (LINK-5).
        Err(Refusal::Inactive) => return visitor.refuse(Refusal::Inactive).await,
        Err(refusal) => visitor.refuse(refusal).await,
    };
    cookies::forget(response.headers_mut(), &visitor.link(), visitor.is_secure());
    response
}

/// Where who has left reads that they have.
pub async fn signed_out() -> Response {
    html(StatusCode::OK, page::signed_out())
}

/// The door, seen from outside; who is inside already is led in.
async fn show_door(visitor: &Visitor, status: StatusCode, prompt: Prompt) -> Response {
    match visitor.ask(page::DOORWAY, json!({})).await {
        Ok(_) => to(&visitor.home()),
        Err(Refusal::CodeRequired(face)) => html(status, page::door(&face, &visitor.visit(), prompt)),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

pub(super) fn to(path: &str) -> Response {
    let mut response = html(StatusCode::SEE_OTHER, Ok(String::new()));
    response.headers_mut().insert(LOCATION, header(path));
    response
}

pub(super) fn foreign() -> Response {
    html(StatusCode::FORBIDDEN, page::foreign()).into_response()
}

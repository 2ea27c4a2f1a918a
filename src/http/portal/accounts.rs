//! The pages before any door, over HTTP: invitations, signing in, passwords, and the doors that are meant
//! for a visitor (DOOR-6, DOOR-7). Every change goes by POST from a page of ours; what mails lead to by GET
//! uses nothing up (LINK-3).

use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::door::{foreign, to};
use super::visitor::{Refusal, Visitor, after};
use super::{cookies, html};
use crate::http::Http;
use crate::page::accounts::{self as documents, Step};
use crate::page::{self};

const SIGN_IN: &str = "/portal/sign-in";
pub const DOORS: &str = "/portal/doors";
/// Where contacts accept, and colleagues join.
pub const INVITATION: &str = "/invitation";
pub const JOIN: &str = "/join";

/// What any of the forms may send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    email: String,
    name: String,
    password: String,
    code: String,
}

type Sent = Result<Form<AccountForm>, FormRejection>;

/// Its routes.
pub fn routes() -> Router<Http> {
    Router::new()
        .route(SIGN_IN, get(ask_who).post(sign_in))
        .route("/portal/sign-in/link", get(ask_who).post(ask_for_link))
        .route("/portal/sign-in/link/{token}", get(show_link).post(follow_link))
        .route("/portal/password", get(ask_whose_password).post(ask_for_reset))
        .route("/portal/password/{token}", get(show_reset).post(reset))
        .route("/invitation/{token}", get(show_invitation).post(accept))
        .route("/join/{token}", get(show_join).post(join))
        .route(DOORS, get(doors))
        .route("/portal/doors/{door}", post(open))
        .route("/portal/doors/sign-out", post(sign_out))
        .route("/portal/doors/sessions/{session}", post(end_session))
}

fn show(status: StatusCode, step: Step, trouble: Option<String>) -> Response {
    html(status, page::account(step, trouble))
}

/// What became of a form that was refused: the same step again, with the reason.
async fn again(visitor: &Visitor, refusal: Refusal, step: Step) -> Response {
    match refusal {
        Refusal::Wrong(trouble) => show(StatusCode::UNPROCESSABLE_ENTITY, step, Some(trouble)),
        Refusal::Locked(trouble, wait) => {
            after(show(StatusCode::TOO_MANY_REQUESTS, step, Some(trouble)), wait)
        }
        refusal => visitor.refuse(refusal).await,
    }
}

fn fields(sent: Sent) -> AccountForm {
    sent.map(|Form(form)| form).unwrap_or_default()
}

fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn token(visitor: &Visitor) -> String {
    visitor.token().to_owned()
}

/// Keeps a visitor who has proved their address, and leads them to their doors.
fn arrive(visitor: &Visitor, data: &Value, verb: &str) -> Response {
    let token = data.pointer(&format!("/access/{verb}/visitorToken")).and_then(Value::as_str);
    let mut response = to(DOORS);
    cookies::VISITOR.keep(response.headers_mut(), token.unwrap_or_default(), visitor.is_secure());
    response
}

async fn ask_who() -> Response {
    show(StatusCode::OK, Step::SignIn { email: String::new() }, None)
}

async fn sign_in(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let form = fields(sent);
    let input = json!({ "email": form.email, "password": form.password });
    match visitor.ask_outside(documents::SIGN_IN, input).await {
        Ok(data) => arrive(&visitor, &data, "signInToPortals"),
        Err(refusal) => again(&visitor, refusal, Step::SignIn { email: form.email }).await,
    }
}

/// Keeps in the browser what the mailed link works together with.
async fn ask_for_link(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let form = fields(sent);
    match visitor.ask_outside(documents::ASK_FOR_LINK, json!({ "email": form.email })).await {
        Ok(data) => {
            let ask = data.pointer("/access/requestSignInLink/ask").and_then(Value::as_str);
            let mut response = show(StatusCode::OK, Step::Sent, None);
            cookies::ASK.keep(response.headers_mut(), ask.unwrap_or_default(), visitor.is_secure());
            response
        }
        Err(refusal) => again(&visitor, refusal, Step::SignIn { email: form.email }).await,
    }
}

async fn show_link(visitor: Visitor) -> Response {
    show(StatusCode::OK, Step::FollowLink { token: token(&visitor) }, None)
}

async fn follow_link(visitor: Visitor, headers: HeaderMap) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let input = json!({ "ask": cookies::ASK.read(&headers).unwrap_or_default(), "token": visitor.token() });
    match visitor.ask_outside(documents::FOLLOW_LINK, input).await {
        Ok(data) => {
            let mut response = arrive(&visitor, &data, "finishSignInLink");
            cookies::ASK.forget(response.headers_mut(), visitor.is_secure());
            response
        }
        Err(refusal) => again(&visitor, refusal, Step::FollowLink { token: token(&visitor) }).await,
    }
}

async fn ask_whose_password() -> Response {
    show(StatusCode::OK, Step::ForgotPassword, None)
}

async fn ask_for_reset(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    match visitor.ask_outside(documents::ASK_FOR_RESET, json!({ "email": fields(sent).email })).await {
        Ok(_) => show(StatusCode::OK, Step::ResetSent, None),
        Err(refusal) => again(&visitor, refusal, Step::ForgotPassword).await,
    }
}

async fn show_reset(visitor: Visitor) -> Response {
    show(StatusCode::OK, Step::NewPassword { token: token(&visitor) }, None)
}

async fn reset(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let input = json!({ "token": visitor.token(), "password": fields(sent).password });
    match visitor.ask_outside(documents::RESET_PASSWORD, input).await {
        Ok(_) => to(SIGN_IN),
        Err(refusal) => again(&visitor, refusal, Step::NewPassword { token: token(&visitor) }).await,
    }
}

async fn show_invitation(visitor: Visitor) -> Response {
    invitation(&visitor, StatusCode::OK, None).await
}

async fn invitation(visitor: &Visitor, status: StatusCode, trouble: Option<String>) -> Response {
    match visitor.ask_outside(documents::INVITATION, json!({ "token": visitor.token() })).await {
        Ok(data) => match page::invitation(data) {
            Ok(invitation) => show(status, Step::Accept { token: token(visitor), invitation }, trouble),
            Err(error) => html(status, Err(error)),
        },
        Err(Refusal::Wrong(_)) => show(StatusCode::NOT_FOUND, Step::NoLongerGood, None),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn accept(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let input = json!({ "token": visitor.token(), "password": optional(fields(sent).password) });
    match visitor.ask_outside(documents::ACCEPT, input).await {
        Ok(data) => arrive(&visitor, &data, "acceptInvitation"),
        Err(Refusal::Wrong(trouble)) => {
            invitation(&visitor, StatusCode::UNPROCESSABLE_ENTITY, Some(trouble)).await
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn show_join(visitor: Visitor) -> Response {
    show(StatusCode::OK, Step::Join { token: token(&visitor) }, None)
}

async fn join(visitor: Visitor, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let form = fields(sent);
    let password = optional(form.password);
    // Staff go on where their organisation works: this page has no use for a session of theirs.
    let input = json!({ "token": visitor.token(), "name": form.name, "password": password, "signIn": false });
    match visitor.ask_outside(documents::JOIN, input).await {
        Ok(data) => {
            let name =
                data.pointer("/access/acceptMemberInvitation/organization/name").and_then(Value::as_str);
            let organization = name.unwrap_or_default().to_owned();
            show(StatusCode::OK, Step::Joined { organization }, None)
        }
        Err(refusal) => again(&visitor, refusal, Step::Join { token: token(&visitor) }).await,
    }
}

async fn doors(visitor: Visitor, headers: HeaderMap) -> Response {
    list_doors(&visitor, &headers, StatusCode::OK, None).await
}

/// Who proved nothing, or is signed out, is asked who they are.
async fn list_doors(
    visitor: &Visitor,
    headers: &HeaderMap,
    status: StatusCode,
    trouble: Option<String>,
) -> Response {
    let Some(proof) = cookies::VISITOR.read(headers) else { return to(SIGN_IN) };
    let whose = json!({ "visitorToken": proof });
    let variables = json!({ "input": whose, "sessions": whose });
    match visitor.ask_as_nobody(documents::DOORS, variables).await {
        Ok(data) => match page::doors(data, visitor.http.app.clock.now()) {
            Ok(doors) => show(status, doors, trouble),
            Err(error) => html(status, Err(error)),
        },
        Err(Refusal::Wrong(_)) => to(SIGN_IN),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn open(visitor: Visitor, headers: HeaderMap, sent: Sent) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let proof = cookies::VISITOR.read(&headers).unwrap_or_default();
    let door = visitor.parameter("door").unwrap_or_default().to_owned();
    let code = optional(fields(sent).code);
    let input = json!({ "visitorToken": proof, "door": door, "accessCode": code, "client": "PAGE" });
    match visitor.ask_outside(documents::OPEN_DOOR, input).await {
        Ok(data) => match data.pointer("/access/openDoor/sessionToken").and_then(Value::as_str) {
            Some(session) => {
                let mut response = to(&format!("{}/{door}", super::DOOR));
                let link = crate::domain::tokens::hash_link(&door);
                cookies::keep(response.headers_mut(), &link, session, visitor.is_secure());
                response
            }
            None => to(DOORS),
        },
        Err(Refusal::Wrong(trouble)) => {
            list_doors(&visitor, &headers, StatusCode::UNPROCESSABLE_ENTITY, Some(trouble)).await
        }
        Err(Refusal::Locked(trouble, wait)) => {
            let listed = list_doors(&visitor, &headers, StatusCode::TOO_MANY_REQUESTS, Some(trouble));
            after(listed.await, wait)
        }
        Err(Refusal::CodeRequired(_) | Refusal::Inactive) => to(DOORS),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// Ends a session elsewhere; one that is over already is none.
async fn end_session(visitor: Visitor, headers: HeaderMap) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let proof = cookies::VISITOR.read(&headers).unwrap_or_default();
    let input = json!({ "visitorToken": proof, "id": visitor.parameter("session") });
    match visitor.ask_outside(documents::END_SESSION, input).await {
        Ok(_) | Err(Refusal::Wrong(_)) => to(DOORS),
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

async fn sign_out(visitor: Visitor, headers: HeaderMap) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let proof = cookies::VISITOR.read(&headers).unwrap_or_default();
    match visitor.ask_outside(documents::SIGN_OUT, json!({ "visitorToken": proof })).await {
        Ok(_) => {
            let mut response = to(SIGN_IN);
            cookies::VISITOR.forget(response.headers_mut(), visitor.is_secure());
            response
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

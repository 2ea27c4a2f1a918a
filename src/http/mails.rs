//! The mails that the demo wrote into its folder, for who tries the product out. Nobody else has these
//! routes: mails hold secrets.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::Http;
use super::track::not_found;
use crate::config::MailConfig;
use crate::error::Error;
use crate::page::{self, WrittenMail};

/// Of the pages around the mails.
const PAGE: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// Of a mail's own HTML, framed: nothing of it runs or is loaded.
const FRAMED: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'self'";

/// None, unless mails are to be shown.
pub fn routes(config: &MailConfig) -> Router<Http> {
    if !config.shown {
        return Router::new();
    }
    Router::new()
        .route("/mails", get(list))
        .route("/mails/{id}", get(one))
        .route("/mails/{id}/html", get(body))
}

async fn list(State(http): State<Http>) -> Response {
    let Some(folder) = http.app.mailer.folder() else { return not_found().await };
    match folder.list().await {
        Ok(mails) => {
            let shown = mails.into_iter().map(|mail| WrittenMail {
                id: mail.id,
                to: mail.to,
                subject: mail.subject,
                text: mail.text,
                html: mail.html,
            });
            html(PAGE, page::mails(shown.collect()))
        }
        Err(error) => html(PAGE, Err(Error::internal(error))),
    }
}

async fn one(State(http): State<Http>, Path(id): Path<String>) -> Response {
    match read(&http, &id).await {
        Some(mail) => html(PAGE, page::mail(mail)),
        None => not_found().await,
    }
}

async fn body(State(http): State<Http>, Path(id): Path<String>) -> Response {
    match read(&http, &id).await {
        Some(mail) => html(FRAMED, Ok(mail.html)),
        None => not_found().await,
    }
}

async fn read(http: &Http, id: &str) -> Option<WrittenMail> {
    let mail = http.app.mailer.folder()?.read(id).await.ok()??;
    Some(WrittenMail { id: mail.id, to: mail.to, subject: mail.subject, text: mail.text, html: mail.html })
}

fn html(policy: &'static str, page: Result<String, Error>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match page {
        Ok(page) => (headers, page).into_response(),
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

//! What other mail servers report of mails that were sent (NOTE-2): in a small JSON form that mail
//! services' webhooks are easily turned into, or as the delivery status notification itself (RFC 3464),
//! which an MTA can pipe here. Whoever reports holds the secret of the settings.

pub mod status;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::Http;
use super::track::not_found;
use crate::db::enums::SuppressionReason;
use crate::domain::callers::hash_token;
use crate::domain::suppressions::{self, Report};
use axum::response::{IntoResponse as _, Response};

/// The JSON form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    /// The `Message-ID` of the mail that was sent.
    message_id: String,
    recipient: String,
    event: Event,
    /// Whether it came back for good.
    #[serde(default)]
    permanent: bool,
    /// What the other server said.
    detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Bounce,
    Complaint,
    Delivered,
}

/// Takes a report. What it is about, and whether it is about anything of ours, the answer does not say.
pub async fn take(State(http): State<Http>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(secret) = &http.app.config.mail_reports.secret else { return not_found().await };
    if !is_from_the_mail_server(&headers, secret) {
        return (StatusCode::UNAUTHORIZED, "The secret is missing or wrong.\n").into_response();
    }
    let reports = match read(&headers, &body) {
        Ok(reports) => reports,
        Err(refusal) => return refusal.into_response(),
    };
    for report in reports {
        if let Err(error) = suppressions::take(&http.app.pools, &http.app.clock, &report).await {
            tracing::warn!(%error, "a report about a mail could not be taken");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

/// Takes as long for a wrong secret as for the right one.
fn is_from_the_mail_server(headers: &HeaderMap, secret: &SecretString) -> bool {
    let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let presented = presented.strip_prefix("Bearer ").unwrap_or_default();
    hash_token(presented).ct_eq(&hash_token(secret.expose_secret())).into()
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Report>, (StatusCode, String)> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => {
            let form = serde_json::from_slice::<Form>(body);
            let form = form.map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
            Ok(of_form(form).into_iter().collect())
        }
        "message/rfc822" => Ok(status::read(body)),
        _ => {
            Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send application/json or message/rfc822.\n".to_owned()))
        }
    }
}

/// Nothing if there is nothing to conclude from it.
fn of_form(form: Form) -> Option<Report> {
    let reason = match (form.event, form.permanent) {
        (Event::Bounce, true) => SuppressionReason::Bounce,
        (Event::Complaint, _) => SuppressionReason::Complaint,
        (Event::Bounce, false) | (Event::Delivered, _) => return None,
    };
    Report::new(&form.message_id, &form.recipient, reason, form.detail.as_deref())
}

//! From the engine's answer to an HTTP response: the status that its media type wants, and the
//! headers of every GraphQL answer.

use async_graphql::{Response as Answer, ServerError, Value};
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::response::{IntoResponse as _, Response};

use super::media::Media;
use crate::error::Error;
use crate::graphql::errors::{code, coded, finish};
use crate::http::track::{Tracked, header};

/// An answer of the engine.
pub fn respond(media: Media, mut answer: Answer, tracked: &Tracked) -> Response {
    finish(&mut answer, &tracked.request_id);
    let refused = is_request_error(&answer);
    let busy = turned_away(&answer);
    let status = match (busy, refused, media) {
        (Some((status, _)), ..) => status,
        (None, true, _) if answer.errors.iter().any(|error| code(error) == Some("INTERNAL")) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        (None, true, Media::Response) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let body = if refused || busy.is_some() {
        serde_json::json!({ "errors": answer.errors }).to_string()
    } else {
        serde_json::to_string(&answer).unwrap_or_default()
    };
    let mut response = json(media, status, body);
    if let Some((_, wait)) = busy {
        response.headers_mut().insert(RETRY_AFTER, header(&wait.to_string()));
    }
    response
}

/// A request that is refused before anything is read of its document: the same status whatever
/// media type the client wants.
pub fn refuse(media: Media, status: StatusCode, error: Error, tracked: &Tracked) -> Response {
    let mut answer = refusal(error);
    finish(&mut answer, &tracked.request_id);
    json(media, status, serde_json::json!({ "errors": answer.errors }).to_string())
}

/// 405, with what is allowed instead.
pub fn method_not_allowed(media: Media, allowed: &str, message: &str, tracked: &Tracked) -> Response {
    let error = Error::invalid("method", message);
    let mut response = refuse(media, StatusCode::METHOD_NOT_ALLOWED, error, tracked);
    response.headers_mut().insert(ALLOW, header(allowed));
    response
}

/// An answer that is one error and no data.
pub fn refusal(error: Error) -> Answer {
    let mut error = coded(error).into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    Answer::from_errors(vec![error])
}

/// Errors without a path, and no data: nothing was executed.
fn is_request_error(answer: &Answer) -> bool {
    answer.data == Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

/// Whether something was run, and not in vain: what counts as an answer where no status says so.
pub fn succeeds(answer: &Answer) -> bool {
    !is_request_error(answer) && turned_away(answer).is_none()
}

/// Status and seconds to wait of an answer that says nothing but to come back later.
fn turned_away(answer: &Answer) -> Option<(StatusCode, u64)> {
    if is_hollow(&answer.data) { answer.errors.iter().find_map(busy) } else { None }
}

/// Whether the data says nothing at all. Where one of two changes was made, its payload stands,
/// and the answer stays 200 (GraphQL over HTTP).
fn is_hollow(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_hollow),
        _ => false,
    }
}

/// Status and seconds to wait, if a part of the service is away or the caller was too fast.
pub fn busy(error: &ServerError) -> Option<(StatusCode, u64)> {
    let extensions = error.extensions.as_ref()?;
    let status = match code(error)? {
        "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
        _ if extensions.get("unavailable").is_some() => StatusCode::SERVICE_UNAVAILABLE,
        _ => return None,
    };
    match extensions.get("retryAfter")? {
        Value::Number(seconds) => Some((status, seconds.as_u64()?)),
        _ => None,
    }
}

fn json(media: Media, status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, header(media.content_type()));
    headers.insert(CACHE_CONTROL, header("no-store"));
    headers.insert(VARY, header("accept, authorization, origin"));
    response
}

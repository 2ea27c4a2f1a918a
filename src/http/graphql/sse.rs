//! GraphQL over server-sent events, distinct connections (API-2): one operation a request, its results
//! as `next` events, then `complete`. Each event carries its cursor as id, so that a browser that
//! reconnects says by itself what it saw last.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::{Request, Response as Answer};
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::respond::refusal;
use super::running::Asker;
use super::subscribing::{Told, subscribe};
use crate::error::Error;
use crate::graphql::context::Credential;
use crate::graphql::errors::finish;
use crate::http::Http;
use crate::http::track::header;
use crate::usage::Serving;

/// Between two comments that keep a silent connection open.
const HEARTBEAT: Duration = Duration::from_secs(12);

/// The one answer of a query or mutation: whole, so that its length is known when it is counted (LINK-6).
pub fn once(answer: &Answer) -> Response {
    // JSON of one line.
    let answer = serde_json::to_string(answer).unwrap_or_default();
    let body = format!("event: next\ndata: {answer}\n\nevent: complete\ndata: \n\n");
    let mut response = as_events(body.into_response());
    response.headers_mut().insert(CONTENT_TYPE, header("text/event-stream"));
    response
}

/// Runs a subscription. Whose credential ends on the way is told so; when the service stops, the stream
/// just breaks off, and the client comes back with what it saw last.
pub fn events(http: &Http, asker: &Asker, request: Request, headers: &HeaderMap) -> Response {
    let (asker, expel) = (asker.apart(), CancellationToken::new());
    let serving = Serving::new(&http.app, asker.tracked.sighting.clone());
    let told = subscribe(http, &asker, request, expel.clone(), last_seen(headers));
    let (request_id, credential) = (asker.tracked.request_id, asker.credential);
    let farewell = stream::once(async move {
        expel.is_cancelled().then(|| {
            let mut refused = refusal(match credential {
                Some(Credential::StaffSession(_) | Credential::ApiKey(_)) | None => Error::Unauthenticated,
                Some(_) => Error::LinkInactive,
            });
            finish(&mut refused, &request_id);
            answered(&refused)
        })
    });
    let end = farewell.filter_map(async |event| event).chain(stream::iter([complete()]));
    let closing = http.app.live.closing().cancelled_owned();
    counted(stream_of(told.map(next).chain(end).take_until(closing)), serving)
}

/// The cursor of the event that a reconnecting client saw last.
fn last_seen(headers: &HeaderMap) -> Option<String> {
    let seen = headers.get("last-event-id")?.to_str().ok()?;
    (!seen.is_empty()).then(|| seen.to_owned())
}

fn next(told: Told) -> Event {
    match told {
        Told::Event(telling) => Event::default().event("next").data(&telling.answer).id(&telling.cursor),
        Told::Answer(answer) => answered(&answer),
    }
}

fn answered(answer: &Answer) -> Event {
    Event::default().event("next").data(serde_json::to_string(answer).unwrap_or_default())
}

fn complete() -> Event {
    Event::default().event("complete").data("")
}

fn stream_of(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let sse =
        Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text(""));
    as_events(sse.into_response())
}

fn as_events(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, header("no-store"));
    // Proxies that gather an answer before they pass it on would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), header("no"));
    response
}

/// Counts the events as they leave. The comments between them are nothing of the portal's.
fn counted(response: Response, mut serving: Serving) -> Response {
    let counting = move |piece: &Bytes| serving.sent(if piece.starts_with(b":") { 0 } else { piece.len() });
    response.map(|body| Body::from_stream(body.into_data_stream().inspect_ok(counting)))
}

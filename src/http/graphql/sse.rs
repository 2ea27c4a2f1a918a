//! GraphQL over server-sent events, distinct connections (API-2): one operation a request, its results
//! as `next` events, then `complete`. Each event carries its cursor as id, so that a browser that
//! reconnects says by itself what it saw last.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::Response as Answer;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::respond::refusal;
use super::running::Asker;
use super::subscribing::Told;
use crate::error::Error;
use crate::graphql::context::Credential;
use crate::graphql::errors::finish;
use crate::http::track::header;

/// Between two comments that keep a silent connection open.
const HEARTBEAT: Duration = Duration::from_secs(12);

/// The cursor of the event that a reconnecting client saw last.
pub fn last_seen(headers: &HeaderMap) -> Option<String> {
    let seen = headers.get("last-event-id")?.to_str().ok()?;
    (!seen.is_empty()).then(|| seen.to_owned())
}

/// The one answer of a query or mutation.
pub fn once(answer: Answer) -> Response {
    stream_of(stream::iter([answered(&answer), complete()]))
}

/// A subscription's answers. Whose credential ends on the way is told so; when the service stops, the
/// stream just breaks off, and the client comes back with what it saw last.
pub fn events(
    answers: BoxStream<'static, Told>,
    expel: CancellationToken,
    closing: CancellationToken,
    asker: &Asker,
) -> Response {
    let (request_id, credential) = (asker.tracked.request_id.clone(), asker.credential);
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
    stream_of(answers.map(next).chain(end).take_until(closing.cancelled_owned()))
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
    let mut response = sse.into_response();
    response.headers_mut().insert(CACHE_CONTROL, header("no-store"));
    // Proxies that gather an answer before they pass it on would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), header("no"));
    response
}

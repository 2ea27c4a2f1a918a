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
use super::running::Told;
use crate::error::Error;
use crate::graphql::context::Credential;
use crate::graphql::errors::finish;
use crate::http::track::{Tracked, header};

/// Between two comments that keep a silent connection open.
const HEARTBEAT: Duration = Duration::from_secs(12);

/// The cursor of the event that a reconnecting client saw last.
pub fn last_seen(headers: &HeaderMap) -> Option<String> {
    let seen = headers.get("last-event-id")?.to_str().ok()?;
    (!seen.is_empty()).then(|| seen.to_owned())
}

/// The one answer of a query or mutation.
pub fn once(answer: Answer) -> Response {
    events(stream::once(async { next((answer, None)) }))
}

/// A subscription's answers, until it ends or `closing` says that the service stops. Whose credential
/// ended on the way is told so.
pub fn many(
    answers: BoxStream<'static, Told>,
    expel: CancellationToken,
    closing: CancellationToken,
    credential: Option<Credential>,
    tracked: &Tracked,
) -> Response {
    let request_id = tracked.request_id.clone();
    let farewell = stream::once(async move {
        expel.is_cancelled().then(|| {
            let mut refused = refusal(match credential {
                Some(Credential::StaffSession(_)) | None => Error::Unauthenticated,
                Some(_) => Error::LinkInactive,
            });
            finish(&mut refused, &request_id);
            next((refused, None))
        })
    });
    let told = answers.map(next).chain(farewell.filter_map(async |event| event));
    events(told.take_until(closing.cancelled_owned()))
}

fn next((answer, cursor): Told) -> Event {
    let event = Event::default().event("next").data(serde_json::to_string(&answer).unwrap_or_default());
    match cursor {
        Some(cursor) => event.id(cursor),
        None => event,
    }
}

fn events(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let complete = stream::once(async { Event::default().event("complete").data("") });
    let sse = Sse::new(events.chain(complete).map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text(""));
    let mut response = sse.into_response();
    response.headers_mut().insert(CACHE_CONTROL, header("no-store"));
    // Proxies that gather an answer before they pass it on would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), header("no"));
    response
}

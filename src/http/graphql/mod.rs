//! GraphQL over HTTP (API-2), ours because the stock transport is neither conformant nor safe:
//! JSON bodies only, GET for queries only, no batches, 400 without `data` for a document that does
//! not parse or validate, and the media type that the client asked for.

mod documents;
mod media;
mod parameters;
mod persisted;
mod respond;
mod running;
mod sse;
mod subscribing;
mod websocket;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as Answer, Variables};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

pub use self::documents::Documents;
use self::media::Media;
use self::parameters::Parameters;
pub use self::persisted::Persisted;
pub(super) use self::respond::busy;
use self::respond::{method_not_allowed, refusal, refuse, respond};
pub(super) use self::running::{Asker, execute, plain_context, wait_for_deadline};
pub(super) use self::sse::events;
use super::Http;
use super::track::Tracked;
use crate::error::{Error, Result};
use crate::graphql::guard::{self, Operation};
use crate::graphql::tokens;

const ALLOWED: &str = "GET, POST, OPTIONS";

/// A POST with a JSON body.
pub async fn post(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(media) = media::of(&headers) else { return not_acceptable(&tracked) };
    if !media::is_json(&headers) {
        let error = Error::invalid("content-type", "Send the request as application/json.");
        return refuse(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, error, &tracked);
    }
    let most = http.app.config.http.body_bytes;
    let Ok(bytes) = to_bytes(body, most).await else {
        let error = Error::invalid("body", format!("The request body must be at most {most} bytes long."));
        return refuse(media, StatusCode::PAYLOAD_TOO_LARGE, error, &tracked);
    };
    match Parameters::from_body(&bytes, &http.app.config.graphql) {
        Ok(parameters) => answer(http, tracked, &headers, media, parameters, Method::POST).await,
        Err(error) => refuse(media, StatusCode::BAD_REQUEST, error, &tracked),
    }
}

/// A GET with its parameters in the query, which only reads; or the opening of a WebSocket.
pub async fn get(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return websocket::open(http, Asker::of(&tracked, &headers), upgrade);
    }
    let Some(media) = media::of(&headers) else { return not_acceptable(&tracked) };
    match Parameters::from_query(query.as_deref().unwrap_or_default(), &http.app.config.graphql) {
        Ok(parameters) => answer(http, tracked, &headers, media, parameters, Method::GET).await,
        Err(error) => refuse(media, StatusCode::BAD_REQUEST, error, &tracked),
    }
}

/// OPTIONS without an origin: what can be sent here. Preflights end in `cors`.
pub async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(ALLOW, ALLOWED)]).into_response()
}

/// Every other method.
pub async fn other(Extension(tracked): Extension<Tracked>, headers: HeaderMap) -> Response {
    let media = Media::negotiate(&headers).unwrap_or(Media::Json);
    method_not_allowed(media, ALLOWED, "Send operations by POST, or queries by GET.", &tracked)
}

/// Refuses a GraphQL request before it is looked at, for the layers around.
pub fn turn_away(headers: &HeaderMap, status: StatusCode, error: Error, tracked: &Tracked) -> Response {
    refuse(Media::negotiate(headers).unwrap_or(Media::Json), status, error, tracked)
}

async fn answer(
    http: Http,
    tracked: Tracked,
    headers: &HeaderMap,
    media: Media,
    parameters: Parameters,
    method: Method,
) -> Response {
    let (operation, request) = match prepare(&http, parameters) {
        Ok(prepared) => prepared,
        Err(Refusal::Malformed(error)) => return refuse(media, StatusCode::BAD_REQUEST, error, &tracked),
        Err(Refusal::Document(answer)) => return respond(media, *answer, &tracked),
    };
    if operation.kind == OperationType::Mutation && method == Method::GET {
        return method_not_allowed(media, "POST", "Send mutations by POST.", &tracked);
    }
    let asker = Asker::of(&tracked, headers);
    match (operation.kind, media::accepts_events(headers)) {
        (OperationType::Subscription, true) => sse::events(&http, &asker, request, headers),
        (OperationType::Subscription, false) => {
            let error = Error::invalid(
                "query",
                "Subscribe by WebSocket, or send the header Accept: text/event-stream.",
            );
            respond(media, refusal(error), &tracked)
        }
        (_, true) if Media::negotiate(headers).is_none() => {
            sse::once(&running::run(http, asker, operation, request).await)
        }
        _ => respond(media, running::run(http, asker, operation, request).await, &tracked),
    }
}

/// Why a request is not run.
enum Refusal {
    /// It is no well-formed request.
    Malformed(Error),
    /// It is one, but its document cannot be run.
    Document(Box<Answer>),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Document(Box::new(refusal(error)))
    }
}

/// Finds, checks and parses the document. Nothing of it has run, and no database was asked.
fn prepare(http: &Http, parameters: Parameters) -> Result<(Operation, Request), Refusal> {
    let limits = &http.app.config.graphql;
    let hash = parameters.persisted_hash().map_err(Refusal::Malformed)?;
    let document = match (parameters.query, hash) {
        (Some(document), Some(hash)) => {
            Persisted::verify(&hash, &document).map_err(Refusal::Malformed)?;
            document
        }
        (Some(document), None) => document,
        (None, Some(hash)) => http.persisted.find(&hash)?,
        (None, None) => {
            return Err(Refusal::Malformed(Error::invalid("query", "The request has no `query`.")));
        }
    };
    if !http.documents.knows(&document) {
        tokens::check(&document, limits)?;
    }
    let variables = Variables::from_json(parameters.variables.into());
    let malformed = |error| Refusal::Document(Box::new(Answer::from_errors(vec![error])));
    let mut request = http.documents.request(document).map_err(malformed)?.variables(variables.clone());
    request.operation_name = parameters.operation_name;
    let name = request.operation_name.clone();
    let parsed = request.parsed_query().map_err(malformed)?;
    let operation = guard::inspect(parsed, name.as_deref(), &variables, limits)?;
    if let Some(hash) = hash {
        http.persisted.keep(hash, &request.query);
    }
    Ok((operation, request))
}

fn not_acceptable(tracked: &Tracked) -> Response {
    let error = Error::invalid("accept", "We answer application/graphql-response+json or application/json.");
    refuse(Media::Json, StatusCode::NOT_ACCEPTABLE, error, tracked)
}

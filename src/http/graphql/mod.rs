//! GraphQL over HTTP (API-2), ours because the stock transport is neither conformant nor safe:
//! JSON bodies only, GET for queries only, no batches, 400 without `data` for a document that does
//! not parse or validate, and the media type that the client asked for.

mod documents;
mod media;
mod parameters;
mod persisted;
mod respond;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as Answer, Value, Variables, value};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{ALLOW, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;

pub use self::documents::Documents;
use self::media::Media;
use self::parameters::Parameters;
pub use self::persisted::Persisted;
pub(super) use self::respond::busy;
use self::respond::{method_not_allowed, refusal, refuse, respond};
use super::track::{Tracked, panicked};
use super::{Http, caller};
use crate::config::GraphqlLimits;
use crate::domain::changes::Origin;
use crate::error::{Error, Result};
use crate::graphql::context::{Credential, RequestContext};
use crate::graphql::errors::code;
use crate::graphql::guard::Operation;
use crate::graphql::{guard, loaders, tokens};

/// The step at which answers about dead links leave, so that what was found on the way cannot be
/// timed (invariant 9).
pub const DEADLINE_STEP: Duration = Duration::from_millis(10);
const ALLOWED: &str = "GET, POST, OPTIONS";

/// A POST with a JSON body.
pub async fn post(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else { return not_acceptable(&tracked) };
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

/// A GET with its parameters in the query; reads only.
pub async fn get(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else { return not_acceptable(&tracked) };
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
    match operation.kind {
        OperationType::Mutation if method == Method::GET => {
            return method_not_allowed(media, "POST", "Send mutations by POST.", &tracked);
        }
        OperationType::Subscription => {
            let error = Error::invalid("query", "Subscriptions are not served at this address.");
            return respond(media, refusal(error), &tracked);
        }
        _ => {}
    }
    let timeout = http.app.config.http.timeout;
    let cost = cost(&operation, &http.app.config.graphql);
    let user_agent =
        headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).map(|v| v.chars().take(300).collect());
    let run = execute(http, tracked.clone(), caller::credential(headers), user_agent, request);
    let mut answer = match operation.kind {
        // On a task of its own: a client that hangs up cannot cut a change in half.
        // Nor can a long answer to it go on for ever: what is not committed then is rolled back.
        OperationType::Mutation => {
            let run = tokio::time::timeout(2 * timeout, shielded(run));
            tokio::spawn(run).await.ok().and_then(Result::ok).unwrap_or_else(broken)
        }
        _ => shielded(run).await,
    };
    answer.extensions.insert("cost".to_owned(), cost);
    if answer.errors.iter().any(|error| code(error) == Some("LINK_INACTIVE")) {
        wait_for_deadline(&tracked).await;
    }
    respond(media, answer, &tracked)
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

/// Runs a request with a context of its own, and ends its transactions.
pub(super) async fn execute(
    http: Http,
    tracked: Tracked,
    credential: Option<Credential>,
    user_agent: Option<String>,
    request: Request,
) -> Answer {
    let (inline, batches) = loaders::inline();
    let origin =
        Origin { request_id: tracked.request_id.clone(), address: Some(tracked.network.to_string()) };
    let context = RequestContext::new(http.app.clone(), credential, origin, user_agent, inline);
    let context = Arc::new(context.sent_by(tracked.page.clone()));
    let mut answer = loaders::run(http.schema.execute(request.data(context.clone())), batches).await;
    if let Some(seen) = context.seen() {
        tracked.sighting.note(seen);
    }
    // The client need not wait for COMMIT: what it reads was read, what it changed is committed.
    tokio::spawn(async move { context.finish().await });
    crate::graphql::errors::finish(&mut answer, &tracked.request_id);
    answer
}

/// A panic on the way is our defect: logged, and answered as one.
async fn shielded(run: impl Future<Output = Answer>) -> Answer {
    match AssertUnwindSafe(run).catch_unwind().await {
        Ok(answer) => answer,
        Err(panic) => {
            panicked(panic);
            broken()
        }
    }
}

fn broken() -> Answer {
    refusal(Error::internal(anyhow::anyhow!("a request's task did not end")))
}

fn cost(operation: &Operation, limits: &GraphqlLimits) -> Value {
    value!({ "requested": operation.cost, "maximum": limits.complexity })
}

/// Sleeps to the next step since the request came in.
pub async fn wait_for_deadline(tracked: &Tracked) {
    let step = DEADLINE_STEP.as_micros();
    let steps = tracked.start.elapsed().as_micros() / step + 1;
    let deadline = Duration::from_micros(u64::try_from(steps * step).unwrap_or(u64::MAX));
    tokio::time::sleep_until(tokio::time::Instant::from_std(tracked.start + deadline)).await;
}

fn not_acceptable(tracked: &Tracked) -> Response {
    let error = Error::invalid("accept", "We answer application/graphql-response+json or application/json.");
    refuse(Media::Json, StatusCode::NOT_ACCEPTABLE, error, tracked)
}

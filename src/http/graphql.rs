//! GraphQL over HTTP (API-2), ours because the stock transport is neither conformant nor safe:
//! JSON bodies only, GET for queries only, no batches, 400 without `data` for a document that does
//! not parse or validate, and the media type that the client asked for.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as Answer, ServerError, Variables};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, USER_AGENT, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::track::{Tracked, header};
use super::{Http, caller};
use crate::domain::changes::Origin;
use crate::error::Error;
use crate::graphql::context::{Credential, RequestContext};
use crate::graphql::errors::{code, coded, finish};
use crate::graphql::{guard, loaders};

/// The step at which answers about dead links leave, so that what was found on the way cannot be
/// timed (invariant 9).
pub const DEADLINE_STEP: Duration = Duration::from_millis(10);

/// The two media types we answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    /// `application/graphql-response+json`: request errors are 400.
    Response,
    /// `application/json`: a well-formed request is always 200.
    Json,
}

impl Media {
    fn content_type(self) -> &'static str {
        match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What the client accepts. Nothing named, or anything: `application/json`, as clients older
    /// than the specification expect.
    fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let Some(accept) = headers.get(ACCEPT) else { return Some(Self::Json) };
        let mut best: Option<(Self, f32)> = None;
        for range in accept.to_str().ok()?.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = match parts.next()?.to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::Response,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            let quality = parts
                .find_map(|parameter| parameter.strip_prefix("q="))
                .and_then(|q| q.parse::<f32>().ok())
                .unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
                best = Some((media, quality));
            }
        }
        best.map(|(media, _)| media)
    }
}

/// The parameters of a request, by POST body or GET query.
#[derive(Debug, Deserialize)]
struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A POST with a JSON body.
pub async fn post(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else { return not_acceptable() };
    if !is_json(&headers) {
        return refuse(media, StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the request as application/json.");
    }
    let Ok(bytes) = to_bytes(body, http.app.config.http.body_bytes).await else {
        let message =
            format!("The request body must be at most {} bytes long.", http.app.config.http.body_bytes);
        return refuse(media, StatusCode::PAYLOAD_TOO_LARGE, &message);
    };
    match serde_json::from_slice::<Parameters>(&bytes) {
        Ok(parameters) => answer(http, tracked, &headers, media, parameters, Method::Post).await,
        Err(error) if error.is_data() => refuse(
            media,
            StatusCode::BAD_REQUEST,
            "The body must be one JSON object with the text `query`, and optionally `variables`, `operationName` and `extensions`.",
        ),
        Err(_) => refuse(media, StatusCode::BAD_REQUEST, "The body is not JSON."),
    }
}

/// A GET with its parameters in the query; reads only.
pub async fn get(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else { return not_acceptable() };
    match from_query(query.as_deref().unwrap_or_default()) {
        Some(parameters) => answer(http, tracked, &headers, media, parameters, Method::Get).await,
        None => refuse(media, StatusCode::BAD_REQUEST, "`variables` and `extensions` must be JSON objects."),
    }
}

fn from_query(query: &str) -> Option<Parameters> {
    let mut parameters = Parameters { query: None, operation_name: None, variables: None, extensions: None };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "query" => parameters.query = Some(value.into_owned()),
            "operationName" if !value.is_empty() => parameters.operation_name = Some(value.into_owned()),
            "variables" if !value.is_empty() => parameters.variables = serde_json::from_str(&value).ok()?,
            "extensions" if !value.is_empty() => parameters.extensions = serde_json::from_str(&value).ok()?,
            _ => {}
        }
    }
    Some(parameters)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

async fn answer(
    http: Http,
    tracked: Tracked,
    headers: &HeaderMap,
    media: Media,
    parameters: Parameters,
    method: Method,
) -> Response {
    let Some(query) = parameters.query else {
        return refuse(media, StatusCode::BAD_REQUEST, "The request has no `query`.");
    };
    let name = parameters.operation_name;
    let variables = parameters.variables.unwrap_or_default();
    let mut request = Request::new(query).variables(Variables::from_json(variables.into()));
    request.operation_name = name.clone();
    let document = match request.parsed_query() {
        Ok(document) => document,
        Err(error) => return respond(media, Answer::from_errors(vec![error.clone()]), &tracked),
    };
    let operation = match guard::inspect(document, name.as_deref(), &http.app.config.graphql) {
        Ok(operation) => operation,
        Err(error) => return respond(media, refusal(error), &tracked),
    };
    match (operation.kind, method) {
        (OperationType::Mutation, Method::Get) => {
            let mut response = refuse(media, StatusCode::METHOD_NOT_ALLOWED, "Send mutations by POST.");
            response.headers_mut().insert(ALLOW, header("POST"));
            return response;
        }
        (OperationType::Subscription, _) => {
            return refuse(media, StatusCode::BAD_REQUEST, "Subscriptions are not served at this address.");
        }
        _ => {}
    }
    let credential = caller::credential(headers);
    let user_agent =
        headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).map(|v| v.chars().take(300).collect());
    let run = execute(http, tracked.clone(), credential, user_agent, request);
    let answer = match operation.kind {
        // On a task of its own: a client that hangs up cannot cut a change in half.
        OperationType::Mutation => tokio::spawn(run).await.unwrap_or_else(|_| refusal(internal())),
        _ => run.await,
    };
    if answer.errors.iter().any(|error| code(error) == Some("LINK_INACTIVE")) {
        wait_for_deadline(&tracked).await;
    }
    respond(media, answer, &tracked)
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
    let context = Arc::new(RequestContext::new(http.app.clone(), credential, origin, user_agent, inline));
    let mut answer = loaders::run(http.schema.execute(request.data(context.clone())), batches).await;
    context.finish().await;
    finish(&mut answer, &tracked.request_id);
    answer
}

/// Sleeps to the next step since the request came in.
pub async fn wait_for_deadline(tracked: &Tracked) {
    let step = DEADLINE_STEP.as_micros();
    let steps = tracked.start.elapsed().as_micros() / step + 1;
    let deadline = Duration::from_micros(u64::try_from(steps * step).unwrap_or(u64::MAX));
    tokio::time::sleep_until(tokio::time::Instant::from_std(tracked.start + deadline)).await;
}

fn internal() -> Error {
    Error::internal(anyhow::anyhow!("a mutation's task did not end"))
}

fn refusal(error: Error) -> Answer {
    Answer::from_errors(vec![coded(error).into_server_error(async_graphql::Pos::default())])
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| {
        parameter.is_empty() || parameter.to_ascii_lowercase().replace('"', "") == "charset=utf-8"
    })
}

/// An answer of the engine, with the status that the media type wants.
fn respond(media: Media, mut answer: Answer, tracked: &Tracked) -> Response {
    finish(&mut answer, &tracked.request_id);
    let refused = is_request_error(&answer);
    let wait = answer.errors.iter().find_map(unavailable);
    let status = match (refused, media) {
        _ if wait.is_some() => StatusCode::SERVICE_UNAVAILABLE,
        (true, Media::Response) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let body = if refused {
        serde_json::json!({ "errors": answer.errors }).to_string()
    } else {
        serde_json::to_string(&answer).unwrap_or_default()
    };
    let mut response = json(media, status, body);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, header(&wait.to_string()));
    }
    response
}

/// Errors without a path, and no data: nothing was executed.
fn is_request_error(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|e| e.path.is_empty())
}

/// Seconds to wait, if the error says that a part of the service is away.
fn unavailable(error: &ServerError) -> Option<u64> {
    let extensions = error.extensions.as_ref()?;
    extensions.get("unavailable")?;
    match extensions.get("retryAfter")? {
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// A request that is not GraphQL over HTTP.
fn refuse(media: Media, status: StatusCode, message: &str) -> Response {
    let body =
        serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": "VALIDATION" } }] });
    json(media, status, body.to_string())
}

fn not_acceptable() -> Response {
    refuse(
        Media::Json,
        StatusCode::NOT_ACCEPTABLE,
        "We answer application/graphql-response+json or application/json.",
    )
}

fn json(media: Media, status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, header(media.content_type()));
    headers.insert(CACHE_CONTROL, header("no-store"));
    headers.insert(VARY, header("accept, authorization, origin"));
    headers.insert("x-content-type-options", header("nosniff"));
    response
}

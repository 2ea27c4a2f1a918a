//! A small stand-in for Dropbox: its HTTP interface as far as files need it, over a map in memory.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::wire;

/// What an account of it is opened with.
pub const APP_KEY: &str = "app";
pub const APP_SECRET: &str = "app-secret";
pub const REFRESH_TOKEN: &str = "refresh";

/// The account behind it.
#[derive(Clone, Default)]
pub struct DropboxServer(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    files: HashMap<String, Vec<u8>>,
    sessions: HashMap<String, Vec<u8>>,
    /// The longest body that ever came.
    longest: usize,
}

impl DropboxServer {
    /// Serves until the test ends.
    pub async fn start() -> (Self, SocketAddr) {
        let server = Self::default();
        let router = Router::new()
            .route("/oauth2/token", post(token))
            .route("/2/files/{*verb}", post(call))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(server.clone());
        let address = wire::serve(router).await;
        (server, address)
    }

    /// Paths that are there.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.0.lock().unwrap().files.keys().cloned().collect();
        paths.sort();
        paths
    }

    pub fn longest_body(&self) -> usize {
        self.0.lock().unwrap().longest
    }
}

async fn token(body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let is = |name: &str, value: &str| form.get(name).is_some_and(|sent| sent == value);
    if is("grant_type", "refresh_token")
        && is("refresh_token", REFRESH_TOKEN)
        && is("client_id", APP_KEY)
        && is("client_secret", APP_SECRET)
    {
        axum::Json(json!({ "access_token": "access", "token_type": "bearer", "expires_in": 14400 }))
            .into_response()
    } else {
        (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_grant" }))).into_response()
    }
}

async fn call(
    State(server): State<DropboxServer>,
    Path(verb): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.get(AUTHORIZATION).is_none_or(|sent| sent != "Bearer access") {
        return refused(StatusCode::UNAUTHORIZED, "invalid_access_token/");
    }
    let argument: Value = match headers.get("dropbox-api-arg") {
        Some(argument) => serde_json::from_str(argument.to_str().unwrap()).unwrap(),
        None => serde_json::from_slice(&body).unwrap(),
    };
    let mut inner = server.0.lock().unwrap();
    inner.longest = inner.longest.max(body.len());
    let path = argument["path"].as_str().unwrap_or_default().to_owned();
    match verb.as_str() {
        "upload_session/start" => {
            let id = format!("session {}", inner.sessions.len());
            inner.sessions.insert(id.clone(), body.to_vec());
            axum::Json(json!({ "session_id": id })).into_response()
        }
        "upload_session/append_v2" | "upload_session/finish" => {
            let cursor = &argument["cursor"];
            let id = cursor["session_id"].as_str().unwrap();
            let Some(session) = inner.sessions.get_mut(id) else {
                return refused(StatusCode::CONFLICT, "lookup_failed/not_found/");
            };
            if cursor["offset"] != session.len() {
                return refused(StatusCode::CONFLICT, "lookup_failed/incorrect_offset/");
            }
            session.extend_from_slice(&body);
            if verb.ends_with("finish") {
                let bytes = inner.sessions.remove(id).unwrap();
                inner.files.insert(argument["commit"]["path"].as_str().unwrap().to_owned(), bytes);
            }
            axum::Json(Value::Null).into_response()
        }
        "download" => match inner.files.get(&path) {
            Some(bytes) => part(bytes, &headers),
            None => refused(StatusCode::CONFLICT, "path/not_found/"),
        },
        "delete_v2" => match inner.files.remove(&path) {
            Some(_) => axum::Json(json!({})).into_response(),
            None => refused(StatusCode::CONFLICT, "path_lookup/not_found/"),
        },
        other => panic!("the stand-in does not know {other}"),
    }
}

fn part(bytes: &[u8], headers: &HeaderMap) -> Response {
    let Some(range) = headers.get(RANGE) else { return bytes.to_vec().into_response() };
    let (first, last) = range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let part = bytes[first..bytes.len().min(last + 1)].to_vec();
    let said = format!("bytes {first}-{last}/{}", bytes.len());
    (StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, said)], part).into_response()
}

fn refused(status: StatusCode, summary: &str) -> Response {
    (status, axum::Json(json!({ "error_summary": summary, "error": {} }))).into_response()
}

//! A partner's server: takes webhooks, keeps them, and answers as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;

use super::wire;

/// A running server.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    state: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    taken: Vec<Taken>,
    answers: VecDeque<(u16, &'static str)>,
    always: Option<u16>,
}

/// A webhook as it came.
#[derive(Clone, Debug)]
pub struct Taken {
    pub headers: HeaderMap,
    pub body: String,
}

impl Taken {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let state: Arc<Mutex<Book>> = Arc::default();
        let router = Router::new().route("/hook", post(take)).with_state(state.clone());
        let address = wire::serve(router).await;
        Self { url: format!("http://{address}/hook"), state }
    }

    /// Answers the next webhooks so, one after another, and then 200 again.
    pub fn answers(&self, answers: impl IntoIterator<Item = (u16, &'static str)>) {
        self.state.lock().unwrap().answers.extend(answers);
    }

    /// Answers so from now on.
    pub fn always(&self, status: u16) {
        self.state.lock().unwrap().always = Some(status);
    }

    /// What has come so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The ids of what has come so far.
    pub fn ids(&self) -> Vec<String> {
        self.taken().iter().map(|taken| taken.header("webhook-id").to_owned()).collect()
    }
}

async fn take(State(state): State<Arc<Mutex<Book>>>, headers: HeaderMap, body: String) -> Response {
    let mut book = state.lock().unwrap();
    book.taken.push(Taken { headers, body });
    let always = book.always.unwrap_or(200);
    let (status, text) = book.answers.pop_front().unwrap_or((always, "taken"));
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")], text).into_response()
}

//! An HTTP answer, read to its end.

use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

/// Status, headers and body.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// The body as text.
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.body()))
    }

    /// The value at a JSON pointer; fails the test with the whole answer if there is none.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> Value {
        let json = self.json();
        json.pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer} in {json:#}"))
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        match self.at(pointer) {
            Value::String(text) => text,
            other => panic!("{other} at {pointer} is no text in {:#}", self.json()),
        }
    }

    /// The code of the first error.
    #[track_caller]
    pub fn code(&self) -> String {
        self.text("/errors/0/extensions/code")
    }

    /// Fails the test if there was any error.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.json().get("errors"), None, "{:#}", self.json());
        self
    }

    /// A header's text, empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

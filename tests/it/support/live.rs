//! Subscribers: over WebSocket as `graphql-transport-ws` has it, and over server-sent events.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use vestibule::worker::Worker;

use super::{TestApp, wire};

/// Longer than anything here takes; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An instance that serves, with its worker.
pub struct Instance {
    pub address: SocketAddr,
    _worker: Option<Worker>,
}

impl Instance {
    pub async fn of(app: &TestApp) -> Self {
        let worker = Worker::start(app.app.clone());
        Self { _worker: Some(worker), ..Self::without_worker(app).await }
    }

    /// One whose jobs the test runs itself. It tells what happens on it, and of nothing else.
    pub async fn without_worker(app: &TestApp) -> Self {
        Self { address: wire::serve(app.router.clone()).await, _worker: None }
    }

    /// A WebSocket that has been let in.
    pub async fn socket(&self, token: &str) -> Socket {
        let mut socket = Socket::open(self.address, Some("graphql-transport-ws")).await;
        socket.says(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })).await;
        assert_eq!(socket.hears().await, json!({ "type": "connection_ack" }));
        socket
    }
}

/// A WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(address: SocketAddr, protocol: Option<&str>) -> Self {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        Self(connect_async(request).await.unwrap().0)
    }

    pub async fn says(&mut self, message: Value) {
        self.sends(Message::text(message.to_string())).await;
    }

    pub async fn sends(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Subscribes under an id.
    pub async fn subscribes(&mut self, id: &str, document: &str, variables: Value) {
        self.says(json!({ "id": id, "type": "subscribe", "payload": { "query": document, "variables": variables } })).await;
    }

    /// The next message.
    pub async fn hears(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The next result of an operation.
    pub async fn next(&mut self, id: &str) -> Value {
        let message = self.hears().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message:#}");
        message["payload"].clone()
    }

    /// The code and reason with which the connection is closed.
    pub async fn is_closed(&mut self) -> (u16, String) {
        loop {
            let Some(frame) = self.whatever_comes().await else { return (1006, String::new()) };
            match frame {
                Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
                Message::Close(None) => return (1005, String::new()),
                _ => {}
            }
        }
    }

    async fn frame(&mut self) -> Message {
        self.whatever_comes().await.expect("the connection has ended")
    }

    /// The next frame but for pings; none if the connection was cut.
    async fn whatever_comes(&mut self) -> Option<Message> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing comes");
            match frame?.ok()? {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return Some(frame),
            }
        }
    }
}

/// A stream of server-sent events.
pub struct EventStream(BufReader<TcpStream>);

/// One of them.
#[derive(Debug)]
pub struct ServerSent {
    pub event: String,
    pub id: Option<String>,
    pub data: String,
}

impl ServerSent {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

impl EventStream {
    /// Subscribes; `last_seen` is what a reconnecting client says.
    pub async fn open(address: SocketAddr, token: &str, document: &str, last_seen: Option<&str>) -> Self {
        let body = json!({ "query": document }).to_string();
        let last_seen = last_seen.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             accept: text/event-stream\r\nauthorization: Bearer {token}\r\n{last_seen}content-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = Self(BufReader::new(wire::send_raw(address, &format!("{head}{body}")).await));
        assert_eq!(stream.line().await, "HTTP/1.1 200 OK");
        let mut media = String::new();
        loop {
            let line = stream.line().await;
            match line.strip_prefix("content-type: ") {
                _ if line.is_empty() => break,
                Some(value) => media = value.to_owned(),
                None => {}
            }
        }
        assert_eq!(media, "text/event-stream");
        stream
    }

    /// The next event, past heartbeats and the lengths of chunks.
    pub async fn next(&mut self) -> ServerSent {
        let mut sent = ServerSent { event: String::new(), id: None, data: String::new() };
        loop {
            let line = self.line().await;
            if let Some(event) = line.strip_prefix("event: ") {
                sent.event = event.to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                sent.id = Some(id.to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                sent.data = data.to_owned();
            } else if line.is_empty() && !sent.event.is_empty() {
                return sent;
            }
        }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line));
        assert_ne!(read.await.expect("nothing comes").unwrap(), 0, "the stream has ended");
        line.trim_end().to_owned()
    }
}

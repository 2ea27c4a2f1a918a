//! API-2: `graphql-transport-ws`, word for word.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::STAFF;
use crate::support::TestApp;
use crate::support::live::{Instance, Socket};

const PROTOCOL: Option<&str> = Some("graphql-transport-ws");

/// API-2
#[tokio::test]
async fn what_is_no_message_closes_the_connection_and_says_why() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    for (message, reason) in [
        (Message::text("{"), "Message is not JSON"),
        (Message::text("[]"), "Message is not an object"),
        (Message::text("{}"), "Message has no type"),
        (Message::text(r#"{"type":"hello"}"#), "Message has an unknown type"),
        (Message::text(r#"{"type":"connection_init","payload":"x"}"#), "payload is not an object"),
        (Message::text(r#"{"type":"ping","payload":3}"#), "payload is not an object"),
        (Message::text(r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#), "Message has no id"),
        (Message::text(r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#), "Message has no id"),
        (Message::text(r#"{"type":"subscribe","id":"1"}"#), "Message has no payload"),
        (Message::text(r#"{"type":"subscribe","id":"1","payload":{}}"#), "Payload has no query"),
        (Message::text(r#"{"type":"subscribe","id":"1","payload":{"query":5}}"#), "Payload has no query"),
        (
            Message::text(r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":"x"}}"#),
            "variables is not an object",
        ),
        (
            Message::text(r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}"#),
            "operationName is not a string",
        ),
        (Message::text(r#"{"type":"complete"}"#), "Message has no id"),
        (Message::binary(b"{}".to_vec()), "Message is not text"),
    ] {
        let mut socket = Socket::open(instance.address, PROTOCOL).await;
        socket.sends(message.clone()).await;
        assert_eq!(socket.is_closed().await, (4400, reason.to_owned()), "{message}");
    }
}

/// API-2
#[tokio::test]
async fn a_connection_is_opened_once_in_time_and_in_this_protocol() {
    let app = TestApp::world_with([("LIVE_INIT_MS", "200")]).await;
    let instance = Instance::of(&app).await;
    let closes = async |socket: &mut Socket| socket.is_closed().await;
    let mut patient = instance.socket(&app.acme().staff_token).await;
    let mut none = Socket::open(instance.address, None).await;
    assert_eq!(closes(&mut none).await, (4406, "Subprotocol not acceptable".to_owned()));
    let mut silent = Socket::open(instance.address, PROTOCOL).await;
    assert_eq!(closes(&mut silent).await, (4408, "Connection initialisation timeout".to_owned()));
    let mut early = Socket::open(instance.address, PROTOCOL).await;
    early.subscribes("1", "{ service { version } }", json!({})).await;
    assert_eq!(closes(&mut early).await, (4401, "Unauthorized".to_owned()));
    let mut twice = instance.socket(&app.acme().staff_token).await;
    twice.says(json!({ "type": "connection_init" })).await;
    assert_eq!(closes(&mut twice).await, (4429, "Too many initialisation requests".to_owned()));
    for wrong in ["Bearer vs_unknown", "Bearer vp_unknown", "Bearer nothing", "Basic abc", ""] {
        let mut stranger = Socket::open(instance.address, PROTOCOL).await;
        stranger.says(json!({ "type": "connection_init", "payload": { "Authorization": wrong } })).await;
        assert_eq!(closes(&mut stranger).await, (4403, "Forbidden".to_owned()), "{wrong}");
    }
    // Being let in stops the clock.
    patient.says(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(patient.hears().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    patient.says(json!({ "type": "ping" })).await;
    assert_eq!(patient.hears().await, json!({ "type": "pong" }));
}

/// API-2
#[tokio::test]
async fn operations_run_side_by_side_under_ids_of_their_own() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let mut socket = instance.socket(&app.acme().staff_token).await;
    socket.subscribes("q", "{ staff { organization { name } } }", json!({})).await;
    assert_eq!(socket.next("q").await["data"]["staff"]["organization"]["name"], app.acme().name);
    assert_eq!(socket.hears().await, json!({ "id": "q", "type": "complete" }));
    for (wrong, code) in [
        ("{ nothing }", "VALIDATION"),
        ("subscription { staffEvents { nothing } }", "VALIDATION"),
        ("subscription { portalEvents { cursor } }", "FORBIDDEN"),
        ("subscription { staffEvents { cursor } also: staffEvents { id } }", "VALIDATION"),
        ("subscription { staffEvents @skip(if: true) { cursor } }", "VALIDATION"),
        ("subscription { ...All } fragment All on Subscription { staffEvents { cursor } }", "VALIDATION"),
        ("{", "VALIDATION"),
    ] {
        socket.subscribes("w", wrong, json!({})).await;
        let refused = socket.hears().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("w")), "{wrong} {refused:#}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], code, "{wrong}");
    }
    socket.subscribes("s", STAFF, json!({})).await;
    // What was stopped is silent, and its id is free again.
    socket.says(json!({ "type": "complete", "id": "s" })).await;
    socket.says(json!({ "type": "complete", "id": "unknown" })).await;
    super::adds_company(&app, app.acme(), "Unheard").await;
    socket.subscribes("s", STAFF, json!({})).await;
    // Nothing says from when on it listens: companies are added until it hears of one.
    let adding = async {
        for n in 0.. {
            super::adds_company(&app, app.acme(), &format!("Heard {n}")).await;
        }
    };
    let told = tokio::select! {
        told = socket.next("s") => told,
        () = adding => unreachable!("there is always another"),
    };
    assert!(told["data"]["staffEvents"]["companyId"].is_string(), "{told:#}");
    socket.subscribes("s", STAFF, json!({})).await;
    assert_eq!(socket.is_closed().await, (4409, "Subscriber for s already exists".to_owned()));
}

/// API-5
#[tokio::test]
async fn a_connection_neither_runs_too_much_nor_hears_too_much() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let mut socket = instance.socket(&app.acme().staff_token).await;
    for n in 0..100 {
        socket.subscribes(&n.to_string(), STAFF, json!({})).await;
    }
    socket.subscribes("one more", STAFF, json!({})).await;
    let refused = socket.hears().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{refused:#}");
    socket.sends(Message::text("x".repeat(300_000))).await;
    let (code, _) = socket.is_closed().await;
    assert!([1009, 1006].contains(&code), "{code}");
}

//! LINK-6: what is asked over a connection that stays open is counted like any other request, and what is
//! told on it as bytes.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{CLIENT, STAFF, changes, record};
use crate::support::live::{EventStream, Instance, ServerSent, Socket};
use crate::support::{Answer, TestApp};
use crate::usage::{assert_counts, portal, usage};

const HOME: &str = "{ portal { home { sections { count } } } }";

/// The token of a preview of the first portal.
async fn preview(app: &TestApp) -> String {
    let document = "mutation($input: PreviewPortalInput!) { staff { previewPortal(input: $input) { url } } }";
    let input = json!({ "input": { "portalId": portal(app.acme()).id } });
    let made = app.query(&app.acme().staff_token, document, input).await;
    made.text("/data/staff/previewPortal/url").rsplit('/').next().unwrap().to_owned()
}

/// Asks by server-sent events.
async fn streamed(app: &TestApp, token: &str, document: &str) -> Answer {
    let request = Request::post("/graphql")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "text/event-stream")
        .header(AUTHORIZATION, format!("Bearer {token}"));
    app.send(request.body(Body::from(json!({ "query": document }).to_string())).unwrap()).await
}

/// Asks on a socket: what it hears before the operation has ended.
async fn asked(socket: &mut Socket, document: &str) -> Value {
    socket.subscribes("q", document, json!({})).await;
    let answer = socket.hears().await;
    if answer["type"] == "next" {
        assert_eq!(socket.hears().await, json!({ "id": "q", "type": "complete" }));
    }
    answer
}

/// Subscribes a client to its portal's events.
async fn subscribes(socket: &mut Socket, document: &str) {
    socket.subscribes("1", document, json!({})).await;
    asked(socket, "{ service { version } }").await;
}

fn bytes(usage: &Value) -> usize {
    usage["bytesServed"].as_f64().unwrap() as usize
}

/// The bytes of a message: our JSON has no spaces.
fn length(message: &Value) -> usize {
    message.to_string().len()
}

/// The bytes of an event.
fn length_of_event(sent: &ServerSent) -> usize {
    let id = sent.id.as_deref().unwrap();
    format!("event: {}\ndata: {}\nid: {id}\n\n", sent.event, sent.data).len()
}

/// LINK-6
#[tokio::test]
async fn a_query_over_a_socket_is_a_view_with_its_bytes() {
    let app = TestApp::world().await;
    let instance = Instance::without_worker(&app).await;
    let mut socket = instance.socket(&app.open(&portal(app.acme()).token).await).await;
    let mut served = 0;
    for round in 1..3 {
        let answer = asked(&mut socket, HOME).await;
        assert!(answer["payload"]["data"]["portal"]["home"]["sections"].is_array(), "{answer:#}");
        served += length(&answer);
        let told = usage(&app, app.acme()).await;
        assert_counts(&told, [round, 1, 1, 0]);
        assert_eq!(told["sections"], json!([{ "section": "RECORDS", "views": round }]));
        assert_eq!(bytes(&told), served);
        assert!(told["firstViewedAt"].is_string(), "{told:#}");
    }
    let door = asked(&mut socket, "{ portal { doorway { title } } }").await;
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [2, 1, 1, 0]);
    assert_eq!(bytes(&told), served + length(&door));
}

/// LINK-6
#[tokio::test]
async fn a_query_by_server_sent_events_is_a_view_with_its_bytes() {
    let app = TestApp::world().await;
    let session = app.open(&portal(app.acme()).token).await;
    let answer = streamed(&app, &session, HOME).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert!(
        answer.body().starts_with("event: next\ndata: {\"data\":{\"portal\":{\"home\":"),
        "{}",
        answer.body()
    );
    assert!(answer.body().ends_with("}\n\nevent: complete\ndata: \n\n"), "{}", answer.body());
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [1, 1, 1, 0]);
    assert_eq!(bytes(&told), answer.body.len());
}

/// LINK-6, LINK-9
#[tokio::test]
async fn neither_a_preview_nor_who_is_refused_counts_over_either() {
    let app = TestApp::world().await;
    let instance = Instance::without_worker(&app).await;
    let (preview, session) = (preview(&app).await, app.open(&portal(app.acme()).token).await);
    let mut looking = instance.socket(&preview).await;
    let mut refused = instance.socket(&session).await;
    let seen = asked(&mut looking, HOME).await;
    assert!(seen["payload"]["data"]["portal"]["home"]["sections"].is_array(), "{seen:#}");
    assert!(streamed(&app, &preview, HOME).await.body().contains("sections"));
    looking.subscribes("1", CLIENT, json!({})).await;
    let message = looking.hears().await;
    assert_eq!(message["payload"][0]["extensions"]["code"], "FORBIDDEN", "{message:#}");
    assert_eq!(asked(&mut refused, "{ portal { nothing } }").await["type"], "error");
    app.arrange("update portals set expires_at = now()").await;
    let dead = asked(&mut refused, HOME).await;
    assert_eq!(dead["payload"]["errors"][0]["extensions"]["code"], "LINK_INACTIVE", "{dead:#}");
    assert!(streamed(&app, &session, HOME).await.body().contains("LINK_INACTIVE"));
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 0]);
    assert_eq!(bytes(&told), 0);
    assert_eq!(app.value("select count(*) from portal_usage").await, "0");
}

/// LINK-6: a client's, and not its staff's.
#[tokio::test]
async fn what_a_client_is_told_on_a_socket_counts_as_bytes_and_as_no_view() {
    let app = TestApp::world().await;
    let instance = Instance::without_worker(&app).await;
    let record = record(&app, app.acme()).await;
    let mut client = instance.socket(&app.open(&portal(app.acme()).token).await).await;
    let mut staff = instance.socket(&app.acme().staff_token).await;
    subscribes(&mut client, CLIENT).await;
    subscribes(&mut staff, STAFF).await;
    changes(&app, app.acme(), &record, json!({ "clientStatus": "With you" })).await;
    staff.next("1").await;
    let event = client.hears().await;
    assert_eq!(event["payload"]["data"]["portalEvents"]["recordId"], record, "{event:#}");
    // Gathered, and counted when the connection ends.
    assert_eq!(bytes(&usage(&app, app.acme()).await), 0);
    app.app.live.close();
    for socket in [&mut client, &mut staff] {
        assert_eq!(socket.is_closed().await.0, 1001);
    }
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 0]);
    assert_eq!(bytes(&told), length(&event));
}

/// LINK-6: nor does who stays connected for days stay uncounted for days.
#[tokio::test]
async fn what_a_client_is_told_is_counted_a_minute_later_while_it_listens_on() {
    let app = TestApp::world().await;
    let instance = Instance::without_worker(&app).await;
    let record = record(&app, app.acme()).await;
    let session = app.open(&portal(app.acme()).token).await;
    let mut socket = instance.socket(&session).await;
    subscribes(&mut socket, CLIENT).await;
    changes(&app, app.acme(), &record, json!({ "clientStatus": "Begun" })).await;
    let begun = socket.hears().await;
    let cursor = begun["payload"]["data"]["portalEvents"]["cursor"].as_str().unwrap().to_owned();
    let document = "subscription { portalEvents { __typename } }";
    let mut stream = EventStream::open(instance.address, &session, document, Some(&cursor)).await;
    let (mut by_socket, mut by_stream) = (length(&begun), 0);
    for (status, minutes) in [("With you", 0), ("With us", 2)] {
        assert_eq!(bytes(&usage(&app, app.acme()).await), 0, "{status}");
        app.app.clock.advance(TimeDelta::minutes(minutes));
        changes(&app, app.acme(), &record, json!({ "clientStatus": status })).await;
        by_socket += length(&socket.hears().await);
        by_stream += length_of_event(&stream.next().await);
    }
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 0]);
    assert_eq!(bytes(&told), by_socket + by_stream);
}

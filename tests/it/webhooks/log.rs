//! What staff see of deliveries, and what they send again.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{LOG, REPLAY, REPLAY_EVENTS, adds_company, delivers, endpoint, log, world};
use crate::support::receiver::Receiver;

/// EVT-7
#[tokio::test]
async fn each_try_is_in_the_log_with_status_duration_and_the_first_of_the_answer() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    receiver.answers([(500, "out of order")]);
    adds_company(&app, "New").await;
    delivers(&app).await;
    let node = log(&app, &id).await.pop().unwrap();
    assert_eq!(node["type"], "COMPANY_CREATED");
    assert_eq!(node["state"], "PENDING");
    assert!(node["nextAttemptAt"].is_string());
    let attempt = &node["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(500), &json!("out of order")));
    assert!(attempt["durationMs"].as_i64().unwrap() >= 0 && attempt["failure"].is_null());
    let pending = json!({ "id": id, "state": "PENDING" });
    let of_state = app.query(&app.acme().staff_token, LOG, pending).await.succeeded();
    assert_eq!(of_state.at("/data/staff/webhookEndpoint/deliveries/totalCount"), json!(1));
    let parked = json!({ "id": id, "state": "PARKED" });
    let of_state = app.query(&app.acme().staff_token, LOG, parked).await.succeeded();
    assert_eq!(of_state.at("/data/staff/webhookEndpoint/deliveries/totalCount"), json!(0));
}

/// EVT-7
#[tokio::test]
async fn an_event_is_sent_again_by_hand() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    adds_company(&app, "New").await;
    delivers(&app).await;
    let delivery = json!({ "input": { "id": log(&app, &id).await[0]["id"] } });
    assert_eq!(app.query(&app.rival().staff_token, REPLAY, delivery.clone()).await.code(), "NOT_FOUND");
    let member = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    assert_eq!(app.query(&member, REPLAY, delivery.clone()).await.code(), "FORBIDDEN");
    let again = app.query(&app.acme().staff_token, REPLAY, delivery).await.succeeded();
    assert_eq!(again.at("/data/staff/replayWebhookDelivery/delivery/replay"), json!(true));
    delivers(&app).await;
    let ids = receiver.ids();
    assert_eq!((ids.len(), ids[0] == ids[1]), (2, true), "receivers know it by its id");
}

/// EVT-7
#[tokio::test]
async fn a_stretch_of_time_is_sent_again_by_hand() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let start = app.app.clock.now();
    let (id, _) = endpoint(&app, &receiver, json!({ "types": ["COMPANY_CREATED"] })).await;
    for name in ["First", "Second", "Third"] {
        adds_company(&app, name).await;
    }
    delivers(&app).await;
    let stretch = |since: chrono::DateTime<chrono::Utc>, until: Value| json!({ "input": { "endpointId": id, "since": since, "until": until } });
    let none = stretch(start - TimeDelta::hours(1), json!(start));
    let none = app.query(&app.acme().staff_token, REPLAY_EVENTS, none).await.succeeded();
    assert_eq!(none.at("/data/staff/replayWebhookEvents/count"), json!(0));
    let all =
        app.query(&app.acme().staff_token, REPLAY_EVENTS, stretch(start, Value::Null)).await.succeeded();
    assert_eq!(all.at("/data/staff/replayWebhookEvents/count"), json!(3));
    delivers(&app).await;
    let ids = receiver.ids();
    assert_eq!(ids[..3], ids[3..]);
    let rival = app.query(&app.rival().staff_token, REPLAY_EVENTS, stretch(start, Value::Null)).await;
    assert_eq!(rival.code(), "NOT_FOUND");
}

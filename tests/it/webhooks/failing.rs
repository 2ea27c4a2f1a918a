//! Endpoints that fail: tried again, given up, switched off; and nobody else waits for them.

use chrono::TimeDelta;
use serde_json::json;
use tokio::net::TcpListener;

use super::{CREATE, adds_company, delivers, delivers_after, endpoint, log, world};
use crate::support::receiver::Receiver;
use crate::support::wire::until;
use vestibule::worker::Worker;

/// EVT-7
#[tokio::test]
async fn what_an_endpoint_refuses_is_given_up_after_five_tries_and_the_next_goes_on() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    receiver.answers([(422, "no"); 5]);
    adds_company(&app, "Refused").await;
    adds_company(&app, "Taken").await;
    for _ in 0..5 {
        delivers_after(&app, TimeDelta::minutes(11)).await;
    }
    let states: Vec<_> = log(&app, &id).await.iter().map(|node| node["state"].clone()).collect();
    assert_eq!(states, [json!("DELIVERED"), json!("PARKED")]);
    assert_eq!(receiver.taken().len(), 6);
    assert_eq!(
        app.value("select string_agg(kind, ' ') from outbox where kind like 'mail.webhook%'").await,
        "mail.webhook_parked"
    );
    let read = "{ staff { events(first: 100, filter: { types: [WEBHOOK_DELIVERY_PARKED] }) { edges { node { ... on WebhookDeliveryParked { endpointId } } } } } }";
    let told = app.query(&app.acme().staff_token, read, json!({})).await.succeeded();
    assert_eq!(told.at("/data/staff/events/edges/0/node/endpointId"), json!(id));
}

/// EVT-7
#[tokio::test]
async fn what_cannot_be_reached_for_three_days_is_given_up_and_the_owner_told_once_a_day() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    receiver.always(503);
    adds_company(&app, "First").await;
    adds_company(&app, "Second").await;
    for _ in 0..24 {
        delivers_after(&app, TimeDelta::hours(4)).await;
    }
    let states: Vec<_> = log(&app, &id).await.iter().map(|node| node["state"].clone()).collect();
    assert_eq!(states, [json!("PARKED"), json!("PARKED")]);
    assert_eq!(app.value("select count(*) from outbox where kind = 'mail.webhook_parked'").await, "1");
    receiver.always(200);
    adds_company(&app, "Third").await;
    delivers(&app).await;
    assert_eq!(log(&app, &id).await[0]["state"], "DELIVERED");
}

/// EVT-7
#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_switched_off() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    receiver.answers([(410, "gone")]);
    adds_company(&app, "First").await;
    adds_company(&app, "Second").await;
    delivers_after(&app, TimeDelta::minutes(1)).await;
    delivers_after(&app, TimeDelta::hours(1)).await;
    assert_eq!(receiver.taken().len(), 1);
    let off = format!("select disabled_for from webhook_endpoints where id = '{id}'");
    assert_eq!(app.value(&off).await, "GONE");
    assert_eq!(app.value("select count(*) from outbox where kind = 'mail.webhook_gone'").await, "1");
}

/// EVT-7: where a redirect leads was never looked at by who saved the address.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    receiver.answers([(307, "elsewhere")]);
    adds_company(&app, "New").await;
    delivers(&app).await;
    let node = &log(&app, &id).await[0];
    assert_eq!((&node["state"], &node["attempts"][0]["status"]), (&json!("PENDING"), &json!(307)));
}

/// EVT-7
#[tokio::test]
async fn endpoints_that_never_answer_hold_up_nobody_else() {
    let app = world().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", silent.local_addr().unwrap());
    for _ in 0..10 {
        app.query(&app.acme().staff_token, CREATE, json!({ "input": { "url": url } })).await.succeeded();
    }
    let receiver = Receiver::start().await;
    endpoint(&app, &receiver, json!({})).await;
    let worker = Worker::start(app.app.clone());
    for n in 0..20 {
        adds_company(&app, &format!("Company {n}")).await;
    }
    let sql = app.sql("postgres").await;
    until(&sql, "select count(*) = 20 from webhook_deliveries where state = 'DELIVERED'").await;
    assert_eq!(receiver.taken().len(), 20);
    assert_eq!(
        app.value("select count(*) from webhook_attempts where status is null").await,
        "0",
        "they still wait"
    );
    drop(worker);
}

//! What an endpoint is sent: signed, in order, at least once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use vestibule::domain::webhooks::delivering;

use super::{ROTATE, adds_company, delivers, delivers_after, endpoint, log, world};
use crate::support::TestApp;
use crate::support::receiver::{Receiver, Taken};

/// The signature that a secret makes of a webhook, worked out by hand as Standard Webhooks describes it.
fn signature(secret: &str, taken: &Taken) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let signed =
        format!("{}.{}.{}", taken.header("webhook-id"), taken.header("webhook-timestamp"), taken.body);
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// EVT-7
#[tokio::test]
async fn an_event_is_sent_signed() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (_, secret) = endpoint(&app, &receiver, json!({})).await;
    let company = adds_company(&app, "New").await;
    delivers(&app).await;
    let taken = receiver.taken().pop().unwrap();
    let body = taken.json();
    assert_eq!(body["type"], "company.created");
    assert_eq!(body["data"]["companyId"], company);
    assert_eq!(body["data"]["id"], taken.header("webhook-id"));
    assert_eq!(taken.header("content-type"), "application/json");
    assert_eq!(taken.header("webhook-signature"), signature(&secret, &taken));
    let read = "{ staff { events(filter: { types: [COMPANY_CREATED] }) { edges { cursor node { id } } } } }";
    let events = app.query(&app.acme().staff_token, read, json!({})).await.succeeded();
    assert_eq!(events.at("/data/staff/events/edges/0/node/id"), body["data"]["id"]);
    assert_eq!(events.at("/data/staff/events/edges/0/cursor"), body["data"]["cursor"]);
}

/// EVT-7
#[tokio::test]
async fn while_a_secret_is_rotated_both_sign() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, old) = endpoint(&app, &receiver, json!({})).await;
    let rotated =
        app.query(&app.acme().staff_token, ROTATE, json!({ "input": { "id": id } })).await.succeeded();
    let new = rotated.text("/data/staff/rotateWebhookSecret/secret");
    adds_company(&app, "Meanwhile").await;
    delivers(&app).await;
    app.app.clock.advance(TimeDelta::hours(25));
    adds_company(&app, "Later").await;
    delivers(&app).await;
    let [meanwhile, later] = receiver.taken().try_into().unwrap();
    let both = format!("{} {}", signature(&new, &meanwhile), signature(&old, &meanwhile));
    assert_eq!(meanwhile.header("webhook-signature"), both);
    assert_eq!(later.header("webhook-signature"), signature(&new, &later));
}

/// EVT-7
#[tokio::test]
async fn an_endpoint_is_sent_what_it_wants_only() {
    let app = world().await;
    let (all, archived, one) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let company = app.acme().companies[0].id;
    endpoint(&app, &all, json!({})).await;
    endpoint(&app, &archived, json!({ "types": ["COMPANY_ARCHIVED"] })).await;
    endpoint(&app, &one, json!({ "companyId": company })).await;
    adds_company(&app, "Another").await;
    let archive = "mutation($input: ArchiveCompanyInput!) { staff { archiveCompany(input: $input) { company { id } } } }";
    let input = json!({ "input": { "id": company, "version": 1 } });
    app.query(&app.acme().staff_token, archive, input).await.succeeded();
    app.member_of(app.acme(), &[]).await;
    delivers(&app).await;
    let kinds = |receiver: &Receiver| receiver.taken().iter().map(Taken::kind).collect::<Vec<_>>();
    assert_eq!(kinds(&all), ["company.created", "company.archived"], "and nothing of endpoints or sessions");
    assert_eq!(kinds(&archived), ["company.archived"]);
    assert_eq!(kinds(&one), ["company.archived"]);
}

/// EVT-7
#[tokio::test]
async fn what_cannot_be_taken_holds_up_what_follows_where_order_counts() {
    let app = world().await;
    let receiver = Receiver::start().await;
    endpoint(&app, &receiver, json!({})).await;
    receiver.answers([(500, "later")]);
    for name in ["First", "Second"] {
        adds_company(&app, name).await;
    }
    delivers(&app).await;
    assert_eq!(receiver.taken().len(), 1);
    delivers_after(&app, TimeDelta::seconds(4)).await;
    assert_eq!(receiver.taken().len(), 1, "its time has not come");
    delivers_after(&app, TimeDelta::seconds(2)).await;
    let ids = receiver.ids();
    assert_eq!((ids.len(), ids[0] == ids[1], ids[1] == ids[2]), (3, true, false));
}

/// EVT-7
#[tokio::test]
async fn what_cannot_be_taken_holds_up_nothing_where_order_does_not_count() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({ "inOrder": false })).await;
    adds_company(&app, "First").await;
    receiver.answers([(500, "later")]);
    delivers(&app).await;
    adds_company(&app, "Second").await;
    delivers(&app).await;
    let states: Vec<_> = log(&app, &id).await.iter().map(|node| node["state"].clone()).collect();
    assert_eq!(states, [json!("DELIVERED"), json!("PENDING")]);
    delivers_after(&app, TimeDelta::seconds(6)).await;
    assert_eq!(receiver.taken().len(), 3);
}

/// EVT-7: whoever is killed between sending and noting it leaves it to the next.
#[tokio::test]
async fn what_nobody_noted_is_sent_again() {
    let app = world().await;
    let receiver = Receiver::start().await;
    endpoint(&app, &receiver, json!({})).await;
    adds_company(&app, "New").await;
    let core = &app.app;
    let claimed = delivering::claim(&core.pools, &core.clock, 8).await.unwrap();
    let [claimed] = claimed.try_into().unwrap();
    let messages =
        delivering::turn(&core.pools, &core.clock, &core.config.sealing, claimed, &[]).await.unwrap();
    assert_eq!(messages.len(), 1);
    delivers(&app).await;
    assert!(receiver.taken().is_empty(), "it is somebody else's");
    delivers_after(&app, TimeDelta::minutes(3)).await;
    assert_eq!(receiver.taken().len(), 1);
}

/// EVT-7, EVT-4
#[tokio::test]
async fn two_instances_send_each_event_once_and_in_order() {
    let app = world().await;
    let other = app.another_instance_with([("WEBHOOKS_PRIVATE_NETWORKS", "127.0.0.0/8")]);
    let receiver = Receiver::start().await;
    endpoint(&app, &receiver, json!({})).await;
    let mut companies = Vec::new();
    for n in 0..20 {
        companies.push(adds_company(&app, &format!("Company {n}")).await);
        tokio::join!(delivers(&app), delivers(&other));
    }
    let taken: Vec<_> =
        receiver.taken().iter().map(|taken| taken.json()["data"]["companyId"].clone()).collect();
    assert_eq!(taken, companies);
}

/// EVT-7: a name may lead somewhere else than when it was saved.
#[tokio::test]
async fn private_addresses_are_refused_at_each_connection() {
    let app = TestApp::world().await;
    let receiver = Receiver::start().await;
    let public = json!({ "url": "https://93.184.216.34/hook" });
    let made =
        app.query(&app.acme().staff_token, super::CREATE, json!({ "input": public })).await.succeeded();
    let id = made.text("/data/staff/createWebhookEndpoint/endpoint/id");
    for url in
        [receiver.url.replace("http://127.0.0.1", "https://localhost"), receiver.url.replace("http", "https")]
    {
        app.arrange(&format!("update webhook_endpoints set url = '{url}' where id = '{id}'")).await;
        adds_company(&app, &url).await;
        delivers_after(&app, TimeDelta::minutes(30)).await;
        let tries = log(&app, &id).await.pop().unwrap()["attempts"].clone();
        let last = tries.as_array().unwrap().last().unwrap();
        assert!(last["failure"].as_str().unwrap().contains("private"), "{last}");
    }
    assert!(receiver.taken().is_empty());
}

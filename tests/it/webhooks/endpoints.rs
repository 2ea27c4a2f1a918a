//! Who makes endpoints, and of what.

use serde_json::{Value, json};

use super::{CREATE, DELETE, LIST, LOG, ROTATE, UPDATE, adds_company, delivers, endpoint, world};
use crate::support::TestApp;
use crate::support::receiver::Receiver;

/// EVT-7
#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, secret) = endpoint(&app, &receiver, json!({ "idempotencyKey": "k1" })).await;
    assert!(secret.starts_with("whsec_"));
    assert!(!app.dump().await.contains(secret.trim_start_matches("whsec_")));
    let input = json!({ "input": { "url": receiver.url, "idempotencyKey": "k1" } });
    let again = app.query(&app.acme().staff_token, CREATE, input).await.succeeded();
    assert_eq!(again.at("/data/staff/createWebhookEndpoint/endpoint/id"), json!(id));
    assert_eq!(again.at("/data/staff/createWebhookEndpoint/secret"), Value::Null);
    let listed = app.query(&app.acme().staff_token, LIST, json!({})).await.succeeded();
    assert_eq!(listed.at("/data/staff/webhookEndpoints"), json!([{ "id": id, "url": receiver.url }]));
}

/// EVT-7, ORG-4
#[tokio::test]
async fn only_owners_and_administrators_of_the_organisation_manage_endpoints() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    let member = app.member_of(app.acme(), &["RECORDS_WRITE", "SETTINGS_MANAGE"]).await;
    let key = &app.acme().api_keys[0];
    let rival = &app.rival().staff_token;
    let update = json!({ "input": { "id": id, "version": 1, "enabled": false } });
    let one = json!({ "input": { "id": id } });
    for (token, code) in [(&member, "FORBIDDEN"), (key, "FORBIDDEN"), (rival, "NOT_FOUND")] {
        assert_eq!(app.query(token, UPDATE, update.clone()).await.code(), code);
        assert_eq!(app.query(token, ROTATE, one.clone()).await.code(), code);
        assert_eq!(app.query(token, DELETE, one.clone()).await.code(), code);
        assert_eq!(app.query(token, LOG, json!({ "id": id })).await.code(), code);
    }
    for token in [&member, key] {
        assert_eq!(app.query(token, LIST, json!({})).await.code(), "FORBIDDEN");
        let input = json!({ "input": { "url": receiver.url } });
        assert_eq!(app.query(token, CREATE, input).await.code(), "FORBIDDEN");
    }
    assert_eq!(
        app.query(rival, LIST, json!({})).await.succeeded().at("/data/staff/webhookEndpoints"),
        json!([])
    );
    app.query(&app.acme().staff_token, UPDATE, update).await.succeeded();
}

/// EVT-7
#[tokio::test]
async fn private_addresses_are_refused_when_they_are_saved() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    for url in [
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "http://93.184.216.34/hook",
        "https://me:secret@93.184.216.34/hook",
        "javascript:alert(1)",
        "no address",
    ] {
        let refused = app.query(token, CREATE, json!({ "input": { "url": url } })).await;
        assert_eq!(refused.code(), "VALIDATION", "{url}");
    }
    let public = json!({ "input": { "url": "https://93.184.216.34/hook" } });
    let made = app.query(token, CREATE, public).await.succeeded();
    let id = made.at("/data/staff/createWebhookEndpoint/endpoint/id");
    let moved = json!({ "input": { "id": id, "version": 1, "url": "https://10.0.0.1/" } });
    assert_eq!(app.query(token, UPDATE, moved).await.code(), "VALIDATION");
}

/// EVT-7
#[tokio::test]
async fn an_endpoint_is_sent_known_events_of_the_organisations_companies() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let token = &app.acme().staff_token;
    for types in
        [json!([]), json!(["StaffSessionStarted"].map(type_name)), json!(["ApiKeyCreated"].map(type_name))]
    {
        let input = json!({ "input": { "url": receiver.url, "types": types } });
        assert_eq!(app.query(token, CREATE, input).await.code(), "VALIDATION", "{types}");
    }
    let foreign = json!({ "input": { "url": receiver.url, "companyId": app.rival().companies[0].id } });
    assert_eq!(app.query(token, CREATE, foreign).await.code(), "NOT_FOUND");
}

/// GraphQL writes values of enums in capitals.
fn type_name(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(character.to_uppercase());
    }
    text
}

/// EVT-7, API-8
#[tokio::test]
async fn an_endpoint_is_switched_off_and_on_and_deleted() {
    let app = world().await;
    let receiver = Receiver::start().await;
    let (id, _) = endpoint(&app, &receiver, json!({})).await;
    let token = &app.acme().staff_token;
    let set = |version: i32, enabled: bool| json!({ "input": { "id": id, "version": version, "enabled": enabled } });
    let off = app.query(token, UPDATE, set(1, false)).await.succeeded();
    assert_eq!(off.at("/data/staff/updateWebhookEndpoint/endpoint/disabledFor"), json!("STAFF"));
    assert_eq!(app.query(token, UPDATE, set(1, true)).await.code(), "CONFLICT");
    adds_company(&app, "While it was off").await;
    delivers(&app).await;
    assert!(receiver.taken().is_empty());
    app.query(token, UPDATE, set(2, true)).await.succeeded();
    let company = adds_company(&app, "Since it is on").await;
    delivers(&app).await;
    let taken = receiver.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].json()["data"]["companyId"], company);
    app.query(token, DELETE, json!({ "input": { "id": id } })).await.succeeded();
    adds_company(&app, "After its end").await;
    delivers(&app).await;
    assert_eq!(receiver.taken().len(), 1);
    assert_eq!(app.value("select count(*) from webhook_deliveries").await, "0");
}

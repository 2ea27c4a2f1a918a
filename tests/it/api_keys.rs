//! EVT-6: what a partner's key opens, and what it does not.

use chrono::TimeDelta;
use serde_json::{Value, json};
use vestibule::worker::note_key_uses;

use crate::support::TestApp;
use crate::support::live::Instance;

const CREATE: &str = "mutation($input: CreateApiKeyInput!) { staff { createApiKey(input: $input) {
    secret apiKey { id name hint scopes company { id } expiresAt lastUsedAt revokedAt } } } }";
const REVOKE: &str =
    "mutation($input: RevokeApiKeyInput!) { staff { revokeApiKey(input: $input) { apiKey { revokedAt } } } }";
const LIST: &str = "query($revoked: Boolean) { staff { apiKeys(revoked: $revoked) { totalCount edges { node { id name } } } } }";
const COMPANIES: &str = "{ staff { companies { edges { node { id } } } } }";
const RECORDS: &str =
    "{ staff { records { edges { node { name type { name } company { id } stage { name } custom
    milestones { name } } } } } }";
const EVENTS: &str = "{ staff { events { edges { node { __typename companyId } } } } }";

async fn key(app: &TestApp, scopes: &[&str], more: Value) -> (String, String) {
    let mut input = json!({ "name": "A partner", "scopes": scopes });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let made = made.at("/data/staff/createApiKey");
    (made["secret"].as_str().unwrap().to_owned(), made["apiKey"]["id"].as_str().unwrap().to_owned())
}

async fn adds_company(app: &TestApp, name: &str) -> String {
    let add =
        "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id } } } }";
    let added = app.query(&app.acme().staff_token, add, json!({ "input": { "name": name } })).await;
    added.text("/data/staff/createCompany/company/id")
}

/// EVT-6
#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let app = TestApp::world().await;
    let (secret, id) = key(&app, &["EVENTS_READ"], json!({})).await;
    assert!(secret.starts_with("vk_"), "no prefix to find leaked keys by");
    assert!(!app.dump().await.contains(&secret));
    let listed = app.query(&app.acme().staff_token, LIST, json!({})).await.succeeded();
    assert_eq!(listed.at("/data/staff/apiKeys/edges/0/node/id"), json!(id));
    let repeated = json!({ "name": "Once", "scopes": ["EVENTS_READ"], "idempotencyKey": "k1" });
    let first = app.query(&app.acme().staff_token, CREATE, json!({ "input": repeated })).await.succeeded();
    let again = app.query(&app.acme().staff_token, CREATE, json!({ "input": repeated })).await.succeeded();
    assert_eq!(
        first.at("/data/staff/createApiKey/apiKey/id"),
        again.at("/data/staff/createApiKey/apiKey/id")
    );
    assert_eq!(again.at("/data/staff/createApiKey/secret"), Value::Null);
}

/// EVT-6
#[tokio::test]
async fn only_owners_and_administrators_make_see_and_revoke_keys() {
    let app = TestApp::world().await;
    let (secret, id) = key(&app, &["EVENTS_READ"], json!({})).await;
    let member = app.member_of(app.acme(), &["RECORDS_WRITE", "SETTINGS_MANAGE"]).await;
    let input = json!({ "input": { "name": "Mine", "scopes": ["EVENTS_READ"] } });
    assert_eq!(app.query(&member, CREATE, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&member, LIST, json!({})).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&member, REVOKE, json!({ "input": { "id": id } })).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&secret, CREATE, input).await.code(), "FORBIDDEN", "a key makes no keys");
    let rival = &app.rival().staff_token;
    assert_eq!(app.query(rival, REVOKE, json!({ "input": { "id": id } })).await.code(), "NOT_FOUND");
    app.query(&secret, EVENTS, json!({})).await.succeeded();
}

/// EVT-6
#[tokio::test]
async fn a_key_is_made_of_a_name_a_scope_and_an_end_to_come() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    for (input, path) in [
        (json!({ "name": " ", "scopes": ["EVENTS_READ"] }), "input.name"),
        (json!({ "name": "N", "scopes": [] }), "input.scopes"),
        (
            json!({ "name": "N", "scopes": ["EVENTS_READ"], "expiresAt": "2020-01-01T00:00:00Z" }),
            "input.expiresAt",
        ),
    ] {
        let refused = app.query(token, CREATE, json!({ "input": input })).await;
        assert_eq!(refused.code(), "VALIDATION", "{path}");
        assert!(refused.json().to_string().contains(path), "{path}");
    }
    let foreign = json!({ "name": "N", "scopes": ["EVENTS_READ"], "companyId": app.rival().companies[0].id });
    assert_eq!(app.query(token, CREATE, json!({ "input": foreign })).await.code(), "NOT_FOUND");
}

/// EVT-6
#[tokio::test]
async fn a_key_reads_what_its_scopes_say_and_nothing_else() {
    let app = TestApp::world().await;
    let (events, _) = key(&app, &["EVENTS_READ"], json!({})).await;
    let (records, _) = key(&app, &["RECORDS_READ"], json!({})).await;
    adds_company(&app, "New").await;
    app.query(&events, EVENTS, json!({})).await.succeeded();
    assert_eq!(app.query(&records, EVENTS, json!({})).await.code(), "FORBIDDEN");
    let read = app.query(&records, RECORDS, json!({})).await.succeeded();
    let own = app.query(&app.acme().staff_token, RECORDS, json!({})).await.succeeded();
    assert_eq!(read.json()["data"], own.json()["data"]);
    for refused in [COMPANIES, RECORDS] {
        assert_eq!(app.query(&events, refused, json!({})).await.code(), "FORBIDDEN", "{refused}");
    }
    for document in [
        "{ staff { viewer { role } } }",
        "{ staff { members { edges { node { email } } } } }",
        "{ staff { contacts { edges { node { email } } } } }",
        "{ staff { portals { edges { node { id } } } } }",
        "{ staff { apiKeys { edges { node { id } } } } }",
        "{ staff { auditEntries { edges { node { id } } } } }",
        "{ staff { organization { name } } }",
        "{ staff { sessions { edges { node { id } } } } }",
        "{ staff { companies { edges { node { contacts { edges { node { email } } } } } } } }",
        "{ staff { records { edges { node { owner { email } } } } } }",
        "{ staff { records { edges { node { watchers { email } } } } } }",
        "mutation { staff { createCompany(input: { name: \"By a key\" }) { company { id } } } }",
        "{ portal { doorway { title } } }",
    ] {
        assert_eq!(app.query(&records, document, json!({})).await.code(), "FORBIDDEN", "{document}");
    }
}

/// EVT-6: the database holds the key to its company.
#[tokio::test]
async fn a_key_about_one_company_finds_nothing_of_another() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let other = app.acme().companies[1].id;
    let scopes = ["EVENTS_READ", "RECORDS_READ"];
    let (secret, _) = key(&app, &scopes, json!({ "companyId": company })).await;
    let (all, _) = key(&app, &scopes, json!({})).await;
    adds_company(&app, "Another").await;
    let update =
        "mutation($input: UpdateCompanyInput!) { staff { updateCompany(input: $input) { company { id } } } }";
    let renamed = json!({ "input": { "id": company, "version": 1, "name": "Renamed" } });
    app.query(&app.acme().staff_token, update, renamed).await.succeeded();

    let companies = app.query(&secret, COMPANIES, json!({})).await.succeeded();
    assert_eq!(companies.at("/data/staff/companies/edges"), json!([{ "node": { "id": company } }]));
    let read = app.query(&secret, RECORDS, json!({})).await.succeeded();
    let read = read.at("/data/staff/records/edges").as_array().unwrap().clone();
    assert!(!read.is_empty() && read.iter().all(|edge| edge["node"]["company"]["id"] == json!(company)));
    let find = "query($id: ID!) { staff { company(id: $id) { name } } }";
    assert_eq!(app.query(&secret, find, json!({ "id": other })).await.code(), "NOT_FOUND");
    app.query(&all, find, json!({ "id": other })).await.succeeded();
    let told = app.query(&secret, EVENTS, json!({})).await.succeeded();
    let told = told.at("/data/staff/events/edges").as_array().unwrap().clone();
    assert!(
        !told.is_empty() && told.iter().all(|edge| edge["node"]["companyId"] == json!(company)),
        "{told:?}"
    );
    let heard = app.query(&all, EVENTS, json!({})).await.succeeded();
    assert!(heard.at("/data/staff/events/edges").as_array().unwrap().len() > told.len());
}

/// EVT-6
#[tokio::test]
async fn what_only_administrators_hear_of_no_key_does() {
    let app = TestApp::world().await;
    let (secret, _) = key(&app, &["EVENTS_READ"], json!({})).await;
    app.arrange(&format!(
        "update event_counters set last_seq = last_seq + 1 where org_id = '{0}';
         insert into events (org_id, seq, id, kind, client_visible, occurred_at)
         select org_id, last_seq, gen_random_uuid(), 'staff_session.started', false, now()
         from event_counters where org_id = '{0}'",
        app.acme().id
    ))
    .await;
    let kinds = |answer: Value| answer["data"]["staff"]["events"].to_string();
    let owner = kinds(app.query(&app.acme().staff_token, EVENTS, json!({})).await.succeeded().json());
    assert!(owner.contains("ApiKeyCreated") && owner.contains("StaffSessionStarted"));
    let heard = kinds(app.query(&secret, EVENTS, json!({})).await.succeeded().json());
    assert!(!heard.contains("ApiKeyCreated") && !heard.contains("StaffSessionStarted"));
}

/// EVT-6
#[tokio::test]
async fn a_revoked_or_expired_key_opens_nothing() {
    let app = TestApp::world().await;
    let (secret, id) = key(&app, &["EVENTS_READ"], json!({})).await;
    let (short, short_id) =
        key(&app, &["EVENTS_READ"], json!({ "expiresAt": app.app.clock.now() + TimeDelta::hours(1) })).await;
    for secret in [&secret, &short] {
        app.query(secret, EVENTS, json!({})).await.succeeded();
    }
    app.query(&app.acme().staff_token, REVOKE, json!({ "input": { "id": id } })).await.succeeded();
    app.query(&app.acme().staff_token, REVOKE, json!({ "input": { "id": id } })).await.succeeded();
    app.arrange(&format!("update api_keys set expires_at = now() where id = '{short_id}'")).await;
    for secret in [&secret, &short, &"vk_unknown".to_owned()] {
        assert_eq!(app.query(secret, EVENTS, json!({})).await.code(), "UNAUTHENTICATED");
    }
    let revoked = app.query(&app.acme().staff_token, LIST, json!({ "revoked": true })).await.succeeded();
    assert_eq!(revoked.at("/data/staff/apiKeys/totalCount"), json!(1));
}

/// EVT-6
#[tokio::test]
async fn staff_see_when_a_key_was_last_used() {
    let app = TestApp::world().await;
    let (secret, id) = key(&app, &["EVENTS_READ"], json!({})).await;
    key(&app, &["EVENTS_READ"], json!({})).await;
    app.query(&secret, EVENTS, json!({})).await.succeeded();
    note_key_uses::once(&app.app).await.unwrap();
    let used =
        "select string_agg(id::text, ' ') from api_keys where last_used_at > now() - interval '1 minute'";
    assert_eq!(app.value(used).await, id);
}

/// EVT-2, EVT-5, EVT-6
#[tokio::test]
async fn a_key_subscribes_and_its_end_ends_the_subscription() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app.another_instance()).await;
    let company = app.acme().companies[0].id;
    let (secret, id) = key(&app, &["EVENTS_READ"], json!({ "companyId": company })).await;
    let (mute, _) = key(&app, &["RECORDS_READ"], json!({})).await;
    let subscribe = "subscription { staffEvents { __typename companyId } }";
    let mut refused = instance.socket(&mute).await;
    refused.subscribes("1", subscribe, json!({})).await;
    assert_eq!(refused.hears().await["payload"][0]["extensions"]["code"], "FORBIDDEN");

    let mut socket = instance.socket(&secret).await;
    socket.subscribes("1", subscribe, json!({})).await;
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    adds_company(&app, "Not told").await;
    let update =
        "mutation($input: UpdateCompanyInput!) { staff { updateCompany(input: $input) { company { id } } } }";
    let renamed = json!({ "input": { "id": company, "version": 1, "name": "Told" } });
    app.query(&app.acme().staff_token, update, renamed).await.succeeded();
    let told = socket.next("1").await;
    assert_eq!(told["data"]["staffEvents"], json!({ "__typename": "CompanyUpdated", "companyId": company }));
    app.query(&app.acme().staff_token, REVOKE, json!({ "input": { "id": id } })).await.succeeded();
    assert_eq!(socket.is_closed().await, (4403, "Forbidden".to_owned()));
}

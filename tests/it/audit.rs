//! ORG-5: who changed what, when, from where.

use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const AUDIT: &str = "query($filter: AuditFilterInput, $first: Int, $after: String) { staff { auditEntries(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { action subjectId address requestId before after actor { email } } } } } }";
const CREATE: &str =
    "mutation($name: String!) { staff { createCompany(input: { name: $name }) { company { id } } } }";
const UPDATE: &str = "mutation { staff { updateOrganization(input: { version: 1, name: \"Northlight & Co\", supportEmail: null }) { organization { id } } } }";

async fn create(app: &TestApp, token: &str, name: &str) -> Answer {
    app.query(token, CREATE, json!({ "name": name })).await.succeeded()
}

async fn entries(app: &TestApp, token: &str, filter: Value) -> Vec<Value> {
    let read = app.query(token, AUDIT, json!({ "filter": filter })).await.succeeded();
    let edges = read.at("/data/staff/auditEntries/edges");
    edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

async fn export(app: &TestApp, token: &str, query: &str) -> Answer {
    let mut request = Request::get(format!("/export/audit.ndjson{query}"));
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

/// ORG-5
#[tokio::test]
async fn a_change_is_kept_with_who_what_and_from_where() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["RECORDS_WRITE"]).await;
    let created = create(&app, &member.token, "Osier").await;
    let kept = entries(&app, &app.acme().staff_token, json!({ "actorId": member.id })).await;
    let expected = json!({
        "action": "company.created", "subjectId": created.at("/data/staff/createCompany/company/id"),
        "address": "127.0.0.1", "requestId": created.header("x-request-id"),
        "before": null, "after": null, "actor": { "email": member.email },
    });
    assert_eq!(kept, [expected]);
}

/// ORG-5
#[tokio::test]
async fn a_changed_setting_is_kept_with_its_values_before_and_after() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    app.query(token, UPDATE, json!({})).await.succeeded();
    let kept = entries(&app, token, json!({ "action": "organization.updated" })).await;
    assert_eq!(
        kept[0]["before"],
        json!({ "name": app.acme().name, "supportEmail": format!("hello@{}.example", app.acme().slug) })
    );
    assert_eq!(kept[0]["after"], json!({ "name": "Northlight & Co", "supportEmail": null }));
}

/// ORG-5
#[tokio::test]
async fn a_refused_change_leaves_no_entry() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    app.query(&member.token, CREATE, json!({ "name": "Osier" })).await;
    assert_eq!(
        entries(&app, &app.acme().staff_token, json!({ "actorId": member.id })).await,
        [] as [Value; 0]
    );
}

/// ORG-2, ORG-5
#[tokio::test]
async fn signing_in_and_out_and_ending_sessions_is_kept() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    let sign_in = "mutation($email: String!, $password: String!) { access { signIn(input: { email: $email, password: $password }) { sessionToken } } }";
    let credentials = json!({ "email": owner.email, "password": owner.password });
    let token = app.query("", sign_in, credentials).await.text("/data/access/signIn/sessionToken");
    app.query(&token, "mutation { staff { signOut { sessionId } } }", json!({})).await.succeeded();
    let other = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let end = "mutation($id: ID!) { staff { endSession(input: { id: $id }) { sessionId } } }";
    app.query(&app.acme().staff_token, end, json!({ "id": other.session_id })).await.succeeded();
    let kept = entries(&app, &app.acme().staff_token, json!({})).await;
    let actions: Vec<&str> = kept.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["staff_session.ended", "staff_session.ended", "staff_session.started"]);
    assert_eq!(kept[0]["subjectId"], json!(other.session_id));
    assert_eq!(kept[1]["subjectId"], kept[2]["subjectId"]);
    assert!(!json!(kept).to_string().contains(&token));
}

/// ORG-4, ORG-5
#[tokio::test]
async fn the_log_is_read_by_administrators_of_the_organisation_only() {
    let app = TestApp::world().await;
    create(&app, &app.acme().staff_token, "Osier").await;
    let admin = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    assert_eq!(entries(&app, &admin.token, json!({})).await.len(), 1);
    assert_eq!(entries(&app, &app.rival().staff_token, json!({})).await.len(), 0);
    let all = ["CLIENTS_INVITE", "BILLING_MANAGE", "SETTINGS_MANAGE", "RECORDS_WRITE"];
    let member = app.member_of(app.acme(), &all).await;
    let refused = app.query(&member, AUDIT, json!({})).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(refused.at("/data/staff"), json!({ "auditEntries": null }));
    let visitor = app.open(&app.acme().portals[0].token).await;
    assert_eq!(app.query(&visitor, AUDIT, json!({})).await.code(), "FORBIDDEN");
    assert_eq!(app.query("", AUDIT, json!({})).await.code(), "UNAUTHENTICATED");
}

/// ORG-5, API-4
#[tokio::test]
async fn the_log_is_filtered_and_paged_newest_first() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let osier = create(&app, token, "Osier").await.at("/data/staff/createCompany/company/id");
    create(&app, token, "Larch").await;
    let first = app.query(token, AUDIT, json!({ "first": 1 })).await.succeeded();
    assert_eq!(first.at("/data/staff/auditEntries/totalCount"), 2);
    let after = first.at("/data/staff/auditEntries/pageInfo/endCursor");
    let second = app.query(token, AUDIT, json!({ "first": 1, "after": after })).await.succeeded();
    assert_eq!(second.at("/data/staff/auditEntries/edges/0/node/subjectId"), osier);
    assert_eq!(second.at("/data/staff/auditEntries/pageInfo/hasNextPage"), false);
    assert_eq!(entries(&app, token, json!({ "subjectId": osier })).await.len(), 1);
    let malformed = json!({ "filter": { "subjectId": "osier" } });
    assert_eq!(app.query(token, AUDIT, malformed).await.code(), "VALIDATION");
    assert_eq!(entries(&app, token, json!({ "until": "2020-01-01T00:00:00Z" })).await.len(), 0);
    assert_eq!(entries(&app, token, json!({ "since": "2020-01-01T00:00:00Z" })).await.len(), 2);
}

/// ORG-5: more entries than one page of the export holds, each exactly once.
#[tokio::test]
async fn the_whole_log_is_exported_as_lines() {
    let app = TestApp::world().await;
    let org = app.acme().id;
    app.arrange(&format!(
        "insert into audit_entries (org_id, id, action, subject_id, request_id, occurred_at)
         select '{org}', gen_random_uuid(), 'company.created', gen_random_uuid(), 'r' || n, now() from generate_series(1, 1200) n",
    ))
    .await;
    let exported = export(&app, &app.acme().staff_token, "").await;
    assert_eq!(exported.status, StatusCode::OK);
    assert_eq!(exported.header("content-disposition"), "attachment; filename=\"audit.ndjson\"");
    assert_eq!(exported.header("content-type"), "application/x-ndjson; charset=utf-8");
    assert_eq!(exported.header("cache-control"), "no-store");
    let lines: Vec<Value> = exported.body().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut requests: Vec<&str> = lines.iter().map(|line| line["requestId"].as_str().unwrap()).collect();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!((lines.len(), requests.len()), (1200, 1200));
    assert_eq!(export(&app, &app.rival().staff_token, "").await.body(), "");
}

/// ORG-5
#[tokio::test]
async fn an_export_is_narrowed_like_the_log() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    create(&app, token, "Osier").await;
    app.query(token, UPDATE, json!({})).await.succeeded();
    let narrowed = export(&app, token, "?action=company.created").await;
    assert_eq!(narrowed.body().lines().count(), 1);
    let malformed = export(&app, token, "?since=yesterday").await;
    assert_eq!((malformed.status, malformed.code().as_str()), (StatusCode::BAD_REQUEST, "VALIDATION"));
}

/// ORG-4, ORG-5
#[tokio::test]
async fn an_export_is_for_administrators_with_a_live_session() {
    let app = TestApp::world().await;
    let refused = |answer: Answer| (answer.status, answer.code());
    let member = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let visitor = app.open(&app.acme().portals[0].token).await;
    let ended = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    app.arrange(&format!("update staff_sessions set ended_at = now() where id = '{}'", ended.session_id))
        .await;
    let (forbidden, unknown) = (StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED);
    assert_eq!(refused(export(&app, &member, "").await), (forbidden, "FORBIDDEN".into()));
    assert_eq!(refused(export(&app, &visitor, "").await), (forbidden, "FORBIDDEN".into()));
    assert_eq!(refused(export(&app, &ended.token, "").await), (unknown, "UNAUTHENTICATED".into()));
    assert_eq!(refused(export(&app, "", "").await), (unknown, "UNAUTHENTICATED".into()));
}

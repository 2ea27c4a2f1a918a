//! ORG-3: who may do what, and who decides that.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;

const VIEWER: &str = "{ staff { viewer { role permissions member { id email } } } }";
const MEMBERS: &str = "{ staff { members { totalCount edges { node { email role } } } } }";
const READ: &str = "query($id: ID!) { staff { member(id: $id) { role permissions version endedAt } } }";
const UPDATE: &str = "mutation($input: UpdateMemberInput!) { staff { updateMember(input: $input) { member { role permissions version } } } }";
const END: &str =
    "mutation($input: EndMembershipInput!) { staff { endMembership(input: $input) { memberId } } }";

fn update(id: Uuid, version: i32, changes: Value) -> Value {
    let mut input = json!({ "id": id, "version": version });
    input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({ "input": input })
}

fn end(id: Uuid, version: i32) -> Value {
    json!({ "input": { "id": id, "version": version } })
}

async fn own_id(app: &TestApp, token: &str) -> Uuid {
    app.query(token, VIEWER, json!({})).await.text("/data/staff/viewer/member/id").parse().unwrap()
}

/// ORG-3
#[tokio::test]
async fn a_viewer_learns_what_they_may_do() {
    let app = TestApp::world().await;
    let member = app.member_of(app.acme(), &["RECORDS_WRITE", "CLIENTS_INVITE"]).await;
    let viewer = app.query(&member, VIEWER, json!({})).await.succeeded();
    assert_eq!(viewer.at("/data/staff/viewer/permissions"), json!(["CLIENTS_INVITE", "RECORDS_WRITE"]));
    let owner = app.query(&app.acme().staff_token, VIEWER, json!({})).await.succeeded();
    assert_eq!(owner.at("/data/staff/viewer/permissions").as_array().unwrap().len(), 5);
    assert_eq!(app.query("", VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
}

/// ORG-4
#[tokio::test]
async fn members_are_those_of_ones_own_organisation() {
    let app = TestApp::world().await;
    let foreign = app.colleague_of(app.rival(), "MEMBER", &[]).await;
    let token = &app.acme().staff_token;
    let listed = app.query(token, MEMBERS, json!({})).await.succeeded();
    let owner = json!({ "node": { "email": app.acme().owner.email, "role": "OWNER" } });
    assert_eq!(listed.at("/data/staff/members"), json!({ "totalCount": 1, "edges": [owner] }));
    let refused = app.query(token, READ, json!({ "id": foreign.id })).await;
    let missing = app.query(token, READ, json!({ "id": Uuid::nil() })).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    assert_eq!(refused.json(), missing.json());
    let changed = app.query(token, UPDATE, update(foreign.id, 1, json!({ "role": "ADMIN" }))).await;
    assert_eq!(changed.code(), "NOT_FOUND");
    assert_eq!(app.query(token, END, end(foreign.id, 1)).await.code(), "NOT_FOUND");
}

/// ORG-3
#[tokio::test]
async fn a_permission_counts_from_the_moment_it_is_granted() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let create = "mutation { staff { createCompany(input: { name: \"Osier\" }) { company { id } } } }";
    assert_eq!(app.query(&member.token, create, json!({})).await.code(), "FORBIDDEN");
    let grant = update(member.id, 1, json!({ "permissions": ["RECORDS_WRITE", "RECORDS_WRITE"] }));
    let granted = app.query(&app.acme().staff_token, UPDATE, grant).await.succeeded();
    assert_eq!(granted.at("/data/staff/updateMember/member/permissions"), json!(["RECORDS_WRITE"]));
    app.query(&member.token, create, json!({})).await.succeeded();
    app.query(&app.acme().staff_token, UPDATE, update(member.id, 2, json!({ "permissions": [] })))
        .await
        .succeeded();
    assert_eq!(app.query(&member.token, create, json!({})).await.code(), "FORBIDDEN");
}

/// ORG-3
#[tokio::test]
async fn managing_portals_cannot_be_granted_to_a_member() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let grant = update(member.id, 1, json!({ "permissions": ["PORTALS_MANAGE"] }));
    let refused = app.query(&app.acme().staff_token, UPDATE, grant).await;
    assert_eq!(refused.code(), "VALIDATION");
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.permissions");
}

/// ORG-3
#[tokio::test]
async fn a_member_changes_nobody_and_least_of_all_themselves() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["SETTINGS_MANAGE", "RECORDS_WRITE"]).await;
    let promote = update(member.id, 1, json!({ "role": "ADMIN" }));
    assert_eq!(app.query(&member.token, UPDATE, promote.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&member.token, END, end(member.id, 1)).await.code(), "FORBIDDEN");
    assert_eq!(app.query("", UPDATE, promote.clone()).await.code(), "UNAUTHENTICATED");
    let visitor = app.open(&app.acme().portals[0].token).await;
    assert_eq!(app.query(&visitor, UPDATE, promote).await.code(), "FORBIDDEN");
}

/// ORG-3
#[tokio::test]
async fn only_an_owner_makes_or_unmakes_owners() {
    let app = TestApp::world().await;
    let admin = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let owner = own_id(&app, &app.acme().staff_token).await;
    let crown = update(member.id, 1, json!({ "role": "OWNER" }));
    assert_eq!(app.query(&admin.token, UPDATE, crown.clone()).await.code(), "FORBIDDEN");
    let depose = update(owner, 1, json!({ "role": "MEMBER" }));
    assert_eq!(app.query(&admin.token, UPDATE, depose).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&admin.token, END, end(owner, 1)).await.code(), "FORBIDDEN");
    app.query(&admin.token, UPDATE, update(member.id, 1, json!({ "role": "ADMIN" }))).await.succeeded();
    let crown = update(member.id, 2, json!({ "role": "OWNER" }));
    app.query(&app.acme().staff_token, UPDATE, crown).await.succeeded();
}

/// ORG-3
#[tokio::test]
async fn the_last_owner_stays_until_there_is_another() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let owner = own_id(&app, token).await;
    let depose = update(owner, 1, json!({ "role": "ADMIN" }));
    assert_eq!(app.query(token, UPDATE, depose.clone()).await.code(), "CONFLICT");
    assert_eq!(app.query(token, END, end(owner, 1)).await.code(), "CONFLICT");
    let second = app.colleague_of(app.acme(), "OWNER", &[]).await;
    app.query(token, UPDATE, depose).await.succeeded();
    assert_eq!(app.query(&second.token, END, end(second.id, 1)).await.code(), "CONFLICT");
}

/// ORG-3: of two owners who demote each other at once, one remains.
#[tokio::test]
async fn two_owners_cannot_demote_each_other_at_once() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let first = own_id(&app, token).await;
    let second = app.colleague_of(app.acme(), "OWNER", &[]).await;
    let (one, other) = futures::join!(
        app.query(token, UPDATE, update(second.id, 1, json!({ "role": "ADMIN" }))),
        app.query(&second.token, UPDATE, update(first, 1, json!({ "role": "ADMIN" }))),
    );
    let refused = [one, other].iter().filter(|answer| answer.json().get("errors").is_some()).count();
    assert_eq!(refused, 1);
}

/// ORG-2, ORG-3
#[tokio::test]
async fn an_ended_members_session_dies_at_once_and_they_cannot_sign_in() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["RECORDS_WRITE"]).await;
    app.query(&member.token, VIEWER, json!({})).await.succeeded();
    let token = &app.acme().staff_token;
    app.query(token, END, end(member.id, 1)).await.succeeded();
    assert_eq!(app.query(&member.token, VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    let read = app.query(token, READ, json!({ "id": member.id })).await.succeeded();
    assert_ne!(read.at("/data/staff/member/endedAt"), Value::Null);
    let again = update(member.id, 2, json!({ "role": "ADMIN" }));
    assert_eq!(app.query(token, UPDATE, again).await.code(), "CONFLICT");
    assert_eq!(app.query(token, END, end(member.id, 2)).await.code(), "CONFLICT");
}

/// ORG-3
#[tokio::test]
async fn an_owner_may_leave_when_another_stays_and_hears_that_it_is_done() {
    let app = TestApp::world().await;
    let leaver = app.colleague_of(app.acme(), "OWNER", &[]).await;
    let left = app.query(&leaver.token, END, end(leaver.id, 1)).await.succeeded();
    assert_eq!(left.text("/data/staff/endMembership/memberId"), leaver.id.to_string());
}

/// API-8
#[tokio::test]
async fn a_member_who_was_changed_meanwhile_is_a_conflict() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let token = &app.acme().staff_token;
    let grant = update(member.id, 1, json!({ "permissions": ["RECORDS_WRITE"] }));
    app.query(token, UPDATE, grant.clone()).await.succeeded();
    assert_eq!(app.query(token, UPDATE, grant).await.code(), "CONFLICT");
}

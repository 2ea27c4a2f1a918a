//! REC-1: staff keep their companies.

use serde_json::json;

use crate::support::TestApp;

const CREATE: &str = "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id name version } } } }";
const UPDATE: &str = "mutation($input: UpdateCompanyInput!) { staff { updateCompany(input: $input) { company { name website version } } } }";
const READ: &str = "query($id: ID!) { staff { company(id: $id) { name notes archivedAt } } }";

/// REC-1
#[tokio::test]
async fn a_company_is_added_and_read() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let created =
        app.query(token, CREATE, json!({ "input": { "name": "  Iris Gardens " } })).await.succeeded();
    let id = created.text("/data/staff/createCompany/company/id");
    let read = app.query(token, READ, json!({ "id": id })).await.succeeded();
    assert_eq!(read.text("/data/staff/company/name"), "Iris Gardens");
}

/// REC-1, ORG-4
#[tokio::test]
async fn a_company_of_another_organisation_is_not_found_by_id() {
    let app = TestApp::world().await;
    let foreign = app.rival().companies[0].id;
    let missing = app.query(&app.acme().staff_token, READ, json!({ "id": uuid::Uuid::nil() })).await;
    let refused = app.query(&app.acme().staff_token, READ, json!({ "id": foreign })).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    assert_eq!(refused.json(), missing.json());
}

/// API-8
#[tokio::test]
async fn an_update_of_a_version_that_moved_on_is_a_conflict() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let id = app.acme().companies[0].id;
    let input = json!({ "input": { "id": id, "version": 1, "name": "Renamed" } });
    let first = app.query(token, UPDATE, input.clone()).await.succeeded();
    assert_eq!(first.at("/data/staff/updateCompany/company/version"), 2);
    let second = app.query(token, UPDATE, input).await;
    assert_eq!(second.code(), "CONFLICT");
}

/// API-8
#[tokio::test]
async fn a_company_is_created_once_for_an_idempotency_key() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let create = |name: &str| json!({ "input": { "name": name, "idempotencyKey": "k1" } });
    let first = app.query(token, CREATE, create("Juniper")).await.succeeded();
    let again = app.query(token, CREATE, create("Juniper")).await.succeeded();
    assert_eq!(first.json(), again.json());
    let other = app.query(token, CREATE, create("Kiln")).await;
    assert_eq!(other.code(), "CONFLICT");
}

/// ORG-3, REC-1
#[tokio::test]
async fn a_member_adds_a_company_only_with_the_permission() {
    let app = TestApp::world().await;
    let input = json!({ "input": { "name": "Larch & Sons" } });
    let trusted = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    app.query(&trusted, CREATE, input.clone()).await.succeeded();
    let other = app.member_of(app.acme(), &["BILLING_MANAGE"]).await;
    assert_eq!(app.query(&other, CREATE, input).await.code(), "FORBIDDEN");
}

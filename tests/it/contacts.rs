//! REC-1: staff keep the people at their companies.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;

const CREATE: &str = "mutation($input: CreateContactInput!) { staff { createContact(input: $input) { contact { id name email phone status version company { id } } } } }";
const UPDATE: &str = "mutation($input: UpdateContactInput!) { staff { updateContact(input: $input) { contact { name email phone version } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveContactInput!) { staff { archiveContact(input: $input) { contact { archivedAt version } } } }";
const READ: &str = "query($id: ID!) { staff { contact(id: $id) { name } } }";
const LIST: &str = "query($company: ID, $search: String, $archived: Boolean = false, $after: String) { staff { contacts(first: 2, companyId: $company, search: $search, archived: $archived, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id name } } } } }";
const NESTED: &str = "query($first: Int, $after: String) { staff { companies { edges { node { id contacts(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { name } } } } } } } }";

fn draft(company: Uuid, name: &str, email: &str) -> Value {
    json!({ "input": { "companyId": company, "name": name, "email": email } })
}

async fn add(app: &TestApp, company: Uuid, name: &str) -> Uuid {
    let email = format!("{}@client.example", name.to_lowercase());
    let created = app.query(&app.acme().staff_token, CREATE, draft(company, name, &email)).await.succeeded();
    created.text("/data/staff/createContact/contact/id").parse().unwrap()
}

fn names(nodes: &Value) -> Vec<String> {
    nodes.as_array().unwrap().iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()).collect()
}

/// REC-1, INV-1
#[tokio::test]
async fn a_contact_is_added_to_a_company() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let member = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let created =
        app.query(&member, CREATE, draft(company, " Elif Kaya ", "Elif@Client.example")).await.succeeded();
    let mut contact = created.at("/data/staff/createContact/contact");
    contact["id"] = Value::Null;
    assert_eq!(
        contact,
        json!({ "id": null, "name": "Elif Kaya", "email": "elif@client.example", "phone": null,
            "status": "NOT_INVITED", "version": 1, "company": { "id": company } })
    );
}

/// REC-1, ORG-3, ORG-4
#[tokio::test]
async fn a_contact_is_added_by_nobody_else_and_to_no_company_of_others() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let input = draft(company, "Elif", "elif@client.example");
    let reader = app.member_of(app.acme(), &["CLIENTS_INVITE"]).await;
    assert_eq!(app.query(&reader, CREATE, input.clone()).await.code(), "FORBIDDEN");
    let visitor = app.open(&app.acme().portals[0].token).await;
    assert_eq!(app.query(&visitor, CREATE, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query("", CREATE, input.clone()).await.code(), "UNAUTHENTICATED");
    let foreign = app.query(&app.rival().staff_token, CREATE, input).await;
    let missing =
        app.query(&app.rival().staff_token, CREATE, draft(Uuid::nil(), "Elif", "e@client.example")).await;
    assert_eq!(foreign.code(), "NOT_FOUND");
    assert_eq!(foreign.json(), missing.json());
}

/// REC-1, ORG-4
#[tokio::test]
async fn a_contact_of_another_organisation_is_not_found() {
    let app = TestApp::world().await;
    let id = add(&app, app.acme().companies[0].id, "Elif").await;
    let rival = &app.rival().staff_token;
    let refused = app.query(rival, READ, json!({ "id": id })).await;
    let missing = app.query(rival, READ, json!({ "id": Uuid::nil() })).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    assert_eq!(refused.json(), missing.json());
    let update = json!({ "input": { "id": id, "version": 1, "name": "Mine" } });
    assert_eq!(app.query(rival, UPDATE, update).await.code(), "NOT_FOUND");
    let archive = json!({ "input": { "id": id, "version": 1 } });
    assert_eq!(app.query(rival, ARCHIVE, archive).await.code(), "NOT_FOUND");
    let listed = app.query(rival, LIST, json!({ "company": app.acme().companies[0].id })).await.succeeded();
    assert_eq!(listed.at("/data/staff/contacts/totalCount"), 0);
}

/// REC-1
#[tokio::test]
async fn an_address_is_unique_in_a_company_and_free_in_the_next() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let [first, second] = [0, 1].map(|n| app.acme().companies[n].id);
    add(&app, first, "Elif").await;
    let again = app.query(token, CREATE, draft(first, "Somebody", "ELIF@client.example")).await;
    assert_eq!(again.code(), "CONFLICT");
    assert!(again.text("/errors/0/message").contains("elif@client.example"));
    add(&app, second, "Elif").await;
    let other = add(&app, first, "Femi").await;
    let rename = json!({ "input": { "id": other, "version": 1, "email": "elif@client.example" } });
    let refused = app.query(token, UPDATE, rename).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(refused.text("/errors/0/message").contains("elif@client.example"));
}

/// REC-1, API-8
#[tokio::test]
async fn a_contact_is_changed_at_the_version_that_was_read() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let id = add(&app, app.acme().companies[0].id, "Elif").await;
    let change = json!({ "input": { "id": id, "version": 1, "phone": "+49 30 1234", "email": "elif@client.example" } });
    let changed = app.query(token, UPDATE, change.clone()).await.succeeded();
    assert_eq!(
        changed.at("/data/staff/updateContact/contact"),
        json!({ "name": "Elif", "email": "elif@client.example", "phone": "+49 30 1234", "version": 2 })
    );
    assert_eq!(app.query(token, UPDATE, change).await.code(), "CONFLICT");
    let bad = json!({ "input": { "id": id, "version": 2, "email": "nobody", "name": "" } });
    assert_eq!(app.query(token, UPDATE, bad).await.code(), "VALIDATION");
}

/// REC-1
#[tokio::test]
async fn an_archived_contact_leaves_the_list_and_comes_back() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let id = add(&app, app.acme().companies[0].id, "Elif").await;
    let list = |archived: bool| json!({ "search": "elif", "archived": archived });
    let archive = |version: i32, archived: bool| json!({ "input": { "id": id, "version": version, "archived": archived } });
    app.query(token, ARCHIVE, archive(1, true)).await.succeeded();
    assert_eq!(app.query(token, LIST, list(false)).await.at("/data/staff/contacts/totalCount"), 0);
    assert_eq!(app.query(token, LIST, list(true)).await.at("/data/staff/contacts/totalCount"), 1);
    app.query(token, ARCHIVE, archive(2, false)).await.succeeded();
    assert_eq!(app.query(token, LIST, list(false)).await.at("/data/staff/contacts/totalCount"), 1);
}

/// REC-1, API-4
#[tokio::test]
async fn contacts_of_a_company_are_listed_by_name_a_page_at_a_time() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    for name in ["Zoe", "Bram", "Ömer"] {
        add(&app, company, name).await;
    }
    let token = &app.acme().staff_token;
    let first = app.query(token, LIST, json!({ "company": company })).await.succeeded();
    assert_eq!(first.at("/data/staff/contacts/totalCount"), 4);
    assert_eq!(names(&first.at("/data/staff/contacts/edges")), ["Ada Moreau", "Bram"]);
    let after = first.at("/data/staff/contacts/pageInfo/endCursor");
    let second = app.query(token, LIST, json!({ "company": company, "after": after })).await.succeeded();
    assert_eq!(names(&second.at("/data/staff/contacts/edges")), ["Ömer", "Zoe"]);
    assert_eq!(second.at("/data/staff/contacts/pageInfo/hasNextPage"), false);
}

/// REC-1, API-4
#[tokio::test]
async fn each_company_of_a_list_brings_its_own_page_of_contacts() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    for name in ["Zoe", "Bram"] {
        add(&app, company, name).await;
    }
    let token = &app.acme().staff_token;
    let listed = app.query(token, NESTED, json!({ "first": 2 })).await.succeeded();
    let nodes = listed.at("/data/staff/companies/edges");
    let of = |id: Uuid| {
        nodes.as_array().unwrap().iter().find(|edge| edge["node"]["id"] == json!(id)).unwrap()["node"]["contacts"].clone()
    };
    let first = of(company);
    assert_eq!(names(&first["edges"]), ["Ada Moreau", "Bram"]);
    assert_eq!(first["totalCount"], 3);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let other = of(app.acme().companies[1].id);
    assert_eq!((names(&other["edges"]).len(), &other["totalCount"]), (1, &json!(1)));
    let rest = app
        .query(token, NESTED, json!({ "first": 2, "after": first["pageInfo"]["endCursor"] }))
        .await
        .succeeded();
    let zoe: Vec<Value> = rest.at("/data/staff/companies/edges").as_array().unwrap().clone();
    assert!(zoe.iter().any(|edge| names(&edge["node"]["contacts"]["edges"]) == ["Zoe"]));
}

/// API-8
#[tokio::test]
async fn a_contact_is_created_once_for_an_idempotency_key() {
    let app = TestApp::world().await;
    let mut input = draft(app.acme().companies[0].id, "Elif", "elif@client.example");
    input["input"]["idempotencyKey"] = json!("k1");
    let first = app.query(&app.acme().staff_token, CREATE, input.clone()).await.succeeded();
    let again = app.query(&app.acme().staff_token, CREATE, input).await.succeeded();
    assert_eq!(first.json()["data"], again.json()["data"]);
}

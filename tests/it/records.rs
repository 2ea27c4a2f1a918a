//! REC-1: staff keep records of every type.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreateRecordInput!) { staff { createRecord(input: $input) { record {
    id name version portalEnabled custom stage { id name } type { key } company { id } owner { id } startsOn } } } }";
const UPDATE: &str = "mutation($input: UpdateRecordInput!) { staff { updateRecord(input: $input) { record {
    name description internalStatus version custom startsOn dueOn portalEnabled } } } }";
const MOVE: &str = "mutation($input: MoveRecordInput!) { staff { moveRecord(input: $input) { record { version stage { name } } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveRecordInput!) { staff { archiveRecord(input: $input) { record { archivedAt version } } } }";
const WATCH: &str = "mutation($input: SetRecordWatchersInput!) { staff { setRecordWatchers(input: $input) { record { version watchers { id } } } } }";
const READ: &str = "query($id: ID!) { staff { record(id: $id) { name custom } } }";
const LIST: &str =
    "query($filter: RecordFilterInput, $order: RecordOrder, $after: String, $first: Int = 100) { staff {
    records(filter: $filter, orderBy: $order, after: $after, first: $first) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id name dueOn company { id } } } } } }";

/// A type of the first organisation with its stages in order.
struct Kind {
    id: String,
    stages: Vec<String>,
}

async fn kind(app: &TestApp, key: &str) -> Kind {
    let sql = app.sql("postgres").await;
    let org = app.acme().id;
    let id =
        sql.value(&format!("select id from record_types where org_id = '{org}' and key = '{key}'")).await;
    let stages = sql.column(&format!("select id from stages where type_id = '{id}' order by position")).await;
    Kind { id, stages }
}

async fn act(app: &TestApp, document: &str, input: Value) -> Answer {
    app.query(&app.acme().staff_token, document, json!({ "input": input })).await
}

async fn list(app: &TestApp, variables: Value) -> Answer {
    app.query(&app.acme().staff_token, LIST, variables).await.succeeded()
}

fn nodes(answer: &Answer, part: &str) -> Vec<Value> {
    let edges = answer.at("/data/staff/records/edges");
    edges.as_array().unwrap().iter().map(|edge| edge["node"][part].clone()).collect()
}

/// A request of the first company, and its id.
async fn create_request(app: &TestApp, name: &str) -> String {
    let input = json!({ "companyId": app.acme().companies[0].id, "typeId": kind(app, "request").await.id, "name": name });
    act(app, CREATE, input).await.succeeded().text("/data/staff/createRecord/record/id")
}

/// REC-1, REC-2, REC-5
#[tokio::test]
async fn a_record_starts_at_the_first_stage_with_its_types_default() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let company = app.acme().companies[0].id;
    let input =
        json!({ "companyId": company, "typeId": kind.id, "name": " New form ", "startsOn": "2026-12-01" });
    let made = act(&app, CREATE, input.clone()).await.succeeded();
    let made = made.at("/data/staff/createRecord/record");
    assert_eq!(made["name"], "New form");
    assert_eq!(made["stage"]["name"], "Received");
    assert_eq!(made["type"]["key"], "request");
    assert_eq!(made["company"]["id"], json!(company));
    assert_eq!(made["portalEnabled"], true);
    assert_eq!(made["startsOn"], "2026-12-01");
    app.arrange("update record_types set portal_enabled_default = false").await;
    let made = act(&app, CREATE, input).await.succeeded();
    assert_eq!(made.at("/data/staff/createRecord/record/portalEnabled"), false);
}

/// REC-1, REC-2, API-3
#[tokio::test]
async fn a_record_that_cannot_be_is_refused_with_each_wrong_field() {
    let app = TestApp::world().await;
    let (project, request) = (kind(&app, "project").await, kind(&app, "request").await);
    let gone = app.colleague_of(app.acme(), "MEMBER", &[]).await.id;
    app.arrange(&format!("update members set ended_at = now() where id = '{gone}'")).await;
    let input = json!({ "companyId": app.acme().companies[0].id, "typeId": request.id, "name": "",
        "stageId": project.stages[0], "ownerId": gone, "leadId": gone, "percentSet": 101,
        "startsOn": "2026-12-02", "dueOn": "2026-12-01", "custom": { "nothing": 1 } });
    let refused = act(&app, CREATE, input).await;
    assert_eq!(refused.code(), "VALIDATION");
    let fields = refused.at("/errors/0/extensions/fields");
    let paths: Vec<&str> = fields.as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    for path in ["name", "stageId", "ownerId", "leadId", "percentSet", "dueOn", "custom.nothing"] {
        assert!(paths.contains(&format!("input.{path}").as_str()), "{path} is not among {paths:?}");
    }
}

/// REC-1
#[tokio::test]
async fn nothing_is_added_to_what_is_in_the_archive() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let company = app.acme().companies[0].id;
    let input = json!({ "companyId": company, "typeId": kind.id, "stageId": kind.stages[0], "name": "Late" });
    for table in ["companies", "record_types", "stages"] {
        app.arrange(&format!("update {table} set archived_at = now()")).await;
        assert_eq!(act(&app, CREATE, input.clone()).await.code(), "VALIDATION", "{table}");
        app.arrange(&format!("update {table} set archived_at = null")).await;
    }
    act(&app, CREATE, input).await.succeeded();
}

/// REC-2
#[tokio::test]
async fn custom_values_are_what_their_fields_say() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let org = app.acme().id;
    for (key, of_kind, options) in [
        ("text", "TEXT", "{}"),
        ("number", "NUMBER", "{}"),
        ("money", "MONEY", "{}"),
        ("day", "DATE", "{}"),
        ("flag", "BOOLEAN", "{}"),
        ("size", "SELECT", "{S,L}"),
        ("site", "URL", "{}"),
    ] {
        app.arrange(&format!(
            "insert into field_definitions (org_id, id, type_id, key, label, kind, options, position)
             values ('{org}', gen_random_uuid(), '{}', '{key}', '{key}', '{of_kind}', '{options}', 0)",
            kind.id
        ))
        .await;
    }
    let id = create_request(&app, "Fields").await;
    let good = json!({ "text": "Ünï", "number": 1.5, "money": { "amount": "-12.50", "currency": "EUR" },
        "day": "2026-02-28", "flag": false, "size": "L", "site": "https://example.com/a" });
    let input = json!({ "id": id, "version": 1, "custom": good });
    let kept = act(&app, UPDATE, input).await.succeeded();
    assert_eq!(kept.at("/data/staff/updateRecord/record/custom"), good);
    let bad = [
        ("text", json!(1)),
        ("text", json!("a\u{0}b")),
        ("text", json!("x".repeat(2001))),
        ("number", json!("1")),
        ("money", json!({ "amount": "1e3", "currency": "EUR" })),
        ("money", json!({ "amount": 12, "currency": "EUR" })),
        ("money", json!({ "amount": "1", "currency": "EUX" })),
        ("money", json!({ "amount": "1", "currency": "EUR", "note": "" })),
        ("money", json!("1 EUR")),
        ("day", json!("2026-02-30")),
        ("day", json!("2026-2-3")),
        ("flag", json!("true")),
        ("size", json!("M")),
        ("site", json!("javascript:alert(1)")),
        ("site", json!("http://a/\u{0}")),
        ("unknown", json!(1)),
        ("Bad key", json!(null)),
    ];
    for (key, value) in bad {
        let input = json!({ "id": id, "version": 2, "custom": { key: value } });
        let refused = act(&app, UPDATE, input).await;
        assert_eq!(refused.code(), "VALIDATION", "{key}: {value}");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), format!("input.custom.{key}"));
    }
    let refused = act(&app, UPDATE, json!({ "id": id, "version": 2, "custom": [1] })).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.custom");
    let input = json!({ "id": id, "version": 2, "custom": { "text": null, "number": 7 } });
    let kept = act(&app, UPDATE, input).await.succeeded();
    let kept = kept.at("/data/staff/updateRecord/record/custom");
    assert_eq!((kept.get("text"), &kept["number"], &kept["size"]), (None, &json!(7), &json!("L")));
}

/// REC-1, API-8
#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let app = TestApp::world().await;
    let id = create_request(&app, "Form").await;
    let input = json!({ "id": id, "version": 1, "description": "Two pages.", "internalStatus": "cheap", "dueOn": "2027-01-31" });
    act(&app, UPDATE, input).await.succeeded();
    let changed =
        act(&app, UPDATE, json!({ "id": id, "version": 2, "internalStatus": null })).await.succeeded();
    let record = changed.at("/data/staff/updateRecord/record");
    assert_eq!((&record["description"], &record["internalStatus"]), (&json!("Two pages."), &Value::Null));
    let stale = act(&app, UPDATE, json!({ "id": id, "version": 2, "name": "Late" })).await;
    assert_eq!(stale.code(), "CONFLICT");
    let crooked = act(&app, UPDATE, json!({ "id": id, "version": 3, "startsOn": "2027-02-01" })).await;
    assert_eq!(crooked.text("/errors/0/extensions/fields/0/path"), "input.dueOn");
}

/// REC-1, REC-2
#[tokio::test]
async fn a_record_moves_to_open_stages_of_its_type_only() {
    let app = TestApp::world().await;
    let (project, request) = (kind(&app, "project").await, kind(&app, "request").await);
    let id = create_request(&app, "Form").await;
    let to = |stage: &str, version: i32| json!({ "id": id, "version": version, "stageId": stage });
    let moved = act(&app, MOVE, to(&request.stages[1], 1)).await.succeeded();
    assert_eq!(moved.text("/data/staff/moveRecord/record/stage/name"), "In progress");
    assert_eq!(act(&app, MOVE, to(&project.stages[0], 2)).await.code(), "VALIDATION");
    assert_eq!(act(&app, MOVE, to(&Uuid::nil().to_string(), 2)).await.code(), "NOT_FOUND");
    app.arrange(&format!("update stages set archived_at = now() where id = '{}'", request.stages[2])).await;
    assert_eq!(act(&app, MOVE, to(&request.stages[2], 2)).await.code(), "VALIDATION");
}

/// REC-1
#[tokio::test]
async fn an_archived_record_leaves_the_lists_and_comes_back() {
    let app = TestApp::world().await;
    let id = create_request(&app, "Form").await;
    act(&app, ARCHIVE, json!({ "id": id, "version": 1 })).await.succeeded();
    let living = list(&app, json!({})).await;
    assert!(!nodes(&living, "id").contains(&json!(id)));
    let archived = list(&app, json!({ "filter": { "archived": true } })).await;
    assert_eq!(nodes(&archived, "id"), [json!(id)]);
    act(&app, ARCHIVE, json!({ "id": id, "version": 2, "archived": false })).await.succeeded();
    assert!(nodes(&list(&app, json!({})).await, "id").contains(&json!(id)));
}

/// REC-1, API-8
#[tokio::test]
async fn a_record_is_watched_by_whom_staff_say() {
    let app = TestApp::world().await;
    let id = create_request(&app, "Form").await;
    let (kim, lee) = (
        app.colleague_of(app.acme(), "ADMIN", &[]).await.id,
        app.colleague_of(app.acme(), "MEMBER", &[]).await.id,
    );
    act(&app, WATCH, json!({ "id": id, "version": 1, "memberIds": [kim, lee, kim] })).await.succeeded();
    let watched = act(&app, WATCH, json!({ "id": id, "version": 2, "memberIds": [lee] })).await.succeeded();
    assert_eq!(watched.at("/data/staff/setRecordWatchers/record/watchers"), json!([{ "id": lee }]));
    assert_eq!(watched.at("/data/staff/setRecordWatchers/record/version"), 3);
    let missed = act(&app, WATCH, json!({ "id": id, "version": 2, "memberIds": [kim] })).await;
    assert_eq!(missed.code(), "CONFLICT");
    let stranger = app.colleague_of(app.rival(), "MEMBER", &[]).await.id;
    let refused = act(&app, WATCH, json!({ "id": id, "version": 3, "memberIds": [stranger] })).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.memberIds");
}

/// REC-1, API-4
#[tokio::test]
async fn records_are_paged_through_in_every_order() {
    let app = TestApp::world().await;
    create_request(&app, "Without a day").await;
    create_request(&app, "Without a day").await;
    for order in ["NAME", "NEWEST", "DUE"] {
        let whole = list(&app, json!({ "order": order })).await;
        let whole = nodes(&whole, "id");
        assert_eq!(whole.len(), 14);
        let mut pieces = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = list(&app, json!({ "order": order, "first": 3, "after": after })).await;
            assert_eq!(page.at("/data/staff/records/totalCount"), 14);
            pieces.extend(nodes(&page, "id"));
            after = page.at("/data/staff/records/pageInfo/endCursor");
            if page.at("/data/staff/records/pageInfo/hasNextPage") == false {
                break;
            }
        }
        assert_eq!(pieces, whole, "{order}");
    }
    let due = list(&app, json!({ "order": "DUE" })).await;
    let days: Vec<Value> = nodes(&due, "dueOn");
    assert!(days[..12].is_sorted_by_key(|day| day.as_str().unwrap().to_owned()));
    assert_eq!(days[12..], [Value::Null, Value::Null]);
}

/// REC-1
#[tokio::test]
async fn records_are_found_by_type_company_stage_owner_and_name() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let id = create_request(&app, "100% form").await;
    let kim = app.colleague_of(app.acme(), "ADMIN", &[]).await.id;
    act(&app, UPDATE, json!({ "id": id, "version": 1, "ownerId": kim })).await.succeeded();
    for filter in [
        json!({ "typeId": kind.id }),
        json!({ "stageId": kind.stages[0] }),
        json!({ "ownerId": kim }),
        json!({ "search": "0% F" }),
        json!({ "search": "100%\u{0}" }),
    ] {
        assert_eq!(nodes(&list(&app, json!({ "filter": filter })).await, "id"), [json!(id)], "{filter}");
    }
    let company = app.acme().companies[0].id;
    let of_company = list(&app, json!({ "filter": { "companyId": company } })).await;
    assert_eq!(of_company.at("/data/staff/records/totalCount"), 5);
    assert!(nodes(&of_company, "company").iter().all(|c| c["id"] == json!(company)));
    for nothing in [json!({ "search": "%" .repeat(2) }), json!({ "companyId": app.rival().companies[0].id })]
    {
        assert_eq!(list(&app, json!({ "filter": nothing })).await.at("/data/staff/records/totalCount"), 0);
    }
}

/// REC-1, API-4: each company's page is read together with the others'.
#[tokio::test]
async fn the_records_of_many_companies_are_read_page_by_page() {
    let app = TestApp::world().await;
    create_request(&app, "Without a day").await;
    let document = "query($order: RecordOrder!) { staff { companies { edges { node { id records(first: 2, orderBy: $order) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } } } } } }";
    let rest = "query($id: ID!, $order: RecordOrder!, $after: String) { staff { company(id: $id) { records(orderBy: $order, after: $after) {
        totalCount edges { node { id } } } } } }";
    let ids = |connection: &Value| -> Vec<Value> {
        connection["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect()
    };
    let token = &app.acme().staff_token;
    for order in ["NAME", "NEWEST", "DUE"] {
        let read = app.query(token, document, json!({ "order": order })).await.succeeded();
        let companies = read.at("/data/staff/companies/edges");
        assert_eq!(companies.as_array().unwrap().len(), 3);
        for edge in companies.as_array().unwrap() {
            let (company, first) = (&edge["node"]["id"], &edge["node"]["records"]);
            let variables = json!({ "id": company, "order": order, "after": first["pageInfo"]["endCursor"] });
            let second = app.query(token, rest, variables).await.succeeded();
            let second = second.at("/data/staff/company/records");
            assert_eq!(first["totalCount"], second["totalCount"]);
            let pieces = [ids(first), ids(&second)].concat();
            let filter = json!({ "companyId": company });
            let whole = list(&app, json!({ "order": order, "filter": filter })).await;
            assert_eq!(pieces, nodes(&whole, "id"), "{order}");
        }
    }
}

/// REC-1, ORG-3
#[tokio::test]
async fn only_who_may_write_records_changes_them() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let id = create_request(&app, "Form").await;
    let reader = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let clerk = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let cases = [
        (CREATE, json!({ "companyId": app.acme().companies[0].id, "typeId": kind.id, "name": "Second" })),
        (UPDATE, json!({ "id": id, "version": 1, "name": "Changed" })),
        (MOVE, json!({ "id": id, "version": 2, "stageId": kind.stages[1] })),
        (WATCH, json!({ "id": id, "version": 3, "memberIds": [] })),
        (ARCHIVE, json!({ "id": id, "version": 4 })),
    ];
    for (document, input) in cases {
        let refused = app.query(&reader, document, json!({ "input": input.clone() })).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{input}");
        app.query(&clerk, document, json!({ "input": input })).await.succeeded();
    }
    app.query(&reader, READ, json!({ "id": id })).await.succeeded();
}

/// ORG-4
#[tokio::test]
async fn another_organisations_records_are_not_found() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let id = create_request(&app, "Form").await;
    let rival = &app.rival().staff_token;
    let missing = app.query(rival, READ, json!({ "id": Uuid::nil() })).await;
    let refused = app.query(rival, READ, json!({ "id": id })).await;
    assert_eq!((refused.code().as_str(), refused.json()), ("NOT_FOUND", missing.json()));
    let cases = [
        (CREATE, json!({ "companyId": app.rival().companies[0].id, "typeId": kind.id, "name": "Mine" })),
        (UPDATE, json!({ "id": id, "version": 1, "name": "Mine" })),
        (MOVE, json!({ "id": id, "version": 1, "stageId": kind.stages[1] })),
        (WATCH, json!({ "id": id, "version": 1, "memberIds": [] })),
        (ARCHIVE, json!({ "id": id, "version": 1 })),
    ];
    for (document, input) in cases {
        let refused = app.query(rival, document, json!({ "input": input.clone() })).await;
        assert_eq!(refused.code(), "NOT_FOUND", "{input}");
    }
}

/// EVT-1, REC-4: clients may learn of a change only if what they see changed.
#[tokio::test]
async fn every_change_is_an_event_and_clients_learn_of_what_they_see() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let id = create_request(&app, "Form").await;
    act(&app, UPDATE, json!({ "id": id, "version": 1, "internalStatus": "cheap", "description": "Secret" }))
        .await
        .succeeded();
    act(&app, UPDATE, json!({ "id": id, "version": 2, "clientStatus": "On track" })).await.succeeded();
    act(&app, MOVE, json!({ "id": id, "version": 3, "stageId": kind.stages[1] })).await.succeeded();
    act(&app, UPDATE, json!({ "id": id, "version": 4, "portalEnabled": false })).await.succeeded();
    act(&app, ARCHIVE, json!({ "id": id, "version": 5 })).await.succeeded();
    act(&app, ARCHIVE, json!({ "id": id, "version": 6, "archived": false })).await.succeeded();
    let sql = app.sql("postgres").await;
    let events = sql
        .column(&format!(
            "select kind || ' ' || client_visible || ' ' || (company_id = '{}')::text from events
             where record_id = '{id}' order by seq",
            app.acme().companies[0].id
        ))
        .await;
    assert_eq!(
        events,
        [
            "record.created true true",
            "record.updated false true",
            "record.updated true true",
            "record.moved true true",
            "record.updated false true",
            "record.portal_disabled false true",
            "record.archived true true",
            "record.restored true true",
        ]
    );
}

/// API-8
#[tokio::test]
async fn a_record_is_created_once_for_an_idempotency_key() {
    let app = TestApp::world().await;
    let kind = kind(&app, "request").await;
    let input = |name: &str| json!({ "companyId": app.acme().companies[0].id, "typeId": kind.id, "name": name, "idempotencyKey": "k" });
    let first = act(&app, CREATE, input("Form")).await.succeeded();
    assert_eq!(act(&app, CREATE, input("Form")).await.succeeded().json(), first.json());
    assert_eq!(act(&app, CREATE, input("Other")).await.code(), "CONFLICT");
}

/// API-3, API-4
#[tokio::test]
async fn hostile_cursors_keys_and_days_are_refused_without_a_fault() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    // {"name":"\u0000","due":null,"id":"00000000-0000-0000-0000-000000000000"}
    let cursor =
        "eyJuYW1lIjoiXHUwMDAwIiwiZHVlIjpudWxsLCJpZCI6IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJ9";
    for after in [cursor, "x", "e30", ""] {
        assert_eq!(app.query(token, LIST, json!({ "after": after })).await.code(), "VALIDATION", "{after}");
    }
    let id = create_request(&app, "Form").await;
    let far = json!({ "id": id, "version": 1, "dueOn": "+99999-01-01" });
    assert_eq!(act(&app, UPDATE, far).await.code(), "VALIDATION");
    let overflow = json!({ "id": id, "version": i32::MAX, "name": "x" });
    assert_eq!(act(&app, UPDATE, overflow).await.code(), "CONFLICT");
    let key = json!({ "companyId": app.acme().companies[0].id, "typeId": kind(&app, "request").await.id, "name": "x", "idempotencyKey": "\u{0}" });
    assert_eq!(act(&app, CREATE, key).await.code(), "VALIDATION");
}

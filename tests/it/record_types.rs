//! REC-2: an organisation defines its own kinds of records.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const TYPES: &str = "query($archived: Boolean = false) { staff { recordTypes(archived: $archived) { totalCount edges { node {
    id key name builtIn shared sharedFields version archivedAt
    stages { id name color clientPhase position version } fields { id key label kind options shared position version } } } } } }";
const CREATE: &str = "mutation($input: CreateRecordTypeInput!) { staff { createRecordType(input: $input) { recordType {
    id key shared sharedFields showFiles allowUploads portalEnabledDefault stages { name clientPhase position } } } } }";
const UPDATE: &str =
    "mutation($input: UpdateRecordTypeInput!) { staff { updateRecordType(input: $input) { recordType {
    name sharedFields version } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveRecordTypeInput!) { staff { archiveRecordType(input: $input) { recordType { archivedAt } } } }";
const CREATE_STAGE: &str =
    "mutation($input: CreateStageInput!) { staff { createStage(input: $input) { stage {
    id type { key } position version } } } }";
const UPDATE_STAGE: &str =
    "mutation($input: UpdateStageInput!) { staff { updateStage(input: $input) { stage { position } } } }";
const ARCHIVE_STAGE: &str = "mutation($input: ArchiveStageInput!) { staff { archiveStage(input: $input) { stage { version archivedAt } } } }";
const CREATE_FIELD: &str = "mutation($input: CreateFieldInput!) { staff { createField(input: $input) { field { id position type { key } } } } }";
const UPDATE_FIELD: &str = "mutation($input: UpdateFieldInput!) { staff { updateField(input: $input) { field { options version } } } }";
const ARCHIVE_FIELD: &str =
    "mutation($input: ArchiveFieldInput!) { staff { archiveField(input: $input) { field { archivedAt } } } }";

/// Does something as the owner of the first organisation.
async fn act(app: &TestApp, document: &str, input: Value) -> Answer {
    app.query(&app.acme().staff_token, document, json!({ "input": input })).await
}

/// The type with a key, as staff read it.
async fn kind(app: &TestApp, key: &str) -> Value {
    let types = app.query(&app.acme().staff_token, TYPES, json!({})).await.succeeded();
    let edges = types.at("/data/staff/recordTypes/edges");
    let found = edges.as_array().unwrap().iter().map(|edge| &edge["node"]).find(|node| node["key"] == key);
    found.unwrap_or_else(|| panic!("no type {key} in {edges:#}")).clone()
}

fn names(list: &Value, part: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[part].as_str().unwrap().to_owned()).collect()
}

/// REC-2, REC-3
#[tokio::test]
async fn a_new_type_shares_nothing_and_has_a_pipeline() {
    let app = TestApp::world().await;
    let input = json!({ "key": "audit", "name": "Audit", "namePlural": "Audits" });
    let made = act(&app, CREATE, input).await.succeeded();
    let made = made.at("/data/staff/createRecordType/recordType");
    assert_eq!(made["shared"], false);
    assert_eq!(made["sharedFields"], json!(["PHASE"]));
    assert_eq!(made["showFiles"], true);
    assert_eq!(made["allowUploads"], false);
    assert_eq!(made["portalEnabledDefault"], true);
    assert_eq!(names(&made["stages"], "name"), ["Open", "In progress", "Done"]);
    assert_eq!(names(&made["stages"], "clientPhase"), ["PLANNING", "IN_PROGRESS", "DELIVERED"]);
}

/// REC-2
#[tokio::test]
async fn a_type_comes_with_the_stages_it_was_given() {
    let app = TestApp::world().await;
    let input = json!({ "key": "audit", "name": "Audit", "namePlural": "Audits",
        "stages": [{ "name": "Asked", "clientPhase": "PLANNING" }, { "name": "Signed", "color": "#00AA00", "clientPhase": "DELIVERED" }] });
    let made = act(&app, CREATE, input).await.succeeded();
    assert_eq!(
        names(&made.at("/data/staff/createRecordType/recordType/stages"), "name"),
        ["Asked", "Signed"]
    );
}

/// REC-2, API-3
#[tokio::test]
async fn a_type_that_cannot_be_is_refused_with_each_wrong_field() {
    let app = TestApp::world().await;
    let stage = |name: &str| json!({ "name": name, "color": "green", "clientPhase": "PLANNING" });
    let input = json!({ "key": "Not A Key", "name": "", "namePlural": "x".repeat(81),
        "sharedFields": ["MILESTONES"], "stages": [stage("Same"), stage("same")] });
    let refused = act(&app, CREATE, input).await;
    assert_eq!(refused.code(), "VALIDATION");
    let paths = names(&refused.at("/errors/0/extensions/fields"), "path");
    for path in ["key", "name", "namePlural", "sharedFields", "stages.0.color", "stages.1.name"] {
        assert!(paths.contains(&format!("input.{path}")), "{path} is not among {paths:?}");
    }
}

/// REC-2, API-3
#[tokio::test]
async fn duplicates_are_refused_with_the_field_that_holds_them() {
    let app = TestApp::world().await;
    let request = kind(&app, "request").await;
    let project = kind(&app, "project").await;
    let (id, stage) = (&project["id"], &project["stages"][1]);
    let cases = [
        (CREATE, json!({ "key": "request", "name": "Other", "namePlural": "Others" }), "input.key"),
        (CREATE, json!({ "key": "other", "name": "change REQUEST", "namePlural": "Others" }), "input.name"),
        (UPDATE, json!({ "id": request["id"], "version": 1, "name": "Project" }), "input.name"),
        (CREATE_STAGE, json!({ "typeId": id, "name": "design", "clientPhase": "PLANNING" }), "input.name"),
        (UPDATE_STAGE, json!({ "id": stage["id"], "version": 1, "name": "Design" }), "input.name"),
        (
            CREATE_FIELD,
            json!({ "typeId": id, "key": "scope", "label": "Other", "kind": "TEXT" }),
            "input.key",
        ),
        (
            CREATE_FIELD,
            json!({ "typeId": id, "key": "other", "label": "scope", "kind": "TEXT" }),
            "input.label",
        ),
    ];
    for (document, input, path) in cases {
        let refused = act(&app, document, input.clone()).await;
        assert_eq!(refused.code(), "VALIDATION", "{input}");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), path, "{input}");
    }
}

/// REC-2
#[tokio::test]
async fn the_built_in_type_cannot_be_archived_and_another_can() {
    let app = TestApp::world().await;
    let project = kind(&app, "project").await;
    let refused = act(&app, ARCHIVE, json!({ "id": project["id"], "version": 1 })).await;
    assert_eq!(refused.code(), "VALIDATION");
    let request = kind(&app, "request").await;
    act(&app, ARCHIVE, json!({ "id": request["id"], "version": 1 })).await.succeeded();
    let token = &app.acme().staff_token;
    let archived = app.query(token, TYPES, json!({ "archived": true })).await.succeeded();
    assert_eq!(archived.text("/data/staff/recordTypes/edges/0/node/key"), "request");
    act(&app, ARCHIVE, json!({ "id": request["id"], "version": 2, "archived": false })).await.succeeded();
    assert_eq!(kind(&app, "request").await["archivedAt"], Value::Null);
}

/// REC-2, ORG-3
#[tokio::test]
async fn only_who_may_change_settings_defines_types_stages_and_fields() {
    let app = TestApp::world().await;
    let project = kind(&app, "project").await;
    let (id, stage, field) = (&project["id"], &project["stages"][0]["id"], &project["fields"][0]["id"]);
    let clerk = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let lead = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let cases = [
        (CREATE, json!({ "key": "audit", "name": "Audit", "namePlural": "Audits" })),
        (UPDATE, json!({ "id": id, "version": 1, "name": "Engagement" })),
        (CREATE_STAGE, json!({ "typeId": id, "name": "Parked", "clientPhase": "PLANNING" })),
        (UPDATE_STAGE, json!({ "id": stage, "version": 1, "name": "Kick-off" })),
        (ARCHIVE_STAGE, json!({ "id": stage, "version": 2 })),
        (CREATE_FIELD, json!({ "typeId": id, "key": "city", "label": "City", "kind": "TEXT" })),
        (UPDATE_FIELD, json!({ "id": field, "version": 1, "label": "Extent" })),
        (ARCHIVE_FIELD, json!({ "id": field, "version": 2 })),
        (ARCHIVE, json!({ "id": kind(&app, "request").await["id"], "version": 1 })),
    ];
    for (document, input) in cases {
        let refused = app.query(&clerk, document, json!({ "input": input.clone() })).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{input}");
        app.query(&lead, document, json!({ "input": input })).await.succeeded();
    }
}

/// ORG-4, REC-2
#[tokio::test]
async fn another_organisations_types_stages_and_fields_are_not_found() {
    let app = TestApp::world().await;
    let project = kind(&app, "project").await;
    let (id, stage, field) = (&project["id"], &project["stages"][0]["id"], &project["fields"][0]["id"]);
    let cases = [
        (UPDATE, json!({ "id": id, "version": 1, "name": "Mine" })),
        (ARCHIVE, json!({ "id": id, "version": 1 })),
        (CREATE_STAGE, json!({ "typeId": id, "name": "Mine", "clientPhase": "PLANNING" })),
        (UPDATE_STAGE, json!({ "id": stage, "version": 1, "name": "Mine" })),
        (ARCHIVE_STAGE, json!({ "id": stage, "version": 1 })),
        (CREATE_FIELD, json!({ "typeId": id, "key": "mine", "label": "Mine", "kind": "TEXT" })),
        (UPDATE_FIELD, json!({ "id": field, "version": 1, "label": "Mine" })),
        (ARCHIVE_FIELD, json!({ "id": field, "version": 1 })),
    ];
    for (document, input) in cases {
        let refused = app.query(&app.rival().staff_token, document, json!({ "input": input.clone() })).await;
        assert_eq!(refused.code(), "NOT_FOUND", "{input}");
    }
}

/// ORG-5, API-8
#[tokio::test]
async fn a_change_of_settings_is_kept_with_what_was_before() {
    let app = TestApp::world().await;
    let request = kind(&app, "request").await;
    let input = json!({ "id": request["id"], "version": 1, "sharedFields": ["DEADLINES", "PHASE", "PHASE"] });
    let changed = act(&app, UPDATE, input.clone()).await.succeeded();
    assert_eq!(
        changed.at("/data/staff/updateRecordType/recordType/sharedFields"),
        json!(["PHASE", "DEADLINES"])
    );
    assert_eq!(act(&app, UPDATE, input).await.code(), "CONFLICT");
    let sql = app.sql("postgres").await;
    let kept = sql
        .rows("select before::text, after::text from audit_entries where action = 'record_type.updated'")
        .await;
    let part = |n: usize| serde_json::from_str::<Value>(kept[0][n].as_deref().unwrap()).unwrap();
    assert_eq!(part(0), json!({ "sharedFields": ["PHASE", "STATUS"] }));
    assert_eq!(part(1), json!({ "sharedFields": ["PHASE", "DEADLINES"] }));
}

/// REC-2
#[tokio::test]
async fn stages_keep_their_order_while_they_come_move_and_go() {
    let app = TestApp::world().await;
    let id = kind(&app, "request").await["id"].clone();
    let order = async || {
        let stages = kind(&app, "request").await["stages"].clone();
        let places: Vec<i64> =
            stages.as_array().unwrap().iter().map(|s| s["position"].as_i64().unwrap()).collect();
        assert_eq!(places, (0..places.len() as i64).collect::<Vec<_>>());
        names(&stages, "name")
    };
    let input = json!({ "typeId": id, "name": "Quoted", "clientPhase": "SCHEDULED", "position": 1 });
    let quoted = act(&app, CREATE_STAGE, input).await.succeeded();
    assert_eq!(quoted.text("/data/staff/createStage/stage/type/key"), "request");
    assert_eq!(order().await, ["Received", "Quoted", "In progress", "Done"]);
    let quoted = quoted.at("/data/staff/createStage/stage/id");
    act(&app, UPDATE_STAGE, json!({ "id": quoted, "version": 1, "position": 99 })).await.succeeded();
    assert_eq!(order().await, ["Received", "In progress", "Done", "Quoted"]);
    act(&app, UPDATE_STAGE, json!({ "id": quoted, "version": 2, "position": 0 })).await.succeeded();
    assert_eq!(order().await, ["Quoted", "Received", "In progress", "Done"]);
    act(&app, ARCHIVE_STAGE, json!({ "id": quoted, "version": 3 })).await.succeeded();
    assert_eq!(order().await, ["Received", "In progress", "Done"]);
    act(&app, ARCHIVE_STAGE, json!({ "id": quoted, "version": 4, "archived": false })).await.succeeded();
    assert_eq!(order().await, ["Received", "In progress", "Done", "Quoted"]);
}

/// REC-2
#[tokio::test]
async fn a_type_keeps_its_last_stage() {
    let app = TestApp::world().await;
    let input = json!({ "key": "audit", "name": "Audit", "namePlural": "Audits",
        "stages": [{ "name": "Only", "clientPhase": "PLANNING" }] });
    act(&app, CREATE, input).await.succeeded();
    let only = kind(&app, "audit").await["stages"][0]["id"].clone();
    let refused = act(&app, ARCHIVE_STAGE, json!({ "id": only, "version": 1 })).await;
    assert_eq!(refused.code(), "VALIDATION");
}

/// REC-2
#[tokio::test]
async fn a_select_has_options_and_other_fields_have_none() {
    let app = TestApp::world().await;
    let id = kind(&app, "request").await["id"].clone();
    let field = |kind: &str, options: Value| json!({ "typeId": id, "key": "size", "label": "Size", "kind": kind, "options": options });
    let cases = [
        (field("SELECT", json!([])), "input.options"),
        (field("SELECT", json!(["S", "S"])), "input.options.1"),
        (field("TEXT", json!(["S"])), "input.options"),
    ];
    for (input, path) in cases {
        let refused = act(&app, CREATE_FIELD, input).await;
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), path);
    }
    let made = act(&app, CREATE_FIELD, field("SELECT", json!(["S", "L"]))).await.succeeded();
    let made = made.at("/data/staff/createField/field/id");
    let input = json!({ "id": made, "version": 1, "options": ["S", "M", "L"] });
    let grown = act(&app, UPDATE_FIELD, input).await.succeeded();
    assert_eq!(grown.at("/data/staff/updateField/field/options"), json!(["S", "M", "L"]));
}

/// API-8
#[tokio::test]
async fn a_type_a_stage_and_a_field_are_made_once_for_a_key() {
    let app = TestApp::world().await;
    let id = kind(&app, "request").await["id"].clone();
    let cases = [
        (CREATE, json!({ "key": "audit", "name": "Audit", "namePlural": "Audits", "idempotencyKey": "a" })),
        (
            CREATE_STAGE,
            json!({ "typeId": id, "name": "Parked", "clientPhase": "PLANNING", "idempotencyKey": "b" }),
        ),
        (
            CREATE_FIELD,
            json!({ "typeId": id, "key": "city", "label": "City", "kind": "TEXT", "idempotencyKey": "c" }),
        ),
    ];
    for (document, input) in cases {
        let first = act(&app, document, input.clone()).await.succeeded();
        assert_eq!(act(&app, document, input).await.succeeded().json(), first.json());
    }
}

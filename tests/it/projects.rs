//! REC-8: projects have a lead, milestones, and a percentage that follows from them.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreateRecordInput!) { staff { createRecord(input: $input) { record { id percentDone percentSet } } } }";
const UPDATE: &str = "mutation($input: UpdateRecordInput!) { staff { updateRecord(input: $input) { record { percentDone percentSet version } } } }";
const READ: &str = "query($id: ID!) { staff { record(id: $id) { percentDone percentSet version milestones { id name position } } } }";
const ADD: &str =
    "mutation($input: CreateMilestoneInput!) { staff { createMilestone(input: $input) { milestone {
    id position version record { percentDone } } } } }";
const CHANGE: &str =
    "mutation($input: UpdateMilestoneInput!) { staff { updateMilestone(input: $input) { milestone {
    version weight dueOn record { percentDone } } } } }";
const COMPLETE: &str =
    "mutation($input: CompleteMilestoneInput!) { staff { completeMilestone(input: $input) { milestone {
    version completedAt record { percentDone version } } } } }";
const ARCHIVE: &str =
    "mutation($input: ArchiveMilestoneInput!) { staff { archiveMilestone(input: $input) { milestone {
    version record { percentDone } } } } }";

async fn act(app: &TestApp, document: &str, input: Value) -> Answer {
    app.query(&app.acme().staff_token, document, json!({ "input": input })).await
}

/// A record of the first company, of the type with this key.
async fn create(app: &TestApp, key: &str) -> String {
    let sql = app.sql("postgres").await;
    let org = app.acme().id;
    let kind =
        sql.value(&format!("select id from record_types where org_id = '{org}' and key = '{key}'")).await;
    let input = json!({ "companyId": app.acme().companies[0].id, "typeId": kind, "name": "Work" });
    act(app, CREATE, input).await.succeeded().text("/data/staff/createRecord/record/id")
}

async fn add(app: &TestApp, project: &str, name: &str, weight: i32) -> String {
    let input = json!({ "recordId": project, "name": name, "weight": weight });
    act(app, ADD, input).await.succeeded().text("/data/staff/createMilestone/milestone/id")
}

async fn complete(app: &TestApp, id: &str, version: i32, completed: bool) -> Value {
    let input = json!({ "id": id, "version": version, "completed": completed });
    let done = act(app, COMPLETE, input).await.succeeded();
    done.at("/data/staff/completeMilestone/milestone/record/percentDone")
}

async fn read(app: &TestApp, project: &str) -> Value {
    let read = app.query(&app.acme().staff_token, READ, json!({ "id": project })).await.succeeded();
    read.at("/data/staff/record")
}

/// REC-8
#[tokio::test]
async fn a_projects_percentage_is_the_weighted_share_of_completed_milestones() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    let (light, heavy) = (add(&app, &project, "Light", 1).await, add(&app, &project, "Heavy", 2).await);
    assert_eq!(read(&app, &project).await["percentDone"], 0);
    assert_eq!(complete(&app, &heavy, 1, true).await, 66);
    assert_eq!(complete(&app, &light, 1, true).await, 100);
    assert_eq!(complete(&app, &heavy, 2, false).await, 33);
    let heavier = act(&app, CHANGE, json!({ "id": light, "version": 2, "weight": 6 })).await.succeeded();
    assert_eq!(heavier.at("/data/staff/updateMilestone/milestone/record/percentDone"), 75);
    let gone = act(&app, ARCHIVE, json!({ "id": heavy, "version": 3 })).await.succeeded();
    assert_eq!(gone.at("/data/staff/archiveMilestone/milestone/record/percentDone"), 100);
    let back = act(&app, ARCHIVE, json!({ "id": heavy, "version": 4, "archived": false })).await.succeeded();
    assert_eq!(back.at("/data/staff/archiveMilestone/milestone/record/percentDone"), 75);
    let third = act(&app, ADD, json!({ "recordId": project, "name": "Third" })).await.succeeded();
    assert_eq!(third.at("/data/staff/createMilestone/milestone/record/percentDone"), 66);
    assert_eq!(read(&app, &project).await["version"], 1);
}

/// REC-8
#[tokio::test]
async fn a_percentage_set_by_hand_wins_until_it_is_taken_back() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    let (first, _) = (add(&app, &project, "First", 1).await, add(&app, &project, "Second", 1).await);
    act(&app, UPDATE, json!({ "id": project, "version": 1, "percentSet": 90 })).await.succeeded();
    assert_eq!(complete(&app, &first, 1, true).await, 90);
    let computed =
        act(&app, UPDATE, json!({ "id": project, "version": 2, "percentSet": null })).await.succeeded();
    assert_eq!(
        computed.at("/data/staff/updateRecord/record"),
        json!({ "percentDone": 50, "percentSet": null, "version": 3 })
    );
    let refused = act(&app, UPDATE, json!({ "id": project, "version": 3, "percentSet": 101 })).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.percentSet");
}

/// REC-8
#[tokio::test]
async fn only_a_project_has_milestones_a_lead_and_a_percentage() {
    let app = TestApp::world().await;
    let request = create(&app, "request").await;
    let lead = app.colleague_of(app.acme(), "ADMIN", &[]).await.id;
    let cases = [
        (ADD, json!({ "recordId": request, "name": "First" }), "input.recordId"),
        (UPDATE, json!({ "id": request, "version": 1, "leadId": lead }), "input.leadId"),
        (UPDATE, json!({ "id": request, "version": 1, "percentSet": 5 }), "input.percentSet"),
    ];
    for (document, input, path) in cases {
        let refused = act(&app, document, input).await;
        assert_eq!(refused.code(), "VALIDATION");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), path);
    }
    let project = create(&app, "project").await;
    act(&app, UPDATE, json!({ "id": project, "version": 1, "leadId": lead, "percentSet": 5 }))
        .await
        .succeeded();
}

/// REC-8
#[tokio::test]
async fn milestones_keep_their_order_while_they_come_move_and_go() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(add(&app, &project, name, 1).await);
    }
    let order = async || {
        let milestones = read(&app, &project).await["milestones"].clone();
        let milestones = milestones.as_array().unwrap().clone();
        let places: Vec<usize> =
            milestones.iter().map(|m| m["position"].as_u64().unwrap() as usize).collect();
        assert_eq!(places, (0..milestones.len()).collect::<Vec<_>>());
        milestones.iter().map(|m| m["name"].as_str().unwrap().to_owned()).collect::<String>()
    };
    act(&app, CHANGE, json!({ "id": ids[2], "version": 1, "position": 0 })).await.succeeded();
    assert_eq!(order().await, "CAB");
    act(&app, ADD, json!({ "recordId": project, "name": "D", "position": 1 })).await.succeeded();
    assert_eq!(order().await, "CDAB");
    act(&app, CHANGE, json!({ "id": ids[2], "version": 2, "position": 2 })).await.succeeded();
    assert_eq!(order().await, "DACB");
    act(&app, ARCHIVE, json!({ "id": ids[0], "version": 1 })).await.succeeded();
    assert_eq!(order().await, "DCB");
    let unmoved = act(&app, CHANGE, json!({ "id": ids[0], "version": 2, "position": 0 })).await;
    assert_eq!(unmoved.text("/errors/0/extensions/fields/0/path"), "input.position");
}

/// REC-8, API-3, API-8
#[tokio::test]
async fn a_milestone_that_cannot_be_is_refused() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    for (input, path) in [
        (json!({ "recordId": project, "name": " " }), "input.name"),
        (json!({ "recordId": project, "name": "x", "weight": 0 }), "input.weight"),
        (json!({ "recordId": project, "name": "x", "dueOn": "-0001-01-01" }), "input.dueOn"),
    ] {
        assert_eq!(act(&app, ADD, input).await.text("/errors/0/extensions/fields/0/path"), path);
    }
    let id = add(&app, &project, "First", 1).await;
    act(&app, CHANGE, json!({ "id": id, "version": 1, "dueOn": "2027-01-01" })).await.succeeded();
    assert_eq!(act(&app, CHANGE, json!({ "id": id, "version": 1, "dueOn": null })).await.code(), "CONFLICT");
    let key = json!({ "recordId": project, "name": "Once", "idempotencyKey": "k" });
    let first = act(&app, ADD, key.clone()).await.succeeded();
    assert_eq!(act(&app, ADD, key).await.succeeded().json(), first.json());
}

/// ORG-3, ORG-4, REC-8
#[tokio::test]
async fn milestones_are_changed_by_who_may_write_their_organisations_records() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    let id = add(&app, &project, "First", 1).await;
    let reader = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let clerk = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let cases = [
        (ADD, json!({ "recordId": project, "name": "Second" })),
        (CHANGE, json!({ "id": id, "version": 1, "name": "Kick-off" })),
        (COMPLETE, json!({ "id": id, "version": 2 })),
        (ARCHIVE, json!({ "id": id, "version": 3 })),
    ];
    for (document, input) in cases {
        let refused = app.query(&reader, document, json!({ "input": input.clone() })).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{input}");
        let foreign = app.query(&app.rival().staff_token, document, json!({ "input": input.clone() })).await;
        assert_eq!(foreign.code(), "NOT_FOUND", "{input}");
        app.query(&clerk, document, json!({ "input": input })).await.succeeded();
    }
}

/// EVT-1, REC-4
#[tokio::test]
async fn clients_learn_of_milestones_only_where_the_type_shares_them() {
    let app = TestApp::world().await;
    let project = create(&app, "project").await;
    let id = add(&app, &project, "First", 1).await;
    app.arrange("update record_types set shared_fields = '{PHASE}'").await;
    complete(&app, &id, 1, true).await;
    complete(&app, &id, 2, true).await;
    let sql = app.sql("postgres").await;
    let events = sql
        .column(&format!(
            "select kind || ' ' || client_visible from events where record_id = '{project}' and kind like 'milestone%' order by seq"
        ))
        .await;
    assert_eq!(events, ["milestone.created true", "milestone.completed false"]);
}

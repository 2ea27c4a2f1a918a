//! REC-3, REC-4, REC-5: what staff share is what a client receives, no more, from the next request
//! on. Staff act through the staff root, the client looks through the portal root.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const UPDATE_TYPE: &str = "mutation($input: UpdateRecordTypeInput!) { staff { updateRecordType(input: $input) { recordType { version } } } }";
const ARCHIVE_TYPE: &str = "mutation($input: ArchiveRecordTypeInput!) { staff { archiveRecordType(input: $input) { recordType { version } } } }";
const UPDATE_FIELD: &str =
    "mutation($input: UpdateFieldInput!) { staff { updateField(input: $input) { field { version } } } }";
const ARCHIVE_FIELD: &str =
    "mutation($input: ArchiveFieldInput!) { staff { archiveField(input: $input) { field { version } } } }";
const UPDATE_STAGE: &str =
    "mutation($input: UpdateStageInput!) { staff { updateStage(input: $input) { stage { version } } } }";
const UPDATE_RECORD: &str =
    "mutation($input: UpdateRecordInput!) { staff { updateRecord(input: $input) { record { version } } } }";
const ARCHIVE_RECORD: &str =
    "mutation($input: ArchiveRecordInput!) { staff { archiveRecord(input: $input) { record { version } } } }";
const HOME: &str =
    "{ portal { home { sections { key count groups { stageName color phase statuses { status } averagePercent
    records { id name phase status percent startsOn dueOn } } } } } }";
const RECORD: &str = "query($id: ID!) { portal { record(id: $id) {
    name phase status description percent startsOn dueOn stage { name } steps { label }
    milestones { name dueOn } deadlines { name dueOn } fields { key label text } } } }";

/// The everything that projects share at the start.
const ALL: [&str; 6] = ["PHASE", "STATUS", "DESCRIPTION", "PROGRESS", "MILESTONES", "DEADLINES"];

/// Staff of the first organisation, a client of its first company, and one of the client's projects.
struct Scene {
    app: TestApp,
    client: String,
    kind: String,
    project: String,
    version: i64,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::world().await;
        let client = app.open(&app.acme().portals[0].token).await;
        let sql = app.sql("postgres").await;
        let (org, company) = (app.acme().id, app.acme().companies[0].id);
        let kind = sql
            .value(&format!("select id from record_types where org_id = '{org}' and key = 'project'"))
            .await;
        let project = sql
            .value(&format!("select id from records where company_id = '{company}' order by name limit 1"))
            .await;
        app.arrange(&format!(
            "update records set client_status = 'Planted status', description = 'Planted description', percent_done = 37,
                starts_on = '2031-01-02', due_on = '2031-03-04',
                custom = custom || '{{\"scope\": \"Complete\", \"margin_note\": \"Planted margin\"}}'
             where id = '{project}';
             update milestones set name = 'Planted milestone', due_on = '2031-02-03', completed_at = null where record_id = '{project}';
             update stages set name = 'Planted stage', client_phase = 'IN_REVIEW'
             where id = (select stage_id from records where id = '{project}')"
        ))
        .await;
        Self { app, client, kind, project, version: 1 }
    }

    async fn staff(&self, document: &str, input: Value) {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await.succeeded();
    }

    async fn set(&mut self, mut input: Value) {
        input["id"] = json!(self.kind);
        input["version"] = json!(self.version);
        self.version += 1;
        self.staff(UPDATE_TYPE, input).await;
    }

    async fn share(&mut self, fields: &[&str]) {
        self.set(json!({ "sharedFields": fields })).await;
    }

    async fn record(&self) -> Answer {
        self.app.query(&self.client, RECORD, json!({ "id": self.project })).await
    }

    /// Everything the client receives of the home and the record.
    async fn received(&self) -> String {
        let home = self.app.query(&self.client, HOME, json!({})).await.succeeded();
        let record = self.record().await.succeeded();
        format!("{}{}", home.body(), record.body())
    }

    /// The id of a custom field of projects.
    async fn field(&self, key: &str) -> String {
        let sql = self.app.sql("postgres").await;
        sql.value(&format!(
            "select id from field_definitions where type_id = '{}' and key = '{key}'",
            self.kind
        ))
        .await
    }
}

/// REC-3, REC-4
#[tokio::test]
async fn a_client_receives_a_built_in_field_only_while_it_is_shared() {
    let mut scene = Scene::new().await;
    let planted = [
        ("PHASE", "IN_REVIEW"),
        ("STATUS", "Planted status"),
        ("DESCRIPTION", "Planted description"),
        ("PROGRESS", "\"percent\":37"),
        ("MILESTONES", "Planted milestone"),
        ("DEADLINES", "2031-03-04"),
    ];
    for (field, value) in planted {
        scene.share(&ALL).await;
        assert!(scene.received().await.contains(value), "{field} is shared");
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != field).collect();
        scene.share(&others).await;
        let received = scene.received().await;
        let hidden = if field == "DEADLINES" { "2031-" } else { value };
        let record = scene.record().await.body().to_owned();
        let bytes = if field == "PHASE" { &record } else { &received };
        assert!(!bytes.contains(hidden), "{field} is not shared: {bytes}");
    }
}

/// REC-3, REC-4
#[tokio::test]
async fn a_milestones_day_is_hidden_with_the_deadlines() {
    let mut scene = Scene::new().await;
    assert!(scene.received().await.contains("2031-02-03"));
    scene.share(&["MILESTONES"]).await;
    let received = scene.received().await;
    assert!(received.contains("Planted milestone") && !received.contains("2031-"), "{received}");
}

/// REC-3: the name always shows.
#[tokio::test]
async fn a_type_that_shares_no_field_still_shows_names() {
    let mut scene = Scene::new().await;
    scene.share(&[]).await;
    let record = scene.record().await.succeeded();
    assert!(!record.text("/data/portal/record/name").is_empty());
    assert_eq!(record.at("/data/portal/record/phase"), Value::Null);
}

/// REC-3, REC-4
#[tokio::test]
async fn a_custom_field_reaches_clients_only_while_it_is_shared() {
    let scene = Scene::new().await;
    let (scope, margin) = (scene.field("scope").await, scene.field("margin_note").await);
    let received = scene.received().await;
    assert!(received.contains("Complete") && !received.contains("Planted margin"));
    scene.staff(UPDATE_FIELD, json!({ "id": scope, "version": 1, "shared": false })).await;
    scene.staff(UPDATE_FIELD, json!({ "id": margin, "version": 1, "shared": true })).await;
    let received = scene.received().await;
    assert!(
        !received.contains("Complete")
            && !received.contains("\"scope\"")
            && received.contains("Planted margin")
    );
}

/// REC-3, REC-4
#[tokio::test]
async fn an_archived_field_vanishes_and_comes_back() {
    let scene = Scene::new().await;
    let scope = scene.field("scope").await;
    scene.staff(ARCHIVE_FIELD, json!({ "id": scope, "version": 1 })).await;
    assert!(!scene.received().await.contains("\"scope\""));
    scene.staff(ARCHIVE_FIELD, json!({ "id": scope, "version": 2, "archived": false })).await;
    assert!(scene.received().await.contains("\"scope\""));
}

/// REC-4
#[tokio::test]
async fn what_staff_write_later_is_shared_as_the_type_says_then() {
    let mut scene = Scene::new().await;
    scene.share(&["PHASE"]).await;
    let edit = json!({ "clientStatus": "Later status", "description": "Later description",
        "custom": { "margin_note": "Later margin", "preview_url": "https://later.example/" } });
    let mut input = edit;
    input["id"] = json!(scene.project);
    input["version"] = json!(1);
    scene.staff(UPDATE_RECORD, input).await;
    let received = scene.received().await;
    assert!(!received.contains("Later") && received.contains("https://later.example/"), "{received}");
}

/// REC-7
#[tokio::test]
async fn stage_names_reach_clients_only_while_the_type_shows_them() {
    let mut scene = Scene::new().await;
    assert!(!scene.received().await.contains("Planted stage"));
    scene.set(json!({ "showStageNames": true })).await;
    assert!(scene.received().await.contains("Planted stage"));
    scene.share(&["STATUS"]).await;
    assert!(!scene.received().await.contains("Planted stage"));
    scene.set(json!({ "showStageNames": false, "sharedFields": ["PHASE"] })).await;
    assert!(!scene.received().await.contains("Planted stage"));
}

/// REC-7
#[tokio::test]
async fn a_stages_new_phase_reaches_clients() {
    let scene = Scene::new().await;
    let sql = scene.app.sql("postgres").await;
    let stage = sql.value(&format!("select stage_id from records where id = '{}'", scene.project)).await;
    scene.staff(UPDATE_STAGE, json!({ "id": stage, "version": 1, "clientPhase": "SCHEDULED" })).await;
    assert_eq!(scene.record().await.text("/data/portal/record/phase"), "SCHEDULED");
}

/// REC-3, REC-6
#[tokio::test]
async fn records_of_an_unshared_or_archived_type_are_not_there() {
    let mut scene = Scene::new().await;
    let request = {
        let sql = scene.app.sql("postgres").await;
        let org = scene.app.acme().id;
        sql.value(&format!("select id from record_types where org_id = '{org}' and key = 'request'")).await
    };
    let create =
        "mutation($input: CreateRecordInput!) { staff { createRecord(input: $input) { record { id } } } }";
    let company = scene.app.acme().companies[0].id;
    scene.staff(create, json!({ "companyId": company, "typeId": request, "name": "Planted request" })).await;
    assert!(scene.received().await.contains("Planted request"));
    scene.staff(ARCHIVE_TYPE, json!({ "id": request, "version": 1 })).await;
    assert!(!scene.received().await.contains("Planted request"));
    scene.set(json!({ "shared": false })).await;
    gone(&scene).await;
    scene.set(json!({ "shared": true })).await;
    scene.record().await.succeeded();
}

/// REC-5, REC-6: a record that is off is "not found", exactly as an id that never existed.
#[tokio::test]
async fn a_record_that_is_off_or_archived_is_not_there() {
    let scene = Scene::new().await;
    let off =
        |on: bool, version: i32| json!({ "id": scene.project, "version": version, "portalEnabled": on });
    scene.staff(UPDATE_RECORD, off(false, 1)).await;
    gone(&scene).await;
    scene.staff(UPDATE_RECORD, off(true, 2)).await;
    scene.record().await.succeeded();
    scene.staff(ARCHIVE_RECORD, json!({ "id": scene.project, "version": 3 })).await;
    gone(&scene).await;
    scene.staff(ARCHIVE_RECORD, json!({ "id": scene.project, "version": 4, "archived": false })).await;
    scene.record().await.succeeded();
}

async fn gone(scene: &Scene) {
    let missing = scene.app.query(&scene.client, RECORD, json!({ "id": Uuid::nil() })).await;
    let refused = scene.record().await;
    assert_eq!((refused.code().as_str(), refused.json()), ("NOT_FOUND", missing.json()));
    let home = scene.app.query(&scene.client, HOME, json!({})).await.succeeded();
    assert!(!home.body().contains(&scene.project));
}

/// REC-4: the login that serves clients cannot name what is not granted to it.
#[tokio::test]
async fn the_portal_login_cannot_select_what_is_not_shared() {
    let app = TestApp::world().await;
    let portal = app.sql("app_portal").await;
    for (table, column) in [
        ("records", "custom"),
        ("records", "description"),
        ("records", "internal_status"),
        ("records", "client_status"),
        ("records", "stage_id"),
        ("records", "percent_done"),
        ("records", "due_on"),
        ("records", "owner_id"),
        ("milestones", "due_on"),
        ("field_definitions", "options"),
        ("field_definitions", "shared"),
        ("record_types", "shared_fields"),
        ("record_watchers", "member_id"),
    ] {
        assert_eq!(
            portal.refusal(&format!("select {column} from {table}")).await,
            "42501",
            "{table}.{column}"
        );
    }
    assert!(portal.column("select custom_shared from records").await.is_empty(), "no door was passed");
}

/// REC-4: unsharing waits for a record that is being written, and then reaches it as well.
#[tokio::test]
async fn a_record_written_while_its_type_is_unshared_shares_nothing_more() {
    let scene = Scene::new().await;
    let (writer, unsharer) = (scene.app.sql("postgres").await, scene.app.sql("postgres").await);
    let watcher = scene.app.sql("postgres").await;
    let pid = unsharer.value("select pg_backend_pid()").await;
    writer.rows("begin").await;
    writer
        .rows(&format!(
            "update records set client_status = 'Written meanwhile' where id = '{}'",
            scene.project
        ))
        .await;
    let unshare = format!("update record_types set shared_fields = '{{PHASE}}' where id = '{}'", scene.kind);
    let unsharing = unsharer.rows(&unshare);
    let commit = async {
        let waits = format!("select count(*) from pg_locks where pid = {pid} and not granted");
        while watcher.value(&waits).await == "0" {
            tokio::task::yield_now().await;
        }
        writer.rows("commit").await;
    };
    tokio::join!(unsharing, commit);
    assert!(!scene.received().await.contains("Written meanwhile"));
}

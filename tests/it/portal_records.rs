//! REC-3, REC-4, REC-6 to REC-8: what a client sees of a record.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const RECORD: &str = "query($id: ID!) { portal { record(id: $id) {
    name companyName phase status description percent startsOn dueOn fileCount messageCount
    type { key name namePlural } stage { name color } steps { label color state }
    milestones { name weight dueOn completedAt } deadlines { kind name dueOn }
    fields { key label kind text value } } } }";
const LIST: &str = "query($after: String, $order: PortalRecordOrder = NAME, $phase: ClientPhase) { portal {
    records(first: 3, after: $after, orderBy: $order, phase: $phase) {
        totalCount edges { node { id name phase dueOn } } pageInfo { hasNextPage endCursor } } } }";

/// The first record of the first portal's company.
async fn first_record(app: &TestApp, session: &str) -> String {
    let listed = app.query(session, LIST, json!({})).await.succeeded();
    listed.text("/data/portal/records/edges/0/node/id")
}

async fn read(app: &TestApp, session: &str, id: &str) -> Answer {
    app.query(session, RECORD, json!({ "id": id })).await
}

/// REC-3, REC-8
#[tokio::test]
async fn a_client_sees_what_a_project_shares() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let id = first_record(&app, &session).await;
    let record = read(&app, &session, &id).await.succeeded();
    assert_eq!(record.at("/data/portal/record/companyName"), app.acme().companies[0].name);
    assert_eq!(record.at("/data/portal/record/type/namePlural"), "Projects");
    assert_eq!(record.at("/data/portal/record/stage"), Value::Null);
    assert_eq!(record.at("/data/portal/record/steps").as_array().unwrap().len(), 5);
    assert_eq!(record.at("/data/portal/record/milestones").as_array().unwrap().len(), 5);
    let fields = record.at("/data/portal/record/fields");
    let keys: Vec<&str> = fields.as_array().unwrap().iter().map(|f| f["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["scope", "preview_url", "kickoff"]);
    assert!(!record.body().contains("48000") && !record.body().contains("Renegotiate"));
}

/// REC-3, REC-4
#[tokio::test]
async fn what_a_type_stops_sharing_is_gone_from_its_records() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let id = first_record(&app, &session).await;
    app.arrange("update record_types set shared_fields = '{}'; update field_definitions set shared = false")
        .await;
    let record = read(&app, &session, &id).await.succeeded();
    let nothing = json!({ "phase": null, "status": null, "description": null, "percent": null,
        "startsOn": null, "dueOn": null, "stage": null,
        "steps": [], "milestones": [], "deadlines": [], "fields": [] });
    for (field, absent) in nothing.as_object().unwrap() {
        assert_eq!(&record.at(&format!("/data/portal/record/{field}")), absent, "{field}");
    }
}

/// REC-7
#[tokio::test]
async fn steps_are_the_teams_stages_where_the_type_shows_them() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let id = first_record(&app, &session).await;
    app.arrange(&format!(
        "update record_types set show_stage_names = true;
        update stages set archived_at = now() where name = 'Scheduled';
        update records set stage_id = (select s.id from stages s where s.org_id = records.org_id
            and s.type_id = records.type_id and s.name = 'Build') where id = '{id}'"
    ))
    .await;
    let record = read(&app, &session, &id).await.succeeded();
    assert_eq!(record.at("/data/portal/record/stage"), json!({ "name": "Build", "color": "#b5532a" }));
    let steps = record.at("/data/portal/record/steps");
    let said: Vec<(&str, &str)> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["label"].as_str().unwrap(), step["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("Discovery", "DONE"),
        ("Design", "DONE"),
        ("Build", "CURRENT"),
        ("Client review", "UPCOMING"),
        ("Delivered", "UPCOMING"),
    ];
    assert_eq!(said, expected, "an archived stage that nobody stands in is no step");
}

/// REC-8
#[tokio::test]
async fn deadlines_are_those_to_come_and_soonest_first() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let id = first_record(&app, &session).await;
    app.arrange(&format!(
        "update records set starts_on = null, due_on = current_date + 20 where id = '{id}';
        update milestones set completed_at = null, due_on = current_date + 30 - position * 10
            where record_id = '{id}';
        update milestones set completed_at = now() where record_id = '{id}' and position = 1"
    ))
    .await;
    let record = read(&app, &session, &id).await.succeeded();
    let deadlines = record.at("/data/portal/record/deadlines");
    let names: Vec<&str> =
        deadlines.as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    let own = record.text("/data/portal/record/name");
    // The organisation's day may be ahead of the database's by hours, never by ten days.
    let expected = ["Implementation", own.as_str(), "Kick-off"];
    assert_eq!(names.iter().filter(|name| **name != "Review").copied().collect::<Vec<_>>(), expected);
}

/// REC-6
#[tokio::test]
async fn a_record_of_another_company_or_organisation_is_not_found() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let missing = read(&app, &session, &uuid::Uuid::nil().to_string()).await;
    assert_eq!(missing.code(), "NOT_FOUND");
    for portal in [&app.acme().portals[1], &app.rival().portals[0]] {
        let other = app.open(&portal.token).await;
        let id = first_record(&app, &other).await;
        read(&app, &other, &id).await.succeeded();
        assert_eq!(read(&app, &session, &id).await.json(), missing.json());
    }
}

/// API-4
#[tokio::test]
async fn records_are_paged_through_in_either_order() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    app.arrange("update records set starts_on = null, due_on = null where name like 'W%'").await;
    for (order, key) in [("NAME", "name"), ("DUE", "dueOn")] {
        let first = app.query(&session, LIST, json!({ "order": order })).await.succeeded();
        assert_eq!(first.at("/data/portal/records/totalCount"), 4);
        assert_eq!(first.at("/data/portal/records/pageInfo/hasNextPage"), true);
        let after = first.at("/data/portal/records/pageInfo/endCursor");
        let second = app.query(&session, LIST, json!({ "order": order, "after": after })).await.succeeded();
        assert_eq!(second.at("/data/portal/records/pageInfo/hasNextPage"), false);
        let pages = [first.at("/data/portal/records/edges"), second.at("/data/portal/records/edges")];
        let keys: Vec<String> = pages
            .iter()
            .flat_map(|page| page.as_array().unwrap())
            .map(|edge| edge["node"][key].as_str().unwrap_or("~").to_owned())
            .collect();
        assert_eq!(keys.len(), 4);
        assert!(keys.is_sorted(), "{keys:?}");
    }
}

/// API-4, REC-4
#[tokio::test]
async fn a_phase_that_is_not_shared_finds_nothing() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let listed = app.query(&session, LIST, json!({})).await.succeeded();
    let phase = listed.at("/data/portal/records/edges/0/node/phase");
    let found = app.query(&session, LIST, json!({ "phase": phase })).await.succeeded();
    assert_ne!(found.at("/data/portal/records/totalCount"), 0);
    app.arrange("update record_types set shared_fields = '{}'").await;
    let hidden = app.query(&session, LIST, json!({ "phase": phase })).await.succeeded();
    assert_eq!(hidden.at("/data/portal/records/totalCount"), 0);
}

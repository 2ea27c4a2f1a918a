//! DASH-2, EVT-6: what is measured, and who records it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreateMetricInput!) { staff { createMetric(input: $input) { metric { id key name unit version } } } }";
const UPDATE: &str = "mutation($input: UpdateMetricInput!) { staff { updateMetric(input: $input) { metric { name unit version } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveMetricInput!) { staff { archiveMetric(input: $input) { metric { archivedAt } } } }";
pub const RECORD: &str = "mutation($input: RecordMetricPointsInput!) { staff { recordMetricPoints(input: $input) { recorded repeated } } }";
const KEY: &str =
    "mutation($input: CreateApiKeyInput!) { staff { createApiKey(input: $input) { secret apiKey { id } } } }";

/// A point of the first metric of the world about a company.
fn point(company: Uuid, key: &str, value: f64) -> Value {
    json!({ "metric": "visits", "subject": { "companyId": company }, "value": value, "key": key })
}

async fn records(app: &TestApp, token: &str, points: &[Value]) -> Answer {
    app.query(token, RECORD, json!({ "input": { "points": points } })).await
}

fn counted(answer: &Answer) -> (i64, i64) {
    let payload = answer.at("/data/staff/recordMetricPoints");
    (payload["recorded"].as_i64().unwrap(), payload["repeated"].as_i64().unwrap())
}

/// A key of the first organisation: its secret and id.
pub async fn key(app: &TestApp, scopes: &[&str], company: Option<Uuid>) -> (String, String) {
    let input = json!({ "input": { "name": "A partner", "scopes": scopes, "companyId": company } });
    let made = app.query(&app.acme().staff_token, KEY, input).await.succeeded();
    (made.text("/data/staff/createApiKey/secret"), made.text("/data/staff/createApiKey/apiKey/id"))
}

async fn points(app: &TestApp) -> i64 {
    app.value("select count(*) from metric_points").await.parse().unwrap()
}

/// DASH-2, API-8
#[tokio::test]
async fn a_point_is_recorded_once_however_often_it_is_sent() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let company = app.acme().companies[0].id;
    let before = points(&app).await;
    let both = [point(company, "a", 1.0), point(company, "b", 2.0)];
    assert_eq!(counted(&records(&app, token, &both).await.succeeded()), (2, 0));
    let more = [point(company, "b", 2.0), point(company, "c", 3.0), point(company, "c", 3.0)];
    assert_eq!(counted(&records(&app, token, &more).await.succeeded()), (1, 2));
    let elsewhere = app.acme().companies[1].id;
    let news = [point(company, "c", 3.0), point(elsewhere, "c", 3.0), point(elsewhere, "e", 3.0)];
    assert_eq!(counted(&records(&app, token, &news).await.succeeded()), (2, 1));
    let told = "select company_id || ' ' || (payload ->> 'points') from events where kind = 'metric.recorded' order by seq";
    assert_eq!(
        app.sql("postgres").await.column(told).await,
        [format!("{company} 2"), format!("{company} 1"), format!("{elsewhere} 2")],
        "what is known already is no news"
    );
    let other = [point(company, "d", 4.0), point(company, "a", 9.0)];
    assert_eq!(records(&app, token, &other).await.code(), "CONFLICT", "a key stands for one measurement");
    assert_eq!(points(&app).await, before + 5, "all or nothing");
    let elsewhere = [point(elsewhere, "a", 9.0)];
    assert_eq!(counted(&records(&app, token, &elsewhere).await.succeeded()), (1, 0));
}

/// DASH-2
#[tokio::test]
async fn what_is_no_measurement_is_refused_with_its_place() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let wrong = |change: Value| {
        let mut wrong = point(company, "k", 1.0);
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        [point(company, "a", 1.0), wrong]
    };
    for (change, path) in [
        (json!({ "metric": "unheard_of" }), "input.points.1.metric"),
        (json!({ "value": 2e15 }), "input.points.1.value"),
        (json!({ "key": " " }), "input.points.1.key"),
    ] {
        let refused = records(&app, &app.acme().staff_token, &wrong(change)).await;
        assert_eq!(refused.code(), "VALIDATION");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), path);
    }
    let none = records(&app, &app.acme().staff_token, &[]).await;
    assert_eq!(none.text("/errors/0/extensions/fields/0/path"), "input.points");
    let many: Vec<Value> = (0..501).map(|n| point(company, &n.to_string(), 1.0)).collect();
    assert_eq!(records(&app, &app.acme().staff_token, &many).await.code(), "VALIDATION");
    assert_eq!(counted(&records(&app, &app.acme().staff_token, &many[1..]).await.succeeded()), (500, 0));
}

/// DASH-2, API-8, ORG-3
#[tokio::test]
async fn staff_make_change_and_archive_metrics() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let input = json!({ "input": { "key": "leads", "name": "Leads", "unit": "leads" } });
    let reader = app.member_of(app.acme(), &[]).await;
    assert_eq!(app.query(&reader, CREATE, input.clone()).await.code(), "FORBIDDEN");
    let made = app.query(token, CREATE, input.clone()).await.succeeded();
    let id = made.text("/data/staff/createMetric/metric/id");
    assert_eq!(app.query(token, CREATE, input.clone()).await.code(), "VALIDATION", "the key is taken");
    app.query(&app.rival().staff_token, CREATE, input).await.succeeded();
    let change = json!({ "input": { "id": id, "version": 1, "name": "New leads", "unit": null } });
    let changed = app.query(token, UPDATE, change.clone()).await.succeeded();
    assert_eq!(
        changed.at("/data/staff/updateMetric/metric"),
        json!({ "name": "New leads", "unit": null, "version": 2 })
    );
    assert_eq!(app.query(token, UPDATE, change.clone()).await.code(), "CONFLICT");
    assert_eq!(app.query(&app.rival().staff_token, UPDATE, change).await.code(), "NOT_FOUND");
    app.query(token, ARCHIVE, json!({ "input": { "id": id, "version": 2 } })).await.succeeded();
    let mut late = point(app.acme().companies[0].id, "late", 1.0);
    late["metric"] = json!("leads");
    assert_eq!(
        records(&app, token, &[late]).await.code(),
        "VALIDATION",
        "nothing is recorded of it any more"
    );
}

/// EVT-6, ORG-5, EVT-1
#[tokio::test]
async fn a_key_records_and_both_logs_say_which() {
    let app = TestApp::world().await;
    let (secret, id) = key(&app, &["METRICS_WRITE"], None).await;
    let company = app.acme().companies[0].id;
    let made = records(&app, &secret, &[point(company, "p", 7.0)]).await.succeeded();
    assert_eq!(counted(&made), (1, 0));
    assert_eq!(counted(&records(&app, &secret, &[point(company, "p", 7.0)]).await.succeeded()), (0, 1));
    let audit = "{ staff { auditEntries(first: 1) { edges { node { action actorKeyId actor { id } } } } } }";
    let audit = app.query(&app.acme().staff_token, audit, json!({})).await.succeeded();
    let entry = audit.at("/data/staff/auditEntries/edges/0/node");
    assert_eq!(entry, json!({ "action": "metric.recorded", "actorKeyId": id, "actor": null }));
    let told = "{ staff { events(first: 100, filter: { types: [MetricRecorded] }) { edges { node { ... on MetricRecorded { keyId actorId companyId } } } } } }";
    let told = told.replace("MetricRecorded]", "METRIC_RECORDED]");
    let told = app.query(&app.acme().staff_token, &told, json!({})).await.succeeded();
    assert_eq!(
        told.at("/data/staff/events/edges"),
        json!([{ "node": { "keyId": id, "actorId": null, "companyId": company } }]),
        "what is known already is no news"
    );
}

/// EVT-6, ORG-4: a key is held to its scope and its company, by the database too.
#[tokio::test]
async fn a_key_records_within_its_scope_and_company_only() {
    let app = TestApp::world().await;
    let (ours, others) = (app.acme().companies[0].id, app.acme().companies[1].id);
    let theirs = app.rival().companies[0].id;
    let (reader, _) = key(&app, &["EVENTS_READ", "RECORDS_READ"], None).await;
    let (bound, _) = key(&app, &["METRICS_WRITE"], Some(ours)).await;
    let (free, _) = key(&app, &["METRICS_WRITE"], None).await;
    assert_eq!(records(&app, &reader, &[point(ours, "r", 1.0)]).await.code(), "FORBIDDEN");
    records(&app, &bound, &[point(ours, "b", 1.0)]).await.succeeded();
    let both = [point(ours, "n", 1.0), point(others, "n", 1.0)];
    assert_eq!(records(&app, &bound, &both).await.code(), "NOT_FOUND");
    records(&app, &free, &[point(others, "f", 1.0)]).await.succeeded();
    assert_eq!(records(&app, &free, &[point(theirs, "f", 1.0)]).await.code(), "NOT_FOUND");
    let record = app.value(&format!("select id from records where company_id = '{others}' limit 1")).await;
    let about = json!({ "metric": "visits", "subject": { "recordId": record }, "value": 1.0, "key": "x" });
    assert_eq!(records(&app, &bound, std::slice::from_ref(&about)).await.code(), "NOT_FOUND");
    records(&app, &free, &[about]).await.succeeded();

    let login = app.sql("app_partner").await;
    crate::isolation::crowd::enter(&login, "enter_key", &bound).await;
    let insert = |company: Uuid| {
        format!(
            "insert into metric_points (org_id, id, metric_id, company_id, measured_at, value, point_key)
             select org_id, gen_random_uuid(), id, '{company}', now(), 1, 'sql' from metrics where key = 'visits'"
        )
    };
    assert_eq!(login.refusal(&insert(others)).await, "42501");
    crate::isolation::crowd::enter(&login, "enter_key", &bound).await;
    login.rows(&insert(ours)).await;
    assert_eq!(login.value("select count(*) from companies").await, "0", "recording reads no companies");
    let entry = |kind: &str, company: Uuid| {
        format!(
            "select journal_key(jsonb_build_array(jsonb_build_object('kind', '{kind}', 'companyId', '{company}',
                 'id', gen_random_uuid(), 'auditId', gen_random_uuid(), 'clientVisible', false, 'occurredAt', now(),
                 'payload', jsonb_build_object('id', gen_random_uuid()))), null, 'r')"
        )
    };
    for (kind, company) in [("record.updated", ours), ("metric.recorded", others)] {
        crate::isolation::crowd::enter(&login, "enter_key", &bound).await;
        assert_eq!(login.refusal(&entry(kind, company)).await, "42501", "{kind}");
    }
}

/// EVT-6
#[tokio::test]
async fn a_key_that_records_changes_nothing_else() {
    let app = TestApp::world().await;
    let (secret, _) = key(&app, &["EVENTS_READ", "RECORDS_READ", "METRICS_WRITE"], None).await;
    let company = app.acme().companies[0].id;
    let recording = format!(
        "recordMetricPoints(input: {{ points: [{{ metric: \"visits\", subject: {{ companyId: \"{company}\" }}, value: 1, key: \"k\" }}] }}) {{ recorded }}"
    );
    let other = "createCompany(input: { name: \"By a key\" }) { company { id } }";
    for refused in [
        format!("mutation {{ staff {{ {other} }} }}"),
        format!("mutation {{ staff {{ {recording} {other} }} }}"),
        format!("mutation {{ staff {{ recordMetricPoints: {other} }} }}"),
        format!(
            "mutation {{ staff {{ ...Both }} }} fragment Both on StaffMutation {{ {recording} {other} }}"
        ),
        "mutation { staff { __typename } }".to_owned(),
    ] {
        assert_eq!(app.query(&secret, &refused, json!({})).await.code(), "FORBIDDEN", "{refused}");
    }
    assert_eq!(app.value("select count(*) from metric_points where point_key = 'k'").await, "0");
    app.query(&secret, &format!("mutation {{ staff {{ {recording} }} }}"), json!({})).await.succeeded();
}

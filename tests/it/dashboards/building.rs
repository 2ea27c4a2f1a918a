//! Putting dashboards together, and choosing them for portals.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{UPDATE_PORTAL, builds, built, visits, with_modes};
use crate::support::TestApp;

const UPDATE: &str =
    "mutation($input: UpdateDashboardInput!) { staff { updateDashboard(input: $input) { dashboard {
    title version widgets { kind title } } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveDashboardInput!) { staff { archiveDashboard(input: $input) { dashboard { archivedAt } } } }";
const LIST: &str = "{ staff { dashboards(first: 100) { totalCount edges { node { id title } } } } }";
const CREATE_PORTAL: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { portal { id dashboards { id } } } } }";

/// DASH-2, API-8
#[tokio::test]
async fn staff_put_widgets_together_change_and_archive_them() {
    let app = with_modes("DASHBOARD").await;
    let token = &app.acme().staff_token;
    let metric = visits(&app).await;
    let widgets = json!([
        { "kind": "LINE", "title": "Visits", "source": { "metricId": metric }, "days": 30 },
        { "kind": "PROGRESS", "title": "Goal", "source": { "metricId": metric }, "target": 500 },
        { "kind": "BAR", "title": "Stages", "source": { "builtIn": "RECORDS_BY_STAGE" } },
        { "kind": "TEXT", "title": "Note", "body": "All numbers are weekly." },
    ]);
    let made = builds(&app, json!({ "title": "Growth", "widgets": widgets })).await.succeeded();
    let board = made.at("/data/staff/createDashboard/dashboard");
    let kinds: Vec<&str> =
        board["widgets"].as_array().unwrap().iter().map(|w| w["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["LINE", "PROGRESS", "BAR", "TEXT"]);
    assert_eq!(
        (&board["widgets"][0]["metric"]["key"], &board["widgets"][0]["days"]),
        (&json!("visits"), &json!(30))
    );
    assert_eq!(board["widgets"][2]["builtIn"], "RECORDS_BY_STAGE");
    let id = &board["id"];
    let edit = json!({ "input": { "id": id, "version": 1, "widgets": [{ "kind": "TEXT", "title": "Only", "body": "x" }] } });
    let changed = app.query(token, UPDATE, edit.clone()).await.succeeded();
    let after = changed.at("/data/staff/updateDashboard/dashboard");
    assert_eq!(
        after,
        json!({ "title": "Growth", "version": 2, "widgets": [{ "kind": "TEXT", "title": "Only" }] })
    );
    assert_eq!(app.query(token, UPDATE, edit.clone()).await.code(), "CONFLICT");
    assert_eq!(app.query(&app.rival().staff_token, UPDATE, edit).await.code(), "NOT_FOUND");
    app.query(token, ARCHIVE, json!({ "input": { "id": id, "version": 2 } })).await.succeeded();
    let listed = app.query(token, LIST, json!({})).await.succeeded();
    assert_eq!(listed.at("/data/staff/dashboards/totalCount"), 0);
    let reader = app.member_of(app.acme(), &[]).await;
    let back = json!({ "input": { "id": id, "version": 3, "archived": false } });
    assert_eq!(app.query(&reader, ARCHIVE, back.clone()).await.code(), "FORBIDDEN");
    app.query(token, ARCHIVE, back).await.succeeded();
}

/// DASH-2
#[tokio::test]
async fn a_widget_takes_what_its_kind_can_show() {
    let app = with_modes("DASHBOARD").await;
    let metric = visits(&app).await;
    let of = |kind: &str, more: Value| {
        let mut widget = json!({ "kind": kind, "title": "W" });
        widget.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "title": "Board", "widgets": [widget] })
    };
    let by_metric = json!({ "source": { "metricId": metric } });
    let built_in = |name: &str| json!({ "source": { "builtIn": name } });
    for (kind, wrong, path) in [
        ("NUMBER", json!({}), "source"),
        ("NUMBER", built_in("RECORDS_BY_STAGE"), "source"),
        ("LINE", built_in("ON_TIME_MILESTONES"), "source"),
        ("BAR", built_in("ACTIVE_RECORDS"), "source"),
        ("NUMBER", built_in("APPROVALS"), "source"),
        ("LINE", built_in("APPROVALS"), "source"),
        ("PROGRESS", by_metric.clone(), "target"),
        ("TEXT", by_metric.clone(), "source"),
        ("TEXT", json!({}), "body"),
        ("LINE", json!({ "source": { "metricId": metric }, "days": 367 }), "days"),
        ("LINE", json!({ "source": { "metricId": metric }, "title": " " }), "title"),
    ] {
        let refused = builds(&app, of(kind, wrong.clone())).await;
        assert_eq!(refused.code(), "VALIDATION", "{kind} {wrong}");
        assert!(
            refused.body().contains(&format!("input.widgets.0.{path}")),
            "{kind} {wrong}: {}",
            refused.body()
        );
    }
    for (kind, right) in [
        ("NUMBER", by_metric.clone()),
        ("NUMBER", built_in("ACTIVE_RECORDS")),
        ("PROGRESS", built_in("ON_TIME_MILESTONES")),
        ("TABLE", built_in("RECORDS_BY_STAGE")),
        ("BAR", built_in("APPROVALS")),
        ("TABLE", built_in("APPROVALS")),
        ("BAR", by_metric.clone()),
    ] {
        builds(&app, of(kind, right)).await.succeeded();
    }
    let theirs =
        app.value(&format!("select id from metrics where org_id = '{}' limit 1", app.rival().id)).await;
    let foreign = builds(&app, of("LINE", json!({ "source": { "metricId": theirs } }))).await;
    assert_eq!(foreign.code(), "NOT_FOUND");
    let many: Vec<Value> = (0..25).map(|_| json!({ "kind": "TEXT", "title": "T", "body": "x" })).collect();
    assert_eq!(builds(&app, json!({ "title": "Board", "widgets": many })).await.code(), "VALIDATION");
}

/// DASH-2, LINK-1, ORG-4
#[tokio::test]
async fn a_portal_is_given_the_dashboards_it_shows() {
    let app = with_modes("DASHBOARD").await;
    let token = &app.acme().staff_token;
    let text = json!([{ "kind": "TEXT", "title": "T", "body": "x" }]);
    let (one, two) =
        (built(&app, "One", None, text.clone()).await, built(&app, "Two", None, text.clone()).await);
    let scope = json!({ "companyId": app.acme().companies[0].id });
    let input = json!({ "input": { "label": "New", "scope": scope, "modes": ["DASHBOARD"], "dashboardIds": [two, one, two] } });
    let made = app.query(token, CREATE_PORTAL, input).await.succeeded();
    assert_eq!(made.at("/data/staff/createPortal/portal/dashboards"), json!([{ "id": two }, { "id": one }]));
    let id = made.text("/data/staff/createPortal/portal/id");
    let update = |version: i32, dashboards: Value| json!({ "input": { "id": id, "version": version, "dashboardIds": dashboards } });
    let fewer = app.query(token, UPDATE_PORTAL, update(1, json!([one]))).await.succeeded();
    assert_eq!(
        fewer.at("/data/staff/updatePortal/portal/dashboards"),
        json!([{ "id": one, "title": "One" }])
    );
    let renamed = json!({ "input": { "id": id, "version": 2, "title": "Renamed" } });
    let kept = app.query(token, UPDATE_PORTAL, renamed).await.succeeded();
    assert_eq!(kept.at("/data/staff/updatePortal/portal/dashboards"), json!([{ "id": one, "title": "One" }]));
    let theirs = "mutation { staff { createDashboard(input: { title: \"Theirs\" }) { dashboard { id } } } }";
    let theirs = app
        .query(&app.rival().staff_token, theirs, json!({}))
        .await
        .text("/data/staff/createDashboard/dashboard/id");
    assert_eq!(app.query(token, UPDATE_PORTAL, update(3, json!([theirs]))).await.code(), "NOT_FOUND");
    assert_eq!(app.query(token, UPDATE_PORTAL, update(9, json!([]))).await.code(), "CONFLICT");
}

/// DASH-2, ORG-4
#[tokio::test]
async fn a_portal_takes_no_dashboard_of_a_record_that_it_cannot_show() {
    let app: TestApp = with_modes("DASHBOARD").await;
    let records = async |company: Uuid| {
        let first = format!("select id from records where company_id = '{company}' order by id limit 2");
        app.sql("postgres").await.column(&first).await
    };
    let [ours, theirs] = [0, 1].map(|company| app.acme().companies[company].id);
    let (records, others) = (records(ours).await, records(theirs).await);
    let first = built(&app, "Of the first", Some(&records[0]), json!([])).await;
    let second = built(&app, "Of the second", Some(&records[1]), json!([])).await;
    let other = built(&app, "Of another company", Some(&others[0]), json!([])).await;
    let creates = async |scope: &Value, board: &str| {
        let input = json!({ "input": { "label": "New", "scope": scope, "modes": ["DASHBOARD"], "dashboardIds": [board] } });
        app.query(&app.acme().staff_token, CREATE_PORTAL, input).await
    };
    let (record, company) = (json!({ "recordId": records[0] }), json!({ "companyId": ours }));
    for (scope, board) in [(&record, &first), (&company, &first), (&company, &second)] {
        creates(scope, board).await.succeeded();
    }
    for (scope, board) in [(&record, &second), (&record, &other), (&company, &other)] {
        let refused = creates(scope, board).await;
        assert_eq!(
            (refused.code(), refused.text("/errors/0/extensions/fields/0/path")),
            ("VALIDATION".into(), "input.dashboardIds".into()),
            "{scope}"
        );
    }
}

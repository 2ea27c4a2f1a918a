//! What portals show of dashboards.

use serde_json::{Value, json};

use super::{built, chosen, measured, shown, visits, with_modes};
use crate::isolation::crowd;
use crate::support::TestApp;
use crate::support::live::Instance;

const SUMMARY: &str = "{ portal { companySummary { activeProjects } } }";

/// Every kind of widget over `visits`, and what the service knows by itself.
async fn board(app: &TestApp) -> Value {
    let metric = visits(app).await;
    let of = |kind: &str| json!({ "kind": kind, "title": kind, "source": { "metricId": metric } });
    let mut progress = of("PROGRESS");
    progress["target"] = json!(40);
    json!([
        of("NUMBER"), progress, of("LINE"), of("BAR"), of("TABLE"),
        { "kind": "TEXT", "title": "TEXT", "body": "Read me." },
        { "kind": "BAR", "title": "STAGES", "source": { "builtIn": "RECORDS_BY_STAGE" } },
        { "kind": "NUMBER", "title": "ACTIVE", "source": { "builtIn": "ACTIVE_RECORDS" } },
        { "kind": "PROGRESS", "title": "ON TIME", "source": { "builtIn": "ON_TIME_MILESTONES" } },
    ])
}

/// The widget with this title.
fn widget<'a>(board: &'a Value, title: &str) -> &'a Value {
    let widgets = board["widgets"].as_array().unwrap();
    widgets
        .iter()
        .find(|widget| widget["title"] == title)
        .unwrap_or_else(|| panic!("no {title} in {board:#}"))
}

/// DASH-2
#[tokio::test]
async fn a_client_sees_what_each_widget_says_now() {
    let app = with_modes("RECORDS,DASHBOARD").await;
    let id = built(&app, "Growth", None, board(&app).await).await;
    chosen(&app, &[&id]).await;
    let company = app.acme().companies[0].id;
    measured(&app, json!({ "companyId": company }), &[10.0, 30.0, 20.5]).await;
    measured(&app, json!({ "companyId": app.acme().companies[1].id }), &[777.0]).await;
    app.arrange(&format!(
        "update milestones set completed_at = null;
         update milestones m set completed_at = '2031-05-10 12:00+00', due_on = case when position = 0 then date '2031-05-10' else date '2031-05-09' end
         from records r where r.id = m.record_id and r.company_id = '{company}' and position < 2"
    ))
    .await;
    let session = app.open(&app.acme().portals[0].token).await;
    let boards = shown(&app, &session).await;
    assert_eq!((boards.as_array().unwrap().len(), &boards[0]["title"]), (1, &json!("Growth")));
    let said = |title: &str| widget(&boards[0], title);
    assert_eq!((&said("NUMBER")["value"], &said("NUMBER")["before"]), (&json!(20.5), &json!(30.0)));
    assert_eq!((&said("PROGRESS")["value"], &said("PROGRESS")["target"]), (&json!(20.5), &json!(40.0)));
    let values = |title: &str| -> Vec<f64> {
        said(title)["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value["value"].as_f64().unwrap())
            .collect()
    };
    assert_eq!((values("LINE"), values("BAR")), (vec![10.0, 30.0, 20.5], vec![10.0, 30.0, 20.5]));
    assert_eq!(values("TABLE"), [20.5, 30.0, 10.0], "the newest first");
    assert_eq!(said("TEXT")["body"], "Read me.");
    assert_eq!(values("STAGES").iter().sum::<f64>(), 4.0);
    let active = app
        .query(&session, SUMMARY, json!({}))
        .await
        .succeeded()
        .at("/data/portal/companySummary/activeProjects");
    assert_eq!(said("ACTIVE")["value"], json!(active.as_f64()));
    assert_eq!((&said("ON TIME")["value"], &said("ON TIME")["unit"]), (&json!(50.0), &json!("%")));
    assert!(!boards.to_string().contains("777"), "another company's numbers");
}

/// DASH-2, REC-6: the numbers are those of what looks at them.
#[tokio::test]
async fn a_record_and_its_dashboard_show_the_records_numbers() {
    let app = with_modes("DASHBOARD").await;
    let company = app.acme().companies[0].id;
    let records = app
        .sql("postgres")
        .await
        .column(&format!("select id from records where company_id = '{company}' order by id limit 2"))
        .await;
    let metric = visits(&app).await;
    let number = json!([{ "kind": "NUMBER", "title": "N", "source": { "metricId": metric } }]);
    let all = built(&app, "All", None, number.clone()).await;
    let first = built(&app, "First", Some(&records[0]), number.clone()).await;
    let second = built(&app, "Second", Some(&records[1]), number).await;
    chosen(&app, &[&all, &first, &second]).await;
    measured(&app, json!({ "companyId": company }), &[1.0]).await;
    measured(&app, json!({ "recordId": records[0] }), &[2.0]).await;
    measured(&app, json!({ "recordId": records[1] }), &[3.0]).await;
    let values = async |session: &str| -> Vec<(String, f64)> {
        let boards = shown(&app, session).await;
        let of = |board: &Value| {
            (board["title"].as_str().unwrap().to_owned(), board["widgets"][0]["value"].as_f64().unwrap())
        };
        boards.as_array().unwrap().iter().map(of).collect()
    };
    let whole = app.open(&app.acme().portals[0].token).await;
    let named = |name: &str, value: f64| (name.to_owned(), value);
    assert_eq!(values(&whole).await, [named("All", 1.0), named("First", 2.0), named("Second", 3.0)]);
    let one = app.open(crowd::record_link(app.acme())).await;
    assert_eq!(values(&one).await, [named("All", 2.0), named("First", 2.0)]);
    app.arrange(&format!("update records set portal_enabled = false where id = '{}'", records[1])).await;
    assert_eq!(
        values(&whole).await,
        [named("All", 1.0), named("First", 2.0)],
        "a record that is off has no dashboard"
    );
}

/// DASH-2
#[tokio::test]
async fn of_two_points_of_one_moment_the_one_recorded_last_is_the_newest() {
    let app = with_modes("DASHBOARD").await;
    let number =
        json!([{ "kind": "NUMBER", "title": "N", "source": { "metricId": visits(&app).await }, "days": 1 }]);
    let id = built(&app, "Corrected", None, number).await;
    chosen(&app, &[&id]).await;
    let now = app.app.clock.now();
    for (key, value, at) in [
        ("old", 8.0, now - chrono::TimeDelta::days(2)),
        ("wrong", 9.0, now - chrono::TimeDelta::hours(1)),
        ("right", 5.0, now - chrono::TimeDelta::hours(1)),
    ] {
        let subject = json!({ "companyId": app.acme().companies[0].id });
        let point =
            json!({ "metric": "visits", "subject": subject, "value": value, "key": key, "measuredAt": at });
        let input = json!({ "input": { "points": [point] } });
        app.query(&app.acme().staff_token, crate::metrics::RECORD, input).await.succeeded();
    }
    let session = app.open(&app.acme().portals[0].token).await;
    let boards = shown(&app, &session).await;
    let said = widget(&boards[0], "N");
    assert_eq!((&said["value"], &said["before"]), (&json!(5.0), &json!(9.0)));
    app.arrange("delete from metric_points where point_key <> 'old'").await;
    assert_eq!(
        widget(&shown(&app, &session).await[0], "N")["value"],
        Value::Null,
        "two days ago is too far back"
    );
}

/// DASH-2, LINK-1, REC-10, ORG-4: at the database.
#[tokio::test]
async fn without_mode_or_choice_nothing_of_dashboards_can_be_read() {
    let app = with_modes("RECORDS,DASHBOARD").await;
    let id = built(&app, "Growth", None, board(&app).await).await;
    let unchosen = built(&app, "Unchosen", None, board(&app).await).await;
    measured(&app, json!({ "companyId": app.acme().companies[0].id }), &[1.0]).await;
    let login = app.sql("app_portal").await;
    let counts = async |token: &str| {
        crowd::enter(&login, "enter_portal", token).await;
        let mut counts = Vec::new();
        for table in ["dashboards", "dashboard_widgets", "portal_dashboards", "metrics", "metric_points"] {
            counts.push(login.value(&format!("select count(*) from {table}")).await.parse::<i64>().unwrap());
        }
        counts
    };
    let link = &app.acme().portals[0].token;
    assert_eq!(counts(link).await, [0; 5], "nothing is chosen");
    chosen(&app, &[&id]).await;
    assert_eq!(counts(link).await, [1, 9, 1, 1, 1]);
    assert_eq!(counts(&app.rival().portals[0].token).await, [0; 5]);
    let session = app.open(link).await;
    assert!(!shown(&app, &session).await.to_string().contains(&unchosen));
    app.arrange("update portals set modes = '{RECORDS}'").await;
    assert_eq!(counts(link).await, [0; 5], "the mode is off");
    assert_eq!(shown(&app, &session).await, json!([]));
    app.arrange("update portals set modes = '{DASHBOARD}'").await;
    let bare = shown(&app, &session).await;
    assert_eq!(
        widget(&bare[0], "STAGES")["values"],
        json!([]),
        "a dashboard shows no records where the portal does not"
    );
    assert_eq!(widget(&bare[0], "ACTIVE")["value"], Value::Null, "nobody knows how many, which is not none");
    assert_eq!(
        app.query(&session, SUMMARY, json!({})).await.at("/data/portal/companySummary/activeProjects"),
        Value::Null
    );
    app.arrange(&format!("update dashboards set archived_at = now() where id = '{id}'")).await;
    assert_eq!(counts(link).await, [0; 5], "it is archived");
}

/// DASH-2, EVT-2: a visitor is told of the numbers they see.
#[tokio::test]
async fn who_has_a_dashboard_open_is_told_of_new_numbers() {
    let app = with_modes("DASHBOARD").await;
    let id = built(&app, "Growth", None, board(&app).await).await;
    chosen(&app, &[&id]).await;
    let instance = Instance::of(&app).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let mut socket = instance.socket(&session).await;
    socket.subscribes("1", "subscription { portalEvents { __typename } }", json!({})).await;
    socket.subscribes("2", "{ portal { doorway { title } } }", json!({})).await;
    socket.next("2").await;
    assert_eq!(socket.hears().await["type"], "complete");
    let unseen =
        "mutation { staff { createMetric(input: { key: \"unseen\", name: \"Unseen\" }) { metric { id } } } }";
    app.query(&app.acme().staff_token, unseen, json!({})).await.succeeded();
    measured(&app, json!({ "companyId": app.acme().companies[1].id }), &[1.0]).await;
    measured(&app, json!({ "companyId": app.acme().companies[0].id }), &[2.0]).await;
    let rename = json!({ "input": { "id": id, "version": 1, "title": "Renamed" } });
    let update = "mutation($input: UpdateDashboardInput!) { staff { updateDashboard(input: $input) { dashboard { id } } } }";
    app.query(&app.acme().staff_token, update, rename).await.succeeded();
    for _ in 0..2 {
        let told = socket.next("1").await;
        assert_eq!(told["data"]["portalEvents"]["__typename"], "PortalDashboardsEvent", "{told:#}");
    }
    chosen_no_more(&app).await;
    measured(&app, json!({ "companyId": app.acme().companies[0].id }), &[2.0, 3.0]).await;
    let told = socket.next("1").await;
    assert_eq!(told["data"]["portalEvents"]["__typename"], "PortalResyncEvent", "{told:#}");
}

async fn chosen_no_more(app: &TestApp) {
    app.arrange("delete from portal_dashboards").await;
}

/// DASH-1
#[tokio::test]
async fn the_summary_counts_projects_that_are_under_way() {
    let app = with_modes("RECORDS").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let active = async || {
        app.query(&session, SUMMARY, json!({}))
            .await
            .succeeded()
            .at("/data/portal/companySummary/activeProjects")
    };
    let company = app.acme().companies[0].id;
    app.arrange(&format!(
        "update records set stage_id = (select id from stages s where s.type_id = records.type_id and client_phase = 'DELIVERED' limit 1)
         where id = (select id from records where company_id = '{company}' order by id limit 1);
         update records set stage_id = (select id from stages s where s.type_id = records.type_id and client_phase = 'PLANNING' limit 1)
         where company_id = '{company}' and id <> (select id from records where company_id = '{company}' order by id limit 1)"
    ))
    .await;
    assert_eq!(active().await, 3);
    app.arrange("update records set portal_enabled = false").await;
    assert_eq!(active().await, 0);
}

//! DASH-1, DASH-2: dashboards that staff put together, and what portals show of them.

mod approvals;
mod building;
mod page;
mod showing;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const CREATE: &str =
    "mutation($input: CreateDashboardInput!) { staff { createDashboard(input: $input) { dashboard {
    id title version record { id } widgets { id kind title builtIn target days body metric { key } } } } } }";
const SHOWN: &str = "{ portal { dashboards { id title recordId widgets {
    kind title body unit value before target values { label at value } } } } }";
const UPDATE_PORTAL: &str =
    "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal {
    version dashboards { id title } } } } }";

/// The world with every portal showing these modes, no dashboard yet, and no points.
async fn with_modes(modes: &str) -> TestApp {
    let app = TestApp::world().await;
    app.arrange(&format!(
        "delete from portal_dashboards; delete from dashboards; delete from metric_points;
         update portals set modes = '{{{modes}}}'"
    ))
    .await;
    app
}

/// Puts a dashboard together.
async fn builds(app: &TestApp, input: Value) -> Answer {
    app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await
}

/// The same, which must succeed; gives its id.
async fn built(app: &TestApp, title: &str, record: Option<&str>, widgets: Value) -> String {
    let input = json!({ "title": title, "recordId": record, "widgets": widgets });
    builds(app, input).await.succeeded().text("/data/staff/createDashboard/dashboard/id")
}

/// The metric that programs call `visits`.
async fn visits(app: &TestApp) -> String {
    app.value(&format!("select id from metrics where org_id = '{}' and key = 'visits'", app.acme().id)).await
}

/// Lets every portal of the organisation show these dashboards, in this order.
async fn chosen(app: &TestApp, dashboards: &[&str]) {
    for (place, id) in dashboards.iter().enumerate() {
        app.arrange(&format!(
            "insert into portal_dashboards (org_id, portal_id, dashboard_id, position)
             select org_id, id, '{id}', {place} from portals where org_id = '{}'",
            app.acme().id
        ))
        .await;
    }
}

/// Records values of `visits`, oldest first, a day apart, the last one now.
async fn measured(app: &TestApp, subject: Value, values: &[f64]) {
    let points: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(place, value)| {
            let at = app.app.clock.now() - chrono::TimeDelta::days((values.len() - 1 - place) as i64);
            json!({ "metric": "visits", "subject": subject, "value": value, "measuredAt": at,
                "key": format!("{subject} {place}") })
        })
        .collect();
    let input = json!({ "input": { "points": points } });
    app.query(&app.acme().staff_token, crate::metrics::RECORD, input).await.succeeded();
}

/// What a session is shown.
async fn shown(app: &TestApp, session: &str) -> Value {
    app.query(session, SHOWN, json!({})).await.succeeded().at("/data/portal/dashboards")
}

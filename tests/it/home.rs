//! REC-9: what a client sees first.

use serde_json::json;

use crate::support::TestApp;

const HOME: &str = "{ portal { doorway { title companyName } home { sections { key count groups { phase count fileCount messageCount averagePercent statuses { status count } records { name percent fileCount } } } } } }";

/// REC-9
#[tokio::test]
async fn a_client_sees_the_companys_projects_grouped_by_phase() {
    let app = TestApp::world().await;
    let portal = &app.acme().portals[0];
    let session = app.open(&portal.token).await;
    let home = app.query(&session, HOME, json!({})).await.succeeded();
    assert_eq!(home.text("/data/portal/doorway/companyName"), portal.title);
    assert_eq!(home.at("/data/portal/home/sections/0/count"), 4);
}

/// LINK-5
#[tokio::test]
async fn an_unknown_link_opens_nothing() {
    let app = TestApp::world().await;
    let refused = app.query("vp_unknown", HOME, json!({})).await;
    assert_eq!(refused.code(), "LINK_INACTIVE");
    assert_eq!(refused.at("/data/portal"), serde_json::Value::Null);
}

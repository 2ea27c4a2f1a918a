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

/// REC-9, API-2: by fragments, under aliases, with directives, in two parts.
#[tokio::test]
async fn the_home_is_the_same_however_it_is_asked_for() {
    const PLAIN: &str = "{ portal { home { sections { key groups { count records { id name dueOn } } } } } }";
    const ODD: &str = "query($yes: Boolean!, $no: Boolean!) {
        portal { here: home { sections { ...Key groups { __typename count records { id } } }
            sections { groups { records { label: name due: dueOn @include(if: $yes) percent @skip(if: $yes)
                ... @include(if: $no) { status } ... on PortalRecordSummary { id } } } } } } }
        fragment Key on PortalSection { kind: key }";
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let plain = app.query(&session, PLAIN, json!({})).await.succeeded();
    let odd = app.query(&session, ODD, json!({ "yes": true, "no": false })).await.succeeded();
    let expected = plain.at("/data/portal/home").to_string();
    let named = odd.at("/data/portal/here").to_string();
    let named = named.replace("\"label\":", "\"name\":").replace("\"due\":", "\"dueOn\":");
    let named = named.replace("\"kind\":", "\"key\":").replace("\"__typename\":\"PortalGroup\",", "");
    assert_eq!(named, expected);
}

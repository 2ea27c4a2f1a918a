//! The page of dashboards.

use axum::http::StatusCode;
use serde_json::json;

use super::{built, chosen, measured, visits, with_modes};

/// DASH-2, NAV-1
#[tokio::test]
async fn numbers_are_pictures_with_a_table_beside_each() {
    let app = with_modes("RECORDS,DASHBOARD").await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    assert!(!app.get(&home).await.body().contains("/dashboards"), "a section without data is hidden");
    let metric = visits(&app).await;
    let id = built(
        &app,
        "Growth & <b>reach</b>",
        None,
        json!([
            { "kind": "LINE", "title": "Visits", "source": { "metricId": metric } },
            { "kind": "NUMBER", "title": "Newest", "source": { "metricId": metric } },
            { "kind": "PROGRESS", "title": "Goal", "source": { "metricId": metric }, "target": 4000 },
            { "kind": "BAR", "title": "Stages", "source": { "builtIn": "RECORDS_BY_STAGE" } },
            { "kind": "TEXT", "title": "Note", "body": "<script>alert(1)</script>" },
        ]),
    )
    .await;
    chosen(&app, &[&id]).await;
    measured(&app, json!({ "companyId": app.acme().companies[0].id }), &[1000.0, 1250.5]).await;
    assert!(app.get(&home).await.body().contains(&format!("href=\"{home}/dashboards\"")));
    let page = app.get(&format!("{home}/dashboards")).await;
    assert_eq!(page.status, StatusCode::OK);
    let body = page.body();
    assert_eq!(body.matches("<svg class=\"chart\"").count(), 2);
    assert_eq!(body.matches("<details id=").count(), 2, "each picture has its numbers");
    assert!(body.contains("1,250.5") && body.contains("<progress max=\"100\" value=\"31\""), "{body}");
    assert!(
        body.contains("var(--accent)") && !body.contains("#0102") && !body.contains("style=\""),
        "light and dark"
    );
    assert!(!body.contains("<script>alert") && !body.contains("<b>reach"), "text is text");
    assert!(body.contains("active project"));
    app.arrange("update portals set modes = '{RECORDS}'").await;
    assert_eq!(app.get(&format!("{home}/dashboards")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.get("/portal/0123456789abcdefghijABCDEFGHIJ01/dashboards").await.status,
        StatusCode::NOT_FOUND
    );
}

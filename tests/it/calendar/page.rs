//! The calendar's page.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use regex::Regex;
use serde_json::json;

use super::{planned, with_calendars};
use crate::support::{Answer, TestApp};

/// POSTs as the page's forms do, in a browser that kept its cookie.
async fn posts(app: &TestApp, path: &str, cookie: &str) -> Answer {
    let request = Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(COOKIE, cookie);
    app.send(request.body(Body::empty()).unwrap()).await
}

/// CAL-1, NAV-1
#[tokio::test]
async fn the_calendar_is_a_page_with_months_as_tables_and_lists() {
    let app = with_calendars("RECORDS,CALENDAR").await;
    let now = app.app.clock.now();
    let today = now.date_naive();
    let timing = json!({ "days": { "startsOn": today } });
    planned(&app, json!({ "title": "Open <b>house</b>", "location": "At ours", "timing": timing })).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    assert!(app.get(&home).await.body().contains(&format!("href=\"{home}/calendar\"")));
    let page = app.get(&format!("{home}/calendar")).await;
    assert_eq!(page.status, StatusCode::OK);
    let month = today.format("%B %Y").to_string();
    assert!(page.body().contains(&month) && page.body().contains("<table class=\"month\""));
    assert!(page.body().contains("Open &#60;b&#62;house&#60;/b&#62;"), "text is text");
    assert!(page.body().contains("aria-current=\"date\""));
    let list = app.get(&format!("{home}/calendar?view=list")).await;
    assert!(!list.body().contains("<table") && list.body().contains("At ours"));
    let next = Regex::new(r#"href="([^"]*)" rel="nofollow"><svg[^>]*><path d="m9"#).unwrap();
    let mut path = format!("{home}/calendar");
    let mut months = 0;
    while let Some(found) = next.captures(app.get(&path).await.body()) {
        path = found[1].to_owned();
        months += 1;
    }
    assert_eq!(months, 12, "there are pages of a year ahead");
    for strange in ["?month=1999-01", "?month=nonsense", "?month=2026-1&month=2", "?view=&x=%FF"] {
        let page = app.get(&format!("{home}/calendar{strange}")).await;
        assert!(page.status == StatusCode::OK && page.body().contains(&month), "{strange}");
    }
}

/// CAL-1, LINK-1, REC-10
#[tokio::test]
async fn a_portal_without_the_mode_has_no_such_page() {
    let app = with_calendars("RECORDS").await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    assert_eq!(app.get(&format!("{home}/calendar")).await.status, StatusCode::NOT_FOUND);
    assert!(!app.get(&home).await.body().contains("/calendar"));
    assert_eq!(
        app.get("/portal/0123456789abcdefghijABCDEFGHIJ01/calendar").await.status,
        StatusCode::NOT_FOUND
    );
}

/// CAL-1, LINK-3: made and ended by POST, shown once.
#[tokio::test]
async fn a_visitor_makes_an_address_and_ends_it_on_the_page() {
    let app = with_calendars("CALENDAR").await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let shown = app.get(&format!("{home}/calendar")).await;
    let cookie = shown.header("set-cookie").split(';').next().unwrap().to_owned();
    let foreign =
        Request::post(format!("{home}/calendar")).header(COOKIE, &cookie).body(Body::empty()).unwrap();
    assert_eq!(app.send(foreign).await.status, StatusCode::FORBIDDEN);
    let made = posts(&app, &format!("{home}/calendar"), &cookie).await;
    let url = Regex::new(r#"value="[^"]*(/calendar/vc_[A-Za-z0-9]{32}\.ics)""#).unwrap();
    let url = url.captures(made.body()).unwrap_or_else(|| panic!("{}", made.body()))[1].to_owned();
    assert!(!made.body().contains("data-events"), "a renewal would take the address away");
    assert_eq!(app.get(&url).await.status, StatusCode::OK);
    let again = app
        .send(Request::get(format!("{home}/calendar")).header(COOKIE, &cookie).body(Body::empty()).unwrap());
    let again = again.await;
    assert!(!again.body().contains("vc_"), "it is shown once");
    let end = Regex::new(r#"action="([^"]*/revoke)""#).unwrap();
    let end = end.captures(again.body()).unwrap()[1].to_owned();
    assert_eq!(app.get(&end).await.status, StatusCode::NOT_FOUND, "a GET ends nothing");
    assert_eq!(app.get(&url).await.status, StatusCode::OK);
    let ended = posts(&app, &end, &cookie).await;
    assert_eq!(
        (ended.status, ended.header("location")),
        (StatusCode::SEE_OTHER, &*format!("{home}/calendar"))
    );
    assert_eq!(app.get(&url).await.status, StatusCode::NOT_FOUND);
}

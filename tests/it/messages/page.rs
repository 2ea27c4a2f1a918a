//! Threads on the page (MSG-1): the forms work without script.

use axum::http::StatusCode;

use super::record;
use crate::support::TestApp;
use crate::support::forms::Browser;

/// MSG-1, NAV-1
#[tokio::test]
async fn a_client_writes_on_a_records_page_and_on_that_of_its_thread() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let browser = Browser::open(&app, &home).await;
    for page in [format!("{home}/records/{record}"), format!("{home}/messages/{record}")] {
        let form = if page.contains("/records/") { format!("{page}/messages") } else { page.clone() };
        assert!(browser.get(&page).await.body().contains(&format!("action=\"{form}\"")));
        let body =
            format!("Written on {}", if page.contains("/records/") { "the record" } else { "the thread" });
        let sent = browser.submit(&form, &[("name", "Ada"), ("body", &body), ("last", "x")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body());
        assert_eq!(sent.header("location"), format!("{page}#thread"));
        let again = browser.submit(&form, &[("name", "Ada"), ("body", &body), ("last", "x")]).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER);
        assert_eq!(app.value(&format!("select count(*) from messages where body = '{body}'")).await, "1");
        let shown = browser.get(&page).await;
        assert!(shown.body().contains(&body) && shown.body().contains("unverified"));
        assert!(!shown.body().contains("name=\"name\""), "who is known is not asked again");
    }
    let list = browser.get(&format!("{home}/messages")).await;
    assert!(list.body().contains("Written on the thread"), "{}", list.body());
}

/// MSG-1: what was typed is not lost.
#[tokio::test]
async fn what_cannot_be_sent_stands_in_the_form_again_with_the_reason() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let browser = Browser::open(&app, &home).await;
    for form in [format!("{home}/records/{record}/messages"), format!("{home}/messages/{record}")] {
        let refused = browser.submit(&form, &[("name", ""), ("body", "Half a <b>thought")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body().contains("Please say who you are."));
        assert!(
            refused.body().contains("Half a &#60;b&#62;thought")
                || refused.body().contains("Half a &lt;b&gt;thought")
        );
        let foreign = browser.submit_from(&form, &[("name", "Eve"), ("body", "x")], "cross-site").await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(app.value("select count(*) from messages where sender_name in ('Eve', '')").await, "0");
}

/// MSG-1, LINK-9, REC-10
#[tokio::test]
async fn a_form_stands_only_where_something_can_be_written() {
    let app = TestApp::world().await;
    let own = record(&app, app.acme(), 0).await;
    let other = record(&app, app.acme(), 1).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let browser = Browser::open(&app, &home).await;
    for path in ["messages", "records"] {
        let form = if path == "records" {
            format!("{home}/records/{other}/messages")
        } else {
            format!("{home}/messages/{other}")
        };
        let missing = browser.submit(&form, &[("name", "Ada"), ("body", "x")]).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
    app.arrange("update record_types set show_comments = false").await;
    let page = browser.get(&format!("{home}/records/{own}")).await;
    assert!(!page.body().contains("<textarea"));
    assert_eq!(browser.get(&format!("{home}/messages/{own}")).await.status, StatusCode::NOT_FOUND);
    app.arrange("update record_types set show_comments = true; update portals set modes = '{RECORDS}'").await;
    assert_eq!(browser.get(&format!("{home}/messages")).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get(&format!("{home}/records/{own}")).await.body().contains("<textarea"));
}

//! The real pages in a real browser.

mod driver;

use driver::browse;
use fantoccini::key::Key;
use serde_json::json;
use vestibule::worker::Worker;

use crate::live::{changes, record};
use crate::support::TestApp;

/// REC-8, REC-9, LINK-7
#[tokio::test]
async fn a_client_reaches_a_project_by_keyboard_alone() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    browse(&app, async |browser| {
        browser.open(&home).await;
        browser.press(Key::Tab).await;
        assert_eq!(browser.run("return document.activeElement.className").await, "skip");
        browser.press(Key::Enter).await;
        assert_eq!(browser.run("return document.activeElement.id").await, "content");
        browser.tab_to("href", "/records/").await;
        browser.press(Key::Enter).await;
        browser.sees("//ol[@aria-label='Where it stands']/li[@aria-current='step']").await;
        assert!(browser.path().await.starts_with(&format!("{home}/records/")));
        browser.sees("//nav[@aria-label='Breadcrumb']").await;
        browser.tab_to("href", "/portal/").await;
        browser.press(Key::Enter).await;
        browser.sees("//dl[@aria-label='At a glance']").await;
        assert_eq!(browser.path().await, home);
    })
    .await;
}

/// NAV-1
#[tokio::test]
async fn a_phone_needs_no_scrolling_sideways() {
    let app = TestApp::world().await;
    app.arrange(
        "update records set name = repeat('Donaudampfschifffahrt', 4), client_status = repeat('x', 80)",
    )
    .await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    browse(&app, async |browser| {
        browser.resize(320, 640).await;
        browser.open(&home).await;
        for page in ["home", "record"] {
            let width = browser.run("return document.documentElement.scrollWidth").await;
            assert_eq!(width, 320, "the {page} is wider than a phone");
            browser.run("document.querySelector('.card a')?.click()").await;
            browser.sees("//h1").await;
        }
    })
    .await;
}

/// EVT-2: what staff do is on the open page at once, and said to who cannot see it.
#[tokio::test]
async fn an_open_page_shows_what_changes_without_a_reload() {
    let app = TestApp::world().await;
    let _worker = Worker::start(app.app.clone());
    let portal = &app.acme().portals[0];
    let record = record(&app, app.acme()).await;
    browse(&app, async |browser| {
        browser.open(&format!("/portal/{}", portal.token)).await;
        browser.sees("//main//h1").await;
        changes(&app, app.acme(), &record, json!({ "clientStatus": "Hot off the press" })).await;
        browser.sees("//main//*[contains(text(), 'Hot off the press')]").await;
        browser.sees("//p[@role='status'][contains(text(), 'brought up to date')]").await;
    })
    .await;
}

/// API-1
#[tokio::test]
async fn graphiql_shows_the_schema_and_runs_what_staff_may_ask() {
    let app = TestApp::world().await;
    let headers = json!({ "Authorization": format!("Bearer {}", app.acme().staff_token) }).to_string();
    browse(&app, async |browser| {
        browser.open("/graphiql").await;
        browser.clicks("//button[contains(@class, 'graphiql-execute-button')]").await;
        browser.sees("//section[contains(@class, 'result-window')]//span[contains(., 'version')]").await;
        browser.clicks("//button[@aria-label='Show Documentation Explorer']").await;
        browser.sees("//a[contains(@class, 'graphiql-doc-explorer-type-name')][.='Query']").await;
        browser.clicks("//button[@data-name='headers']").await;
        let script = "const [query, variables, headers] =
            [...document.querySelectorAll('.graphiql-editors .CodeMirror')].map(e => e.CodeMirror);
            query.setValue('{ staff { companies { totalCount } } }'); headers.setValue(HEADERS);";
        browser.run(&script.replace("HEADERS", &json!(headers).to_string())).await;
        browser.clicks("//button[contains(@class, 'graphiql-execute-button')]").await;
        browser.sees("//section[contains(@class, 'result-window')]//span[contains(., 'totalCount')]").await;
    })
    .await;
}

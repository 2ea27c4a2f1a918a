//! NAV-1: the sections of a portal with their counts, and the page's navigation made of them.

use regex::Regex;
use serde_json::{Value, json};

use crate::support::TestApp;

const SECTIONS: &str = "query($beside: Boolean! = false) { portal {
    sections(besideHome: $beside) { mode count canAdd types { key count } }
    home { sections { key count groups { fileCount messageCount } } } } }";

/// Everything below `name` in a home, added up.
fn sum(home: &Value, name: &str) -> i64 {
    let groups = home["sections"].as_array().unwrap().iter().flat_map(|s| s["groups"].as_array().unwrap());
    groups.map(|group| group[name].as_i64().unwrap()).sum()
}

/// The entries of a page's navigation: where each leads, and its words.
fn entries(page: &str) -> Vec<(String, String)> {
    let navigation = Regex::new("(?s)<nav id=\"sections\".*?</nav>").unwrap();
    let Some(navigation) = navigation.find(page) else { return Vec::new() };
    let entry = Regex::new("(?s)<a href=\"([^\"]*)\".*?</a>").unwrap();
    let tag = Regex::new("<[^>]*>").unwrap();
    let words = |found: &str| tag.replace_all(found, "").split_whitespace().collect::<Vec<_>>().join(" ");
    entry.captures_iter(navigation.as_str()).map(|found| (found[1].to_owned(), words(&found[0]))).collect()
}

/// NAV-1, REC-9
#[tokio::test]
async fn every_section_says_how_much_it_holds() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let all = app.query(&session, SECTIONS, json!({})).await.succeeded();
    let home = all.at("/data/portal/home");
    let (files, messages) = (sum(&home, "fileCount"), sum(&home, "messageCount"));
    assert!(files > 0 && messages > 0);
    assert_eq!(
        all.at("/data/portal/sections"),
        json!([
            { "mode": "RECORDS", "count": 4, "canAdd": false, "types": [{ "key": "project", "count": 4 }] },
            { "mode": "FILES", "count": files, "canAdd": false, "types": [] },
            { "mode": "MESSAGES", "count": messages, "canAdd": true, "types": [] },
        ])
    );
    let beside = app.query(&session, SECTIONS, json!({ "beside": true })).await.succeeded();
    for section in 0..3 {
        assert_eq!(beside.at(&format!("/data/portal/sections/{section}/count")), Value::Null);
    }
}

/// NAV-1: one answer may hold the sections twice, and only one of them was counted ahead.
#[tokio::test]
async fn each_reading_of_the_sections_counts_what_it_was_asked_for() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    for document in [
        "{ portal { all: sections { count } beside: sections(besideHome: true) { count } } }",
        "{ portal { beside: sections(besideHome: true) { count } all: sections { count } } }",
    ] {
        let told = app.query(&session, document, json!({})).await.succeeded();
        assert_eq!(told.at("/data/portal/all/0/count"), 4, "{document}");
        assert_eq!(told.at("/data/portal/beside/0/count"), Value::Null, "{document}");
    }
}

/// NAV-1, LINK-1, ORG-4
#[tokio::test]
async fn what_a_portal_does_not_show_is_not_counted() {
    let app = TestApp::world().await;
    app.arrange("update portals set modes = '{FILES}'").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let before = app.query(&session, SECTIONS, json!({ "beside": true })).await.succeeded();
    assert_eq!(before.at("/data/portal/sections").as_array().unwrap().len(), 1);
    let files = before.at("/data/portal/sections/0/count").as_i64().unwrap();
    assert!(files > 0, "without a home with records, nobody else counts the files");
    app.arrange(&format!(
        "update files set shared = false where record_id in (select id from records where company_id = '{}')",
        app.acme().companies[0].id
    ))
    .await;
    let none = app.query(&session, SECTIONS, json!({})).await.succeeded();
    assert_eq!(none.at("/data/portal/sections/0/count"), 0);
}

/// NAV-1
#[tokio::test]
async fn the_navigation_leads_to_what_there_is() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let page = app.get(&home).await;
    let messages = app
        .value(&format!(
            "select count(*) from messages m join records r on r.id = m.record_id where r.company_id = '{}'",
            app.acme().companies[0].id
        ))
        .await;
    let expected = [
        (home.clone(), "Overview".to_owned()),
        (format!("{home}#type-project"), "Projects 4".to_owned()),
        (format!("{home}/files"), "Files 12".to_owned()),
        (format!("{home}/messages"), format!("Messages {messages}")),
    ];
    assert_eq!(entries(page.body()), expected);
    assert!(page.body().contains("<section class=\"section\" id=\"type-project\""));
    assert!(page.body().contains("<a href=\"") && page.body().contains("aria-current=\"page\""));
    let record = Regex::new("href=\"([^\"]*/records/[^\"]*)\"").unwrap();
    let record = app.get(&record.captures(page.body()).unwrap()[1]).await;
    assert_eq!(entries(record.body()), expected);
    let elsewhere = app.get(&format!("{home}/elsewhere")).await;
    assert_eq!(entries(elsewhere.body()), expected);
    assert!(!elsewhere.body().contains("aria-current=\"page\""));
}

/// NAV-1, REC-10
#[tokio::test]
async fn a_section_without_anything_in_it_is_hidden() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    app.arrange("update records set portal_enabled = false").await;
    assert_eq!(entries(app.get(&home).await.body()), []);
    app.arrange("update records set portal_enabled = true; update portals set modes = '{ACTIVITY}'").await;
    assert_eq!(entries(app.get(&home).await.body()), []);
}

//! LINK-9: staff look through a portal's eyes. They see what its holder sees, change nothing, and
//! nobody counts it.

use axum::http::{HeaderMap, StatusCode};
use regex::Regex;
use serde_json::{Value, json};
use uuid::Uuid;
use vestibule::worker::drain_usage;

use crate::files::{PDF, brought, record_of};
use crate::isolation::crowd::crowd;
use crate::support::documents::calls;
use crate::support::sdl::Sdl;
use crate::support::{Answer, TestApp};

const PREVIEW: &str =
    "mutation($input: PreviewPortalInput!) { staff { previewPortal(input: $input) { url expiresAt } } }";
const DOORWAY: &str = "{ portal { doorway { title } } }";
const LEAVE: &str = "mutation { portal { endSession { ended } } }";

async fn previewing(app: &TestApp, token: &str, portal: Uuid) -> Answer {
    app.query(token, PREVIEW, json!({ "input": { "portalId": portal } })).await
}

/// The token of a new preview of the first portal, asked for by its organisation's owner.
async fn preview(app: &TestApp) -> String {
    let answer = previewing(app, &app.acme().staff_token, app.acme().portals[0].id).await.succeeded();
    let url = answer.text("/data/staff/previewPortal/url");
    let token = Regex::new(r"/preview/(vw_[A-Za-z0-9]{32})$").unwrap();
    token.captures(&url).unwrap_or_else(|| panic!("{url}"))[1].to_owned()
}

/// Everything of an answer but its request id.
fn told(answer: &Answer) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut headers = answer.headers.clone();
    assert!(headers.remove("x-request-id").is_some());
    (answer.status, headers, answer.body.clone())
}

/// LINK-9, ORG-3
#[tokio::test]
async fn any_member_sees_the_pages_that_the_holder_sees() {
    let app = TestApp::world().await;
    let (portal, member) = (&app.acme().portals[0], app.member_of(app.acme(), &[]).await);
    let answer = previewing(&app, &member, portal.id).await.succeeded();
    let url = answer.text("/data/staff/previewPortal/url");
    let preview = url[url.find("/preview/").unwrap()..].to_owned();
    let holder = format!("/portal/{}", portal.token);
    let home = app.get(&holder).await;
    let record = Regex::new("/records/[0-9a-f-]{36}").unwrap();
    let mut paths: Vec<&str> = record.find_iter(home.body()).map(|found| found.as_str()).collect();
    assert_eq!(paths.len(), 4);
    paths.extend(["", "/", "/nowhere"]);
    let session =
        Regex::new(r#"(?s)\n<form class="(?:inside|compose)".*?</form>| data-(?:beacon|events)="[^"]*""#)
            .unwrap();
    for path in paths {
        let seen = app.get(&format!("{preview}{path}")).await;
        let mut shown = app.get(&format!("{holder}{path}")).await;
        // But for what a preview has not: a session to keep, to tell of, to leave, and to write in.
        assert!(shown.headers.remove("set-cookie").is_some());
        let body = session.replace_all(shown.body(), "").replace(&holder, &preview);
        shown.body = body.into_bytes();
        shown.headers.insert("content-length", shown.body.len().into());
        assert!(told(&seen) == told(&shown), "{path}: {:?} {}", seen.headers, seen.body());
        assert!(!seen.body().contains("/portal/"), "{path} leads out of the preview");
    }
}

/// LINK-9: the same root and the same database role, so the same bytes for whatever can be asked.
#[tokio::test]
async fn a_preview_reads_of_every_field_what_the_holder_reads() {
    let app = crowd().await;
    let sdl = Sdl::served();
    let (holder, preview) = (app.open(&app.acme().portals[0].token).await, preview(&app).await);
    let company = app.acme().companies[0].id;
    let record = app
        .value(&format!("select id from records where company_id = '{company}' order by id limit 1"))
        .await;
    let mut asked = 0;
    for call in calls(&sdl, 3).iter().filter(|call| call.operation == "query" && call.root() == "portal") {
        let (document, variables) = call.document(&sdl, &|_| record.clone(), None, 4);
        let seen = app.query(&preview, &document, variables.clone()).await;
        assert_eq!(seen.body(), app.query(&holder, &document, variables).await.body(), "{}", call.coordinate);
        asked += 1;
    }
    assert!(asked > 20, "this asks hardly anything");
}

/// LINK-9: past the access code, which staff may not know.
#[tokio::test]
async fn a_preview_shows_a_portal_whose_code_staff_do_not_know() {
    let app = TestApp::world().await;
    let portal = &app.acme().portals[0];
    app.arrange(&format!(
        "update portals set code_hash = sha256('c'), code_key = 'test', code_version = 1 where id = '{}'",
        portal.id
    ))
    .await;
    let preview = preview(&app).await;
    let seen = app.query(&preview, DOORWAY, json!({})).await.succeeded();
    assert_eq!(seen.text("/data/portal/doorway/title"), portal.title);
    assert_eq!(app.query(&app.acme().staff_token, DOORWAY, json!({})).await.code(), "FORBIDDEN");
}

/// LINK-3, LINK-9
#[tokio::test]
async fn a_preview_changes_nothing_and_is_counted_nowhere() {
    let app = TestApp::world().await;
    let record = record_of(&app, app.acme().companies[0].id).await;
    let file = brought(&app, &record, "Plan.pdf", PDF, true).await;
    let preview = preview(&app).await;
    let before = app.dump().await;
    assert_eq!(app.get(&format!("/preview/{preview}")).await.status, StatusCode::OK);
    assert_eq!(app.get(&format!("/preview/{preview}/files/{file}")).await.body, PDF);
    app.query(&preview, DOORWAY, json!({})).await.succeeded();
    let refused = app.query(&preview, LEAVE, json!({})).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(refused.at("/data/portal"), Value::Null);
    // What was counted would be in Redis yet.
    drain_usage::once(&app.app).await.unwrap();
    assert_eq!(app.dump().await, before);
}

/// LINK-5, LINK-9, BRAND-3
#[tokio::test]
async fn a_dead_preview_answers_like_a_link_that_never_was() {
    let app = TestApp::world().await;
    let unknown = told(&app.get("/portal/unknown").await);
    let record = format!("/records/{}", Uuid::nil());
    for damage in [
        "update portal_previews set expires_at = now()",
        "update staff_sessions set ended_at = now()",
        "update members set ended_at = now()",
        "update portals set revoked_at = now()",
        "update portals set expires_at = now()",
        "update portals set starts_at = now() + interval '1 day'",
        "update companies set archived_at = now()",
        "update organizations set portal_enabled = false",
    ] {
        let app = TestApp::world().await;
        let preview = preview(&app).await;
        app.query(&preview, DOORWAY, json!({})).await.succeeded();
        app.arrange(damage).await;
        for path in ["", &record, "/nowhere"] {
            assert!(told(&app.get(&format!("/preview/{preview}{path}")).await) == unknown, "{damage} {path}");
        }
        assert_eq!(app.query(&preview, DOORWAY, json!({})).await.code(), "LINK_INACTIVE", "{damage}");
    }
    for token in ["", "/", "/vw_", "/unknown", "/%FF%FE", "/%00", "/a/b"] {
        assert!(told(&app.get(&format!("/preview{token}")).await) == unknown, "{token}");
    }
}

/// LINK-5, LINK-9
#[tokio::test]
async fn each_entrance_takes_its_own_tokens_only() {
    let app = TestApp::world().await;
    let (link, preview) = (&app.acme().portals[0].token, preview(&app).await);
    let unknown = told(&app.get("/portal/unknown").await);
    let session = app.open(link).await;
    for path in [format!("/portal/{preview}"), format!("/preview/{link}"), format!("/preview/{session}")] {
        assert!(told(&app.get(&path).await) == unknown, "{path}");
    }
    let open = "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
    let opened = app.query("", open, json!({ "input": { "token": preview } })).await;
    assert_eq!(opened.code(), "LINK_INACTIVE");
}

/// LINK-9, ORG-4
#[tokio::test]
async fn nobody_previews_what_another_organisation_has_or_what_was_revoked() {
    let app = TestApp::world().await;
    let refused = previewing(&app, &app.acme().staff_token, app.rival().portals[0].id).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    app.arrange("update portals set revoked_at = now()").await;
    let refused = previewing(&app, &app.acme().staff_token, app.acme().portals[0].id).await;
    assert_eq!(refused.code(), "CONFLICT");
}

/// LINK-2, LINK-9, ORG-5
#[tokio::test]
async fn a_preview_is_audited_and_its_token_stands_nowhere() {
    let app = TestApp::world().await;
    let preview = preview(&app).await;
    let audited = "select action || ' ' || subject_id from audit_entries";
    assert_eq!(app.value(audited).await, format!("portal.previewed {}", app.acme().portals[0].id));
    assert!(!app.dump().await.contains(&preview));
    let minutes = "select round(extract(epoch from expires_at - created_at) / 60) from portal_previews";
    assert_eq!(app.value(minutes).await, "15");
}

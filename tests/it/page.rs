//! The portal page over HTTP: what it shows and hides, its headers, and the one answer of every
//! dead link.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl as _;
use regex::Regex;
use uuid::Uuid;
use vestibule::demo::data::PlantedPortal;

use crate::support::{Answer, TestApp};

const CLOSED: &str =
    "This link is no longer active. Please contact the organisation that shared it with you.";

fn portal(app: &TestApp) -> &'static PlantedPortal {
    &app.acme().portals[0]
}

/// The addresses that a page's links lead to.
fn links(page: &Answer) -> Vec<String> {
    let link = Regex::new("href=\"([^\"]*)\"").unwrap();
    link.captures_iter(page.body()).map(|found| found[1].to_owned()).collect()
}

fn record_paths(home: &Answer) -> Vec<String> {
    links(home).into_iter().filter(|path| path.contains("/records/")).collect()
}

/// Everything of an answer but its request id.
fn told(answer: &Answer) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut headers = answer.headers.clone();
    assert!(headers.remove("x-request-id").is_some());
    (answer.status, headers, answer.body.clone())
}

/// What a visitor without a cookie is shown: each is given another one to keep.
fn shown(answer: &Answer) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (status, mut headers, body) = told(answer);
    assert!(headers.remove("set-cookie").is_some());
    (status, headers, body)
}

/// REC-8, REC-9
#[tokio::test]
async fn a_client_goes_from_the_home_to_every_project() {
    let app = TestApp::world().await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    assert_eq!(home.status, StatusCode::OK);
    for shown in ["Northlight Studio", "Managed by Robin Hale", "Welcome. Here you see", "on average"] {
        assert!(home.body().contains(shown), "{shown} is missing");
    }
    let paths = record_paths(&home);
    assert_eq!(paths.len(), 4);
    for path in paths {
        let record = app.get(&path).await;
        assert_eq!(record.status, StatusCode::OK);
        for shown in
            ["aria-label=\"Where it stands\"", "Milestones", "milestones completed", "Details", "Scope"]
        {
            assert!(record.body().contains(shown), "{shown} is missing");
        }
    }
}

/// REC-7
#[tokio::test]
async fn stage_names_head_the_groups_where_the_type_shows_them() {
    let app = TestApp::world().await;
    let address = format!("/portal/{}", portal(&app).token);
    assert!(!app.get(&address).await.body().contains("Client review"));
    app.arrange(
        "update record_types set show_stage_names = true;
        update records set stage_id = (select s.id from stages s
            where s.type_id = records.type_id and s.name = 'Client review')",
    )
    .await;
    assert!(app.get(&address).await.body().contains("Client review"));
}

/// LINK-7
#[tokio::test]
async fn every_page_says_how_it_may_be_kept_and_what_may_run() {
    let app = TestApp::world().await;
    let token = &portal(&app).token;
    for path in [format!("/portal/{token}"), format!("/portal/{token}/x"), "/portal/unknown".to_owned()] {
        let page = app.get(&path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "private, no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(
            page.header("content-security-policy"),
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             media-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(page.header("set-cookie").is_empty(), path == "/portal/unknown");
        assert!(page.body().contains("<meta name=\"robots\" content=\"noindex, nofollow\">"));
    }
}

/// LINK-7
#[tokio::test]
async fn a_page_runs_its_own_script_only_and_asks_nothing_of_another_origin() {
    let app = TestApp::world().await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    let record = app.get(&record_paths(&home)[0]).await;
    let fetched = Regex::new("<(?:link|script)[^>]*(?:href|src)=\"([^\"]*)\"").unwrap();
    for page in [home, record] {
        for never in ["<script>", "<img", "style=", "<style", "url("] {
            assert!(!page.body().contains(never), "{never}");
        }
        for found in fetched.captures_iter(page.body()) {
            assert!(found[1].starts_with("/assets/"));
            let asset = app.get(&found[1]).await;
            assert_eq!(asset.status, StatusCode::OK);
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
            assert!(!asset.body().contains("http:") || asset.header("content-type") == "image/svg+xml");
        }
    }
}

/// REC-4, REC-6, REC-7, ORG-4
#[tokio::test]
async fn nothing_hidden_stands_on_any_page() {
    let app = TestApp::world().await;
    app.arrange(
        "update records set name = name || ' of ' || (select c.name from companies c
            where c.org_id = records.org_id and c.id = records.company_id);
         update files set shared = false where name = 'Offer.docx'",
    )
    .await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    let mut pages = vec![];
    for path in record_paths(&home) {
        pages.push(app.get(&path).await);
    }
    pages.push(home);
    let never = [
        "margin",
        "payroll",
        "48000",
        "Renegotiate",
        "Prefers calls",
        "Birchwood",
        "Cobalt",
        "Southlight",
        "contact@",
        "Design",
        "Client review",
        "Offer.docx",
    ];
    for page in pages {
        for secret in never {
            assert!(!page.body().contains(secret), "{secret}");
        }
    }
}

/// REC-4
#[tokio::test]
async fn a_project_that_shares_only_its_name_says_so_kindly() {
    let app = TestApp::world().await;
    app.arrange(
        "update record_types set shared_fields = '{}', show_files = false, show_comments = false;
        update field_definitions set shared = false",
    )
    .await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    assert_eq!(home.status, StatusCode::OK);
    for absent in ["<progress", "class=\"pill\"", "files", "Next deadline", "<h3"] {
        assert!(!home.body().contains(absent), "{absent}");
    }
    let record = app.get(&record_paths(&home)[0]).await;
    assert!(record.body().contains("Nothing more to see yet"));
    app.arrange("update records set portal_enabled = false").await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    assert!(home.body().contains("Nothing to see here yet"));
}

/// LINK-5
#[tokio::test]
async fn every_dead_link_gets_one_answer() {
    let app = TestApp::world().await;
    let unknown = told(&app.get(&format!("/portal/{}", "x".repeat(32))).await);
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
    assert!(std::str::from_utf8(&unknown.2).unwrap().contains(CLOSED));
    let session = app.open(&portal(&app).token).await;
    let long = "a".repeat(20_000);
    for token in
        ["", "%FF%FE", "%00", "%2e%2e", "..%2f..", "vp_", "⛄", &session, &long, "a/b", "a/records/%FF"]
    {
        let path = format!("/portal/{}", token.replace('⛄', "%E2%9B%84"));
        assert!(told(&app.get(&path).await) == unknown, "{token}");
    }
    assert!(told(&app.get("/portal").await) == unknown);
    let records = format!("/portal/{}/records/{}", "y".repeat(32), Uuid::nil());
    assert!(told(&app.get(&records).await) == unknown);
}

/// LINK-4, LINK-5, BRAND-3
#[tokio::test]
async fn a_link_that_died_answers_like_one_that_never_was() {
    let app = TestApp::world().await;
    let unknown = told(&app.get("/portal/unknown").await);
    let PlantedPortal { id, token, .. } = portal(&app);
    let org = app.acme().id;
    let home = format!("/portal/{token}");
    let record = record_paths(&app.get(&home).await).remove(0);
    let on_link = |set: &str| format!("update portal_links set {set} where portal_id = '{id}'");
    let on_portal = |set: &str| format!("update portals set {set} where id = '{id}'");
    let on_company = |set: &str| format!("update companies set {set} where org_id = '{org}'");
    let on_org = |set: &str| format!("update organizations set {set} where org_id = '{org}'");
    let deaths = [
        (on_link("own_expiry = true, expires_at = now()"), on_link("own_expiry = false, expires_at = null")),
        (
            on_link("own_start = true, starts_at = now() + interval '1 hour'"),
            on_link("own_start = false, starts_at = null"),
        ),
        (on_link("revoked_at = now()"), on_link("revoked_at = null")),
        (
            on_link("token_hash = sha256('rotated'), generation = generation + 1"),
            on_link(&format!("token_hash = sha256('{token}')")),
        ),
        (on_portal("expires_at = now()"), on_portal("expires_at = null")),
        (on_portal("starts_at = now() + interval '1 hour'"), on_portal("starts_at = null")),
        (on_portal("revoked_at = now()"), on_portal("revoked_at = null")),
        (on_company("archived_at = now()"), on_company("archived_at = null")),
        (on_company("internal = true"), on_company("internal = false")),
        (on_org("portal_enabled = false"), on_org("portal_enabled = true")),
    ];
    for (death, revival) in deaths {
        app.arrange(&death).await;
        for path in [&home, &record, &format!("{home}/x")] {
            assert!(told(&app.get(path).await) == unknown, "{death}");
        }
        app.arrange(&revival).await;
        assert_eq!(app.get(&home).await.status, StatusCode::OK, "{revival}");
    }
}

/// REC-6
#[tokio::test]
async fn a_record_that_is_not_shown_is_not_found_in_the_portals_look() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", portal(&app).token);
    let missing = app.get(&format!("{home}/records/{}", Uuid::nil())).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.body().contains("Northlight Studio") && !missing.body().contains(CLOSED));
    for other in [&app.acme().portals[1], &app.rival().portals[0]] {
        let foreign = record_paths(&app.get(&format!("/portal/{}", other.token)).await).remove(0);
        let id = foreign.rsplit('/').next().unwrap();
        assert!(shown(&app.get(&format!("{home}/records/{id}")).await) == shown(&missing));
    }
    for odd in ["records/42", "records/%FF", "records", "elsewhere", "records/a/b", ""] {
        let answer = app.get(&format!("{home}/{odd}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{odd}");
    }
}

/// LINK-3
#[tokio::test]
async fn opening_a_page_writes_nothing_and_can_be_done_again() {
    #[derive(diesel::QueryableByName)]
    struct Written {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let app = TestApp::world().await;
    let home = format!("/portal/{}", portal(&app).token);
    let mut database = app.login("postgres").await;
    let count = "select (select count(*) from portal_sessions) + (select count(*) from events)
        + (select count(*) from audit_entries) + (select count(*) from outbox) as rows";
    let before: Written = diesel::sql_query(count).get_result(&mut database).await.unwrap();
    let first = app.get(&home).await;
    assert!(shown(&first) == shown(&app.get(&home).await));
    app.get(&record_paths(&first)[0]).await;
    let after: Written = diesel::sql_query(count).get_result(&mut database).await.unwrap();
    assert_eq!(before.rows, after.rows);
    let posted = app.send(Request::post(&home).body(Body::empty()).unwrap()).await;
    assert_eq!(posted.status, StatusCode::FORBIDDEN, "a form that did not come from our page");
    let put = app.send(Request::put(&home).body(Body::empty()).unwrap()).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// FILE-4, LINK-7
#[tokio::test]
async fn what_people_typed_is_shown_and_never_run() {
    let app = TestApp::world().await;
    app.arrange(
        "update portals set title = '<script>alert(1)</script>', attribution = '\"><img src=x>';
        update organizations set website = 'javascript:alert(1)', welcome_message = '</p><style>';
        update records set description = '<b>bold</b>',
            custom = jsonb_build_object('preview_url', 'javascript:alert(2)')",
    )
    .await;
    let home = app.get(&format!("/portal/{}", portal(&app).token)).await;
    let record = app.get(&record_paths(&home)[0]).await;
    for page in [&home, &record] {
        for never in ["<script>", "<img", "<style", "<b>", "href=\"javascript"] {
            assert!(!page.body().contains(never), "{never}");
        }
    }
    assert!(record.body().contains("javascript:alert(2)"), "an odd address is shown as text");
}

/// API-6
#[tokio::test]
async fn a_page_asks_a_visitor_in_a_hurry_for_patience() {
    let app = TestApp::world_with([("RATE_PER_ADDRESS", "1")]).await;
    let home = format!("/portal/{}", portal(&app).token);
    let answers = futures::future::join_all((0..30).map(|_| app.get(&home))).await;
    let turned_away = answers.iter().find(|page| page.status != StatusCode::OK).unwrap();
    assert_eq!(turned_away.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!turned_away.header("retry-after").is_empty());
    assert!(turned_away.body().contains("One moment please"));
}

/// LINK-7
#[tokio::test]
async fn graphiql_is_served_from_here_alone() {
    let app = TestApp::world().await;
    let page = app.get("/graphiql").await;
    assert!(!page.header("content-security-policy").contains("unsafe"));
    let fetched = Regex::new("(?:src|href)=\"([^\"]*)\"").unwrap();
    for found in fetched.captures_iter(page.body()) {
        assert!(found[1].starts_with("/graphiql/"));
        assert_eq!(app.get(&found[1]).await.status, StatusCode::OK, "{}", &found[1]);
    }
    assert_eq!(app.get("/graphiql/README.md").await.status, StatusCode::NOT_FOUND);
}

/// API-3
#[tokio::test]
async fn a_page_asks_for_patience_while_the_database_is_away() {
    let app = TestApp::world_with([("DATABASE_URL", "postgres:///none?host=/nowhere")]).await;
    let page = app.get("/portal/unknown").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "2");
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(page.body().contains("One moment please"));
}

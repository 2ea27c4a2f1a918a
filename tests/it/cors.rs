//! API-7: pages of other origins, with a bearer token and the organisation's leave, never with cookies.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

const ACMES: &str = "https://clients.acme.example";
const RIVALS: &str = "https://clients.rival.example";
const STAFF: &str = "{ staff { __typename } }";
const PORTAL: &str = "{ portal { doorway { title } } }";

/// Each organisation lists one origin.
async fn world() -> TestApp {
    let app = TestApp::world().await;
    for (org, origin) in [(app.acme(), ACMES), (app.rival(), RIVALS)] {
        let id = org.id;
        app.arrange(&format!(
            "update organizations set allowed_origins = '{{{origin}}}' where org_id = '{id}'"
        ))
        .await;
    }
    app
}

async fn send(app: &TestApp, origin: &str, token: &str, document: &str, more: &[(&str, &str)]) -> Answer {
    let mut request =
        Request::post("/graphql").header(CONTENT_TYPE, "application/json").header(ORIGIN, origin);
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(json!({ "query": document }).to_string())).unwrap()).await
}

async fn preflight(app: &TestApp, origin: &str, more: &[(&str, &str)]) -> Answer {
    let mut request = Request::options("/graphql")
        .header(ORIGIN, origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

#[track_caller]
fn assert_shut(answer: &Answer) {
    for name in answer.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"), "{name}: {:?}", answer.headers);
    }
    assert_eq!(answer.code(), "FORBIDDEN");
    assert!(answer.header("vary").contains("origin"));
}

#[track_caller]
fn assert_open(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert!(answer.header("vary").contains("origin"));
}

/// API-7
#[tokio::test]
async fn a_browser_may_ask_for_an_origin_that_some_organisation_lists() {
    let app = world().await;
    for origin in [ACMES, RIVALS] {
        let allowed = preflight(&app, origin, &[]).await;
        assert_eq!(allowed.status, StatusCode::NO_CONTENT);
        assert_open(&allowed, origin);
        assert_eq!(allowed.header("access-control-allow-methods"), "GET, POST");
        assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://clients.acme.example",
        "https://clients.acme.example:8443",
        "",
    ] {
        let refused = preflight(&app, origin, &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
        assert_shut(&refused);
    }
    assert_shut(&preflight(&app, ACMES, &[(COOKIE.as_str(), "a=b")]).await);
}

/// API-7
#[tokio::test]
async fn a_page_reaches_the_organisation_that_lists_its_origin_and_no_other() {
    let app = world().await;
    let visitor = app.open(&app.acme().portals[0].token).await;
    for (token, document) in [(app.acme().staff_token.as_str(), STAFF), (visitor.as_str(), PORTAL)] {
        assert_open(&send(&app, ACMES, token, document, &[]).await.succeeded(), ACMES);
        let refused = send(&app, RIVALS, token, document, &[]).await;
        assert_shut(&refused);
        assert!(refused.json().pointer("/data/staff/__typename").is_none());
        assert_shut(&send(&app, "https://evil.example", token, document, &[]).await);
    }
}

/// API-7: a change asked for by a page that may not is not made.
#[tokio::test]
async fn a_page_of_another_organisation_changes_nothing() {
    let app = world().await;
    let create = "mutation { staff { createCompany(input: { name: \"Smuggled\" }) { company { id } } } }";
    assert_shut(&send(&app, RIVALS, &app.acme().staff_token, create, &[]).await);
    let made =
        app.sql("postgres").await.value("select count(*) from companies where name = 'Smuggled'").await;
    assert_eq!(made, "0");
    assert_open(&send(&app, ACMES, &app.acme().staff_token, create, &[]).await.succeeded(), ACMES);
}

/// API-7
#[tokio::test]
async fn a_request_with_a_cookie_is_never_let_in_from_elsewhere() {
    let app = world().await;
    let cookie = [(COOKIE.as_str(), "session=1")];
    assert_shut(&send(&app, ACMES, &app.acme().staff_token, STAFF, &cookie).await);
}

/// API-7, LINK-5: nor does the refusal tell a dead link from one that never was.
#[tokio::test]
async fn whoever_has_no_scope_is_answered_for_any_listed_origin() {
    let app = world().await;
    assert_open(&send(&app, ACMES, "", "{ service { version } }", &[]).await.succeeded(), ACMES);
    let nobody = send(&app, ACMES, "", STAFF, &[]).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    assert_open(&nobody, ACMES);
    let dead = app.open(&app.rival().portals[0].token).await;
    app.arrange("update portals set revoked_at = now()").await;
    for token in [dead.as_str(), "vp_unknown"] {
        let answer = send(&app, ACMES, token, PORTAL, &[]).await;
        assert_eq!(answer.code(), "LINK_INACTIVE");
        assert_open(&answer, ACMES);
    }
}

/// API-7: coming in is decided by the organisation that is entered, as everything else is.
#[tokio::test]
async fn a_page_signs_in_and_opens_portals_only_where_its_origin_is_listed() {
    let app = world().await;
    let acme = app.acme();
    let sign_in = format!(
        "mutation {{ access {{ signIn(input: {{ email: \"{}\", password: \"{}\" }}) {{ expiresAt }} }} }}",
        acme.owner.email, acme.owner.password
    );
    let open = format!(
        "mutation {{ access {{ openPortal(input: {{ token: \"{}\" }}) {{ expiresAt }} }} }}",
        acme.portals[0].token
    );
    for (document, table) in [(sign_in, "staff_sessions"), (open, "portal_sessions")] {
        let stored = format!("select count(*) from {table}");
        let before = app.value(&stored).await;
        assert_shut(&send(&app, RIVALS, "", &document, &[]).await);
        assert_eq!(app.value(&stored).await, before, "{table}");
        assert_open(&send(&app, ACMES, "", &document, &[]).await.succeeded(), ACMES);
        assert_ne!(app.value(&stored).await, before, "{table}");
    }
}

/// API-7: an organisation that does not exist yet lists nothing.
#[tokio::test]
async fn nobody_signs_up_on_the_page_of_another() {
    let app = world().await;
    let sign_up = "mutation { access { signUp(input: { organizationName: \"New\", slug: \"new\", name: \"Nia\", \
        email: \"nia@new.example\", password: \"correct horse battery\" }) { expiresAt } } }";
    assert_shut(&send(&app, ACMES, "", sign_up, &[]).await);
    assert_eq!(app.value("select count(*) from organizations where slug = 'new'").await, "0");
    let ours = "http://127.0.0.1:8080";
    send(&app, ours, "", sign_up, &[(HOST.as_str(), "127.0.0.1:8080")]).await.succeeded();
}

/// API-7
#[tokio::test]
async fn our_own_pages_need_no_leave() {
    let app = world().await;
    let token = &app.acme().staff_token;
    for (origin, host) in
        [("http://127.0.0.1:8080", "127.0.0.1:8080"), ("https://portal.acme.example", "portal.acme.example")]
    {
        let answer = send(&app, origin, token, STAFF, &[(HOST.as_str(), host), (COOKIE.as_str(), "a=b")])
            .await
            .succeeded();
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

/// API-7, ORG-5
#[tokio::test]
async fn staff_list_origins_and_take_them_off_again() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let update = "mutation($input: UpdateOrganizationInput!) { staff { updateOrganization(input: $input) { organization { version allowedOrigins } } } }";
    let lists = async |version: u32, origins: &[&str]| {
        app.query(token, update, json!({ "input": { "version": version, "allowedOrigins": origins } })).await
    };
    let listed =
        lists(1, &["https://Clients.Acme.example/", ACMES, "http://localhost:5173"]).await.succeeded();
    let organization = listed.at("/data/staff/updateOrganization/organization");
    assert_eq!(organization, json!({ "version": 2, "allowedOrigins": [ACMES, "http://localhost:5173"] }));
    assert_open(&send(&app, ACMES, token, STAFF, &[]).await.succeeded(), ACMES);
    for wrong in ["*", "https://*.acme.example", "http://clients.acme.example", "https://acme.example/path"] {
        let refused = lists(2, &[wrong]).await;
        assert_eq!(refused.at("/errors/0/extensions/fields/0/path"), "input.allowedOrigins.0", "{wrong}");
    }
    lists(2, &[]).await.succeeded();
    assert_shut(&send(&app, ACMES, token, STAFF, &[]).await);
}

//! API-6: who asks too often is told when to come back.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

/// One request a second, ten at once.
const BURST: usize = 10;

/// Asks from an address, through the proxies that a header names.
async fn ask(app: &TestApp, peer: &str, forwarded: &str, token: &str) -> Answer {
    let mut request = Request::post("/graphql")
        .header(CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4_711)));
    if !forwarded.is_empty() {
        request = request.header("x-forwarded-for", forwarded);
    }
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = json!({ "query": "{ service { version } }" }).to_string();
    app.send(request.body(Body::from(body)).unwrap()).await
}

async fn exhaust(app: &TestApp, peer: &str, forwarded: &str, token: &str) {
    for _ in 0..BURST {
        ask(app, peer, forwarded, token).await.succeeded();
    }
}

/// API-6
#[tokio::test]
async fn a_network_that_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::world_with([("RATE_PER_ADDRESS", "1")]).await;
    exhaust(&app, "203.0.113.9", "", "").await;
    let refused = ask(&app, "203.0.113.9", "", "").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.at("/errors/0/extensions"), json!({ "code": "RATE_LIMITED", "retryAfter": 1 }));
    ask(&app, "203.0.113.10", "", "").await.succeeded();
}

/// API-3, API-6: whatever was asked for; and a page of any origin may read how long to wait.
#[tokio::test]
async fn an_export_that_is_asked_for_too_often_is_refused_with_a_code() {
    let app = TestApp::world_with([("RATE_PER_ADDRESS", "1")]).await;
    exhaust(&app, "203.0.113.9", "", "").await;
    let peer = ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4_711)));
    let export = Request::get("/export/audit.ndjson").extension(peer).body(Body::empty()).unwrap();
    let refused = app.send(export).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

/// API-6: the body of a request that is turned away is not even read.
#[tokio::test]
async fn a_request_that_is_turned_away_costs_no_database() {
    let app = TestApp::world_with([
        ("RATE_PER_ADDRESS", "1"),
        ("DATABASE_URL", "postgres:///nothing?host=/nonexistent"),
    ])
    .await;
    exhaust(&app, "203.0.113.9", "", "vs_any").await;
    let refused = app.query("vs_any", "{ staff { __typename } }", json!({})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "another network reaches the database");
    let refused = ask(&app, "203.0.113.9", "", "vs_any").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

/// API-6
#[tokio::test]
async fn an_ipv6_network_is_one_caller() {
    let app = TestApp::world_with([("RATE_PER_ADDRESS", "1")]).await;
    for host in 1..=BURST {
        ask(&app, &format!("2001:db8:1:1::{host}"), "", "").await.succeeded();
    }
    assert_eq!(ask(&app, "2001:db8:1:1:9::1", "", "").await.code(), "RATE_LIMITED");
    ask(&app, "2001:db8:1:2::1", "", "").await.succeeded();
}

/// API-6
#[tokio::test]
async fn a_caller_cannot_choose_an_address_but_a_trusted_proxy_can_name_one() {
    let app =
        TestApp::world_with([("RATE_PER_ADDRESS", "1"), ("TRUSTED_PROXIES", "10.0.0.0/8, ::1/128")]).await;
    for spoofed in 1..=BURST {
        ask(&app, "203.0.113.9", &format!("198.51.100.{spoofed}"), "").await.succeeded();
    }
    assert_eq!(ask(&app, "203.0.113.9", "198.51.100.99", "").await.code(), "RATE_LIMITED");
    exhaust(&app, "10.0.0.1", "6.6.6.6, 198.51.100.1", "").await;
    assert_eq!(ask(&app, "10.0.0.1", "7.7.7.7, 198.51.100.1", "").await.code(), "RATE_LIMITED");
    ask(&app, "10.0.0.1", "198.51.100.1, 198.51.100.2", "").await.succeeded();
}

/// API-6
#[tokio::test]
async fn a_credential_is_counted_wherever_it_is_used_from() {
    let app = TestApp::world_with([("RATE_PER_CALLER", "1")]).await;
    let token = &app.acme().staff_token;
    for host in 1..=BURST {
        ask(&app, &format!("203.0.113.{host}"), "", token).await.succeeded();
    }
    assert_eq!(ask(&app, "203.0.113.99", "", token).await.code(), "RATE_LIMITED");
    ask(&app, "203.0.113.99", "", &app.rival().staff_token).await.succeeded();
    ask(&app, "203.0.113.99", "", "").await.succeeded();
}

/// API-6
#[tokio::test]
async fn whoever_operates_the_service_is_never_turned_away() {
    let app = TestApp::world_with([("RATE_PER_ADDRESS", "1")]).await;
    for _ in 0..=BURST {
        assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
        assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
    }
}

/// API-6
#[tokio::test]
async fn attempts_to_sign_in_are_counted_by_network_and_by_email() {
    let app =
        TestApp::world_with([("RATE_SIGN_INS_PER_ADDRESS", "3"), ("RATE_SIGN_INS_PER_EMAIL", "2")]).await;
    let attempt =
        |network, email| app.app.limits.check_sign_in(Some(network), email).map_err(|e| e.code().as_str());
    assert_eq!(attempt("203.0.113.1", "ann@acme.example"), Ok(()));
    assert_eq!(attempt("203.0.113.2", " Ann@Acme.example"), Ok(()));
    assert_eq!(attempt("203.0.113.3", "ann@acme.example"), Err("RATE_LIMITED"));
    assert_eq!(attempt("203.0.113.1", "ben@acme.example"), Ok(()));
    assert_eq!(attempt("203.0.113.1", "cleo@acme.example"), Ok(()));
    assert_eq!(attempt("203.0.113.1", "dora@acme.example"), Err("RATE_LIMITED"));
    assert_eq!(attempt("203.0.113.4", "dora@acme.example"), Ok(()));
}

/// API-6: right and wrong passwords count alike, so that the refusal tells nothing about them.
#[tokio::test]
async fn whoever_tries_passwords_is_stopped_before_they_are_looked_at() {
    let app = TestApp::world_with([("RATE_SIGN_INS_PER_EMAIL", "2")]).await;
    let owner = &app.acme().owner;
    let document = "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken } } }";
    let sign_in = async |email: &str, password: &str| {
        app.query("", document, json!({ "input": { "email": email, "password": password } })).await
    };
    for _ in 0..2 {
        assert_eq!(sign_in(&owner.email, "wrong").await.code(), "UNAUTHENTICATED");
    }
    let refused = sign_in(&owner.email, &owner.password).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED".to_owned()));
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    let other = &app.rival().owner;
    sign_in(&other.email, &other.password).await.succeeded();
}

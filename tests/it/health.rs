//! What whoever operates the service sees: health, measures, and logs that hold no secret.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::wire::{self, Service};

const HOME: &str = "{ portal { doorway { title } home { sections { count } } } }";

#[tokio::test]
async fn a_service_with_its_database_and_redis_is_live_and_ready() {
    let app = TestApp::world().await;
    assert_eq!(app.get("/health/live").await.body(), "live\n");
    assert_eq!(app.get("/health/ready").await.body(), "ready\n");
}

#[tokio::test]
async fn a_database_without_our_schema_is_not_ready() {
    let app = TestApp::empty().await;
    app.arrange("delete from __diesel_schema_migrations where version = '20261122000900'").await;
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.header("retry-after"), "2");
    assert!(ready.body().contains("run `vestibule migrate`"), "{}", ready.body());
}

#[tokio::test]
async fn every_measure_is_there_after_one_change() {
    let app = TestApp::world().await;
    let create = "mutation { staff { createCompany(input: { name: \"Measured\" }) { company { id } } } }";
    app.query(&app.acme().staff_token, create, json!({})).await.succeeded();
    let org = app.acme().id;
    app.arrange(&format!(
        "insert into outbox (org_id, id, kind, due_at) values ('{org}', gen_random_uuid(), 'mail.send', now() - interval '90 s')"
    ))
    .await;
    let request = Request::builder().method("BREW").uri("/health/live").body(Body::empty()).unwrap();
    app.send(request).await;
    let metrics = app.get("/metrics").await;
    let text = metrics.body();
    for line in [
        "vestibule_requests_total{method=\"POST\",route=\"/graphql\",status=\"2xx\"} 1",
        "vestibule_requests_total{method=\"other\",route=\"/health/live\",status=\"4xx\"} 1",
        "vestibule_request_seconds_count{route=\"/graphql\"} 1",
        "vestibule_pool_wait_seconds_count{login=\"app_staff\"}",
        "vestibule_event_lag_seconds_count 1",
        "vestibule_outbox_age_seconds 9",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn every_answer_is_told_not_to_be_sniffed_framed_or_referred() {
    let app = TestApp::world_with([("BASE_URL", "https://portal.example.com")]).await;
    for path in ["/graphql", "/health/live", "/metrics", "/nothing/here"] {
        let answer = app.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=63072000"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
    }
}

/// LINK-2, invariant 14: at the finest level of logging, too.
#[tokio::test]
async fn a_log_names_the_request_and_its_trace_and_never_a_token() {
    let app = TestApp::world().await;
    let service = Service::start(&app.settings());
    let (staff, link) = (&app.acme().staff_token, &app.acme().portals[0].token);
    let open = "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
    let opened =
        wire::read(wire::send(service.address, "", open, json!({ "input": { "token": link } })).await).await;
    let body: Value = serde_json::from_str(opened.split("\r\n\r\n").last().unwrap()).unwrap();
    let session = body.pointer("/data/access/openPortal/sessionToken").unwrap().as_str().unwrap().to_owned();
    wire::read(wire::send(service.address, staff, "{ staff { __typename } }", json!({})).await).await;
    wire::read(wire::send(service.address, &session, HOME, json!({})).await).await;
    wire::read(wire::send(service.address, link, HOME, json!({})).await).await;
    let unknown = "0123456789abcdefABCDEFGHIJ012345";
    for path in [
        format!("/portal/{link}"),
        format!("/portal/{unknown}"),
        format!("/nothing/{unknown}?token={unknown}"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nconnection: close\r\n\r\n"
        );
        wire::read(wire::send_raw(service.address, &request).await).await;
    }
    let log = service.log();
    assert!(log.contains("\"trace.id\":\"0af7651916cd43dd8448eb211c80319c\""), "{log}");
    assert!(log.contains("\"http.route\":\"/graphql\""), "{log}");
    for secret in [staff.as_str(), link, &session, unknown] {
        let at = log.lines().find(|line| line.contains(secret));
        assert_eq!(at, None, "a log line holds a token");
    }
}

/// API-5: what a connection makes us keep before there is a request is bounded.
#[tokio::test]
async fn the_head_of_a_request_has_an_end() {
    let app = TestApp::world().await;
    let service = Service::start(&app.settings());
    let begun = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: ";
    let long = format!("{begun}{}\r\n\r\n", "a".repeat(40_000));
    let answer = wire::read(wire::send_raw(service.address, &long).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let endless = format!("{begun}{}", "a".repeat(64 * 1024 - begun.len()));
    let answer = wire::read(wire::send_raw(service.address, &endless).await).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

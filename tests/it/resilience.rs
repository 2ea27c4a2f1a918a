//! Clients that hang up, databases that go away, signals: nothing is lost that was acknowledged,
//! and nothing is handed out twice.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{Request, StatusCode};
use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;
use vestibule::db::scope::Access;
use vestibule::domain::callers::{StaffPass, enter_staff, hash_token};
use vestibule::domain::tokens::hash_link;

use crate::codes::CODE;
use crate::support::wire::{self, Service};
use crate::support::{Answer, Island, SEALING_KEYS, Sql, TestApp};

const COUNT: &str = "{ staff { companies { totalCount } } }";
const CREATE: &str =
    "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id } } } }";
const OPEN: &str =
    "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
const HOME: &str = "{ portal { home { sections { count } } } }";
const FIND: &str = "query($name: String!) { staff { companies(search: $name) { totalCount } } }";
/// Whether a request waits for the lock that the test holds.
const WAITS: &str = "select count(*) > 0 from pg_stat_activity where datname = current_database() and usename = 'app_staff' and wait_event_type = 'Lock'";
const NOBODY_WAITS: &str = "select count(*) = 0 from pg_stat_activity where datname = current_database() and usename = 'app_staff' and wait_event_type = 'Lock'";
const ALL_FINISHED: &str = "select count(*) = 0 from pg_stat_activity where datname = current_database() and usename like 'app\\_%' and state like 'idle in transaction%'";

/// Keeps everybody from the companies until it is released or dropped.
async fn lock(app: &TestApp) -> Sql {
    let lock = app.sql("postgres").await;
    lock.rows("begin").await;
    lock.rows("lock table companies in access exclusive mode").await;
    lock
}

/// Invariant 3
#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_used_transaction_behind() {
    let app = TestApp::world_with([("DATABASE_CONNECTIONS", "1")]).await;
    let address = wire::serve(app.router.clone()).await;
    let watch = app.sql("postgres").await;
    let lock = lock(&app).await;
    let token = &app.acme().staff_token;
    for _ in 0..3 {
        let client = wire::send(address, token, COUNT, json!({})).await;
        wire::until(&watch, WAITS).await;
        drop(client);
        // The only connection is free at once, though the lock is still held.
        app.query(token, "{ staff { __typename } }", json!({})).await.succeeded();
        wire::until(&watch, ALL_FINISHED).await;
        wire::until(&watch, NOBODY_WAITS).await;
    }
    lock.rows("rollback").await;
    app.query(token, COUNT, json!({})).await.succeeded();
}

/// API-8
#[tokio::test]
async fn a_change_finishes_though_its_client_hangs_up() {
    let app = TestApp::world_with([("DATABASE_CONNECTIONS", "1")]).await;
    let address = wire::serve(app.router.clone()).await;
    let watch = app.sql("postgres").await;
    let lock = lock(&app).await;
    let token = &app.acme().staff_token;
    let client = wire::send(address, token, CREATE, json!({ "input": { "name": "Persistent" } })).await;
    wire::until(&watch, WAITS).await;
    drop(client);
    lock.rows("rollback").await;
    // Waits its turn for the only connection, which the change gives back with its commit.
    let found = app.query(token, FIND, json!({ "name": "Persistent" })).await.succeeded();
    assert_eq!(found.at("/data/staff/companies/totalCount"), 1);
    // Nobody hears the change's own answer, but it is read to its end.
    wire::until(&watch, ALL_FINISHED).await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_to_come_back() {
    let app = TestApp::world_with([("HTTP_TIMEOUT_MS", "100")]).await;
    let _lock = lock(&app).await;
    let late = app.query(&app.acme().staff_token, COUNT, json!({})).await;
    assert_eq!(late.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(late.header("retry-after"), "2");
    assert_eq!(late.text("/errors/0/message"), "This took too long. Try again in a few seconds.");
}

/// Invariant 2: COMMIT of a failed transaction answers ROLLBACK, and no error.
#[tokio::test]
async fn a_transaction_with_a_swallowed_error_never_reports_success() {
    let app = TestApp::world().await;
    let hash = hash_token(&app.acme().staff_token);
    let tx = enter_staff(&app.app.pools, StaffPass::Session(hash), Access::Write).await.unwrap();
    (&mut tx.connection()).batch_execute("update companies set notes = 'lost'").await.unwrap();
    (&mut tx.connection()).batch_execute("select 1 / 0").await.unwrap_err();
    assert!(tx.commit().await.is_err());
    let kept = app.sql("postgres").await.value("select count(*) from companies where notes = 'lost'").await;
    assert_eq!(kept, "0");
}

/// Adds a company; whether that was acknowledged. Everything else has to be an honest 503.
async fn adds(island: &Island, name: &str) -> bool {
    let input = json!({ "input": { "name": name } });
    let answer = island.query(&island.acme.staff_token, CREATE, input).await;
    if answer.status == StatusCode::OK && answer.json().get("errors").is_none() {
        return true;
    }
    assert_away(&answer);
    false
}

fn assert_away(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body());
    assert_eq!(answer.header("retry-after"), "2");
    let sentence = "The service cannot reach its database right now. Try again in a few seconds.";
    assert_eq!(answer.text("/errors/0/message"), sentence);
    assert_eq!(answer.json().get("data"), None);
}

#[tokio::test]
async fn a_database_that_crashes_under_load_loses_nothing_acknowledged_and_is_found_again() {
    let mut island = Island::new().await;
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let names: Vec<String> = (0..5).map(|n| format!("Round {round} company {n}")).collect();
        let crash = async {
            // The requests beside it are on their way by then.
            tokio::task::yield_now().await;
            if round == 2 {
                island.kill_postgres();
            }
        };
        let adding = futures::future::join_all(names.iter().map(|name| adds(&island, name)));
        let (added, ()) = futures::join!(adding, crash);
        acknowledged.extend(names.into_iter().zip(added).filter(|(_, added)| *added).map(|(name, _)| name));
    }
    assert!((10..=15).contains(&acknowledged.len()), "{acknowledged:?}");
    let ready = island.get("/health/ready").await;
    assert_eq!(
        (ready.status, ready.body()),
        (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.\n")
    );
    island.restart();
    assert_eq!(island.get("/health/ready").await.body(), "ready\n");
    for name in acknowledged {
        let found = island.query(&island.acme.staff_token, FIND, json!({ "name": name })).await.succeeded();
        assert_eq!(found.at("/data/staff/companies/totalCount"), 1, "{name}");
    }
}

/// LINK-6
#[tokio::test]
async fn without_redis_open_portals_go_on_and_readiness_says_so() {
    let island = Island::new().await;
    let home = "{ portal { doorway { title } home { sections { count } } } }";
    let open = "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
    let input = json!({ "input": { "token": island.acme.portals[0].token } });
    let session = island.query("", open, input.clone()).await.text("/data/access/openPortal/sessionToken");
    island.shut_redis_down().await;
    let ready = island.get("/health/ready").await;
    // A balancer that follows readiness must not take every instance out for what goes on without Redis.
    assert_eq!((ready.status, ready.body()), (StatusCode::OK, "ready, without Redis: it does not answer\n"));
    island.query(&session, home, json!({})).await.succeeded();
    island.query("", open, input).await.succeeded();
}

/// Opens a door with its code; the session's token.
async fn passes(island: &Island, token: &str) -> String {
    let right = json!({ "input": { "token": token, "accessCode": CODE } });
    island.query("", OPEN, right).await.text("/data/access/openPortal/sessionToken")
}

/// The cookie of a browser that keeps this session of a link.
fn cookie(token: &str, session: &str) -> String {
    format!("vestibule_{}={session}", hex::encode(&hash_link(token)[..8]))
}

async fn signs_out(island: &Island, token: &str, session: &str) -> Answer {
    let request = Request::post(format!("/portal/{token}/sign-out"))
        .header(COOKIE, cookie(token, session))
        .header("sec-fetch-site", "same-origin");
    island.send(request.body(Body::empty()).unwrap()).await
}

/// A coded door without Redis.
#[track_caller]
pub fn assert_shut(refused: &Answer) {
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body());
    assert_eq!(refused.code(), "INTERNAL");
    assert_eq!(refused.at("/errors/0/extensions/retryAfter"), 2);
}

/// DOOR-3: a coded door fails closed, and finds Redis again by itself.
#[tokio::test]
async fn without_redis_coded_doors_stay_shut_until_it_is_back() {
    let mut island = Island::new().await;
    let token = island.coded_portal(CODE).await.token;
    let right = json!({ "input": { "token": token, "accessCode": CODE } });
    let session = passes(&island, &token).await;
    island.query(&session, HOME, json!({})).await.succeeded();
    island.shut_redis_down().await;
    for (who, document, variables) in [(session.as_str(), HOME, json!({})), ("", OPEN, right.clone())] {
        assert_shut(&island.query(who, document, variables).await);
    }
    let page = island.get(&format!("/portal/{token}")).await;
    assert!(page.body().contains("Enter your access code"), "whose door it is needs no Redis");
    island.restart();
    island.query(&session, HOME, json!({})).await.succeeded();
    island.query("", OPEN, right).await.succeeded();
}

/// DOOR-3: a portal without a code opens, though a browser still has what it passed one with.
#[tokio::test]
async fn without_redis_a_portal_whose_code_was_taken_away_opens_for_who_once_passed_it() {
    let island = Island::new().await;
    let [free, coded] = [island.coded_portal(CODE).await, island.coded_portal(CODE).await];
    let [inside, outside] = [passes(&island, &free.token).await, passes(&island, &coded.token).await];
    let update = "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { hasAccessCode } } } }";
    let input = json!({ "input": { "id": free.id, "version": 1, "accessCode": null } });
    island.query(&island.acme.staff_token, update, input).await.succeeded();
    island.shut_redis_down().await;
    island.query(&inside, HOME, json!({})).await.succeeded();
    assert_eq!(island.query(&outside, HOME, json!({})).await.status, StatusCode::SERVICE_UNAVAILABLE);
    for (door, session, status) in [
        (&free, &inside, StatusCode::OK),
        (&coded, &outside, StatusCode::SERVICE_UNAVAILABLE),
        (&coded, &inside, StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let request = Request::get(format!("/portal/{}", door.token));
        let request = request.header(COOKIE, cookie(&door.token, session));
        assert_eq!(island.send(request.body(Body::empty()).unwrap()).await.status, status);
    }
}

/// DOOR-4: what ends when Redis is away does not come back with it.
#[tokio::test]
async fn without_redis_who_signs_out_of_a_coded_portal_has_left_for_good() {
    let mut island = Island::new().await;
    let token = island.coded_portal(CODE).await.token;
    let [leaves, stays] = [passes(&island, &token).await, passes(&island, &token).await];
    let by_api = passes(&island, &token).await;
    island.shut_redis_down().await;
    let leave = "mutation { portal { endSession { ended } } }";
    let left = island.query(&by_api, leave, json!({})).await.succeeded();
    assert_eq!(left.at("/data/portal/endSession/ended"), true);
    assert_eq!(island.query(&by_api, leave, json!({})).await.code(), "LINK_INACTIVE");
    let more = "mutation { portal { endSession { ended } createCalendarSubscription(input: {}) { url } } }";
    assert_shut(&island.query(&stays, more, json!({})).await);
    let left = signs_out(&island, &token, &leaves).await;
    assert_eq!((left.status, left.header("location")), (StatusCode::SEE_OTHER, "/portal/signed-out"));
    assert!(left.header("set-cookie").contains("Max-Age=0"), "{}", left.header("set-cookie"));
    island.restart();
    for gone in [&leaves, &by_api] {
        assert_eq!(island.query(gone, HOME, json!({})).await.code(), "LINK_INACTIVE");
    }
    island.query(&stays, HOME, json!({})).await.succeeded();
    island.servers = None;
    let away = signs_out(&island, &token, &stays).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.header("set-cookie").contains("Max-Age=0"), "the browser has left all the same");
}

#[tokio::test]
async fn a_service_that_starts_before_its_database_waits_for_it() {
    let mut island = Island::new().await;
    island.servers = None;
    let service = Service::start(&island.settings);
    let token = island.acme.staff_token.clone();
    let away = wire::read(wire::send(service.address, &token, COUNT, json!({})).await).await;
    assert!(away.starts_with("HTTP/1.1 503") && away.contains("retry-after: 2"), "{away}");
    assert!(away.contains("The service cannot reach its database right now."), "{away}");
    island.restart();
    let back = wire::read(wire::send(service.address, &token, COUNT, json!({})).await).await;
    assert!(back.starts_with("HTTP/1.1 200") && back.contains("totalCount"), "{back}");
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_its_name() {
    for (name, value) in [
        ("DATABASE_CONNECTIONS", "many"),
        ("LISTEN", "nowhere"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("DATABASE_URL", ""),
    ] {
        let mut settings = vec![
            ("DATABASE_URL", "postgres:///x?host=/nonexistent".to_owned()),
            ("REDIS_URL", "redis://127.0.0.1:1".to_owned()),
            ("SEALING_KEYS", SEALING_KEYS.to_owned()),
        ];
        settings.retain(|(other, _)| *other != name);
        settings.push((name, value.to_owned()));
        let output = wire::program(&settings).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("vestibule: {name} ")) && said.lines().count() == 1, "{said}");
    }
}

async fn refuses_connections(address: SocketAddr) -> bool {
    tokio::net::TcpStream::connect(address).await.is_err()
}

#[tokio::test]
async fn a_service_told_to_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let app = TestApp::world().await;
    let mut service = Service::start(&app.settings());
    let watch = app.sql("postgres").await;
    let lock = lock(&app).await;
    let client = wire::send(service.address, &app.acme().staff_token, COUNT, json!({})).await;
    wire::until(&watch, WAITS).await;
    service.terminate();
    while !refuses_connections(service.address).await {
        tokio::task::yield_now().await;
    }
    lock.rows("rollback").await;
    let answer = wire::read(client).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("totalCount"), "{answer}");
    assert_eq!(service.ended().await.code(), Some(0));
}

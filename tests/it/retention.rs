//! How long logs keep what they hold.

use serde_json::json;
use vestibule::worker::forget_old;

use crate::support::TestApp;

const EVENTS: &str = "query($after: String) { staff { events(first: 100, after: $after) { edges { cursor node { __typename } } } } }";

async fn adds_company(app: &TestApp, name: &str) {
    let add =
        "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id } } } }";
    app.query(&app.acme().staff_token, add, json!({ "input": { "name": name } })).await.succeeded();
}

/// Makes everything of the first organisation's logs that is there now older by so many days.
async fn ages(app: &TestApp, days: i32) {
    app.arrange(&format!(
        "update events set occurred_at = occurred_at - interval '{days} days' where org_id = '{org}';
         update audit_entries set occurred_at = occurred_at - interval '{days} days' where org_id = '{org}'",
        org = app.acme().id
    ))
    .await;
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let org = app.acme().id;
    app.value(&format!("select count(*) from {table} where org_id = '{org}'")).await.parse().unwrap()
}

/// EVT-3, ORG-5: events are kept for 90 days unless set otherwise, and then their oldest part goes; the
/// audit log stays.
#[tokio::test]
async fn events_that_are_too_old_are_forgotten_and_who_reads_from_there_is_told() {
    let app = TestApp::world().await;
    adds_company(&app, "One").await;
    adds_company(&app, "Two").await;
    let page = app.query(&app.acme().staff_token, EVENTS, json!({})).await.succeeded();
    let cursor = page.text("/data/staff/events/edges/0/cursor");
    ages(&app, 89).await;
    adds_company(&app, "Three").await;
    let before = count(&app, "events").await;
    forget_old::once(&app.app).await.unwrap();
    assert_eq!(count(&app, "events").await, before);
    ages(&app, 2).await;
    adds_company(&app, "Four").await;
    let entries = count(&app, "audit_entries").await;
    forget_old::once(&app.app).await.unwrap();
    assert_eq!(count(&app, "events").await, 2);
    assert_eq!(count(&app, "audit_entries").await, entries);
    let resync = app.query(&app.acme().staff_token, EVENTS, json!({ "after": cursor })).await.succeeded();
    assert_eq!(resync.text("/data/staff/events/edges/0/node/__typename"), "Resync");
    let rest = app.query(&app.acme().staff_token, EVENTS, json!({})).await.succeeded();
    assert_eq!(rest.at("/data/staff/events/edges").as_array().unwrap().len(), 2);
}

/// EVT-3: an old event behind a younger one waits for it, since the log has no gaps.
#[tokio::test]
async fn the_log_stays_without_gaps_whatever_its_times_say() {
    let app = TestApp::world().await;
    for name in ["One", "Two", "Three"] {
        adds_company(&app, name).await;
    }
    let org = app.acme().id;
    app.arrange(&format!(
        "update events set occurred_at = occurred_at - interval '100 days'
         where org_id = '{org}' and seq <> (select last_seq - 1 from event_counters where org_id = '{org}')"
    ))
    .await;
    forget_old::once(&app.app).await.unwrap();
    let kept = app
        .value(&format!(
            "select min(e.seq) = min(c.kept_from) and max(e.seq) = min(c.last_seq) and count(*) = 2
             from events e join event_counters c using (org_id) where org_id = '{org}'"
        ))
        .await;
    assert_eq!(kept, "true");
}

/// ORG-5, ORG-2: audit entries go after ten years, previews and sessions of staff once they are over.
#[tokio::test]
async fn what_has_long_ended_is_forgotten_and_what_lives_stays() {
    let app = TestApp::world_with([("AUDIT_KEPT_DAYS", "30")]).await;
    adds_company(&app, "One").await;
    ages(&app, 31).await;
    adds_company(&app, "Two").await;
    let gone = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let there = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    app.arrange(&format!(
        "update staff_sessions set ended_at = now() - interval '91 days' where id = '{}'",
        gone.session_id
    ))
    .await;
    forget_old::once(&app.app).await.unwrap();
    assert_eq!(count(&app, "audit_entries").await, 1);
    let left = |id: uuid::Uuid| format!("select count(*) from staff_sessions where id = '{id}'");
    assert_eq!(app.value(&left(gone.session_id)).await, "0");
    assert_eq!(app.value(&left(there.session_id)).await, "1");
}

/// DOOR-7, ORG-2: who proved an address, or could have, is forgotten a day after that is over.
#[tokio::test]
async fn proofs_that_are_over_are_forgotten_and_those_that_stand_stay() {
    let app = TestApp::world().await;
    let org = app.acme().id;
    app.arrange(&format!(
        "insert into address_proofs (org_id, id, kind, address, token_hash, expires_at)
         select '{org}', gen_random_uuid(), 'PASSWORD_RESET', name || '@client.example', sha256(name::bytea), now() + age
         from (values ('old', interval '-25 hours'), ('late', '-1 hour'), ('good', '1 hour')) v (name, age);
         insert into visitor_sessions (id, address, token_hash, expires_at, ended_at)
         select gen_random_uuid(), name || '@client.example', sha256(name::bytea), now() + age, now() + ended
         from (values ('old', interval '-25 hours', null::interval), ('left', '5 days', '-25 hours'),
             ('just left', '5 days', '-1 hour'), ('here', '5 days', null)) v (name, age, ended)"
    ))
    .await;
    forget_old::once(&app.app).await.unwrap();
    let left = async |table: &str| {
        let names = format!("select split_part(address, '@', 1) from {table} order by 1");
        app.sql("postgres").await.column(&names).await
    };
    assert_eq!(left("address_proofs").await, ["good", "late"]);
    assert_eq!(left("visitor_sessions").await, ["here", "just left"]);
}

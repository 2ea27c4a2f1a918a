//! Readers who are slower than what happens.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::live::{EventStream, Instance};

/// More than a scope's batches, a subscriber's own and the buffers of a connection hold of wide answers.
const MANY: usize = 8_000;

/// Has that much happen in an organisation, in one transaction.
async fn much_happens(app: &TestApp) {
    let (org, company) = (app.acme().id, app.acme().companies[0].id);
    app.arrange(&format!(
        "with counted as (update event_counters set last_seq = last_seq + {MANY} where org_id = '{org}'
             returning last_seq - {MANY} as before)
         insert into events (org_id, seq, id, kind, company_id, client_visible, payload, occurred_at)
         select '{org}', before + n, gen_random_uuid(), 'company.updated', '{company}', false,
             jsonb_build_object('id', '{company}'), now()
         from counted, generate_series(1, {MANY}) n"
    ))
    .await;
}

/// EVT-3: whoever falls behind what the scope hands on reads for itself.
#[tokio::test]
async fn a_client_that_stops_reading_is_told_of_everything_when_it_goes_on() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let token = &app.acme().staff_token;
    let cursor =
        app.query(token, "{ staff { eventCursor } }", json!({})).await.text("/data/staff/eventCursor");
    let wide: String = (0..25).map(|n| format!("w{n}: cursor ")).collect();
    let document = format!("subscription {{ staffEvents {{ id {wide} }} }}");
    let mut slow = EventStream::open(instance.address, token, &document, Some(&cursor)).await;
    let mut quick = instance.socket(token).await;
    let narrow = "subscription($after: String) { staffEvents(after: $after) { id } }";
    quick.subscribes("quick", narrow, json!({ "after": cursor })).await;
    much_happens(&app).await;
    let mut log = Vec::new();
    for _ in 0..MANY {
        log.push(quick.next("quick").await["data"]["staffEvents"]["id"].clone());
    }
    for id in &log {
        let told: Value = slow.next().await.json();
        assert_eq!(&told["data"]["staffEvents"]["id"], id, "{told:#}");
    }
    let written = "select id from events where kind = 'company.updated' order by seq";
    let written = app.sql("postgres").await.column(written).await;
    assert!(log.iter().map(|id| id.as_str().unwrap()).eq(written.iter().map(String::as_str)));
}

//! What subscribers are told, and what not.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{CLIENT, STAFF, adds_company, changes, record};
use crate::support::TestApp;
use crate::support::live::{EventStream, Instance};

fn event<'a>(payload: &'a Value, root: &str) -> &'a Value {
    assert_eq!(payload.get("errors"), None, "{payload:#}");
    &payload["data"][root]
}

/// EVT-2, EVT-4: on one instance, and on another.
#[tokio::test]
async fn staff_are_told_of_a_change_on_every_instance_and_of_no_other_organisations() {
    let app = TestApp::world().await;
    let other = app.another_instance();
    let (near, far) = (Instance::of(&app).await, Instance::of(&other).await);
    let mut sockets = [near.socket(&app.acme().staff_token).await, far.socket(&app.acme().staff_token).await];
    for socket in &mut sockets {
        socket.subscribes("1", STAFF, json!({})).await;
        // Answered in order: once this is, the subscription has begun or will read what it missed.
        socket.subscribes("2", "{ staff { organization { id } } }", json!({})).await;
    }
    for socket in &mut sockets {
        socket.next("2").await;
        assert_eq!(socket.hears().await, json!({ "type": "complete", "id": "2" }));
    }
    adds_company(&app, app.rival(), "Theirs").await;
    let ours = adds_company(&app, app.acme(), "Ours").await;
    for socket in &mut sockets {
        let payload = socket.next("1").await;
        let told = event(&payload, "staffEvents");
        assert_eq!((&told["__typename"], &told["companyId"]), (&json!("CompanyCreated"), &json!(ours)));
    }
}

/// EVT-3: page, resume, and live agree.
#[tokio::test]
async fn a_reader_who_comes_back_with_a_cursor_misses_nothing_and_hears_nothing_twice() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    for n in 0..3 {
        adds_company(&app, app.acme(), &format!("Before {n}")).await;
    }
    let pages = "query($after: String) { staff { events(first: 2, after: $after) { pageInfo { hasNextPage endCursor } edges { cursor node { id __typename companyId } } } } }";
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = app.query(&app.acme().staff_token, pages, json!({ "after": after })).await.succeeded();
        let page = page.at("/data/staff/events");
        ids.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let first =
        app.query(&app.acme().staff_token, pages, json!({})).await.at("/data/staff/events/edges/0/cursor");
    let mut socket = instance.socket(&app.acme().staff_token).await;
    socket.subscribes("all", STAFF, json!({ "after": first })).await;
    for id in &ids[1..] {
        assert_eq!(&event(&socket.next("all").await, "staffEvents")["id"], id);
    }
    // Many at once, in an order that nobody chooses; each reader hears them in one order.
    join_all((0..40).map(async |n| adds_company(&app, app.acme(), &format!("Many {n}")).await)).await;
    let mut heard = Vec::new();
    for _ in 0..40 {
        heard.push(event(&socket.next("all").await, "staffEvents")["id"].clone());
    }
    let log = app.value("select string_agg(id::text, ' ' order by seq) from events where kind = 'company.created' and payload ->> 'id' in (select id::text from companies where name like 'Many %')").await;
    let log: Vec<&str> = log.split(' ').collect();
    assert_eq!(heard, log);
}

/// EVT-2
#[tokio::test]
async fn staff_are_told_only_of_the_kinds_the_company_and_the_record_they_ask_for() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let record = record(&app, app.acme()).await;
    let mut socket = instance.socket(&app.acme().staff_token).await;
    let filter = json!({ "filter": { "types": ["RECORD_UPDATED"], "recordId": record, "companyId": app.acme().companies[0].id } });
    socket.subscribes("1", STAFF, filter).await;
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    adds_company(&app, app.acme(), "Not asked for").await;
    changes(&app, app.acme(), &record, json!({ "portalEnabled": false })).await;
    changes(&app, app.acme(), &record, json!({ "name": "Renamed" })).await;
    for _ in 0..2 {
        let payload = socket.next("1").await;
        assert_eq!(event(&payload, "staffEvents")["__typename"], "RecordUpdated");
    }
}

/// EVT-2, ORG-4
#[tokio::test]
async fn whoever_asks_for_what_others_own_hears_nothing() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let (company, record) = (app.rival().companies[0].id, record(&app, app.rival()).await);
    let mut socket = instance.socket(&app.acme().staff_token).await;
    for (id, filter) in
        [("company", json!({ "companyId": company })), ("record", json!({ "recordId": record }))]
    {
        socket.subscribes(id, STAFF, json!({ "filter": filter })).await;
    }
    socket.subscribes("all", STAFF, json!({})).await;
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    changes(&app, app.rival(), &record, json!({ "name": "Theirs" })).await;
    let ours = adds_company(&app, app.acme(), "Ours").await;
    assert_eq!(event(&socket.next("all").await, "staffEvents")["companyId"], ours);
}

/// EVT-2, REC-4, REC-6: not even that something happened.
#[tokio::test]
async fn clients_are_told_of_what_they_see_and_of_nothing_else() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let ours = record(&app, app.acme()).await;
    let theirs =
        format!("select id from records where company_id = '{}' limit 1", app.acme().companies[1].id);
    let theirs = app.value(&theirs).await;
    let mut socket = instance.socket(&session).await;
    socket.subscribes("1", CLIENT, json!({})).await;
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    changes(&app, app.acme(), &theirs, json!({ "name": "Planted secret" })).await;
    changes(&app, app.acme(), &ours, json!({ "internalStatus": "Planted secret" })).await;
    adds_company(&app, app.acme(), "Planted secret").await;
    changes(&app, app.acme(), &ours, json!({ "clientStatus": "With you" })).await;
    let payload = socket.next("1").await;
    assert!(!payload.to_string().contains("secret"));
    let told = event(&payload, "portalEvents");
    assert_eq!((&told["recordId"], &told["change"]), (&json!(ours), &json!("UPDATED")));
    // Cursors tell neither numbers nor how many events lie between.
    changes(&app, app.acme(), &ours, json!({ "clientStatus": "With us" })).await;
    let next = socket.next("1").await;
    let (one, two) =
        (told["cursor"].as_str().unwrap(), event(&next, "portalEvents")["cursor"].as_str().unwrap());
    assert_eq!(one.len(), two.len());
    assert!(one.bytes().zip(two.bytes()).filter(|(a, b)| a == b).count() < one.len() / 2, "{one} {two}");
}

/// EVT-2: what a portal shows grows and shrinks.
#[tokio::test]
async fn clients_are_told_to_read_anew_when_what_they_may_see_changes() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let ours = record(&app, app.acme()).await;
    let mut socket = instance.socket(&session).await;
    socket.subscribes("1", CLIENT, json!({})).await;
    changes(&app, app.acme(), &ours, json!({ "clientStatus": "Begins" })).await;
    assert_eq!(event(&socket.next("1").await, "portalEvents")["change"], "UPDATED");
    changes(&app, app.acme(), &ours, json!({ "portalEnabled": false })).await;
    assert_eq!(event(&socket.next("1").await, "portalEvents")["__typename"], "PortalResyncEvent");
    changes(&app, app.acme(), &ours, json!({ "portalEnabled": true })).await;
    let payload = socket.next("1").await;
    assert_eq!(event(&payload, "portalEvents")["change"], "APPEARED", "{payload}");
    assert_eq!(event(&socket.next("1").await, "portalEvents")["__typename"], "PortalResyncEvent");
}

/// EVT-3, ORG-4
#[tokio::test]
async fn cursors_of_others_are_refused_and_one_that_is_too_old_says_so() {
    let app = TestApp::world().await;
    let page = "query($after: String) { staff { events(first: 100, after: $after) { edges { cursor node { __typename } } } } }";
    adds_company(&app, app.acme(), "One").await;
    adds_company(&app, app.rival(), "One").await;
    let cursor = async |org: &vestibule::demo::data::PlantedOrganization| {
        app.query(&org.staff_token, page, json!({})).await.text("/data/staff/events/edges/0/cursor")
    };
    let (ours, theirs) = (cursor(app.acme()).await, cursor(app.rival()).await);
    for wrong in [theirs.as_str(), "", "AAAA", "not a cursor", &ours[1..]] {
        let refused = app.query(&app.acme().staff_token, page, json!({ "after": wrong })).await;
        assert_eq!(refused.code(), "VALIDATION", "{wrong}");
    }
    app.query(&app.acme().staff_token, page, json!({ "after": ours })).await.succeeded();
    adds_company(&app, app.acme(), "Two").await;
    adds_company(&app, app.acme(), "Three").await;
    app.arrange(&format!(
        "update event_counters set kept_from = last_seq where org_id = '{}'",
        app.acme().id
    ))
    .await;
    let resync = app.query(&app.acme().staff_token, page, json!({ "after": ours })).await.succeeded();
    assert_eq!(resync.text("/data/staff/events/edges/0/node/__typename"), "Resync");
    let go_on = resync.text("/data/staff/events/edges/0/cursor");
    let rest = app.query(&app.acme().staff_token, page, json!({ "after": go_on })).await.succeeded();
    assert_eq!(rest.at("/data/staff/events/edges").as_array().unwrap().len(), 1);
    let instance = Instance::of(&app).await;
    let mut socket = instance.socket(&app.acme().staff_token).await;
    socket.subscribes("1", STAFF, json!({ "after": ours })).await;
    assert_eq!(event(&socket.next("1").await, "staffEvents")["__typename"], "Resync");
    socket.subscribes("2", STAFF, json!({ "after": theirs })).await;
    let refused = socket.hears().await;
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("VALIDATION"))
    );
}

/// EVT-2, EVT-3: server-sent events, and a browser that reconnects by itself.
#[tokio::test]
async fn server_sent_events_carry_the_cursor_that_a_reconnecting_client_sends_back() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let document = "subscription { staffEvents { __typename companyId } }";
    let mut events = EventStream::open(instance.address, &app.acme().staff_token, document, None).await;
    // Subscribed before the company is added: heard from another subscriber of the scope.
    let mut socket = instance.socket(&app.acme().staff_token).await;
    socket.subscribes("1", "{ staff { organization { id } } }", json!({})).await;
    socket.next("1").await;
    let one = adds_company(&app, app.acme(), "One").await;
    let told = events.next().await;
    assert_eq!(told.event, "next");
    assert_eq!(
        told.json()["data"]["staffEvents"],
        json!({ "__typename": "CompanyCreated", "companyId": one })
    );
    drop(events);
    let two = adds_company(&app, app.acme(), "Two").await;
    let mut again =
        EventStream::open(instance.address, &app.acme().staff_token, document, told.id.as_deref()).await;
    assert_eq!(again.next().await.json()["data"]["staffEvents"]["companyId"], two);
    let mut once =
        EventStream::open(instance.address, &app.acme().staff_token, "{ service { version } }", None).await;
    assert!(once.next().await.json()["data"]["service"]["version"].is_string());
    let end = once.next().await;
    assert_eq!((end.event.as_str(), end.data.as_str()), ("complete", ""));
}

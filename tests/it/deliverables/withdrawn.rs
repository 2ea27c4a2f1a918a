//! What clients learn of a deliverable that is archived: that it is gone, if they saw it (EVT-2, EVT-8).

use serde_json::{Value, json};

use super::{ARCHIVE, UPDATE, Work};
use crate::support::live::{Instance, Socket};

const TOLD: &str = "subscription { portalEvents { __typename ... on PortalDeliverablesEvent { recordId } } }";
const ACTIVITY: &str = "{ portal { activity(first: 100) { edges { node { text recordId } } } } }";

/// Work on a portal that tells what happens, and a session of it.
async fn told_work() -> (Work, String) {
    let work = Work::ready().await;
    work.app.arrange("update portals set modes = '{RECORDS,ACTIVITY}'").await;
    let session = work.session().await;
    (work, session)
}

/// The version that the deliverable stands at.
async fn version(work: &Work) -> i32 {
    let version = format!("select version from deliverables where id = '{}'", work.deliverable);
    work.app.value(&version).await.parse().unwrap()
}

async fn archive(work: &Work, version: i32, archived: bool) {
    let input = json!({ "id": work.deliverable, "version": version, "archived": archived });
    work.staff(ARCHIVE, input).await.succeeded();
}

async fn update(work: &Work, version: i32, change: Value) {
    let mut input = json!({ "id": work.deliverable, "version": version });
    input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    work.staff(UPDATE, input).await.succeeded();
}

/// A subscriber who hears of everything from here on.
async fn subscriber(instance: &Instance, session: &str) -> Socket {
    let mut socket = instance.socket(session).await;
    socket.subscribes("1", TOLD, json!({})).await;
    // Answered in order: once this is, the subscription has begun or will read what it missed.
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    socket
}

/// What a session reads, newest first.
async fn texts(work: &Work, session: &str) -> Vec<String> {
    let read = work.app.query(session, ACTIVITY, json!({})).await.succeeded();
    let edges = read.at("/data/portal/activity/edges").as_array().unwrap().clone();
    edges.iter().map(|edge| edge["node"]["text"].as_str().unwrap().to_owned()).collect()
}

/// DEL-2, EVT-2, EVT-8
#[tokio::test]
async fn clients_who_saw_a_deliverable_are_told_that_it_was_withdrawn_and_no_more() {
    let (work, session) = told_work().await;
    let name = work.app.value(&format!("select name from records where id = '{}'", work.record)).await;
    let instance = Instance::of(&work.app).await;
    let mut socket = subscriber(&instance, &session).await;
    for _ in 0..2 {
        // Again is no change, and no event.
        archive(&work, version(&work).await, true).await;
    }
    let told = socket.next("1").await;
    let expected = json!({ "__typename": "PortalDeliverablesEvent", "recordId": work.record });
    assert_eq!(told["data"]["portalEvents"], expected, "{told:#}");
    let withdrawn = format!("A deliverable of {name} was withdrawn");
    let read = texts(&work, &session).await;
    assert_eq!(read.iter().filter(|text| **text == withdrawn).count(), 1, "{read:?}");
    assert_eq!(read[0], withdrawn);
    assert!(!read.iter().any(|text| text.contains("Poster")), "what is gone has no name: {read:?}");
    archive(&work, version(&work).await, false).await;
    assert_eq!(texts(&work, &session).await[0], format!("“Poster” of {name} is back"));
}

/// DEL-2, EVT-2, EVT-8: what clients did not see goes unheard, and so does what is done to it afterwards.
#[tokio::test]
async fn nobody_is_told_of_a_withdrawal_who_did_not_see_the_deliverable() {
    let (work, session) = told_work().await;
    let neighbour =
        work.app.acme().portals.iter().find(|portal| portal.title == work.app.acme().companies[1].name);
    let neighbour = work.app.open(&neighbour.unwrap().token).await;
    update(&work, 1, json!({ "visible": false })).await;
    let instance = Instance::of(&work.app).await;
    let mut socket = subscriber(&instance, &session).await;
    let before = texts(&work, &session).await;
    archive(&work, 2, true).await;
    update(&work, 3, json!({ "title": "Planted secret", "visible": true })).await;
    update(&work, 4, json!({ "clientStatus": "Planted secret" })).await;
    assert_eq!(texts(&work, &session).await, before);
    let silent = "select string_agg(distinct client_visible::text, ',') from (select client_visible from events order by seq desc limit 3) e";
    assert_eq!(work.app.value(silent).await, "false");
    // The next thing that a subscriber hears is something else.
    crate::live::changes(&work.app, work.app.acme(), &work.record, json!({ "clientStatus": "With you" }))
        .await;
    let told = socket.next("1").await;
    assert_eq!(told["data"]["portalEvents"]["__typename"], "PortalRecordEvent", "{told:#}");
    archive(&work, 5, false).await;
    archive(&work, 6, true).await;
    let theirs = texts(&work, &neighbour).await;
    assert!(!theirs.iter().any(|text| text.contains("withdrawn")), "{theirs:?}");
}

//! Subscribers of one scope, who share answers, and what they must not share.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::adds_company;
use crate::support::TestApp;
use crate::support::live::{EventStream, Instance, Socket};

const CONDITIONAL: &str =
    "subscription($deep: Boolean!) { staffEvents { __typename companyId @include(if: $deep) } }";

/// What each operation of a connection is told first.
async fn first_told(socket: &mut Socket, operations: usize) -> BTreeMap<String, Value> {
    let mut told = BTreeMap::new();
    while told.len() < operations {
        let message = socket.hears().await;
        assert_eq!(message["type"], "next", "{message:#}");
        let id = message["id"].as_str().unwrap().to_owned();
        assert_eq!(told.insert(id, message["payload"]["data"]["staffEvents"].clone()), None);
    }
    told
}

/// EVT-2, EVT-4: more words than answers are kept of.
#[tokio::test]
async fn each_is_answered_in_its_own_words_whoever_asks_beside_it() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let mut sockets =
        [instance.socket(&app.acme().staff_token).await, instance.socket(&app.acme().staff_token).await];
    for socket in &mut sockets {
        socket.subscribes("deep", CONDITIONAL, json!({ "deep": true })).await;
        socket.subscribes("flat", CONDITIONAL, json!({ "deep": false })).await;
        for n in 0..12 {
            let document = format!("subscription {{ staffEvents {{ word{n}: __typename }} }}");
            socket.subscribes(&n.to_string(), &document, json!({})).await;
        }
        socket.subscribes("begun", "{ service { version } }", json!({})).await;
        socket.next("begun").await;
        socket.hears().await;
    }
    let company = adds_company(&app, app.acme(), "Shared").await;
    for socket in &mut sockets {
        let told = first_told(socket, 14).await;
        assert_eq!(told["deep"], json!({ "__typename": "CompanyCreated", "companyId": company }));
        assert_eq!(told["flat"], json!({ "__typename": "CompanyCreated" }));
        for n in 0..12 {
            assert_eq!(told[&n.to_string()], json!({ format!("word{n}"): "CompanyCreated" }));
        }
    }
}

/// EVT-2, EVT-3: over both transports, in the same words.
#[tokio::test]
async fn both_transports_tell_the_same() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let document = "subscription { staffEvents { __typename cursor companyId } }";
    let cursor = app.query(&app.acme().staff_token, "{ staff { eventCursor } }", json!({})).await;
    let cursor = cursor.text("/data/staff/eventCursor");
    let mut events =
        EventStream::open(instance.address, &app.acme().staff_token, document, Some(&cursor)).await;
    let mut socket = instance.socket(&app.acme().staff_token).await;
    socket.subscribes("1", document, json!({})).await;
    socket.subscribes("begun", "{ service { version } }", json!({})).await;
    socket.next("begun").await;
    socket.hears().await;
    let company = adds_company(&app, app.acme(), "Told twice").await;
    let (sent, said) = (events.next().await, socket.next("1").await);
    assert_eq!(sent.json(), said);
    assert_eq!(said["data"]["staffEvents"]["companyId"], company);
    assert_eq!(sent.id.as_deref(), said["data"]["staffEvents"]["cursor"].as_str());
}

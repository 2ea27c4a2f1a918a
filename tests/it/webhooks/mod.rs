//! EVT-7: webhooks, to a real server on this machine.

mod delivering;
mod endpoints;
mod failing;
mod log;

use chrono::TimeDelta;
use serde_json::{Value, json};
use vestibule::worker::deliver_webhooks;

use crate::support::TestApp;
use crate::support::receiver::Receiver;

const CREATE: &str =
    "mutation($input: CreateWebhookEndpointInput!) { staff { createWebhookEndpoint(input: $input) {
    secret endpoint { id url version types inOrder disabledAt disabledFor company { id } } } } }";
const UPDATE: &str =
    "mutation($input: UpdateWebhookEndpointInput!) { staff { updateWebhookEndpoint(input: $input) {
    endpoint { version url types description disabledAt disabledFor } } } }";
const ROTATE: &str =
    "mutation($input: RotateWebhookSecretInput!) { staff { rotateWebhookSecret(input: $input) {
    secret endpoint { previousSecretUntil } } } }";
const DELETE: &str =
    "mutation($input: DeleteWebhookEndpointInput!) { staff { deleteWebhookEndpoint(input: $input) {
    endpointId } } }";
const REPLAY: &str =
    "mutation($input: ReplayWebhookDeliveryInput!) { staff { replayWebhookDelivery(input: $input) {
    delivery { id replay state } } } }";
const REPLAY_EVENTS: &str =
    "mutation($input: ReplayWebhookEventsInput!) { staff { replayWebhookEvents(input: $input) { count } } }";
const LIST: &str = "{ staff { webhookEndpoints { id url } } }";
const LOG: &str = "query($id: ID!, $state: WebhookDeliveryState) { staff { webhookEndpoint(id: $id) {
    disabledFor deliveries(state: $state) { totalCount edges { node { id type state replay nextAttemptAt eventId
        attempts { status durationMs failure answer } } } } } } }";

/// The world, where this machine may be sent to.
async fn world() -> TestApp {
    TestApp::world_with([("WEBHOOKS_PRIVATE_NETWORKS", "127.0.0.0/8")]).await
}

/// An endpoint of the first organisation: its id and secret.
async fn endpoint(app: &TestApp, receiver: &Receiver, more: Value) -> (String, String) {
    let mut input = json!({ "url": receiver.url });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let made = made.at("/data/staff/createWebhookEndpoint");
    (made["endpoint"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

/// Something happens: a company is added. Its id.
async fn adds_company(app: &TestApp, name: &str) -> String {
    let add =
        "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id } } } }";
    let added = app.query(&app.acme().staff_token, add, json!({ "input": { "name": name } })).await;
    added.text("/data/staff/createCompany/company/id")
}

/// The worker sends all that is due.
async fn delivers(app: &TestApp) {
    deliver_webhooks::once(&app.app).await.unwrap();
}

/// The worker, after some time.
async fn delivers_after(app: &TestApp, time: TimeDelta) {
    app.app.clock.advance(time);
    delivers(app).await;
}

/// An endpoint's deliveries, the newest first.
async fn log(app: &TestApp, id: &str) -> Vec<Value> {
    let log = app.query(&app.acme().staff_token, LOG, json!({ "id": id })).await.succeeded();
    let edges = log.at("/data/staff/webhookEndpoint/deliveries/edges");
    edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

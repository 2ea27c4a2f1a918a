//! Mail that clients asked for (NOTE-1 to NOTE-3): asking and confirming, whom a change is told to, the
//! links of mails, and addresses that mail came back from.

mod asking;
mod by_mail;
mod mailed;
mod reports;
mod telling;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;
use vestibule::demo::data::{PlantedOrganization, PlantedPortal};

use crate::support::{Answer, TestApp};

const REQUEST: &str = "mutation($input: PortalRequestNotificationsInput!) { portal { requestNotifications(input: $input) { requested } } }";
const CONSENT: &str = "query($token: String!) { access { consent(token: $token) { organizationName email topics offeredTopics state } } }";
const CONFIRM: &str = "mutation($input: ConfirmConsentInput!) { access { confirmConsent(input: $input) { consent { state } } } }";
const CHANGE: &str = "mutation($input: ChangeConsentInput!) { access { changeConsent(input: $input) { consent { topics } } } }";
const WITHDRAW: &str = "mutation($input: WithdrawConsentInput!) { access { withdrawConsent(input: $input) { consent { state } } } }";
const RENEW: &str =
    "mutation($input: RenewConsentInput!) { access { renewConsent(input: $input) { consent { state } } } }";

const READER: &str = "ada@client.example";

/// The portal of the first company as a whole.
pub fn portal(organization: &PlantedOrganization) -> &PlantedPortal {
    organization
        .portals
        .iter()
        .find(|portal| portal.scope == "COMPANY" && portal.access_code.is_none())
        .unwrap()
}

/// Asks in a portal session.
async fn ask(app: &TestApp, session: &str, email: &str, topics: &[&str]) -> Answer {
    app.query(session, REQUEST, json!({ "input": { "email": email, "topics": topics } })).await
}

/// The consent of an address in a portal.
async fn consent_of(app: &TestApp, portal: Uuid, email: &str) -> String {
    app.value(&format!("select id from consents where portal_id = '{portal}' and email = '{email}'")).await
}

/// The token that a mail to the reader of a consent holds.
async fn token_of(app: &TestApp, consent: &str) -> String {
    let token = format!("vn_{consent}");
    app.arrange(&format!(
        "insert into consent_tokens (org_id, token_hash, consent_id)
         select org_id, sha256('{token}'), id from consents where id = '{consent}' on conflict do nothing"
    ))
    .await;
    token
}

/// Asks, and says yes; returns the token of the reader's mails.
pub async fn subscribed(app: &TestApp, link: &str, portal: Uuid, email: &str, topics: &[&str]) -> String {
    let session = app.open(link).await;
    ask(app, &session, email, topics).await.succeeded();
    let token = token_of(app, &consent_of(app, portal, email).await).await;
    app.query("", CONFIRM, with(&token)).await.succeeded();
    token
}

fn with(token: &str) -> Value {
    json!({ "input": { "token": token } })
}

async fn state(app: &TestApp, token: &str) -> String {
    app.query("", CONSENT, json!({ "token": token })).await.text("/data/access/consent/state")
}

/// POSTs a form as a page of ours does.
async fn post(app: &TestApp, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    app.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

/// POSTs a form as a browser does that has been shown the page before, and kept its cookie.
async fn post_from(app: &TestApp, page: &str, form: &str, language: &str) -> Answer {
    let shown = app.get(page).await;
    let cookie = shown.header("set-cookie");
    let request = Request::post(page)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("accept-language", language)
        .header("cookie", cookie.split(';').next().unwrap())
        .header("sec-fetch-site", "same-origin");
    app.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

/// The first record of the company that its portal shows: id, version, and another open stage.
async fn record_to_move(app: &TestApp, org: Uuid, company: Uuid) -> (String, i64, String) {
    let record = app
        .value(&format!(
            "select id from records where org_id = '{org}' and company_id = '{company}' and portal_enabled order by id limit 1"
        ))
        .await;
    let version = app.value(&format!("select version from records where id = '{record}'")).await;
    let stage = app
        .value(&format!(
            "select s.id from records r join stages s on s.type_id = r.type_id
             where r.id = '{record}' and s.id <> r.stage_id and s.client_phase <> r.shared_phase limit 1"
        ))
        .await;
    (record, version.parse().unwrap(), stage)
}

/// Staff move the company's first record to another phase.
pub async fn moves(app: &TestApp, organization: &PlantedOrganization, company: Uuid) {
    let (id, version, stage) = record_to_move(app, organization.id, company).await;
    let input = json!({ "input": { "id": id, "version": version, "stageId": stage } });
    let document =
        "mutation($input: MoveRecordInput!) { staff { moveRecord(input: $input) { record { id } } } }";
    app.query(&organization.staff_token, document, input).await.succeeded();
}

/// Who is to be told of something, as it was queued.
async fn queued(app: &TestApp) -> Vec<String> {
    app.sql("postgres").await.column("select email from notifications order by email").await
}

/// How many of the queued notifications would be sent now.
async fn sendable(app: &TestApp) -> usize {
    let admin = app.sql("postgres").await;
    let worker = app.sql("app_system").await;
    let mut count = 0;
    for pair in admin.column("select org_id || ' ' || id from notifications").await {
        let (org, id) = pair.split_once(' ').unwrap();
        worker.rows(&format!("rollback; begin; select enter_organization('{org}')")).await;
        count += worker.column(&format!("select email from notification_to_send('{id}')")).await.len();
    }
    count
}

//! Feedback that becomes a task of the team (MSG-3).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::messages::record;
use crate::support::forms::Browser;
use crate::support::{Answer, TestApp};

const GIVE: &str =
    "mutation($input: PortalGiveFeedbackInput!) { portal { giveFeedback(input: $input) { given } } }";
const TASKS: &str =
    "query($filter: TaskFilterInput) { staff { tasks(filter: $filter) { totalCount edges { node {
    id body senderName senderVerified state version assignee { id } record { id } company { id } } } } } }";
const ASSIGN: &str = "mutation($input: AssignTaskInput!) { staff { assignTask(input: $input) { task { version assignee { id } } } } }";
const CLOSE: &str = "mutation($input: CloseTaskInput!) { staff { closeTask(input: $input) { task { state version closedAt closedBy { id } } } } }";

async fn open(app: &TestApp) -> String {
    app.arrange("update portals set modes = '{RECORDS,FEEDBACK}'").await;
    app.open(&app.acme().portals[0].token).await
}

async fn give(app: &TestApp, session: &str, record: Option<&str>) -> Answer {
    let input = json!({ "input": { "recordId": record, "body": "It goes well.", "name": "Ada" } });
    app.query(session, GIVE, input).await
}

async fn tasks(app: &TestApp, filter: Value) -> Vec<Value> {
    let read = app.query(&app.acme().staff_token, TASKS, json!({ "filter": filter })).await.succeeded();
    let edges = read.at("/data/staff/tasks/edges").as_array().unwrap().clone();
    edges.into_iter().map(|mut edge| edge["node"].take()).collect()
}

/// MSG-3
#[tokio::test]
async fn feedback_lies_in_the_leads_inbox_or_the_owners_or_in_nobodys() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let record = record(&app, acme, 0).await;
    let session = open(&app).await;
    let lead = app.colleague_of(acme, "MEMBER", &[]).await;
    let owner = app.value(&format!("select owner_id from records where id = '{record}'")).await;
    app.arrange(&format!("update records set lead_id = '{}' where id = '{record}'", lead.id)).await;
    give(&app, &session, Some(&record)).await.succeeded();
    app.arrange(&format!("update members set ended_at = now() where id = '{}'", lead.id)).await;
    give(&app, &session, Some(&record)).await.succeeded();
    app.arrange(&format!("update records set lead_id = null where id = '{record}'")).await;
    give(&app, &session, Some(&record)).await.succeeded();
    give(&app, &session, None).await.succeeded();
    let found = tasks(&app, json!({})).await;
    let inbox = |place: usize| found[place]["assignee"]["id"].clone();
    assert_eq!(
        [inbox(3), inbox(2), inbox(1), inbox(0)],
        [json!(lead.id), json!(owner), json!(owner), Value::Null]
    );
    assert_eq!(found[3]["record"]["id"], record.as_str());
    assert_eq!(
        (&found[0]["record"], &found[0]["company"]["id"]),
        (&Value::Null, &json!(acme.companies[0].id))
    );
    assert_eq!((&found[0]["senderName"], &found[0]["senderVerified"]), (&json!("Ada"), &json!(false)));
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2, "the one who left gets none");
    assert!(mails.iter().all(|mail| mail.to == acme.owner.email && mail.text.contains("> It goes well.")));
    let events = "select string_agg(distinct kind || ' ' || client_visible, ',') from events where kind like 'feedback.%'";
    assert_eq!(app.value(events).await, "feedback.given false");
}

/// MSG-3, REC-7, REC-10
#[tokio::test]
async fn feedback_is_taken_where_the_portal_says_so_and_no_client_reads_it_again() {
    let app = TestApp::world().await;
    let own = record(&app, app.acme(), 0).await;
    let other = record(&app, app.acme(), 1).await;
    let session = open(&app).await;
    assert_eq!(give(&app, &session, Some(&other)).await.code(), "NOT_FOUND");
    let subjects = app.query(&session, "{ portal { feedbackSubjects { recordId name } } }", json!({})).await;
    assert_eq!(subjects.succeeded().at("/data/portal/feedbackSubjects").as_array().unwrap().len(), 4);
    let nameless = json!({ "input": { "recordId": own, "body": "x" } });
    assert_eq!(app.query(&session, GIVE, nameless).await.code(), "VALIDATION");
    app.arrange("update portals set modes = '{RECORDS,MESSAGES}'").await;
    assert_eq!(give(&app, &session, Some(&own)).await.code(), "NOT_FOUND");
    assert_eq!(give(&app, &session, None).await.code(), "NOT_FOUND");
    let subjects =
        app.query(&session, "{ portal { feedbackSubjects { name } } }", json!({})).await.succeeded();
    assert_eq!(subjects.at("/data/portal/feedbackSubjects"), json!([]));
    assert_eq!(app.value("select count(*) from tasks").await, "0");
    app.arrange("update portals set modes = '{FEEDBACK}'").await;
    let key = json!({ "input": { "body": "Once", "name": "Ada", "idempotencyKey": "k" } });
    for _ in 0..2 {
        app.query(&session, GIVE, key.clone()).await.succeeded();
    }
    assert_eq!(app.value("select count(*) from tasks").await, "1");
    let portal = app.acme().portals.iter().find(|portal| portal.scope == "RECORD").unwrap();
    let session = app.open(&portal.token).await;
    give(&app, &session, None).await.succeeded();
    let about =
        "select (t.record_id = p.record_id)::text from tasks t, portals p where p.record_id is not null
        and p.org_id = t.org_id order by t.id desc limit 1";
    assert_eq!(app.value(about).await, "true", "in a portal of one record it is about that");
}

/// MSG-3, ORG-3, API-8
#[tokio::test]
async fn staff_assign_and_close_tasks() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let session = open(&app).await;
    give(&app, &session, None).await.succeeded();
    let [task] = tasks(&app, json!({ "unassigned": true })).await.try_into().unwrap();
    let (id, version) = (task["id"].clone(), task["version"].clone());
    let reader = app.colleague_of(acme, "MEMBER", &[]).await;
    let close = json!({ "input": { "id": id, "version": version } });
    assert_eq!(app.query(&reader.token, CLOSE, close.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, CLOSE, close.clone()).await.code(), "NOT_FOUND");
    let assign = json!({ "input": { "id": id, "version": version, "assigneeId": reader.id } });
    let assigned = app.query(&acme.staff_token, ASSIGN, assign.clone()).await.succeeded();
    assert_eq!(assigned.at("/data/staff/assignTask/task/assignee/id"), json!(reader.id));
    assert_eq!(app.query(&acme.staff_token, ASSIGN, assign).await.code(), "CONFLICT");
    assert_eq!(tasks(&app, json!({ "assigneeId": reader.id, "state": "OPEN" })).await.len(), 1);
    let close = json!({ "input": { "id": id, "version": 2 } });
    let closed = app.query(&reader.token, CLOSE, close).await.succeeded();
    assert_eq!(closed.text("/data/staff/closeTask/task/state"), "CLOSED");
    assert_eq!(closed.at("/data/staff/closeTask/task/closedBy/id"), json!(reader.id));
    assert!(tasks(&app, json!({ "state": "OPEN" })).await.is_empty());
    let reopen = json!({ "input": { "id": id, "version": 3, "closed": false } });
    let reopened = app.query(&acme.staff_token, CLOSE, reopen).await.succeeded();
    assert_eq!(reopened.at("/data/staff/closeTask/task/closedAt"), Value::Null);
    let stranger = json!({ "input": { "id": id, "version": 4, "assigneeId": app.app.clock.id() } });
    assert_eq!(app.query(&acme.staff_token, ASSIGN, stranger).await.code(), "VALIDATION");
    app.query(&acme.staff_token, ASSIGN, json!({ "input": { "id": id, "version": 4 } })).await.succeeded();
    assert_eq!(tasks(&app, json!({ "unassigned": true })).await.len(), 1);
}

/// MSG-3, NAV-1: the form works without script.
#[tokio::test]
async fn a_client_gives_feedback_on_the_page() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let form = format!("{home}/feedback");
    let browser = Browser::open(&app, &home).await;
    assert_eq!(browser.get(&form).await.status, StatusCode::NOT_FOUND);
    let refused = browser.submit(&form, &[("body", "x"), ("name", "Ada")]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    open(&app).await;
    let page = browser.get(&form).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body().contains(&format!("<option value=\"{record}\"")));
    let refused = browser.submit(&form, &[("body", " "), ("name", "Ada"), ("about", &record)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body().contains("This must not be empty."));
    assert!(refused.body().contains(&format!("<option value=\"{record}\" selected>")));
    let fields = [("body", "Well done."), ("name", "Ada"), ("about", record.as_str())];
    assert_eq!(browser.submit_from(&form, &fields, "cross-site").await.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let given = browser.submit(&form, &fields).await;
        assert!(given.body().contains("Thank you."), "{}", given.body());
    }
    assert_eq!(app.value("select count(*) from tasks where body = 'Well done.'").await, "1");
    let odd = browser.submit(&form, &[("body", "x"), ("about", "no id")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

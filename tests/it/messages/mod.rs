//! Threads that staff and clients share, and comments that clients never see (MSG-1, MSG-2).

mod mails;
mod page;

use serde_json::{Value, json};
use vestibule::demo::data::PlantedOrganization;

use crate::support::{Answer, TestApp};

pub const STAFF_POST: &str = "mutation($input: PostMessageInput!) { staff { postMessage(input: $input) {
    message { id senderType senderName senderVerified body record { id } sender { id } } } } }";
pub const POST: &str = "mutation($input: PortalPostMessageInput!) { portal { postMessage(input: $input) {
    message { id recordId senderType senderName senderVerified body } } } }";
const THREAD: &str = "query($id: ID!) { portal { thread(recordId: $id) { recordName count newest { body } }
    messages(recordId: $id) { totalCount edges { node { id senderType senderName body } } } } }";
const THREADS: &str = "query($after: String) { portal { threads(first: 2, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } edges { node { recordId count newest { body } } } } } }";

/// The first record that the company's portal shows.
pub async fn record(app: &TestApp, organization: &PlantedOrganization, company: usize) -> String {
    let company = organization.companies[company].id;
    app.value(&format!(
        "select id from records where company_id = '{company}' and portal_enabled and archived_at is null order by id limit 1"
    ))
    .await
}

/// A client writes.
pub async fn writes(app: &TestApp, session: &str, record: &str, body: &str) -> Answer {
    app.query(session, POST, json!({ "input": { "recordId": record, "body": body, "name": "Ada" } })).await
}

/// The organisation's owner writes.
pub async fn answers(app: &TestApp, record: &str, body: &str) -> Answer {
    let input = json!({ "input": { "recordId": record, "body": body } });
    app.query(&app.acme().staff_token, STAFF_POST, input).await
}

/// MSG-1, EVT-1
#[tokio::test]
async fn staff_and_clients_talk_in_a_records_thread() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let before = app.query(&session, THREAD, json!({ "id": record })).await.succeeded();
    let count = before.at("/data/portal/thread/count").as_i64().unwrap();
    let said = answers(&app, &record, " How do you like it? ").await.succeeded();
    let said = said.at("/data/staff/postMessage/message");
    assert_eq!(said["senderType"], "STAFF");
    assert_eq!(said["senderName"], "Robin Hale");
    assert_eq!(said["body"], "How do you like it?");
    assert_eq!(said["record"]["id"], record.as_str());
    let reply = writes(&app, &session, &record, "Very much.").await.succeeded();
    let reply = reply.at("/data/portal/postMessage/message");
    assert_eq!(
        (&reply["senderType"], &reply["senderName"], &reply["senderVerified"], &reply["recordId"]),
        (&json!("CLIENT"), &json!("Ada"), &json!(false), &json!(record))
    );
    let after = app.query(&session, THREAD, json!({ "id": record })).await.succeeded();
    assert_eq!(after.at("/data/portal/thread/count"), count + 2);
    assert_eq!(after.at("/data/portal/messages/totalCount"), count + 2);
    assert_eq!(after.text("/data/portal/thread/newest/body"), "Very much.");
    let words = |place: usize| after.text(&format!("/data/portal/messages/edges/{place}/node/body"));
    assert_eq!((words(0), words(1)), ("Very much.".to_owned(), "How do you like it?".to_owned()));
    let events = "select string_agg(kind || ' ' || client_visible || ' ' || (actor_member_id is null), ',' order by seq)
        from events where kind = 'message.posted'";
    assert_eq!(app.value(events).await, "message.posted true false,message.posted true true");
    let staff = app
        .query(
            &app.acme().staff_token,
            "query($id: ID!) { staff { messages(recordId: $id, first: 1) { totalCount edges { node {
                body senderVerified sender { id } senderSessionId } } } } }",
            json!({ "id": record }),
        )
        .await
        .succeeded();
    assert_eq!(staff.at("/data/staff/messages/totalCount"), count + 2);
    let newest = staff.at("/data/staff/messages/edges/0/node");
    assert_eq!((&newest["body"], &newest["sender"]), (&json!("Very much."), &Value::Null));
    assert_eq!(newest["senderSessionId"], app.value("select id from portal_sessions").await.as_str());
}

/// MSG-1
#[tokio::test]
async fn a_visitor_says_who_they_are_before_a_first_message_and_a_recipient_need_not() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let nameless = json!({ "input": { "recordId": record, "body": "Hello" } });
    let refused = app.query(&session, POST, nameless.clone()).await;
    assert_eq!(refused.code(), "VALIDATION");
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.name");
    writes(&app, &session, &record, "Hello").await.succeeded();
    let again = app.query(&session, POST, nameless.clone()).await.succeeded();
    assert_eq!(again.text("/data/portal/postMessage/message/senderName"), "Ada");
    app.arrange(
        "update portal_links l set recipient_contact_id = c.id from contacts c
         where c.org_id = l.org_id and c.company_id = l.company_id",
    )
    .await;
    let known = app.open(&app.acme().portals[0].token).await;
    let known = app.query(&known, POST, nameless).await.succeeded();
    let message = known.at("/data/portal/postMessage/message");
    assert_eq!(message["senderVerified"], true);
    assert_ne!(message["senderName"], "Ada");
}

/// MSG-1, API-8
#[tokio::test]
async fn a_message_that_is_sent_twice_under_one_key_is_one_message() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let input =
        json!({ "input": { "recordId": record, "body": "Once", "name": "Ada", "idempotencyKey": "k" } });
    let first = app.query(&session, POST, input.clone()).await.succeeded();
    let second = app.query(&session, POST, input.clone()).await.succeeded();
    assert_eq!(first.body(), second.body());
    let input = json!({ "input": { "recordId": record, "body": "Once", "idempotencyKey": "k" } });
    let staff = &app.acme().staff_token;
    let first = app.query(staff, STAFF_POST, input.clone()).await.succeeded();
    assert_eq!(first.body(), app.query(staff, STAFF_POST, input).await.body());
    assert_eq!(app.value("select count(*) from messages where body = 'Once'").await, "2");
    for body in ["", "  ", &"x".repeat(10_001)] {
        assert_eq!(writes(&app, &session, &record, body).await.code(), "VALIDATION");
        assert_eq!(answers(&app, &record, body).await.code(), "VALIDATION");
    }
}

/// MSG-1, REC-6, REC-10: each gate alone, for reading and for writing.
#[tokio::test]
async fn a_thread_shows_through_every_gate_only() {
    let app = TestApp::world().await;
    let own = record(&app, app.acme(), 0).await;
    let other = record(&app, app.acme(), 1).await;
    let session = app.open(&app.acme().portals[0].token).await;
    assert_eq!(writes(&app, &session, &other, "x").await.code(), "NOT_FOUND");
    assert_eq!(app.query(&session, THREAD, json!({ "id": other })).await.code(), "NOT_FOUND");
    for (shut, open) in [
        ("update portals set modes = '{RECORDS,FILES}'", "update portals set modes = '{RECORDS,MESSAGES}'"),
        ("update record_types set show_comments = false", "update record_types set show_comments = true"),
        ("update records set portal_enabled = false", "update records set portal_enabled = true"),
    ] {
        app.arrange(shut).await;
        assert_eq!(writes(&app, &session, &own, "x").await.code(), "NOT_FOUND", "{shut}");
        let read = app.query(&session, THREAD, json!({ "id": own })).await;
        assert_eq!(read.code(), "NOT_FOUND", "{shut}");
        assert_eq!(read.at("/data/portal/messages/totalCount"), 0, "{shut}");
        app.arrange(open).await;
    }
    writes(&app, &session, &own, "x").await.succeeded();
    app.arrange("update portals set modes = '{MESSAGES}'").await;
    let alone = app.query(&session, THREAD, json!({ "id": own })).await.succeeded();
    assert_ne!(alone.text("/data/portal/thread/recordName"), "");
    assert_eq!(app.value("select count(*) from messages where body = 'x'").await, "1");
}

/// MSG-1, API-4
#[tokio::test]
async fn threads_come_with_the_newest_message_first_a_page_at_a_time() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let company = app.acme().companies[0].id;
    let silent = format!(
        "delete from messages where record_id = (select id from records where company_id = '{company}' order by id desc limit 1)"
    );
    app.arrange(&silent).await;
    let session = app.open(&app.acme().portals[0].token).await;
    writes(&app, &session, &record, "The newest").await.succeeded();
    let first = app.query(&session, THREADS, json!({})).await.succeeded();
    assert_eq!(first.text("/data/portal/threads/edges/0/node/recordId"), record);
    assert_eq!(first.text("/data/portal/threads/edges/0/node/newest/body"), "The newest");
    let count = first.at("/data/portal/threads/totalCount").as_i64().unwrap();
    let mut seen = Vec::new();
    let mut page = first;
    loop {
        seen.extend(page.at("/data/portal/threads/edges").as_array().unwrap().clone());
        if page.at("/data/portal/threads/pageInfo/hasNextPage") == false {
            break;
        }
        let after = page.text("/data/portal/threads/pageInfo/endCursor");
        page = app.query(&session, THREADS, json!({ "after": after })).await.succeeded();
    }
    assert_eq!(seen.len() as i64, count);
    let ids: std::collections::BTreeSet<String> =
        seen.iter().map(|edge| edge["node"]["recordId"].to_string()).collect();
    assert_eq!(ids.len(), seen.len());
    assert_eq!(seen.last().unwrap()["node"]["newest"], Value::Null, "the silent one is last");
}

/// MSG-1, ORG-3
#[tokio::test]
async fn only_members_who_may_write_records_write_to_clients() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let input = json!({ "input": { "recordId": record, "body": "Hello" } });
    let reader = app.member_of(app.acme(), &[]).await;
    assert_eq!(app.query(&reader, STAFF_POST, input.clone()).await.code(), "FORBIDDEN");
    let writer = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    app.query(&writer, STAFF_POST, input.clone()).await.succeeded();
    for stranger in [&app.rival().staff_token, &app.acme().api_keys[0]] {
        let refused = app.query(stranger, STAFF_POST, input.clone()).await;
        assert!(["NOT_FOUND", "FORBIDDEN"].contains(&refused.code().as_str()));
    }
}

/// MSG-1, ORG-4: with any SQL of their own, clients write as themselves, where they see a thread.
#[tokio::test]
async fn clients_forge_no_message() {
    let app = TestApp::world().await;
    let own = record(&app, app.acme(), 0).await;
    let other = record(&app, app.acme(), 1).await;
    let token = app.open(&app.acme().portals[0].token).await;
    let session = app.sql("app_portal").await;
    let hash = hex::encode(vestibule::domain::callers::hash_token(&token));
    let new = app.app.clock.id();
    let enter = format!("rollback; begin; select act_in_portal('\\x{hash}', null, null, '{new}')");
    let insert = |record: &str| {
        format!(
            "insert into messages (org_id, id, record_id, sender_type, body)
             values (app_org(), gen_random_uuid(), '{record}', 'STAFF', 'forged')"
        )
    };
    app.arrange("update portal_sessions set given_name = 'Ada'").await;
    session.rows(&enter).await;
    session.rows(&format!("{}; commit", insert(&own))).await;
    let signed = "select sender_type || ' ' || sender_name || ' ' || sender_verified || ' ' || (sender_session_id is not null)
        from messages where body = 'forged'";
    assert_eq!(app.value(signed).await, "CLIENT Ada false true");
    session.rows(&enter).await;
    assert_eq!(session.refusal(&insert(&other)).await, "42501");
    for column in ["sender_name", "sender_member_id", "sender_session_id", "sender_verified"] {
        session.rows(&enter).await;
        let attempt = format!("insert into messages (org_id, {column}) values (app_org(), null)");
        assert_eq!(session.refusal(&attempt).await, "42501", "{column}");
    }
    for table in ["comments", "tasks", "team_notices"] {
        session.rows(&enter).await;
        assert_eq!(session.refusal(&format!("select count(*) from {table}")).await, "42501", "{table}");
    }
}

/// MSG-1, REC-7: comments are another table and another type.
#[tokio::test]
async fn staff_comment_among_themselves_and_no_client_learns_of_it() {
    const COMMENT: &str = "mutation($input: PostCommentInput!) { staff { postComment(input: $input) {
        comment { id body author { id } record { id } } } } }";
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let input =
        json!({ "input": { "recordId": record, "body": "They will not like it.", "idempotencyKey": "c" } });
    let first = app.query(&app.acme().staff_token, COMMENT, input.clone()).await.succeeded();
    assert_eq!(first.body(), app.query(&app.acme().staff_token, COMMENT, input.clone()).await.body());
    let read = "query($id: ID!) { staff { comments(recordId: $id) { totalCount edges { node { body } } } } }";
    let read = app.query(&app.acme().staff_token, read, json!({ "id": record })).await.succeeded();
    assert_eq!(read.at("/data/staff/comments/totalCount"), 1);
    let reader = app.member_of(app.acme(), &[]).await;
    assert_eq!(app.query(&reader, COMMENT, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, COMMENT, input).await.code(), "NOT_FOUND");
    let sdl = vestibule::graphql::sdl(&app.app.config.graphql);
    let portal: Vec<&str> = sdl.split("\ntype ").filter(|kind| kind.starts_with("Portal")).collect();
    assert!(portal.iter().all(|kind| !kind.contains(": Comment") && !kind.contains("comments(")));
    let event = "select string_agg(client_visible::text, ',') from events where kind = 'comment.posted'";
    assert_eq!(app.value(event).await, "false");
    let session = app.open(&app.acme().portals[0].token).await;
    let thread = app.query(&session, THREAD, json!({ "id": record })).await.succeeded();
    assert!(!thread.body().contains("They will not like it."));
}

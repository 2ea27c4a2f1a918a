//! Activity (EVT-8): a portal's view of the event log in people's words, and what staff put there.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::consents::moves;
use crate::isolation::crowd::enter;
use crate::messages::{answers, record, writes};
use crate::metrics::key;
use crate::support::{Answer, TestApp};

const APPEND: &str = "mutation($input: AppendActivityInput!) { staff { appendActivity(input: $input) {
    entry { id companyId recordId title body url } } } }";
const ACTIVITY: &str =
    "query($first: Int, $after: String) { portal { activity(first: $first, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } edges { node { id text body url recordId recordName } } } } }";

async fn append(app: &TestApp, subject: Value, title: &str) -> Answer {
    let input = json!({ "input": { "subject": subject, "title": title, "body": "All of it.", "url": "https://forms.example/1" } });
    app.query(&app.acme().staff_token, APPEND, input).await
}

async fn open(app: &TestApp, modes: &str) -> String {
    app.arrange(&format!("update portals set modes = '{{{modes}}}'")).await;
    app.open(&app.acme().portals[0].token).await
}

/// What a session reads, newest first.
async fn texts(app: &TestApp, session: &str) -> Vec<String> {
    let read = app.query(session, ACTIVITY, json!({ "first": 100 })).await.succeeded();
    let edges = read.at("/data/portal/activity/edges").as_array().unwrap().clone();
    edges.iter().map(|edge| edge["node"]["text"].as_str().unwrap().to_owned()).collect()
}

/// EVT-8
#[tokio::test]
async fn clients_read_what_happened_newest_first_in_people_s_words() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let record = record(&app, acme, 0).await;
    let name = app.value(&format!("select name from records where id = '{record}'")).await;
    let session = open(&app, "RECORDS,MESSAGES,ACTIVITY").await;
    moves(&app, acme, acme.companies[0].id).await;
    answers(&app, &record, "Hello").await.succeeded();
    writes(&app, &session, &record, "Hello").await.succeeded();
    append(&app, json!({ "recordId": record }), "A form was handed in").await.succeeded();
    append(&app, json!({ "companyId": acme.companies[0].id }), "The office is closed").await.succeeded();
    moves(&app, acme, acme.companies[1].id).await;
    assert_eq!(
        texts(&app, &session).await,
        [
            "The office is closed".to_owned(),
            "A form was handed in".to_owned(),
            format!("Ada wrote on {name}"),
            format!("Robin Hale wrote on {name}"),
            format!("{name} has moved on"),
        ]
    );
    let read = app.query(&session, ACTIVITY, json!({ "first": 2 })).await.succeeded();
    assert_eq!(read.at("/data/portal/activity/totalCount"), 5);
    let entry = read.at("/data/portal/activity/edges/1/node");
    assert_eq!((&entry["body"], &entry["url"]), (&json!("All of it."), &json!("https://forms.example/1")));
    assert_eq!((&entry["recordId"], &entry["recordName"]), (&json!(record), &json!(name)));
    let after = read.text("/data/portal/activity/pageInfo/endCursor");
    let next = app.query(&session, ACTIVITY, json!({ "after": after })).await.succeeded();
    assert_eq!(next.at("/data/portal/activity/edges").as_array().unwrap().len(), 3);
    let other = app.open(&acme.portals[1].token).await;
    assert_eq!(app.query(&other, ACTIVITY, json!({ "after": after })).await.code(), "VALIDATION");
}

/// NAV-1, EVT-8
#[tokio::test]
async fn the_section_tells_how_much_happened_and_beside_the_home_whether_anything_did() {
    let app = TestApp::world().await;
    let companies = &app.acme().companies;
    let session = open(&app, "ACTIVITY").await;
    let count = async || {
        let document = "{ portal { all: sections { count } beside: sections(besideHome: true) { count } } }";
        let told = app.query(&session, document, json!({})).await.succeeded();
        (told.at("/data/portal/all/0/count"), told.at("/data/portal/beside/0/count"))
    };
    append(&app, json!({ "companyId": companies[1].id }), "Of somebody else").await.succeeded();
    assert_eq!(count().await, (json!(0), json!(0)));
    append(&app, json!({ "companyId": companies[0].id }), "The office is closed").await.succeeded();
    append(&app, json!({ "companyId": companies[0].id }), "It is open again").await.succeeded();
    assert_eq!(count().await, (json!(2), json!(1)));
}

/// EVT-8, REC-10: each gate alone.
#[tokio::test]
async fn activity_tells_of_what_the_portal_shows_only() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let own = record(&app, acme, 0).await;
    let company = acme.companies[0].id;
    append(&app, json!({ "recordId": own }), "Of the record").await.succeeded();
    append(&app, json!({ "companyId": company }), "Of the company").await.succeeded();
    answers(&app, &own, "Hello").await.succeeded();
    moves(&app, acme, company).await;
    let session = open(&app, "RECORDS,MESSAGES").await;
    assert!(texts(&app, &session).await.is_empty(), "the section is off");
    let session = open(&app, "ACTIVITY").await;
    let alone = texts(&app, &session).await;
    assert_eq!(alone.len(), 3, "{alone:?}: messages show with MESSAGES only");
    open(&app, "RECORDS,MESSAGES,ACTIVITY").await;
    assert_eq!(texts(&app, &session).await.len(), 4);
    app.arrange("update record_types set show_comments = false").await;
    assert_eq!(texts(&app, &session).await.len(), 3);
    app.arrange(&format!("update records set portal_enabled = false where id = '{own}'")).await;
    assert_eq!(texts(&app, &session).await, ["Of the company"]);
    app.arrange("update records set portal_enabled = true").await;
    let single = acme.portals.iter().find(|portal| portal.scope == "RECORD").unwrap();
    let single = app.open(&single.token).await;
    assert!(!texts(&app, &single).await.contains(&"Of the company".to_owned()), "a portal of one record");
    let neighbour = acme.portals.iter().find(|portal| portal.title == acme.companies[1].name).unwrap();
    let neighbour = app.open(&neighbour.token).await;
    assert!(texts(&app, &neighbour).await.is_empty());
}

/// EVT-8, REC-5: a record that its first portal switched on says so where else it shows, and nowhere more.
#[tokio::test]
async fn clients_read_that_a_record_is_shared_since_it_has_a_portal() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let theirs = format!(
        "from records where company_id = '{}' and archived_at is null order by id desc limit 1",
        acme.companies[0].id
    );
    let record = app.value(&format!("select id {theirs}")).await;
    let name = app.value(&format!("select name {theirs}")).await;
    app.arrange(&format!("update records set portal_enabled = false where id = '{record}'")).await;
    let session = open(&app, "RECORDS,ACTIVITY").await;
    assert!(texts(&app, &session).await.is_empty());
    let create = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url } } }";
    let input = json!({ "input": { "label": "One project", "scope": { "recordId": record } } });
    app.query(&acme.staff_token, create, input).await.succeeded();
    assert_eq!(texts(&app, &session).await, [format!("{name} is now shared with you")]);
    let neighbour = acme.portals.iter().find(|portal| portal.title == acme.companies[1].name).unwrap();
    let neighbour = app.open(&neighbour.token).await;
    assert!(texts(&app, &neighbour).await.is_empty());
}

/// EVT-8, ORG-3, API-8
#[tokio::test]
async fn staff_append_what_the_service_does_not_know() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let company = acme.companies[0].id;
    let input =
        json!({ "input": { "subject": { "companyId": company }, "title": "Once", "idempotencyKey": "k" } });
    let first = app.query(&acme.staff_token, APPEND, input.clone()).await.succeeded();
    assert_eq!(first.body(), app.query(&acme.staff_token, APPEND, input.clone()).await.body());
    assert_eq!(app.value("select count(*) from activity_entries").await, "1");
    let reader = app.member_of(acme, &[]).await;
    assert_eq!(app.query(&reader, APPEND, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, APPEND, input).await.code(), "NOT_FOUND");
    for (title, url) in
        [("", "https://a.example"), ("x\ny", "https://a.example"), ("x", "javascript:alert(1)")]
    {
        let input = json!({ "input": { "subject": { "companyId": company }, "title": title, "url": url } });
        assert_eq!(app.query(&acme.staff_token, APPEND, input).await.code(), "VALIDATION", "{title} {url}");
    }
    let event = "select kind || ' ' || client_visible || ' ' || (actor_member_id is not null) from events";
    assert_eq!(app.value(event).await, "activity.appended true true");
}

/// EVT-8, NAV-1
#[tokio::test]
async fn the_page_tells_it_by_days() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let page = format!("/portal/{}/activity", app.acme().portals[0].token);
    assert_eq!(app.get(&page).await.status, StatusCode::NOT_FOUND);
    open(&app, "RECORDS,ACTIVITY").await;
    append(&app, json!({ "recordId": record }), "A <form> was handed in").await.succeeded();
    app.arrange("update events set occurred_at = now() - interval '1 day'").await;
    append(&app, json!({ "recordId": record }), "Another one").await.succeeded();
    let shown = app.get(&page).await;
    for part in ["Today", "Yesterday", "Another one", "https://forms.example/1", "/records/"] {
        assert!(shown.body().contains(part), "{part}: {}", shown.body());
    }
    assert!(!shown.body().contains("<form> was"));
    assert!(app.get(&page.replace("/activity", "")).await.body().contains(&format!("href=\"{page}\"")));
}

/// EVT-8, EVT-6, ORG-5, API-8
#[tokio::test]
async fn a_partner_s_program_appends_and_both_logs_say_which() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let company = acme.companies[0].id;
    let (secret, id) = key(&app, &["ACTIVITY_WRITE"], None).await;
    let input = |title: &str| json!({ "input": { "subject": { "companyId": company }, "title": title, "idempotencyKey": "order-7" } });
    let first = app.query(&secret, APPEND, input("Work order 7 is closed")).await.succeeded();
    let again = app.query(&secret, APPEND, input("Work order 7 is closed")).await;
    assert_eq!(first.body(), again.body());
    assert_eq!(app.query(&secret, APPEND, input("Another")).await.code(), "CONFLICT");
    let (other, _) = key(&app, &["ACTIVITY_WRITE"], None).await;
    app.query(&other, APPEND, input("Another")).await.succeeded();
    let session = open(&app, "ACTIVITY").await;
    assert_eq!(texts(&app, &session).await, ["Another", "Work order 7 is closed"]);
    let audit = "{ staff { auditEntries(first: 3) { edges { node { action actorKeyId actor { id } } } } } }";
    let audit = app.query(&acme.staff_token, audit, json!({})).await.succeeded();
    let entry = audit.at("/data/staff/auditEntries/edges/2/node");
    assert_eq!(entry, json!({ "action": "activity.appended", "actorKeyId": id, "actor": null }));
    let told = "{ staff { events(first: 100, filter: { types: [ACTIVITY_APPENDED] }) { edges { node { ... on ActivityAppended { keyId actorId } } } } } }";
    let told = app.query(&acme.staff_token, told, json!({})).await.succeeded();
    assert_eq!(told.at("/data/staff/events/edges/0/node"), json!({ "keyId": id, "actorId": null }));
}

/// EVT-8, EVT-6, ORG-4: a key is held to its scope and its company, by the database too.
#[tokio::test]
async fn a_partner_s_program_appends_within_its_scope_and_company_only() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let (ours, others) = (acme.companies[0].id, acme.companies[1].id);
    let (bound, _) = key(&app, &["ACTIVITY_WRITE"], Some(ours)).await;
    let (recording, _) = key(&app, &["EVENTS_READ", "RECORDS_READ", "METRICS_WRITE"], None).await;
    let about = |subject: Value| json!({ "input": { "subject": subject, "title": "Closed" } });
    let company = |id| about(json!({ "companyId": id }));
    assert_eq!(app.query(&recording, APPEND, company(ours)).await.code(), "FORBIDDEN");
    let neighbour = app.value(&format!("select id from records where company_id = '{others}' limit 1")).await;
    for refused in
        [company(others), company(app.rival().companies[0].id), about(json!({ "recordId": neighbour }))]
    {
        assert_eq!(app.query(&bound, APPEND, refused.clone()).await.code(), "NOT_FOUND", "{refused}");
    }
    assert_eq!(app.value("select count(*) from activity_entries").await, "0");
    app.query(&bound, APPEND, company(ours)).await.succeeded();
    app.query(&bound, APPEND, about(json!({ "recordId": record(&app, acme, 0).await }))).await.succeeded();

    let login = app.sql("app_partner").await;
    let insert = |company: Uuid, record: &str| {
        format!(
            "insert into activity_entries (org_id, id, company_id, record_id, title)
             select app_org(), gen_random_uuid(), '{company}', {record}, 'Forged'"
        )
    };
    for (token, company, record) in [
        (&bound, others, "null"),
        (&bound, ours, format!("'{neighbour}'").as_str()),
        (&recording, ours, "null"),
    ] {
        enter(&login, "enter_key", token).await;
        assert_eq!(login.refusal(&insert(company, record)).await, "42501");
    }
    enter(&login, "enter_key", &bound).await;
    login.rows(&insert(ours, "null")).await;
    enter(&login, "enter_key", &recording).await;
    assert_eq!(
        login.value("select count(*) from activity_entries").await,
        "0",
        "recording reads no activity"
    );
    enter(&login, "enter_key", &recording).await;
    let forged = format!(
        "select journal_key(jsonb_build_array(jsonb_build_object('kind', 'activity.appended', 'companyId', '{ours}',
             'id', gen_random_uuid(), 'auditId', gen_random_uuid(), 'clientVisible', true, 'occurredAt', now(),
             'payload', jsonb_build_object('id', gen_random_uuid()))), null, 'r')"
    );
    assert_eq!(login.refusal(&forged).await, "42501");
}

//! Clients who do something: who they are (MSG-1), and that both logs say so, through a database that
//! lets them say nothing else.

use serde_json::{Value, json};

use crate::support::{Answer, Sql, TestApp};

const INTRODUCE: &str = "mutation($input: IntroduceVisitorInput!) {
    portal { introduceVisitor(input: $input) { visitor { name verified } } } }";
const VISITOR: &str = "{ portal { visitor { name verified } } }";

async fn introduced(app: &TestApp, token: &str, name: &str) -> Answer {
    app.query(token, INTRODUCE, json!({ "input": { "name": name } })).await
}

/// MSG-1, EVT-1, ORG-5
#[tokio::test]
async fn a_visitor_without_a_recipient_name_gives_one_once_and_it_stays_unverified() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let unknown = app.query(&session, VISITOR, json!({})).await.succeeded();
    assert_eq!(unknown.at("/data/portal/visitor"), Value::Null);
    for nobody in ["", "  ", "A\nB", &"x".repeat(121)] {
        assert_eq!(introduced(&app, &session, nobody).await.code(), "VALIDATION", "{nobody:?}");
    }
    let ada = json!({ "name": "Ada", "verified": false });
    let first = introduced(&app, &session, " Ada ").await.succeeded();
    assert_eq!(first.at("/data/portal/introduceVisitor/visitor"), ada);
    let again = introduced(&app, &session, "Somebody else").await.succeeded();
    assert_eq!(again.at("/data/portal/introduceVisitor/visitor"), ada);
    assert_eq!(app.query(&session, VISITOR, json!({})).await.at("/data/portal/visitor"), ada);
    let logged =
        "select string_agg(e.kind || coalesce(actor_member_id::text, '') || ' ' || (actor_session_id = s.id)
        || ' ' || client_visible, ',') from events e join portal_sessions s on s.org_id = e.org_id";
    assert_eq!(app.value(logged).await, "portal_session.named true false");
    let audited = "select string_agg(action || ' ' || (actor_session_id = s.id and subject_id = s.id), ',')
        from audit_entries e join portal_sessions s on s.org_id = e.org_id";
    assert_eq!(app.value(audited).await, "portal_session.named true");
}

/// MSG-1
#[tokio::test]
async fn the_recipient_of_a_link_is_known_by_name_and_cannot_take_another() {
    let app = TestApp::world().await;
    app.arrange(
        "update portal_links l set recipient_contact_id = c.id from contacts c
         where c.org_id = l.org_id and c.company_id = l.company_id",
    )
    .await;
    let session = app.open(&app.acme().portals[0].token).await;
    let visitor = introduced(&app, &session, "Somebody else").await.succeeded();
    let visitor = visitor.at("/data/portal/introduceVisitor/visitor");
    assert_eq!(visitor["verified"], true);
    assert_ne!(visitor["name"], "Somebody else");
    assert_eq!(app.value("select count(*) from events").await, "0");
    app.arrange("update contacts set archived_at = now()").await;
    assert_eq!(app.query(&session, VISITOR, json!({})).await.at("/data/portal/visitor"), Value::Null);
}

/// LINK-4, LINK-9, ORG-4
#[tokio::test]
async fn who_holds_no_living_session_of_a_portal_does_nothing() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    for (stranger, code) in [
        ("", "UNAUTHENTICATED"),
        ("vp_unknown", "LINK_INACTIVE"),
        (app.acme().staff_token.as_str(), "FORBIDDEN"),
        (app.acme().api_keys[0].as_str(), "FORBIDDEN"),
    ] {
        assert_eq!(introduced(&app, stranger, "Ada").await.code(), code, "{stranger}");
    }
    app.arrange("update portal_sessions set ended_at = now()").await;
    assert_eq!(introduced(&app, &session, "Ada").await.code(), "LINK_INACTIVE");
    assert_eq!(app.value("select count(*) from events").await, "0");
}

/// ORG-5
#[tokio::test]
async fn staff_read_in_both_logs_which_session_did_it() {
    let app = TestApp::world().await;
    let session = app.open(&app.acme().portals[0].token).await;
    introduced(&app, &session, "Ada").await.succeeded();
    let id = app.value("select id from portal_sessions").await;
    let read = app
        .query(
            &app.acme().staff_token,
            "{ staff { auditEntries { edges { node { action actor { id } actorSessionId } } }
                 events { edges { node { __typename actorId actorSessionId companyId } } } } }",
            json!({}),
        )
        .await
        .succeeded();
    assert_eq!(
        read.at("/data/staff/auditEntries/edges/0/node"),
        json!({ "action": "portal_session.named", "actor": null, "actorSessionId": id })
    );
    assert_eq!(
        read.at("/data/staff/events/edges/0/node"),
        json!({
            "__typename": "PortalSessionNamed", "actorId": null, "actorSessionId": id,
            "companyId": app.acme().companies[0].id,
        })
    );
}

/// Enters for writing, as the service does.
async fn act(session: &Sql, token: &str) {
    let hash = hex::encode(vestibule::domain::callers::hash_token(token));
    let new = vestibule::clock::Clock::default().id();
    session.rows(&format!("rollback; begin; select act_in_portal('\\x{hash}', null, null, '{new}')")).await;
}

/// ORG-4, EVT-1: with any SQL of their own, clients write into the logs as themselves, of what they see.
#[tokio::test]
async fn clients_forge_nothing_in_the_logs() {
    let app = TestApp::world().await;
    let (portal, record) = (&app.acme().portals[0], app.acme().companies[0].id);
    let own = app.value(&format!("select id from records where company_id = '{record}' limit 1")).await;
    let other = app
        .value(&format!("select id from records where company_id = '{}' limit 1", app.acme().companies[1].id))
        .await;
    app.arrange("update record_types set shared = key <> 'request'").await;
    let token = app.open(&portal.token).await;
    let session = app.sql("app_portal").await;
    let (company, another) = (app.acme().companies[0].id, app.acme().companies[1].id);
    let member = app.value("select id from members limit 1").await;
    let journal = |company: &str, record: &str, kind: &str| {
        let entry = json!([{
            "id": app.app.clock.id(), "auditId": app.app.clock.id(), "kind": kind, "actorMemberId": member,
            "actorSessionId": app.app.clock.id(), "companyId": company, "recordId": record, "clientVisible": true,
            "payload": { "id": own }, "occurredAt": "2026-11-25T00:00:00Z",
        }]);
        format!("select journal_visit('{entry}', null, 'r')")
    };
    act(&session, &token).await;
    session.rows(&format!("{}; commit", journal(&company.to_string(), &own, "message.posted"))).await;
    let written =
        "select (actor_member_id is null and actor_session_id = s.id) from events e, portal_sessions s";
    assert_eq!(app.value(written).await, "true");
    for (company, record, kind) in [
        (another.to_string(), own.as_str(), "message.posted"),
        (company.to_string(), other.as_str(), "message.posted"),
        (company.to_string(), own.as_str(), "record.moved"),
        (company.to_string(), own.as_str(), "member.ended"),
        (app.rival().companies[0].id.to_string(), own.as_str(), "message.posted"),
    ] {
        act(&session, &token).await;
        assert_eq!(
            session.refusal(&journal(&company, record, kind)).await,
            "42501",
            "{company} {record} {kind}"
        );
    }
    session.rows("rollback; begin").await;
    assert_eq!(session.refusal(&journal(&company.to_string(), &own, "message.posted")).await, "42501");
    let preview = "insert into events (org_id) values (app_org())";
    for attempt in
        [preview, "select append_events('[]')", "insert into audit_entries (org_id) values (app_org())"]
    {
        act(&session, &token).await;
        assert_eq!(session.refusal(attempt).await, "42501", "{attempt}");
    }
}

/// DOOR-4, DOOR-5: what a browser does before its session was stored stores it, once.
#[tokio::test]
async fn a_browsers_first_act_stores_its_session() {
    let app = TestApp::world().await;
    let session = app.sql("app_portal").await;
    let enter = |link: &str, cookie: &str| {
        let [link, cookie] = [link, cookie].map(|t| hex::encode(vestibule::domain::callers::hash_token(t)));
        let new = app.app.clock.id();
        format!("rollback; begin; select act_in_portal('\\x{link}', '\\x{cookie}', null, '{new}')")
    };
    let [first, second] = [&app.acme().portals[0].token, &app.acme().portals[1].token];
    let who = "select coalesce(app_setting('app.session'), 'nobody')";
    session.rows(&enter(first, "vp_cookie")).await;
    let stored = session.value(who).await;
    session.rows("commit").await;
    assert_eq!(app.value("select id || ' ' || kind from portal_sessions").await, format!("{stored} PAGE"));
    session.rows(&enter(first, "vp_cookie")).await;
    assert_eq!(session.value(who).await, stored, "the same session again");
    session.rows(&enter(second, "vp_cookie")).await;
    assert_eq!(session.value(who).await, "nobody", "another link's cookie");
    session.rows("rollback").await;
    app.arrange("update portal_sessions set ended_at = now()").await;
    session.rows(&enter(first, "vp_cookie")).await;
    assert_eq!(session.value(who).await, "nobody", "who signed out comes back with a new cookie only");
}

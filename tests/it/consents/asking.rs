//! Asking for notifications in the portal, and saying yes by mail (NOTE-1).

use serde_json::json;

use super::{
    CHANGE, CONFIRM, READER, ask, consent_of, moves, portal, queued, state, subscribed, token_of, with,
};
use crate::support::TestApp;

const OWN: &str = "{ portal { notificationTopics consents { id email topics withdrawn } } }";

/// NOTE-1
#[tokio::test]
async fn an_address_is_told_of_nothing_until_its_reader_has_said_yes() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    let session = app.open(&door.token).await;
    ask(&app, &session, "  Ada@Client.example ", &["STATUS"]).await.succeeded();
    moves(&app, acme, acme.companies[0].id).await;
    assert!(queued(&app).await.is_empty());
    let token = token_of(&app, &consent_of(&app, door.id, READER).await).await;
    assert_eq!(state(&app, &token).await, "REQUESTED");
    app.query("", CONFIRM, with(&token)).await.succeeded();
    moves(&app, acme, acme.companies[0].id).await;
    assert_eq!(queued(&app).await, [READER]);
}

/// NOTE-1: the question waits a week.
#[tokio::test]
async fn what_nobody_confirmed_in_seven_days_lapses() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    let token = token_of(&app, &consent_of(&app, door.id, READER).await).await;
    app.arrange("update consents set requested_at = now() - interval '7 days'").await;
    let late = app.query("", CONFIRM, with(&token)).await;
    assert_eq!(late.text("/data/access/confirmConsent/consent/state"), "LAPSED");
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    let again = app.query("", CONFIRM, with(&token)).await;
    assert_eq!(again.text("/data/access/confirmConsent/consent/state"), "CONFIRMED");
}

/// NOTE-1: holding a portal's link proves nothing about an address.
#[tokio::test]
async fn asking_tells_nothing_of_who_is_mailed_already_and_changes_nothing_of_theirs() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let stranger = app.open(&door.token).await;
    let known = ask(&app, &stranger, READER, &["REPLIES"]).await;
    let unknown = ask(&app, &stranger, "nobody@client.example", &["REPLIES"]).await;
    assert_eq!(known.body(), unknown.body());
    let own = app.query(&stranger, OWN, json!({})).await;
    assert_eq!(own.at("/data/portal/consents"), json!([]));
    assert_eq!(state(&app, &token).await, "CONFIRMED");
    let topics = app.value("select topics from consents where email = 'ada@client.example'").await;
    assert_eq!(topics, "{STATUS}");
}

/// NOTE-1
#[tokio::test]
async fn a_visitor_changes_and_stops_what_they_asked_for_and_nobody_else_does() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    let id = consent_of(&app, door.id, READER).await;
    app.query("", CONFIRM, with(&token_of(&app, &id).await)).await.succeeded();
    let own = app.query(&session, OWN, json!({})).await;
    assert_eq!(own.text("/data/portal/consents/0/email"), READER);
    let change = "mutation($input: PortalChangeConsentInput!) { portal { changeConsent(input: $input) { consent { topics } } } }";
    let withdraw = "mutation($input: PortalWithdrawConsentInput!) { portal { withdrawConsent(input: $input) { consent { withdrawn } } } }";
    let topics = json!({ "input": { "id": id, "topics": ["REPLIES", "STATUS"] } });
    let stop = json!({ "input": { "id": id } });
    let stranger = app.open(&door.token).await;
    assert_eq!(app.query(&stranger, change, topics.clone()).await.code(), "NOT_FOUND");
    assert_eq!(app.query(&stranger, withdraw, stop.clone()).await.code(), "NOT_FOUND");
    let changed = app.query(&session, change, topics).await;
    assert_eq!(changed.at("/data/portal/changeConsent/consent/topics"), json!(["STATUS", "REPLIES"]));
    let stopped = app.query(&session, withdraw, stop).await;
    assert_eq!(stopped.at("/data/portal/withdrawConsent/consent/withdrawn"), json!(true));
    moves(&app, app.acme(), app.acme().companies[0].id).await;
    assert!(queued(&app).await.is_empty());
}

/// LINK-1
#[tokio::test]
async fn nothing_can_be_asked_for_where_notifications_are_off() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    let offered = app.query(&session, OWN, json!({})).await.at("/data/portal/notificationTopics");
    assert!(offered.as_array().unwrap().contains(&json!("STATUS")), "{offered}");
    for off in [
        format!("update portal_links set notifications = false where portal_id = '{}'", door.id),
        format!(
            "update portals set notifications = false where id = '{0}'; update portal_links set notifications = null where portal_id = '{0}'",
            door.id
        ),
    ] {
        app.arrange(&off).await;
        assert_eq!(
            app.query(&session, OWN, json!({})).await.at("/data/portal/notificationTopics"),
            json!([])
        );
        assert_eq!(ask(&app, &session, READER, &["STATUS"]).await.code(), "FORBIDDEN");
    }
    app.arrange(&format!("update portal_links set notifications = true where portal_id = '{}'", door.id))
        .await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
}

/// NOTE-1, API-3
#[tokio::test]
async fn what_is_no_address_and_no_topic_of_the_portal_is_refused() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    app.arrange(&format!("update portals set modes = '{{RECORDS}}' where id = '{}'", door.id)).await;
    let session = app.open(&door.token).await;
    for (email, topics, field) in [
        ("ada", &["STATUS"][..], "input.email"),
        ("ada@client.example\r\nBcc: all@client.example", &["STATUS"], "input.email"),
        (READER, &[], "input.topics"),
        (READER, &["INVOICES"], "input.topics"),
    ] {
        let refused = ask(&app, &session, email, topics).await;
        assert_eq!(refused.code(), "VALIDATION", "{email:?} {topics:?}");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), field);
    }
    assert_eq!(app.value("select count(*) from consents").await, "0");
}

/// NOTE-1: who stopped is asked anew.
#[tokio::test]
async fn who_has_stopped_is_not_mailed_because_somebody_asks_again() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    app.query("", super::WITHDRAW, with(&token)).await.succeeded();
    let session = app.open(&door.token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    assert_eq!(state(&app, &token).await, "REQUESTED");
    moves(&app, app.acme(), app.acme().companies[0].id).await;
    assert!(queued(&app).await.is_empty());
}

/// NOTE-1: other topics can be chosen of what stands only.
#[tokio::test]
async fn choosing_topics_says_yes_to_nothing() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    let token = token_of(&app, &consent_of(&app, door.id, READER).await).await;
    let topics = json!({ "input": { "token": token, "topics": ["REPLIES"] } });
    let unchanged = app.query("", CHANGE, topics).await;
    assert_eq!(unchanged.at("/data/access/changeConsent/consent/topics"), json!(["STATUS"]));
    assert_eq!(state(&app, &token).await, "REQUESTED");
}

/// NOTE-1: to look at, for staff; and for no other organisation's.
#[tokio::test]
async fn staff_see_who_is_mailed() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let document = "query($portal: ID, $email: String) { staff { consents(portalId: $portal, email: $email) { totalCount edges { node { email state topics } } } } }";
    let seen = app.query(&app.acme().staff_token, document, json!({ "portal": door.id })).await;
    assert_eq!(seen.at("/data/staff/consents/totalCount"), json!(1));
    assert_eq!(seen.text("/data/staff/consents/edges/0/node/email"), READER);
    assert_eq!(seen.text("/data/staff/consents/edges/0/node/state"), "CONFIRMED");
    let seen = app.query(&app.acme().staff_token, document, json!({ "email": "other@client.example" })).await;
    assert_eq!(seen.at("/data/staff/consents/totalCount"), json!(0));
    let rival = app.query(&app.rival().staff_token, document, json!({})).await;
    assert_eq!(rival.at("/data/staff/consents/totalCount"), json!(0));
}

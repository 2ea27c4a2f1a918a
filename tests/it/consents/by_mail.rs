//! The links of mails (NOTE-3): no session, no cookie, and no GET that decides anything.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::{
    CHANGE, CONFIRM, CONSENT, READER, RENEW, WITHDRAW, ask, consent_of, moves, portal, post, post_from,
    queued, state, subscribed, token_of, with,
};
use crate::support::TestApp;

/// What a mail provider's program sends.
async fn one_click(app: &TestApp, token: &str) -> crate::support::Answer {
    let request = Request::post(format!("/notifications/{token}/unsubscribe"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"));
    app.send(request.unwrap()).await
}

/// NOTE-3, RFC 8058
#[tokio::test]
async fn one_click_stops_the_mail_without_session_cookie_or_page() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let other = subscribed(&app, &door.token, door.id, "bela@client.example", &["STATUS"]).await;
    let stopped = one_click(&app, &token).await;
    assert_eq!(stopped.status, StatusCode::OK);
    assert!(stopped.header("set-cookie").is_empty());
    assert_eq!(state(&app, &token).await, "WITHDRAWN");
    assert_eq!(state(&app, &other).await, "CONFIRMED");
    moves(&app, app.acme(), app.acme().companies[0].id).await;
    assert_eq!(queued(&app).await, ["bela@client.example"]);
    // Again is no error.
    assert_eq!(one_click(&app, &token).await.status, StatusCode::OK);
}

/// NOTE-3
#[tokio::test]
async fn stopping_and_coming_back_work_after_the_portal_has_ended() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    app.arrange(
        "update portals set revoked_at = now(); update portal_links set revoked_at = now(), generation = 9",
    )
    .await;
    let page = app.get(&format!("/notifications/{token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body().contains("Northlight Studio") && page.body().contains(READER));
    assert!(!page.body().contains(&door.title), "the page says nothing of the portal");
    assert_eq!(one_click(&app, &token).await.status, StatusCode::OK);
    assert_eq!(state(&app, &token).await, "WITHDRAWN");
    let back = post(&app, &format!("/notifications/{token}/subscribe"), "").await;
    assert_eq!(back.status, StatusCode::OK);
    assert_eq!(state(&app, &token).await, "CONFIRMED");
}

/// LINK-3, NOTE-1, NOTE-3: mail scanners can open every address.
#[tokio::test]
async fn opening_an_address_of_a_mail_decides_nothing() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    ask(&app, &session, "bela@client.example", &["STATUS"]).await.succeeded();
    let asked = token_of(&app, &consent_of(&app, door.id, "bela@client.example").await).await;
    let stands = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let before = app.dump().await;
    for token in [&asked, &stands] {
        for path in ["", "/confirm", "/topics", "/unsubscribe", "/subscribe"] {
            let opened = app.get(&format!("/notifications/{token}{path}")).await;
            assert!(opened.status == StatusCode::OK || opened.status == StatusCode::SEE_OTHER, "{path}");
        }
    }
    app.get(&format!("/portal/{}/notifications", door.token)).await;
    assert_eq!(app.dump().await, before);
}

/// NOTE-1, API-7: but for the one click of RFC 8058, forms come from our own page.
#[tokio::test]
async fn another_sites_form_confirms_nothing() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let session = app.open(&door.token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    let token = token_of(&app, &consent_of(&app, door.id, READER).await).await;
    for path in ["confirm", "topics", "subscribe"] {
        let request = Request::post(format!("/notifications/{token}/{path}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example");
        let sent = app.send(request.body(Body::from("topic=STATUS")).unwrap()).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(state(&app, &token).await, "REQUESTED");
    let said = post(&app, &format!("/notifications/{token}/confirm"), "").await;
    assert_eq!(said.status, StatusCode::OK);
    assert_eq!(state(&app, &token).await, "CONFIRMED");
}

/// LINK-5: a token that is nobody's, and one that is no token, answer alike everywhere.
#[tokio::test]
async fn a_token_of_nobody_gets_the_one_answer() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let mut pages = Vec::new();
    for token in ["vn_0000", "x", &door.token, "vp_0123456789abcdefghijABCDEFGHIJ01"] {
        for document in [CONFIRM, WITHDRAW, RENEW] {
            assert_eq!(app.query("", document, with(token)).await.code(), "LINK_INACTIVE", "{token}");
        }
        let topics = json!({ "input": { "token": token, "topics": ["STATUS"] } });
        assert_eq!(app.query("", CHANGE, topics).await.code(), "LINK_INACTIVE");
        assert_eq!(app.query("", CONSENT, json!({ "token": token })).await.code(), "LINK_INACTIVE");
        let opened = app.get(&format!("/notifications/{token}")).await;
        let posted = post(&app, &format!("/notifications/{token}/unsubscribe"), "").await;
        for page in [opened, posted] {
            assert_eq!(page.status, StatusCode::NOT_FOUND);
            pages.push(page.body);
        }
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
}

/// NOTE-3: the link of a mail opens no portal.
#[tokio::test]
async fn a_mails_token_is_no_credential_of_a_portal() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    assert_eq!(app.query(&token, "{ portal { doorway { id } } }", json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.get(&format!("/portal/{token}")).await.status, StatusCode::NOT_FOUND);
}

/// NOTE-1
#[tokio::test]
async fn a_client_goes_the_whole_way_on_our_pages() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let page = app.get(&format!("/portal/{}/notifications", door.token)).await;
    assert!(page.body().contains("Status changes"));
    let form = "email=ada%40client.example&topic=STATUS&topic=REPLIES";
    let asked = post_from(&app, &format!("/portal/{}/notifications", door.token), form, "en").await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body().contains("We have sent a mail to this address"));
    let token = token_of(&app, &consent_of(&app, door.id, READER).await).await;
    assert!(app.get(&format!("/notifications/{token}")).await.body().contains("Yes, write to me"));
    let said = post(&app, &format!("/notifications/{token}/confirm"), "").await;
    assert!(said.body().contains("From now on we write to you"));
    let chosen = post(&app, &format!("/notifications/{token}/topics"), "topic=REPLIES").await;
    assert!(chosen.body().contains("value=\"REPLIES\" checked"));
    let nothing = post(&app, &format!("/notifications/{token}/topics"), "").await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let stopped = post(&app, &format!("/notifications/{token}/unsubscribe"), "").await;
    assert!(stopped.body().contains("Subscribe again"));
    let page = format!("/portal/{}/notifications", door.token);
    let wrong = post_from(&app, &page, "email=ada&topic=STATUS", "en").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body().contains("not an email address"));
}

/// NOTE-4, LINK-10: who has lost the link is mailed a fresh one, if it was made for somebody.
#[tokio::test]
async fn the_page_of_a_mail_offers_a_fresh_link_to_whom_it_was_made_for() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let token = subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let page = format!("/notifications/{token}");
    let queued = "select count(*) from outbox where kind = 'mail.fresh_link'";
    let mut answers = Vec::new();
    for (recipient, mails) in [("null", "0"), ("'kim@client.example'", "1")] {
        app.arrange(&format!(
            "update portal_links set recipient_email = {recipient}, recipient_contact_id = null where portal_id = '{}'",
            door.id
        ))
        .await;
        answers.push(post(&app, &page, "").await);
        assert_eq!(app.value(queued).await, mails);
    }
    answers.push(post(&app, "/notifications/vn_0000", "").await);
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK && answer.body == answers[0].body));
}

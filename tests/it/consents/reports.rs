//! Reports of mails that came back (NOTE-2), and what staff see of them.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{READER, moves, portal, queued, subscribed};
use crate::support::{Answer, TestApp};

const SECRET: &str = "a-secret-of-the-mail-server";

async fn report(app: &TestApp, secret: &str, kind: &str, body: String) -> Answer {
    let request = Request::post("/mail/reports")
        .header(CONTENT_TYPE, kind)
        .header(AUTHORIZATION, format!("Bearer {secret}"));
    app.send(request.body(Body::from(body)).unwrap()).await
}

async fn bounce(app: &TestApp, form: Value) -> StatusCode {
    report(app, SECRET, "application/json", form.to_string()).await.status
}

/// A world in which one person has been mailed; and the mail's id.
async fn mailed() -> (TestApp, String) {
    let app = TestApp::world_with([("MAIL_REPORTS_SECRET", SECRET)]).await;
    let door = portal(app.acme());
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    moves(&app, app.acme(), app.acme().companies[0].id).await;
    let mail = app.value("select o.id from outbox o join notifications n on n.id = o.subject_id").await;
    (app, mail)
}

fn form(mail: &str, recipient: &str, permanent: bool) -> Value {
    json!({ "messageId": format!("<{mail}@portal.example>"), "recipient": recipient, "event": "bounce",
        "permanent": permanent, "detail": "550 5.1.1 no such user" })
}

/// NOTE-2
#[tokio::test]
async fn an_address_that_mail_comes_back_from_is_not_notified_any_more_until_staff_lift_it() {
    let (app, mail) = mailed().await;
    assert_eq!(bounce(&app, form(&mail, "Ada@client.example", true)).await, StatusCode::NO_CONTENT);
    assert_eq!(super::sendable(&app).await, 0);
    let list = "{ staff { suppressions { totalCount edges { node { id email reason detail } } } } }";
    let seen = app.query(&app.acme().staff_token, list, json!({})).await;
    assert_eq!(seen.text("/data/staff/suppressions/edges/0/node/email"), READER);
    assert_eq!(seen.text("/data/staff/suppressions/edges/0/node/reason"), "BOUNCE");
    assert_eq!(seen.text("/data/staff/suppressions/edges/0/node/detail"), "550 5.1.1 no such user");
    assert_eq!(
        app.query(&app.rival().staff_token, list, json!({})).await.at("/data/staff/suppressions/totalCount"),
        json!(0)
    );
    let id = seen.text("/data/staff/suppressions/edges/0/node/id");
    let lift = "mutation($input: LiftSuppressionInput!) { staff { liftSuppression(input: $input) { suppressionId } } }";
    let input = json!({ "input": { "id": id } });
    let member = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    assert_eq!(app.query(&member, lift, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, lift, input.clone()).await.code(), "NOT_FOUND");
    let inviter = app.member_of(app.acme(), &["CLIENTS_INVITE"]).await;
    app.query(&inviter, lift, input.clone()).await.succeeded();
    assert_eq!(super::sendable(&app).await, 1);
    assert_eq!(app.query(&inviter, lift, input).await.code(), "NOT_FOUND");
    let kinds = app
        .sql("postgres")
        .await
        .column("select kind from events where kind like 'suppression.%' order by seq")
        .await;
    assert_eq!(kinds, ["suppression.added", "suppression.lifted"]);
}

/// NOTE-2: what passes by, what is about nobody we wrote to, and what was said before, change nothing.
#[tokio::test]
async fn a_report_that_concludes_nothing_changes_nothing() {
    let (app, mail) = mailed().await;
    let before = app.dump().await;
    let other = app.app.clock.id().to_string();
    for harmless in [
        form(&mail, READER, false),
        form(&mail, "somebody@else.example", true),
        form(&other, READER, true),
        form("not-an-id", READER, true),
        json!({ "messageId": format!("<{mail}@portal.example>"), "recipient": READER, "event": "delivered" }),
    ] {
        assert_eq!(bounce(&app, harmless.clone()).await, StatusCode::NO_CONTENT, "{harmless}");
    }
    assert_eq!(app.dump().await, before);
    let complaint =
        json!({ "messageId": format!("<{mail}@portal.example>"), "recipient": READER, "event": "complaint" });
    assert_eq!(bounce(&app, complaint).await, StatusCode::NO_CONTENT);
    assert_eq!(bounce(&app, form(&mail, READER, true)).await, StatusCode::NO_CONTENT);
    assert_eq!(app.value("select string_agg(reason, ',') from suppressions").await, "COMPLAINT");
    moves(&app, app.acme(), app.acme().companies[0].id).await;
    assert_eq!(queued(&app).await.len(), 1, "nothing new is queued for a suppressed address");
}

/// NOTE-2, RFC 3464
#[tokio::test]
async fn a_delivery_status_notification_says_the_same() {
    let (app, mail) = mailed().await;
    let notification = format!(
        "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {READER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{mail}@portal.example>\r\n\r\n--b--\r\n"
    );
    assert_eq!(report(&app, SECRET, "message/rfc822", notification).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.value("select string_agg(email, ',') from suppressions").await, READER);
}

/// NOTE-2: reports are for who holds the secret.
#[tokio::test]
async fn who_has_not_the_secret_reports_nothing() {
    let (app, mail) = mailed().await;
    let body = form(&mail, READER, true).to_string();
    for wrong in ["", "a-secret-of-the-mail-serve", "another-secret-altogether"] {
        assert_eq!(
            report(&app, wrong, "application/json", body.clone()).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let staff = &app.acme().staff_token;
    assert_eq!(report(&app, staff, "application/json", body.clone()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.value("select count(*) from suppressions").await, "0");
    assert_eq!(report(&app, SECRET, "text/plain", body).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for malformed in ["", "{}", "[1]", "{\"messageId\":1}"] {
        let answer = report(&app, SECRET, "application/json", malformed.to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{malformed}");
    }
    let unset = TestApp::world().await;
    let nowhere = report(&unset, "", "application/json", "{}".to_owned()).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

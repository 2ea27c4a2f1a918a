//! LINK-10: the page of a dead link offers a fresh one, to the recipient on record and nobody else.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::Shared;
use crate::support::mails::{button_of, path_of};
use crate::support::{Answer, TestApp};

const ASK: &str =
    "mutation($input: RequestFreshLinkInput!) { access { requestFreshLink(input: $input) { requested } } }";
const ROTATE: &str =
    "mutation($input: RotatePortalInput!) { staff { rotatePortal(input: $input) { urls { url } } } }";

/// A shared link's path, and what staff do then.
async fn mailed(shared: &Shared) -> String {
    shared.shares().await.succeeded();
    path_of(&button_of(&shared.app.mails().await[0]))
}

async fn asks(app: &TestApp, path: &str) -> Answer {
    let request = Request::post(path).header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap();
    app.send(request).await
}

/// LINK-10, LINK-5
#[tokio::test]
async fn who_holds_a_url_that_was_rotated_away_is_mailed_the_new_one() {
    let shared = Shared::new().await;
    let old = mailed(&shared).await;
    shared.staff(ROTATE, json!({ "id": shared.portal })).await.succeeded();
    let dead = shared.app.get(&old).await;
    assert_eq!(dead.status, 404);
    assert!(dead.body().contains("Email me a fresh link"), "{}", dead.body());
    let known = asks(&shared.app, &old).await;
    let unknown = asks(&shared.app, "/portal/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((known.status, known.body()), (unknown.status, unknown.body()));
    assert_eq!(known.status, 200);
    let mails = shared.app.mails().await;
    assert_eq!(mails.len(), 2);
    let fresh = mails.last().unwrap();
    assert_eq!(fresh.to, shared.email);
    assert_eq!(shared.app.get(&path_of(&button_of(fresh))).await.status, 200);
    assert_eq!(shared.app.get(&old).await.status, 404);
}

/// LINK-10: a GET asks for nothing, and nor does another site.
#[tokio::test]
async fn a_fresh_link_is_asked_for_by_a_form_of_ours_only() {
    let shared = Shared::new().await;
    let old = mailed(&shared).await;
    shared.staff(ROTATE, json!({ "id": shared.portal })).await.succeeded();
    shared.app.get(&old).await;
    let foreign = Request::post(&old).header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
    assert_eq!(shared.app.send(foreign).await.status, 403);
    assert_eq!(shared.app.mail_states().await, ["SENT"]);
}

/// LINK-10: once in a quarter of an hour, however often it is asked.
#[tokio::test]
async fn a_fresh_link_is_mailed_once_in_a_quarter_of_an_hour() {
    let shared = Shared::new().await;
    let old = mailed(&shared).await;
    for _ in 0..3 {
        asks(&shared.app, &old).await;
        let token = old.rsplit('/').next().unwrap();
        let answer = shared.app.query("", ASK, json!({ "input": { "token": token } })).await.succeeded();
        assert_eq!(answer.at("/data/access/requestFreshLink/requested"), true);
    }
    assert_eq!(shared.app.mails().await.len(), 2);
}

/// LINK-10: nothing that was closed on purpose opens again this way.
#[tokio::test]
async fn a_fresh_link_leads_to_nothing_that_staff_closed() {
    for closes in [
        "update portal_links set revoked_at = now()",
        "update portals set revoked_at = now()",
        "update portals set expires_at = now()",
        "update portal_links set own_expiry = true, expires_at = now()",
        "update organizations set portal_enabled = false",
        "update portal_links set recipient_contact_id = null, recipient_email = null",
    ] {
        let shared = Shared::new().await;
        let old = mailed(&shared).await;
        shared.app.arrange(closes).await;
        let token = old.rsplit('/').next().unwrap();
        let answer = shared.app.query("", ASK, json!({ "input": { "token": token } })).await.succeeded();
        assert_eq!(answer.at("/data/access/requestFreshLink/requested"), true, "{closes}");
        assert_eq!(shared.app.mails().await.len(), 1, "{closes}");
    }
}

/// LINK-10
#[tokio::test]
async fn a_network_asks_for_few_mails() {
    let app = TestApp::world_with([("RATE_SIGN_INS_PER_ADDRESS", "2")]).await;
    let ask = async || app.query("", ASK, json!({ "input": { "token": "nothing" } })).await;
    ask().await.succeeded();
    ask().await.succeeded();
    assert_eq!(ask().await.code(), "RATE_LIMITED");
}

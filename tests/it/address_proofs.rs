//! ORG-2, DOOR-6: forgotten passwords, and sign-in links that are mailed.

use std::collections::BTreeSet;

use serde_json::json;
use vestibule::domain::callers::hash_token;

use crate::support::{Answer, TestApp};

const FORGOTTEN: &str = "mutation($input: RequestPasswordResetInput!) { access { requestPasswordReset(input: $input) { requested } } }";
const RESET: &str =
    "mutation($input: ResetPasswordInput!) { access { resetPassword(input: $input) { reset } } }";
const ASK: &str =
    "mutation($input: RequestSignInLinkInput!) { access { requestSignInLink(input: $input) { ask } } }";
const FOLLOW: &str = "mutation($input: FinishSignInLinkInput!) { access { finishSignInLink(input: $input) {
    visitorToken doors { id organizationName title codeRequired } } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken } } }";
const TO_PORTALS: &str =
    "mutation($input: SignInToPortalsInput!) { access { signInToPortals(input: $input) { expiresAt } } }";
const VIEWER: &str = "{ staff { viewer { role } } }";
const SECOND: &str = "a second password";

/// What the worker mails for the newest thing that was asked for.
async fn mailed(app: &TestApp) -> String {
    let token = format!("vr_{}", app.app.clock.id().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!(
        "update address_proofs set token_hash = '\\x{hash}' where id = (select id from address_proofs order by id desc limit 1)"
    ))
    .await;
    token
}

async fn forgets(app: &TestApp, email: &str) -> Answer {
    app.query("", FORGOTTEN, json!({ "input": { "email": email } })).await
}

async fn resets(app: &TestApp, token: &str, password: &str) -> Answer {
    app.query("", RESET, json!({ "input": { "token": token, "password": password } })).await
}

async fn signs_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.query("", SIGN_IN, json!({ "input": { "email": email, "password": password } })).await
}

async fn asks(app: &TestApp, email: &str) -> String {
    let asked = app.query("", ASK, json!({ "input": { "email": email } })).await.succeeded();
    asked.text("/data/access/requestSignInLink/ask")
}

async fn follows(app: &TestApp, ask: &str, token: &str) -> Answer {
    app.query("", FOLLOW, json!({ "input": { "ask": ask, "token": token } })).await
}

/// ORG-2: the mail replaces the password once, and ends every session.
#[tokio::test]
async fn a_forgotten_password_is_replaced_by_what_was_mailed() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    let session =
        signs_in(&app, &owner.email, &owner.password).await.text("/data/access/signIn/sessionToken");
    forgets(&app, &owner.email.to_uppercase()).await.succeeded();
    let token = mailed(&app).await;
    assert_eq!(
        resets(&app, &token, "too short").await.text("/errors/0/extensions/fields/0/path"),
        "input.password"
    );
    assert_eq!(resets(&app, "vr_never", SECOND).await.code(), "VALIDATION");
    resets(&app, &token, SECOND).await.succeeded();
    assert_eq!(signs_in(&app, &owner.email, &owner.password).await.code(), "UNAUTHENTICATED");
    signs_in(&app, &owner.email, SECOND).await.succeeded();
    for ended in [&session, &app.acme().staff_token] {
        assert_eq!(app.query(ended, VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    }
    app.query(&app.rival().staff_token, VIEWER, json!({})).await.succeeded();
    assert_eq!(resets(&app, &token, "a third password").await.code(), "VALIDATION");
    // One that grew too old.
    forgets(&app, &owner.email).await.succeeded();
    let token = mailed(&app).await;
    app.arrange("update address_proofs set expires_at = now()").await;
    assert_eq!(resets(&app, &token, "a third password").await.code(), "VALIDATION");
}

/// ORG-2, API-6: same answer for every address, and a mail for those we know. That the time tells nothing
/// either is `script/soak timing-people`'s to measure.
#[tokio::test]
async fn whoever_asks_learns_nothing_of_an_address() {
    let app = TestApp::world().await;
    let known = app.acme().owner.email.clone();
    let mut answers = BTreeSet::new();
    for email in [known.as_str(), "nobody@nowhere.example", "", "no address", &"x".repeat(1000)] {
        let asked = forgets(&app, email).await.succeeded();
        answers.insert(asked.body().to_owned());
        let ask = asks(&app, email).await;
        assert_eq!(ask.len(), "vq_".len() + 32, "{email}");
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The owner is no client of anybody: a sign-in link would show nothing, so none is mailed.
    let queued =
        "select string_agg(kind, ' ') from outbox where kind in ('mail.password_reset', 'mail.sign_in_link')";
    assert_eq!(app.value(queued).await, "mail.password_reset");
}

/// DOOR-7: anybody can sign up with anybody's address, which proves nothing of it; what is mailed there does.
#[tokio::test]
async fn a_password_that_was_only_signed_up_with_opens_no_portals() {
    let app = TestApp::world().await;
    let owner = &app.rival().owner;
    app.arrange(&format!(
        "update portal_links set recipient_email = '{}', recipient_contact_id = null",
        owner.email
    ))
    .await;
    signs_in(&app, &owner.email, &owner.password).await.succeeded();
    let comes = async |password: &str| {
        app.query("", TO_PORTALS, json!({ "input": { "email": owner.email, "password": password } })).await
    };
    let refused = comes(&owner.password).await;
    assert_eq!(
        (refused.code(), refused.body()),
        ("UNAUTHENTICATED".into(), comes("a wrong one").await.body())
    );
    forgets(&app, &owner.email).await.succeeded();
    let token = mailed(&app).await;
    let inside = app.open(&app.acme().portals[0].token).await;
    let doorway = "{ portal { doorway { title } } }";
    app.query(&inside, doorway, json!({})).await.succeeded();
    resets(&app, &token, SECOND).await.succeeded();
    comes(SECOND).await.succeeded();
    // Whoever came in before the reset is out, in every portal that is meant for the address.
    assert_eq!(app.query(&inside, doorway, json!({})).await.code(), "LINK_INACTIVE");
}

/// API-6: limited per address, wherever it is asked from.
#[tokio::test]
async fn asking_for_mails_is_limited() {
    let app = TestApp::world_with([("RATE_SIGN_INS_PER_EMAIL", "2")]).await;
    let email = &app.acme().owner.email;
    forgets(&app, email).await.succeeded();
    asks(&app, email).await;
    assert_eq!(forgets(&app, email).await.code(), "RATE_LIMITED");
    let ask = app.query("", ASK, json!({ "input": { "email": email } })).await;
    assert_eq!(ask.code(), "RATE_LIMITED");
    forgets(&app, &app.rival().owner.email).await.succeeded();
}

/// API-6: and per network, whoever is asked for.
#[tokio::test]
async fn a_network_proves_few_addresses() {
    let app = TestApp::world_with([("RATE_SIGN_INS_PER_ADDRESS", "4")]).await;
    let tries = async |n: usize| {
        let credentials = json!({ "email": format!("guest{n}@client.example"), "password": "wrong" });
        app.query("", TO_PORTALS, json!({ "input": credentials })).await
    };
    forgets(&app, "one@client.example").await.succeeded();
    asks(&app, "two@client.example").await;
    assert_eq!(follows(&app, "vq_never", "vl_never").await.code(), "VALIDATION");
    assert_eq!(tries(1).await.code(), "UNAUTHENTICATED");
    assert_eq!(tries(2).await.code(), "RATE_LIMITED");
    assert_eq!(forgets(&app, "three@client.example").await.code(), "RATE_LIMITED");
    assert_eq!(follows(&app, "vq_never", "vl_never").await.code(), "RATE_LIMITED");
    assert_eq!(resets(&app, "vr_never", SECOND).await.code(), "RATE_LIMITED");
}

/// DOOR-6, DOOR-7: a mailed link works once, in the browser that asked.
#[tokio::test]
async fn a_sign_in_link_is_bound_to_the_browser_that_asked() {
    let app = TestApp::world().await;
    app.arrange(
        "update portal_links set recipient_contact_id = null, recipient_email = 'guest@client.example'",
    )
    .await;
    let ask = asks(&app, "Guest@client.example").await;
    let token = mailed(&app).await;
    let other = asks(&app, "nobody@client.example").await;
    for foreign in [other.as_str(), "", "vq_never", &token] {
        assert_eq!(follows(&app, foreign, &token).await.code(), "VALIDATION", "{foreign}");
    }
    let came = follows(&app, &ask, &token).await.succeeded();
    assert_ne!(came.at("/data/access/finishSignInLink/doors"), json!([]));
    assert_eq!(follows(&app, &ask, &token).await.code(), "VALIDATION");
    let ask = asks(&app, "guest@client.example").await;
    let token = mailed(&app).await;
    app.arrange("update address_proofs set expires_at = now()").await;
    assert_eq!(follows(&app, &ask, &token).await.code(), "VALIDATION");
}

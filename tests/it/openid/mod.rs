//! ORG-2: signing in through an organisation's OpenID Connect provider, which is npm's `oidc-provider`. Not
//! here: what of the settings needs no provider; that is `settings`.

mod provider;
mod settings;

use chrono::TimeDelta;
use serde_json::json;
use tempfile::TempDir;

use crate::support::node::{node_is_there, npm};
use crate::support::{Answer, TestApp};
use provider::{CLIENT_SECRET, Provider};

const SET: &str = "mutation($input: SetSignInProviderInput!) { staff { setSignInProvider(input: $input) {
    provider { issuer clientId redirectUrl version configuredBy { id } } } } }";
const START: &str =
    "mutation($input: StartProviderSignInInput!) { access { startProviderSignIn(input: $input) {
    authorizationUrl attempt } } }";
const FINISH: &str =
    "mutation($input: FinishProviderSignInInput!) { access { finishProviderSignIn(input: $input) {
    sessionToken member { email } organization { slug } } } }";
const VIEWER: &str = "{ staff { viewer { member { id email } role } } }";

/// The world, where this machine may be asked.
async fn world() -> TestApp {
    TestApp::world_with([("WEBHOOKS_PRIVATE_NETWORKS", "127.0.0.0/8")]).await
}

/// Sets the provider as somebody of the first organisation.
async fn set(app: &TestApp, token: &str, version: Option<i32>, issuer: &str) -> Answer {
    let input = json!({
        "version": version,
        "issuer": issuer,
        "clientId": "vestibule",
        "clientSecret": CLIENT_SECRET,
        "redirectUrl": provider::REDIRECT,
    });
    app.query(token, SET, json!({ "input": input })).await
}

/// A sign-in under way, as the browser came back from the provider with it.
struct CameBack {
    attempt: String,
    state: String,
    code: String,
}

/// Goes to the provider, which signs in whom `hint` names.
async fn goes(app: &TestApp, provider: &Provider, hint: &str) -> CameBack {
    let start = json!({ "input": { "organization": app.acme().slug } });
    let begun = app.query("", START, start).await.succeeded();
    let url = begun.text("/data/access/startProviderSignIn/authorizationUrl");
    let (state, code) = provider.visit(&url, hint).await;
    CameBack { attempt: begun.text("/data/access/startProviderSignIn/attempt"), state, code }
}

async fn finish(app: &TestApp, back: &CameBack) -> Answer {
    let CameBack { attempt, state, code } = back;
    let input = json!({ "attempt": attempt, "state": state, "code": code });
    app.query("", FINISH, json!({ "input": input })).await
}

async fn signs_in(app: &TestApp, provider: &Provider, hint: &str) -> Answer {
    finish(app, &goes(app, provider, hint).await).await
}

fn token(answer: Answer) -> String {
    answer.succeeded().text("/data/access/finishProviderSignIn/sessionToken")
}

/// ORG-2: what `oidc-provider` is needed for; installed once.
#[tokio::test]
async fn members_sign_in_through_their_organisations_provider() {
    if !node_is_there().await {
        eprintln!("skipped: no Node.js 20 or newer");
        return;
    }
    let program = provider::install().await;
    for in_id_token in [true, false] {
        a_member_comes_in_by_verified_address_and_then_by_name(&program, in_id_token).await;
    }
    nobody_else_comes_in(&program).await;
    owners_come_in_only_if_an_owner_set_the_provider(&program).await;
    a_sign_in_is_finished_by_who_began_it_once_and_in_time(&program).await;
    keys_rotate_and_others_keys_sign_nothing(&program).await;
}

async fn a_member_comes_in_by_verified_address_and_then_by_name(program: &TempDir, in_id_token: bool) {
    let app = world().await;
    let provider = Provider::start(program, in_id_token).await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    set(&app, &app.acme().staff_token, None, &provider.issuer).await.succeeded();
    let came = signs_in(&app, &provider, &member.email).await.succeeded();
    assert_eq!(came.text("/data/access/finishProviderSignIn/organization/slug"), app.acme().slug);
    let viewer = app.query(&token(came), VIEWER, json!({})).await.succeeded();
    assert_eq!(viewer.text("/data/staff/viewer/member/id"), member.id.to_string());
    // From then on they are known by the provider's name for them.
    app.arrange(&format!("update members set email = 'moved@away.example' where id = '{}'", member.id)).await;
    token(signs_in(&app, &provider, &member.email).await);
    // And no other name is taken for them, whatever address it has.
    app.arrange(&format!(
        "update members set email = '{0}' where email = 'moved@away.example'",
        member.email
    ))
    .await;
    let impostor = format!("impostor/{}", member.email);
    assert_eq!(signs_in(&app, &provider, &impostor).await.code(), "UNAUTHENTICATED");
}

async fn nobody_else_comes_in(program: &TempDir) {
    let app = world().await;
    let provider = Provider::start(program, true).await;
    set(&app, &app.acme().staff_token, None, &provider.issuer).await.succeeded();
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let former = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    app.arrange(&format!("update members set ended_at = now() where id = '{}'", former.id)).await;
    let elsewhere = app.colleague_of(app.rival(), "MEMBER", &[]).await;
    let mut answers = Vec::new();
    for hint in
        ["nobody@acme.example", &format!("unverified/{}", member.email), &former.email, &elsewhere.email]
    {
        let refused = signs_in(&app, &provider, hint).await;
        assert_eq!(refused.code(), "UNAUTHENTICATED", "{hint}: {}", refused.body());
        answers.push(refused.at("/errors/0/message"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(app.value("select count(*) from member_identities").await, "0");
    // The twin: the same address, verified.
    token(signs_in(&app, &provider, &member.email).await);
}

/// Who sets a provider could let it vouch for anybody: an administrator does not become owner that way.
async fn owners_come_in_only_if_an_owner_set_the_provider(program: &TempDir) {
    let app = world().await;
    let provider = Provider::start(program, true).await;
    let admin = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    set(&app, &admin.token, None, &provider.issuer).await.succeeded();
    let owner = &app.acme().owner.email;
    assert_eq!(signs_in(&app, &provider, owner).await.code(), "UNAUTHENTICATED");
    token(signs_in(&app, &provider, &admin.email).await);
    set(&app, &app.acme().staff_token, Some(1), &provider.issuer).await.succeeded();
    let came = app.query(&token(signs_in(&app, &provider, owner).await), VIEWER, json!({})).await;
    assert_eq!(came.text("/data/staff/viewer/role"), "OWNER");
}

async fn a_sign_in_is_finished_by_who_began_it_once_and_in_time(program: &TempDir) {
    let app = world().await;
    let provider = Provider::start(program, true).await;
    let (ours, theirs) = (&app.acme().staff_token, &app.rival().staff_token);
    set(&app, ours, None, &provider.issuer).await.succeeded();
    set(&app, theirs, None, &provider.issuer).await.succeeded();
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let refused = async |back: &CameBack| assert_eq!(finish(&app, back).await.code(), "UNAUTHENTICATED");
    // A stranger's browser that is sent back with the member's code and state.
    let victim = goes(&app, &provider, &member.email).await;
    let stranger = goes(&app, &provider, "nobody@acme.example").await;
    let lured =
        CameBack { attempt: stranger.attempt, state: victim.state.clone(), code: victim.code.clone() };
    refused(&lured).await;
    // Or with the state of its own: the code was asked for with another nonce and verifier.
    refused(&CameBack { state: stranger.state, ..lured }).await;
    refused(&CameBack { attempt: "vo_test.AAAA".into(), state: String::new(), code: String::new() }).await;
    // The code is used up by the provider at the first try.
    let back = goes(&app, &provider, &member.email).await;
    token(finish(&app, &back).await);
    refused(&back).await;
    // The settings changed meanwhile.
    let back = goes(&app, &provider, &member.email).await;
    set(&app, ours, Some(1), &provider.issuer).await.succeeded();
    refused(&back).await;
    let back = goes(&app, &provider, &member.email).await;
    app.app.clock.advance(TimeDelta::minutes(15));
    refused(&back).await;
}

async fn keys_rotate_and_others_keys_sign_nothing(program: &TempDir) {
    let app = world().await;
    let provider = Provider::start(program, true).await;
    set(&app, &app.acme().staff_token, None, &provider.issuer).await.succeeded();
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    token(signs_in(&app, &provider, &member.email).await);
    provider.is_told("rotate").await;
    token(signs_in(&app, &provider, &member.email).await);
    provider.is_told("vouch-falsely").await;
    assert_eq!(signs_in(&app, &provider, &member.email).await.code(), "UNAUTHENTICATED");
    let begun = goes(&app, &provider, &member.email).await;
    drop(provider);
    // If this failed, you probably let a provider that is away look like a refusal.
    let away = finish(&app, &begun).await;
    assert_eq!((away.code(), away.at("/errors/0/extensions/retryAfter")), ("INTERNAL".into(), json!(2)));
}

//! ORG-1, ORG-2: founding an organisation, signing in and out, and the organisation's settings.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const SIGN_UP: &str = "mutation($input: SignUpInput!) { access { signUp(input: $input) { sessionToken expiresAt organization { id slug name timeZone version } member { role email } } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken organization { slug } member { name } } } }";
const SIGN_OUT: &str = "mutation { staff { signOut { sessionId } } }";
const END: &str = "mutation($input: EndSessionInput!) { staff { endSession(input: $input) { sessionId } } }";
const SESSIONS: &str = "query($everyone: Boolean = false) { staff { sessions(everyone: $everyone) { totalCount edges { node { id current userAgent member { email } } } } } }";
const SETTINGS: &str =
    "{ staff { organization { slug name version portalEnabled accentColor supportEmail } } }";
const UPDATE: &str = "mutation($input: UpdateOrganizationInput!) { staff { updateOrganization(input: $input) { organization { name timeZone accentColor welcomeMessage version } } } }";
const PASSWORD: &str = "correct horse battery";

fn sign_up(slug: &str, email: &str, password: &str) -> Value {
    json!({ "input": {
        "organizationName": "Kestrel Works", "slug": slug, "name": "Noor Haddad", "email": email, "password": password,
    } })
}

fn sign_in(email: &str, password: &str, organization: Option<&str>) -> Value {
    json!({ "input": { "email": email, "password": password, "organization": organization } })
}

async fn settings(app: &TestApp, token: &str) -> Answer {
    app.query(token, SETTINGS, json!({})).await
}

/// ORG-1, REC-2
#[tokio::test]
async fn a_sign_up_founds_an_organisation_with_its_owner_and_the_project_type() {
    let app = TestApp::world().await;
    let founded =
        app.query("", SIGN_UP, sign_up("kestrel", "Noor@Kestrel.example", PASSWORD)).await.succeeded();
    assert_eq!(founded.text("/data/access/signUp/member/role"), "OWNER");
    assert_eq!(founded.text("/data/access/signUp/member/email"), "noor@kestrel.example");
    assert_eq!(founded.text("/data/access/signUp/organization/timeZone"), "UTC");
    let token = founded.text("/data/access/signUp/sessionToken");
    let types = app
        .query(&token, "{ staff { recordTypes { edges { node { key builtIn } } } } }", json!({}))
        .await
        .succeeded();
    assert_eq!(
        types.at("/data/staff/recordTypes/edges"),
        json!([{ "node": { "key": "project", "builtIn": true } }])
    );
}

/// ORG-1, ORG-4
#[tokio::test]
async fn a_new_organisation_sees_nothing_of_the_others() {
    let app = TestApp::world().await;
    let founded = app.query("", SIGN_UP, sign_up("kestrel", "noor@kestrel.example", PASSWORD)).await;
    let token = founded.text("/data/access/signUp/sessionToken");
    let seen =
        app.query(&token, "{ staff { companies { totalCount } members { totalCount } } }", json!({})).await;
    assert_eq!(
        seen.at("/data/staff"),
        json!({ "companies": { "totalCount": 0 }, "members": { "totalCount": 1 } })
    );
}

/// ORG-1
#[tokio::test]
async fn a_slug_is_taken_only_once_and_nothing_of_the_refused_sign_up_stays() {
    let app = TestApp::world().await;
    let taken = app.acme().slug.as_str();
    let refused = app.query("", SIGN_UP, sign_up(taken, "noor@kestrel.example", PASSWORD)).await;
    assert_eq!(refused.code(), "CONFLICT");
    let unknown = app.query("", SIGN_IN, sign_in("noor@kestrel.example", PASSWORD, None)).await;
    assert_eq!(unknown.code(), "UNAUTHENTICATED");
}

/// ORG-1
#[tokio::test]
async fn a_person_founds_a_second_organisation_only_with_their_password() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    let refused = app.query("", SIGN_UP, sign_up("kestrel", &owner.email, PASSWORD)).await;
    assert_eq!(refused.code(), "UNAUTHENTICATED");
    let founded = app.query("", SIGN_UP, sign_up("kestrel", &owner.email, &owner.password)).await.succeeded();
    let token = founded.text("/data/access/signUp/sessionToken");
    assert_eq!(settings(&app, &token).await.text("/data/staff/organization/slug"), "kestrel");
    let first = settings(&app, &app.acme().staff_token).await;
    assert_eq!(first.text("/data/staff/organization/slug"), app.acme().slug);
}

/// ORG-1, API-3
#[tokio::test]
async fn a_sign_up_says_everything_that_is_wrong_with_it_at_once() {
    let app = TestApp::world().await;
    let input = json!({ "input": {
        "organizationName": " ", "slug": "-Kestrel-", "name": "N", "email": "nobody", "password": "short", "timeZone": "Mars/Base",
    } });
    let refused = app.query("", SIGN_UP, input).await;
    let fields: Vec<Value> = refused.at("/errors/0/extensions/fields").as_array().unwrap().clone();
    let paths: Vec<&str> = fields.iter().map(|field| field["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["input.password", "input.organizationName", "input.slug", "input.timeZone", "input.email"]
    );
    assert_eq!(refused.at("/data/access"), json!({ "signUp": null }));
}

/// ORG-2
#[tokio::test]
async fn an_owner_signs_in_with_their_password() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    let signed_in = app.query("", SIGN_IN, sign_in(&owner.email, &owner.password, None)).await.succeeded();
    let token = signed_in.text("/data/access/signIn/sessionToken");
    assert!(token.starts_with("vs_"));
    settings(&app, &token).await.succeeded();
}

/// ORG-2
#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_one_answer() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    let wrong = app.query("", SIGN_IN, sign_in(&owner.email, PASSWORD, Some("southlight"))).await;
    let unknown = app.query("", SIGN_IN, sign_in("nobody@acme.example", PASSWORD, None)).await;
    assert_eq!(wrong.code(), "UNAUTHENTICATED");
    assert_eq!(wrong.json(), unknown.json());
}

/// ORG-1, ORG-2
#[tokio::test]
async fn who_belongs_to_several_organisations_names_one_and_hears_which_only_with_the_password() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner;
    app.query("", SIGN_UP, sign_up("kestrel", &owner.email, &owner.password)).await.succeeded();
    let asked = app.query("", SIGN_IN, sign_in(&owner.email, &owner.password, None)).await;
    assert_eq!(asked.code(), "VALIDATION");
    assert!(asked.text("/errors/0/message").contains("kestrel, northlight"));
    let wrong = app.query("", SIGN_IN, sign_in(&owner.email, PASSWORD, None)).await;
    assert_eq!(wrong.code(), "UNAUTHENTICATED");
    let named = app.query("", SIGN_IN, sign_in(&owner.email, &owner.password, Some("kestrel"))).await;
    assert_eq!(named.text("/data/access/signIn/organization/slug"), "kestrel");
    let foreign = app.query("", SIGN_IN, sign_in(&owner.email, &owner.password, Some("southlight"))).await;
    assert_eq!(foreign.code(), "VALIDATION");
}

/// ORG-2
#[tokio::test]
async fn a_session_that_was_signed_out_opens_nothing() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    settings(&app, &member.token).await.succeeded();
    let ended = app.query(&member.token, SIGN_OUT, json!({})).await.succeeded();
    assert_eq!(ended.text("/data/staff/signOut/sessionId"), member.session_id.to_string());
    let refused = settings(&app, &member.token).await;
    assert_eq!(refused.code(), "UNAUTHENTICATED");
    assert_eq!(refused.at("/data/staff"), Value::Null);
}

/// ORG-2
#[tokio::test]
async fn an_expired_session_opens_nothing() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    let id = member.session_id;
    app.arrange(&format!("update staff_sessions set expires_at = now() where id = '{id}'")).await;
    assert_eq!(settings(&app, &member.token).await.code(), "UNAUTHENTICATED");
}

/// ORG-2
#[tokio::test]
async fn everyone_lists_their_own_sessions_and_only_an_administrator_those_of_all() {
    let app = TestApp::world().await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["RECORDS_WRITE", "SETTINGS_MANAGE"]).await;
    let own = app.query(&member.token, SESSIONS, json!({})).await.succeeded();
    let node = json!({ "id": member.session_id, "current": true, "userAgent": null, "member": { "email": member.email } });
    assert_eq!(own.at("/data/staff/sessions"), json!({ "totalCount": 1, "edges": [{ "node": node }] }));
    let all = json!({ "everyone": true });
    assert_eq!(app.query(&member.token, SESSIONS, all.clone()).await.code(), "FORBIDDEN");
    let seen = app.query(&app.acme().staff_token, SESSIONS, all.clone()).await.succeeded();
    assert_eq!(seen.at("/data/staff/sessions/totalCount"), 2);
    let rival = app.query(&app.rival().staff_token, SESSIONS, all).await.succeeded();
    assert!(!rival.body().contains(&member.session_id.to_string()));
}

/// ORG-2, ORG-4
#[tokio::test]
async fn a_session_is_ended_by_its_holder_or_an_administrator_and_by_nobody_else() {
    let app = TestApp::world().await;
    let victim = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let other = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let input = json!({ "input": { "id": victim.session_id } });
    assert_eq!(app.query(&other, END, input.clone()).await.code(), "NOT_FOUND");
    assert_eq!(app.query(&app.rival().staff_token, END, input.clone()).await.code(), "NOT_FOUND");
    settings(&app, &victim.token).await.succeeded();
    app.query(&app.acme().staff_token, END, input.clone()).await.succeeded();
    assert_eq!(settings(&app, &victim.token).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.query(&app.acme().staff_token, END, input).await.code(), "NOT_FOUND");
}

/// ORG-3, API-8
#[tokio::test]
async fn settings_are_changed_by_who_may_and_by_nobody_else() {
    let app = TestApp::world().await;
    let input = json!({ "input": {
        "version": 1, "timeZone": "America/Lima", "accentColor": "#AA3311", "welcomeMessage": null,
    } });
    let other = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    assert_eq!(app.query(&other, UPDATE, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query("", UPDATE, input.clone()).await.code(), "UNAUTHENTICATED");
    let visitor = app.open(&app.acme().portals[0].token).await;
    assert_eq!(app.query(&visitor, UPDATE, input.clone()).await.code(), "FORBIDDEN");
    let trusted = app.member_of(app.acme(), &["SETTINGS_MANAGE"]).await;
    let updated = app.query(&trusted, UPDATE, input.clone()).await.succeeded();
    assert_eq!(
        updated.at("/data/staff/updateOrganization/organization"),
        json!({ "name": app.acme().name, "timeZone": "America/Lima", "accentColor": "#aa3311", "welcomeMessage": null, "version": 2 })
    );
    assert_eq!(app.query(&trusted, UPDATE, input).await.code(), "CONFLICT");
    assert_eq!(settings(&app, &app.rival().staff_token).await.at("/data/staff/organization/version"), 1);
}

/// BRAND-3, LINK-5
#[tokio::test]
async fn switching_portals_off_closes_them_all_and_on_opens_them_again() {
    let app = TestApp::world().await;
    let home = "{ portal { doorway { title } } }";
    let visitor = app.open(&app.acme().portals[0].token).await;
    let set =
        |version: i32, enabled: bool| json!({ "input": { "version": version, "portalEnabled": enabled } });
    app.query(&app.acme().staff_token, UPDATE, set(1, false)).await.succeeded();
    assert_eq!(app.query(&visitor, home, json!({})).await.code(), "LINK_INACTIVE");
    app.query(&app.acme().staff_token, UPDATE, set(2, true)).await.succeeded();
    app.query(&visitor, home, json!({})).await.succeeded();
}

//! ORG-2, ORG-3: colleagues who are invited, and join.

use chrono::TimeDelta;
use serde_json::{Value, json};
use vestibule::domain::callers::hash_token;

use crate::support::{Answer, TestApp};

const INVITE: &str = "mutation($input: InviteMemberInput!) { staff { inviteMember(input: $input) {
    invitation { id email role permissions invitedBy { email } } } } }";
const RESEND: &str =
    "mutation($input: ResendMemberInvitationInput!) { staff { resendMemberInvitation(input: $input) {
    invitation { expiresAt } } } }";
const REVOKE: &str =
    "mutation($input: RevokeMemberInvitationInput!) { staff { revokeMemberInvitation(input: $input) {
    invitation { revokedAt } } } }";
const PENDING: &str = "{ staff { memberInvitations { id email } } }";
const ACCEPT: &str =
    "mutation($input: AcceptMemberInvitationInput!) { access { acceptMemberInvitation(input: $input) {
    sessionToken member { name role permissions } organization { slug } } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken } } }";
const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "ines@new.example";

async fn invites(app: &TestApp, token: &str, input: Value) -> Answer {
    app.query(token, INVITE, json!({ "input": input })).await
}

/// Invites as the owner; the invitation's id.
async fn invited(app: &TestApp, email: &str, role: &str, permissions: &[&str]) -> String {
    let input = json!({ "email": email, "role": role, "permissions": permissions });
    let invited = invites(app, &app.acme().staff_token, input).await.succeeded();
    invited.text("/data/staff/inviteMember/invitation/id")
}

/// What the worker mails for an invitation.
async fn mailed(app: &TestApp, id: &str) -> String {
    let token = format!("vm_{}", app.app.clock.id().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!("update member_invitations set token_hash = '\\x{hash}' where id = '{id}'")).await;
    token
}

async fn joins(app: &TestApp, token: &str, password: Option<&str>) -> Answer {
    let input = json!({ "token": token, "name": "Ines Moreau", "password": password });
    app.query("", ACCEPT, json!({ "input": input })).await
}

/// ORG-3
#[tokio::test]
async fn an_invited_colleague_joins_as_what_they_were_invited_as() {
    let app = TestApp::world().await;
    let id = invited(&app, " Ines@New.example ", "MEMBER", &["RECORDS_WRITE"]).await;
    assert_eq!(app.value("select count(*) from outbox where kind = 'mail.member_invitation'").await, "1");
    let token = mailed(&app, &id).await;
    assert_eq!(joins(&app, &token, None).await.text("/errors/0/extensions/fields/0/path"), "input.password");
    let joined = joins(&app, &token, Some(PASSWORD)).await.succeeded();
    let member = joined.at("/data/access/acceptMemberInvitation/member");
    assert_eq!(member, json!({ "name": "Ines Moreau", "role": "MEMBER", "permissions": ["RECORDS_WRITE"] }));
    assert_eq!(joined.text("/data/access/acceptMemberInvitation/organization/slug"), app.acme().slug);
    let sign_in = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    app.query("", SIGN_IN, sign_in).await.succeeded();
    // Used up.
    assert_eq!(joins(&app, &token, Some(PASSWORD)).await.code(), "VALIDATION");
    let pending = app.query(&app.acme().staff_token, PENDING, json!({})).await.succeeded();
    assert_eq!(pending.at("/data/staff/memberInvitations"), json!([]));
}

/// ORG-2, ORG-3: who joins on the page goes on elsewhere, and leaves no session open.
#[tokio::test]
async fn joining_starts_a_session_only_for_who_asks_for_it() {
    let app = TestApp::world().await;
    let id = invited(&app, EMAIL, "MEMBER", &[]).await;
    let token = mailed(&app, &id).await;
    let input = json!({ "token": token, "name": "Ines", "password": PASSWORD, "signIn": false });
    let joined = app.query("", ACCEPT, json!({ "input": input })).await.succeeded();
    assert_eq!(joined.at("/data/access/acceptMemberInvitation/sessionToken"), Value::Null);
    assert_eq!(joined.text("/data/access/acceptMemberInvitation/member/role"), "MEMBER");
    let open = format!(
        "select count(*) from staff_sessions s join members m on m.id = s.member_id where m.email = '{EMAIL}' and s.ended_at is null"
    );
    assert_eq!(app.value(&open).await, "0");
    let second = invited(&app, "second@new.example", "MEMBER", &[]).await;
    let token = mailed(&app, &second).await;
    let page = axum::http::Request::post(format!("/join/{token}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(format!("name=Second&password={}", PASSWORD.replace(' ', "+"))));
    assert_eq!(app.send(page.unwrap()).await.status, 200);
    assert_eq!(app.value(&open.replace(EMAIL, "second@new.example")).await, "0");
    // The twin: who asks for one is signed in.
    let third = invited(&app, "third@new.example", "MEMBER", &[]).await;
    let token = mailed(&app, &third).await;
    let session = joins(&app, &token, Some(PASSWORD)).await.succeeded();
    let session = session.text("/data/access/acceptMemberInvitation/sessionToken");
    app.query(&session, "{ staff { viewer { role } } }", json!({})).await.succeeded();
}

/// ORG-3: who holds a mailbox has not proved a password, and changes none.
#[tokio::test]
async fn who_has_a_password_keeps_it_and_joins_a_second_organisation() {
    let app = TestApp::world().await;
    let owner = &app.rival().owner;
    app.arrange(&format!("update people set password_proved = true where email = '{}'", owner.email)).await;
    let id = invited(&app, &owner.email, "ADMIN", &[]).await;
    let token = mailed(&app, &id).await;
    joins(&app, &token, Some("another password entirely")).await.succeeded();
    for organization in [&app.acme().slug, &app.rival().slug] {
        let known = json!({ "email": owner.email, "password": owner.password, "organization": organization });
        app.query("", SIGN_IN, json!({ "input": known })).await.succeeded();
        let other = json!({ "email": owner.email, "password": "another password entirely", "organization": organization });
        assert_eq!(app.query("", SIGN_IN, json!({ "input": other })).await.code(), "UNAUTHENTICATED");
    }
}

/// ORG-2, ORG-3: anybody can sign up with an address; who does so before its owner is invited is not let in
/// with them.
#[tokio::test]
async fn who_signed_up_with_a_colleagues_address_first_gains_nothing_by_it() {
    let app = TestApp::world().await;
    let squatter = &app.rival().owner;
    let id = invited(&app, &squatter.email, "ADMIN", &[]).await;
    let token = mailed(&app, &id).await;
    assert_eq!(joins(&app, &token, None).await.text("/errors/0/extensions/fields/0/path"), "input.password");
    joins(&app, &token, Some(PASSWORD)).await.succeeded();
    let with = |password: &str| json!({ "input": { "email": squatter.email, "password": password, "organization": app.acme().slug } });
    assert_eq!(app.query("", SIGN_IN, with(&squatter.password)).await.code(), "UNAUTHENTICATED");
    app.query("", SIGN_IN, with(PASSWORD)).await.succeeded();
}

/// ORG-3
#[tokio::test]
async fn administrators_invite_and_nobody_invites_above_themselves() {
    let app = TestApp::world().await;
    let admin = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["CLIENTS_INVITE", "SETTINGS_MANAGE"]).await;
    let visitor = app.open(&app.acme().portals[0].token).await;
    let colleague = json!({ "email": EMAIL, "role": "MEMBER" });
    assert_eq!(invites(&app, &member.token, colleague.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&member.token, PENDING, json!({})).await.code(), "FORBIDDEN");
    assert_eq!(invites(&app, &visitor, colleague.clone()).await.code(), "FORBIDDEN");
    let owner = json!({ "email": EMAIL, "role": "OWNER" });
    assert_eq!(invites(&app, &admin.token, owner.clone()).await.code(), "FORBIDDEN");
    let portals = json!({ "email": EMAIL, "role": "MEMBER", "permissions": ["PORTALS_MANAGE"] });
    assert_eq!(invites(&app, &admin.token, portals).await.code(), "VALIDATION");
    let client = json!({ "email": EMAIL, "role": "CLIENT" });
    assert_eq!(invites(&app, &admin.token, client).await.code(), "VALIDATION");
    invites(&app, &admin.token, colleague.clone()).await.succeeded();
    assert_eq!(invites(&app, &admin.token, colleague).await.code(), "CONFLICT");
    let already = json!({ "email": member.email, "role": "MEMBER" });
    assert_eq!(invites(&app, &admin.token, already).await.code(), "CONFLICT");
    let other = json!({ "email": "other@new.example", "role": "OWNER" });
    invites(&app, &app.acme().staff_token, other).await.succeeded();
}

/// ORG-3: taken back, too old, or never made: one answer.
#[tokio::test]
async fn an_invitation_that_is_no_longer_good_makes_nobody_a_member() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let by_id = |id: &str| json!({ "input": { "id": id } });
    let revoked = invited(&app, EMAIL, "MEMBER", &[]).await;
    let mail = mailed(&app, &revoked).await;
    assert_eq!(app.query(&app.rival().staff_token, REVOKE, by_id(&revoked)).await.code(), "NOT_FOUND");
    app.query(token, REVOKE, by_id(&revoked)).await.succeeded();
    app.query(token, REVOKE, by_id(&revoked)).await.succeeded();
    assert_eq!(app.query(token, RESEND, by_id(&revoked)).await.code(), "CONFLICT");
    let refused = joins(&app, &mail, Some(PASSWORD)).await;
    let never = joins(&app, "vm_never", Some(PASSWORD)).await;
    assert_eq!((refused.code(), refused.body()), ("VALIDATION".into(), never.body()));
    // Another one to the same address, which grows too old, and is sent again.
    let second = invited(&app, EMAIL, "MEMBER", &[]).await;
    let old = mailed(&app, &second).await;
    app.arrange(&format!("update member_invitations set expires_at = now() where id = '{second}'")).await;
    assert_eq!(joins(&app, &old, Some(PASSWORD)).await.code(), "VALIDATION");
    app.query(token, RESEND, by_id(&second)).await.succeeded();
    let fresh = mailed(&app, &second).await;
    assert_eq!(joins(&app, &old, Some(PASSWORD)).await.code(), "VALIDATION");
    joins(&app, &fresh, Some(PASSWORD)).await.succeeded();
    assert_eq!(app.query(token, REVOKE, by_id(&second)).await.code(), "CONFLICT");
}

/// ORG-3
#[tokio::test]
async fn a_former_member_comes_back_and_an_expired_invitation_is_no_obstacle() {
    let app = TestApp::world().await;
    let former = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    app.arrange(&format!("update members set ended_at = now() where id = '{}'", former.id)).await;
    invited(&app, &former.email, "MEMBER", &[]).await;
    app.app.clock.advance(TimeDelta::days(15));
    let id = invited(&app, &former.email, "MEMBER", &[]).await;
    let token = mailed(&app, &id).await;
    let back = joins(&app, &token, None).await.succeeded();
    assert_eq!(back.text("/data/access/acceptMemberInvitation/member/role"), "MEMBER");
    assert_eq!(
        app.value(&format!("select ended_at is null from members where id = '{}'", former.id)).await,
        "true"
    );
}

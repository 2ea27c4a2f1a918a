//! DOOR-6, DOOR-7, ORG-2: where an address is signed in, seen and ended by who proved it; and what ends with
//! an account.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vestibule::domain::callers::hash_token;

use crate::accounts_page::Browser;
use crate::consents::moves;
use crate::support::mails::button_of;
use crate::support::{Answer, TestApp};

const SESSIONS: &str = "mutation($input: ReadVisitorSessionsInput!) { access { readVisitorSessions(input: $input) { \
    sessions { id userAgent current } } } }";
const END: &str =
    "mutation($input: EndVisitorSessionInput!) { access { endVisitorSession(input: $input) { sessionId } } }";
const DOORS: &str =
    "mutation($input: ReadDoorsInput!) { access { readDoors(input: $input) { doors { id } } } }";
const OPEN: &str = "mutation($input: OpenDoorInput!) { access { openDoor(input: $input) { sessionToken } } }";
const LEAVE: &str =
    "mutation($input: SignOutOfPortalsInput!) { access { signOutOfPortals(input: $input) { signedOut } } }";
const HOME: &str = "{ portal { doorway { title } } }";
const INVITE: &str =
    "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { id } } } }";
const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) { access { acceptInvitation(input: $input) { visitorToken } } }";
const END_ACCESS: &str =
    "mutation($input: EndContactAccessInput!) { staff { endContactAccess(input: $input) { contactId } } }";
const GUEST: &str = "guest@client.example";

/// A world where the first company's portal of each organisation is meant for the guest.
async fn shared() -> TestApp {
    let app = TestApp::world().await;
    for org in [app.acme(), app.rival()] {
        let company = org.companies[0].id;
        app.arrange(&format!(
            "update portal_links l set recipient_contact_id = null, recipient_email = '{GUEST}' from portals p
             where p.org_id = l.org_id and p.id = l.portal_id and p.company_id = '{company}' and p.record_id is null and p.code_hash is null"
        ))
        .await;
    }
    app
}

/// Whoever has this token proved the address, in a browser of this name.
async fn visitor(app: &TestApp, address: &str, agent: &str) -> String {
    let token = format!("va_{}", app.app.clock.id().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!(
        "insert into visitor_sessions (id, address, token_hash, user_agent, expires_at)
         values (gen_random_uuid(), '{address}', '\\x{hash}', '{agent}', now() + interval '1 day')"
    ))
    .await;
    token
}

async fn asks(app: &TestApp, document: &str, visitor: &str) -> Answer {
    app.query("", document, json!({ "input": { "visitorToken": visitor } })).await
}

/// Opens every door of a visitor: the portal sessions.
async fn opens_all(app: &TestApp, visitor: &str) -> Vec<String> {
    let doors = asks(app, DOORS, visitor).await.succeeded().at("/data/access/readDoors/doors");
    let mut sessions = Vec::new();
    for door in doors.as_array().unwrap() {
        let input = json!({ "input": { "visitorToken": visitor, "door": door["id"] } });
        let opened = app.query("", OPEN, input).await.succeeded();
        sessions.push(opened.text("/data/access/openDoor/sessionToken"));
    }
    sessions
}

async fn listed(app: &TestApp, visitor: &str) -> Vec<Value> {
    let answer = asks(app, SESSIONS, visitor).await.succeeded();
    answer.at("/data/access/readVisitorSessions/sessions").as_array().unwrap().clone()
}

/// Whether each of these portal sessions still opens something.
async fn open(app: &TestApp, sessions: &[String]) -> Vec<bool> {
    let mut open = Vec::new();
    for session in sessions {
        let answer = app.query(session, HOME, json!({})).await;
        open.push(answer.json().get("errors").is_none());
    }
    open
}

/// ORG-2, DOOR-7
#[tokio::test]
async fn who_proved_an_address_sees_where_it_is_signed_in_and_ends_what_they_do_not_know() {
    let app = shared().await;
    let (laptop, lost) = (visitor(&app, GUEST, "Laptop").await, visitor(&app, GUEST, "Lost phone").await);
    let stranger = visitor(&app, "stranger@client.example", "Stranger").await;
    let (ours, theirs) = (opens_all(&app, &laptop).await, opens_all(&app, &lost).await);
    assert!(ours.len() >= 2, "in both organisations");
    let sessions = listed(&app, &laptop).await;
    let named: Vec<_> =
        sessions.iter().map(|one| (one["userAgent"].as_str().unwrap(), &one["current"])).collect();
    assert_eq!(named, [("Lost phone", &json!(false)), ("Laptop", &json!(true))]);
    let end = async |by: &str| {
        let input = json!({ "input": { "visitorToken": by, "id": sessions[0]["id"] } });
        app.query("", END, input).await
    };
    for other in [stranger.as_str(), "va_never", "", ours[0].as_str(), &app.acme().staff_token] {
        assert_eq!(end(other).await.code(), "NOT_FOUND", "{other}");
    }
    assert_eq!(listed(&app, &stranger).await.len(), 1);
    end(&laptop).await.succeeded();
    assert_eq!(asks(&app, DOORS, &lost).await.code(), "UNAUTHENTICATED");
    assert_eq!(asks(&app, SESSIONS, &lost).await.code(), "UNAUTHENTICATED");
    assert_eq!(open(&app, &theirs).await, vec![false; theirs.len()]);
    assert_eq!(open(&app, &ours).await, vec![true; ours.len()]);
    assert_eq!(listed(&app, &laptop).await.len(), 1);
    assert_eq!(end(&laptop).await.code(), "NOT_FOUND", "it is over already");
}

/// DOOR-7: on a shared computer, too; what was opened with a link itself is not closed.
#[tokio::test]
async fn signing_out_closes_the_portals_that_were_opened_that_way() {
    let app = shared().await;
    let guest = visitor(&app, GUEST, "Library").await;
    let sessions = opens_all(&app, &guest).await;
    let by_link = app.open(&app.acme().portals[0].token).await;
    asks(&app, LEAVE, &guest).await.succeeded();
    assert_eq!(open(&app, &sessions).await, vec![false; sessions.len()]);
    assert_eq!(open(&app, &[by_link]).await, [true]);
}

/// DOOR-7, LINK-3
#[tokio::test]
async fn the_page_of_the_doors_lists_and_ends_sessions() {
    let app = shared().await;
    let mut browser = Browser::new(&app);
    browser.sends("/portal/sign-in/link", "email=guest%40client.example").await;
    let hash = hex::encode(hash_token("vl_mailed"));
    app.arrange(&format!("update address_proofs set token_hash = '\\x{hash}'")).await;
    browser.sends("/portal/sign-in/link/vl_mailed", "").await;
    let alone = browser.opens("/portal/doors").await;
    assert!(alone.body().contains("this one") && !alone.body().contains("/portal/doors/sessions/"));
    let agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36";
    let phone = visitor(&app, GUEST, agent).await;
    let both = browser.opens("/portal/doors").await;
    assert!(both.body().contains("Chrome on Android"), "{}", both.body());
    let id = app
        .value(&format!(
            "select id from visitor_sessions where token_hash = '\\x{}'",
            hex::encode(hash_token(&phone))
        ))
        .await;
    let path = format!("/portal/doors/sessions/{id}");
    assert_eq!(browser.sends_from("cross-site", &path, "").await.status, StatusCode::FORBIDDEN);
    listed(&app, &phone).await;
    assert_eq!(browser.sends(&path, "").await.header("location"), "/portal/doors");
    assert_eq!(asks(&app, SESSIONS, &phone).await.code(), "UNAUTHENTICATED");
    // Who is signed in nowhere ends nothing.
    let phone = visitor(&app, GUEST, agent).await;
    let id = app.value("select id from visitor_sessions order by created_at desc limit 1").await;
    Browser::new(&app).sends(&format!("/portal/doors/sessions/{id}"), "").await;
    listed(&app, &phone).await;
}

/// INV-1, NOTE-2, LINK-4: what an account asked for is not sent once its access is over.
#[tokio::test]
async fn ending_an_access_stops_its_queued_notifications() {
    for ended in [true, false] {
        let app = TestApp::world().await;
        let company = app.acme().companies[0].id;
        let contact = format!("select id from contacts where company_id = '{company}' order by id limit 1");
        let contact = app.value(&contact).await;
        let staff = &app.acme().staff_token;
        app.query(staff, INVITE, json!({ "input": { "contactId": contact } })).await.succeeded();
        let mail = app.mails().await.pop().unwrap();
        let button = button_of(&mail);
        let input = json!({ "input": { "token": button.rsplit('/').next().unwrap() } });
        app.query("", ACCEPT, input).await.succeeded();
        app.arrange(
            "insert into consents (org_id, id, portal_id, link_id, generation, email, language, topics, confirmed_at)
             select l.org_id, gen_random_uuid(), l.portal_id, l.id, l.generation, 'ada@client.example', 'EN', '{STATUS}', now()
             from portal_links l join portals p on p.org_id = l.org_id and p.id = l.portal_id
             where p.account_id is not null",
        )
        .await;
        moves(&app, app.acme(), company).await;
        assert_eq!(app.mail_states().await, ["SENT", "WAITING"]);
        if ended {
            app.query(staff, END_ACCESS, json!({ "input": { "contactId": contact } })).await.succeeded();
        }
        let (mails, state) = if ended { (1, "DROPPED") } else { (2, "SENT") };
        assert_eq!(app.mails().await.len(), mails);
        assert_eq!(app.mail_states().await, ["SENT", state]);
    }
}

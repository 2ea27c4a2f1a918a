//! INV-3, DOOR-6, DOOR-7, ORG-2: the whole way, from the change that queues a mail over the mail itself to
//! where its button leads, as browsers go it.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vestibule::adapters::mail::Written;

use crate::accounts_page::{Browser, doors};
use crate::consents::{moves, portal, subscribed};
use crate::support::TestApp;
use crate::support::mails::{button_of, path_of};

const INVITE: &str =
    "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { id } } } }";
const RESEND: &str = "mutation($input: ResendInvitationInput!) { staff { resendInvitation(input: $input) { invitation { state } } } }";
const REVOKE: &str = "mutation($input: RevokeInvitationInput!) { staff { revokeInvitation(input: $input) { invitation { state } } } }";
const END: &str =
    "mutation($input: EndContactAccessInput!) { staff { endContactAccess(input: $input) { contactId } } }";
const COLLEAGUE: &str =
    "mutation($input: InviteMemberInput!) { staff { inviteMember(input: $input) { invitation { id } } } }";
const EVENTS: &str = "{ staff { events(first: 100) { edges { node { __typename ... on InvitationAccepted { \
    invitationId contactId companyId } } } } } }";
const AUDIT: &str = "{ staff { auditEntries(first: 50) { edges { node { action subjectId } } } } }";
const PASSWORD: &str = "password=correct+horse+battery";

/// A contact of the first company, and the invitation that staff sent.
struct Invited {
    app: TestApp,
    contact: String,
    invitation: String,
}

impl Invited {
    async fn new() -> Self {
        let app = TestApp::world().await;
        let company = app.acme().companies[0].id;
        let first = format!("select id from contacts where company_id = '{company}' order by id limit 1");
        let contact = app.value(&first).await;
        let mut invited = Self { app, contact, invitation: String::new() };
        let made = invited.staff(INVITE, json!({ "contactId": invited.contact })).await;
        invited.invitation =
            made["data"]["staff"]["inviteContact"]["invitation"]["id"].as_str().unwrap().to_owned();
        invited
    }

    async fn staff(&self, document: &str, input: Value) -> Value {
        let token = &self.app.acme().staff_token;
        self.app.query(token, document, json!({ "input": input })).await.succeeded().json()
    }

    /// Where the newest mail leads.
    async fn page(&self) -> String {
        newest(&self.app).await.1
    }

    async fn status(&self) -> String {
        self.app.value(&format!("select status from contacts where id = '{}'", self.contact)).await
    }
}

/// Sends what is due: the newest mail, and the path of its button.
async fn newest(app: &TestApp) -> (Written, String) {
    let mail = app.mails().await.pop().unwrap();
    let path = path_of(&button_of(&mail));
    (mail, path)
}

/// Opens the only door that a browser is shown; the portal's path.
async fn goes_in(browser: &mut Browser<'_>) -> String {
    let list = browser.opens("/portal/doors").await;
    let listed = doors(&list);
    let [door] = listed.as_slice() else { panic!("{}", list.body()) };
    let opened = browser.sends(&format!("/portal/doors/{door}"), "").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    opened.header("location").to_owned()
}

/// INV-1, INV-3, DOOR-6, LINK-3
#[tokio::test]
async fn a_contact_accepts_the_invitation_that_was_mailed() {
    let invited = Invited::new().await;
    let page = invited.page().await;
    assert!(page.starts_with("/invitation/vi_"), "{page}");
    let mut browser = Browser::new(&invited.app);
    let before = invited.app.dump().await;
    let shown = browser.opens(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body().contains(&invited.app.acme().name), "{}", shown.body());
    assert_eq!(browser.sends_from("cross-site", &page, PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.sends(&page, "password=short").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(invited.app.dump().await, before, "nothing is accepted yet");
    let accepted = browser.sends(&page, PASSWORD).await;
    assert_eq!(accepted.header("location"), "/portal/doors");
    assert_eq!(invited.status().await, "ONBOARDED");
    let portal = goes_in(&mut browser).await;
    let home = browser.opens(&portal).await;
    assert_eq!(home.status, StatusCode::OK);
    for shown in ["Signed in", "href=\"/portal/doors\""] {
        assert!(home.body().contains(shown), "{shown} in {}", home.body());
    }
    // Once: neither the page nor its form is good any more.
    assert_eq!(browser.opens(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.sends(&page, PASSWORD).await.status, StatusCode::NOT_FOUND);
    // Whoever was not invited finds nothing.
    let stranger = Browser::new(&invited.app).opens("/invitation/vi_never").await;
    assert_eq!(stranger.body(), browser.opens(&page).await.body());
}

/// INV-3: a sending of its own makes the earlier one useless; a copy of the same one does not.
#[tokio::test]
async fn what_was_mailed_last_is_accepted_and_what_was_taken_back_is_not() {
    let invited = Invited::new().await;
    let first = invited.page().await;
    invited.app.app.clock.advance(chrono::TimeDelta::minutes(2));
    invited.staff(RESEND, json!({ "id": invited.invitation })).await;
    let second = invited.page().await;
    assert_ne!(first, second);
    let mut browser = Browser::new(&invited.app);
    assert_eq!(browser.sends(&first, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.opens(&second).await.status, StatusCode::OK);
    // The worker was not sure that the mail had left, and sent it once more.
    invited
        .app
        .arrange("update outbox set state = 'WAITING', ended_at = null, due_at = now() where id = (select max(id::text)::uuid from outbox)")
        .await;
    let copy = invited.page().await;
    assert_ne!(copy, second);
    assert_eq!(browser.opens(&second).await.status, StatusCode::OK);
    browser.sends(&copy, PASSWORD).await;
    assert_eq!(browser.sends(&second, PASSWORD).await.status, StatusCode::NOT_FOUND, "used once is used up");
    let taken_back = Invited::new().await;
    let page = taken_back.page().await;
    taken_back.staff(REVOKE, json!({ "id": taken_back.invitation })).await;
    assert_eq!(Browser::new(&taken_back.app).sends(&page, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert_eq!(taken_back.status().await, "NOT_INVITED");
}

/// EVT-1, ORG-5, INV-1
#[tokio::test]
async fn an_acceptance_stands_in_both_logs() {
    let invited = Invited::new().await;
    let page = invited.page().await;
    let mut browser = Browser::new(&invited.app);
    browser.opens(&page).await;
    let token = &invited.app.acme().staff_token;
    let events = async || invited.app.query(token, EVENTS, json!({})).await.succeeded();
    assert!(!events().await.body().contains("InvitationAccepted"));
    browser.sends(&page, PASSWORD).await;
    browser.sends(&page, PASSWORD).await;
    let told = events().await.at("/data/staff/events/edges");
    let told: Vec<&Value> = told.as_array().unwrap().iter().map(|edge| &edge["node"]).collect();
    let accepted: Vec<_> = told.iter().filter(|node| node["__typename"] == "InvitationAccepted").collect();
    let expected = json!({ "__typename": "InvitationAccepted", "invitationId": invited.invitation,
        "contactId": invited.contact, "companyId": invited.app.acme().companies[0].id });
    assert_eq!(accepted, [&&expected]);
    let audit = invited.app.query(token, AUDIT, json!({})).await.succeeded();
    let entry = json!({ "action": "invitation.accepted", "subjectId": invited.invitation });
    let entries = audit.at("/data/staff/auditEntries/edges");
    assert_eq!(entries.as_array().unwrap().iter().filter(|edge| edge["node"] == entry).count(), 1);
    let theirs = invited.app.query(&invited.app.rival().staff_token, AUDIT, json!({})).await.succeeded();
    assert!(!theirs.body().contains("invitation.accepted"));
}

/// DOOR-6, DOOR-7: with a mailed link, in the browser that asked.
#[tokio::test]
async fn a_client_without_a_password_comes_back_by_a_mailed_link() {
    let invited = Invited::new().await;
    let page = invited.page().await;
    Browser::new(&invited.app).sends(&page, "").await;
    let email =
        invited.app.value(&format!("select email from contacts where id = '{}'", invited.contact)).await;
    let mut browser = Browser::new(&invited.app);
    let asked = browser.sends("/portal/sign-in/link", &format!("email={email}")).await;
    assert_eq!(asked.status, StatusCode::OK);
    let (mail, link) = newest(&invited.app).await;
    assert_eq!(mail.to, email);
    assert!(link.starts_with("/portal/sign-in/link/vl_"), "{link}");
    assert!(!invited.app.dump().await.contains(link.rsplit('/').next().unwrap()), "kept as a hash");
    let mut other = Browser::new(&invited.app);
    assert_eq!(other.sends(&link, "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.sends(&link, "").await.header("location"), "/portal/doors");
    let portal = goes_in(&mut browser).await;
    assert_eq!(browser.opens(&portal).await.status, StatusCode::OK);
    assert_eq!(other.opens("/portal/doors").await.header("location"), "/portal/sign-in");
}

/// ORG-2: what is mailed replaces a password once.
#[tokio::test]
async fn a_password_is_replaced_by_the_mail_that_was_asked_for() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner.email;
    let mut browser = Browser::new(&app);
    browser.sends("/portal/password", &format!("email={owner}")).await;
    let (mail, page) = newest(&app).await;
    assert_eq!(&mail.to, owner);
    assert!(page.starts_with("/portal/password/vr_"), "{page}");
    assert!(!app.dump().await.contains(page.rsplit('/').next().unwrap()), "kept as a hash");
    assert_eq!(
        browser.sends(&page, "password=a+second+password").await.header("location"),
        "/portal/sign-in"
    );
    let again = browser.sends(&page, "password=a+third+password").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// ORG-3
#[tokio::test]
async fn a_colleague_joins_by_the_mail_that_invites_them() {
    let app = TestApp::world().await;
    let colleague = json!({ "input": { "email": "ines@new.example", "role": "MEMBER" } });
    app.query(&app.acme().staff_token, COLLEAGUE, colleague).await.succeeded();
    let (mail, page) = newest(&app).await;
    assert_eq!(mail.to, "ines@new.example");
    assert!(page.starts_with("/join/vm_"), "{page}");
    let mut browser = Browser::new(&app);
    let form = format!("name=Ines+Moreau&{PASSWORD}");
    assert_eq!(browser.sends_from("cross-site", &page, &form).await.status, StatusCode::FORBIDDEN);
    let joined = browser.sends(&page, &form).await;
    assert!(joined.body().contains(&app.acme().name), "{}", joined.body());
    assert_eq!(browser.sends(&page, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.value("select role from members where email = 'ines@new.example'").await, "MEMBER");
}

/// INV-1, NOTE-2, NOTE-4, LINK-4: who lost their access is told of nothing any more, others are.
#[tokio::test]
async fn an_access_that_ends_stops_its_queued_notifications() {
    let invited = Invited::new().await;
    let (app, acme) = (&invited.app, invited.app.acme());
    let mut browser = Browser::new(app);
    let page = invited.page().await;
    browser.sends(&page, "").await;
    let inside = goes_in(&mut browser).await;
    let asked =
        browser.sends(&format!("{inside}/notifications"), "email=guest%40client.example&topic=STATUS").await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body());
    let (mail, consent) = newest(app).await;
    assert_eq!(mail.to, "guest@client.example");
    browser.sends(&format!("{consent}/confirm"), "").await;
    let door = portal(acme);
    subscribed(app, &door.token, door.id, "other@client.example", &["STATUS"]).await;
    app.mails().await;
    moves(app, acme, acme.companies[0].id).await;
    let queued = app.sql("postgres").await.column("select email from notifications order by email").await;
    assert_eq!(queued, ["guest@client.example", "other@client.example"]);
    invited.staff(END, json!({ "contactId": invited.contact })).await;
    assert_eq!(invited.status().await, "NOT_INVITED");
    let sent = app.mails().await;
    assert_eq!(sent.last().unwrap().to, "other@client.example");
    let dropped = "select count(*) from outbox where state = 'DROPPED'";
    assert_eq!(app.value(dropped).await, "1");
    assert_eq!(browser.opens(&inside).await.header("location"), "/portal/doors");
}

//! DOOR-6, INV-1, INV-3: a contact accepts an invitation, comes in with the account it gives, and sees
//! their company or chosen records of it, until the access ends.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;
use vestibule::domain::callers::hash_token;
use vestibule::domain::passwords;

use crate::support::{Answer, TestApp};

const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) { access { acceptInvitation(input: $input) {
    visitorToken doors { id organizationName title codeRequired endsAt } } } }";
const READ: &str = "mutation($input: ReadInvitationInput!) { access { readInvitation(input: $input) {
    organizationName companyName email hasPassword } } }";
const SIGN_IN: &str = "mutation($input: SignInToPortalsInput!) { access { signInToPortals(input: $input) {
    visitorToken doors { id title } } } }";
const OPEN: &str = "mutation($input: OpenDoorInput!) { access { openDoor(input: $input) { sessionToken } } }";
const DOORS: &str =
    "mutation($input: ReadDoorsInput!) { access { readDoors(input: $input) { doors { id } } } }";
const STAFF_SIGN_IN: &str =
    "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken } } }";
const END: &str =
    "mutation($input: EndContactAccessInput!) { staff { endContactAccess(input: $input) { contactId } } }";
const HOME: &str =
    "{ portal { doorway { title companyName } home { sections { groups { records { id name } } } } } }";
const MARK: &str =
    "mutation($input: UpdateCompanyInput!) { staff { updateCompany(input: $input) { company { id } } } }";
const MEMBERS: &str = "{ staff { members { edges { node { name email } } } } }";
const VIEWER: &str = "{ staff { viewer { role } } }";
const PASSWORD: &str = "correct horse battery";

/// A contact of the first company who was invited.
struct Guest {
    id: String,
    email: String,
    token: String,
}

/// Invites a contact, to chosen records if there are some, and mails them.
async fn invited(app: &TestApp, records: &[String], ends: Option<&str>) -> Guest {
    let (org, company) = (app.acme().id, app.acme().companies[0].id);
    let clock = &app.app.clock;
    let contact = app
        .value(&format!(
            "select id from contacts where org_id = '{org}' and company_id = '{company}' order by id limit 1"
        ))
        .await;
    let (id, token) = (clock.id(), format!("vi_{}", clock.id().simple()));
    let ends = ends.map_or("null".to_owned(), |ends| format!("now() + interval '{ends}'"));
    app.arrange(&format!(
        "insert into invitations (org_id, id, company_id, contact_id, limited, access_ends_at, invited_by, mail_id, expires_at)
         select '{org}', '{id}', '{company}', '{contact}', {}, {ends}, m.id, gen_random_uuid(), now() + interval '14 days'
         from members m where m.org_id = '{org}' and m.role = 'OWNER' limit 1;
         insert into invitation_tokens (org_id, token_hash, invitation_id, round)
         values ('{org}', '\\x{}', '{id}', 1);
         update contacts set status = 'INVITED' where id = '{contact}'",
        !records.is_empty(),
        hex::encode(hash_token(&token)),
    ))
    .await;
    for record in records {
        let limit = format!(
            "insert into invitation_records (org_id, invitation_id, record_id) values ('{org}', '{id}', '{record}')"
        );
        app.arrange(&limit).await;
    }
    let email = app.value(&format!("select email from contacts where id = '{contact}'")).await;
    Guest { id: contact, email, token }
}

async fn accepts(app: &TestApp, guest: &Guest, password: Option<&str>) -> Answer {
    app.query("", ACCEPT, json!({ "input": { "token": guest.token, "password": password } })).await
}

async fn signs_in(app: &TestApp, guest: &Guest, password: &str) -> Answer {
    app.query("", SIGN_IN, json!({ "input": { "email": guest.email, "password": password } })).await
}

/// Opens a door: the portal session's token.
async fn opens(app: &TestApp, visitor: &str, door: &Value) -> String {
    let input = json!({ "visitorToken": visitor, "door": door["id"] });
    let opened = app.query("", OPEN, json!({ "input": input })).await.succeeded();
    opened.text("/data/access/openDoor/sessionToken")
}

/// The ids of the records that a session's home shows.
async fn records(app: &TestApp, session: &str) -> Vec<String> {
    let home = app.query(session, HOME, json!({})).await.succeeded();
    let sections = home.at("/data/portal/home/sections");
    let groups =
        sections.as_array().unwrap().iter().flat_map(|section| section["groups"].as_array().unwrap().clone());
    let records = groups.flat_map(|group| group["records"].as_array().unwrap().clone());
    let mut ids: Vec<String> = records.map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Visible records of the first company, in order of their ids.
async fn visible(app: &TestApp) -> Vec<String> {
    let (org, company) = (app.acme().id, app.acme().companies[0].id);
    let ids = app
        .value(&format!(
            "select string_agg(v.id::text, ' ' order by v.id) from visible_records('{org}', '{company}', null, null) v"
        ))
        .await;
    ids.split(' ').map(str::to_owned).collect()
}

async fn status(app: &TestApp, guest: &Guest) -> String {
    app.value(&format!("select status from contacts where id = '{}'", guest.id)).await
}

/// DOOR-6, INV-1, INV-3
#[tokio::test]
async fn a_contact_accepts_and_sees_what_their_company_sees() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let read = app.query("", READ, json!({ "input": { "token": guest.token } })).await.succeeded();
    let said = read.at("/data/access/readInvitation");
    assert_eq!(
        (&said["organizationName"], &said["email"], &said["hasPassword"]),
        (&json!(app.acme().name), &json!(guest.email), &json!(false))
    );
    assert_eq!(status(&app, &guest).await, "INVITED");
    let accepted = accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
    assert_eq!(status(&app, &guest).await, "ONBOARDED");
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let session = opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
    assert_eq!(records(&app, &session).await, visible(&app).await);
    // Once.
    assert_eq!(accepts(&app, &guest, Some(PASSWORD)).await.code(), "VALIDATION");
    // With the password again later, and with no other.
    let back = signs_in(&app, &guest, PASSWORD).await.succeeded();
    let visitor = back.text("/data/access/signInToPortals/visitorToken");
    opens(&app, &visitor, &back.at("/data/access/signInToPortals/doors/0")).await;
    let wrong = signs_in(&app, &guest, "incorrect horse battery").await;
    let nobody = Guest { email: "nobody@nowhere.example".into(), ..guest };
    assert_eq!(
        (wrong.code(), wrong.body()),
        ("UNAUTHENTICATED".into(), signs_in(&app, &nobody, PASSWORD).await.body())
    );
}

/// INV-3, REC-6
#[tokio::test]
async fn an_access_to_chosen_records_opens_those_and_no_other() {
    let app = TestApp::world().await;
    let all = visible(&app).await;
    let chosen = &all[..2];
    let guest = invited(&app, chosen, None).await;
    let accepted = accepts(&app, &guest, None).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let doors = accepted.at("/data/access/acceptInvitation/doors");
    let mut seen = Vec::new();
    for door in doors.as_array().unwrap() {
        let session = opens(&app, &visitor, door).await;
        seen.extend(records(&app, &session).await);
        let other = app
            .query(
                &session,
                "query($id: ID!) { portal { record(id: $id) { name } } }",
                json!({ "id": all[2] }),
            )
            .await;
        assert_eq!(other.code(), "NOT_FOUND");
    }
    seen.sort();
    assert_eq!(seen, chosen);
}

/// DOOR-6: whoever signed up with a contact's address first is not let in with them; who proved it and has a
/// password keeps that.
#[tokio::test]
async fn only_a_password_that_was_proved_outlives_an_invitation() {
    for (proved, opens, shut) in [(false, PASSWORD, "signed up with"), (true, "signed up with", PASSWORD)] {
        let app = TestApp::world().await;
        let guest = invited(&app, &[], None).await;
        let hash = passwords::hash_aside(Arc::new("signed up with".to_owned().into())).await.unwrap();
        app.arrange(&format!(
            "insert into people (id, email, password_hash, password_proved)
             values (gen_random_uuid(), '{}', '{hash}', {proved})",
            guest.email
        ))
        .await;
        accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
        signs_in(&app, &guest, opens).await.succeeded();
        assert_eq!(signs_in(&app, &guest, shut).await.code(), "UNAUTHENTICATED", "{proved}");
    }
}

/// DOOR-6, ORG-3: by construction, and at the database.
#[tokio::test]
async fn a_client_member_is_nothing_to_staff() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let accepted = accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let session = opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
    assert_eq!(app.query(&visitor, VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.query(&session, VIEWER, json!({})).await.code(), "FORBIDDEN");
    let credentials = json!({ "input": { "email": guest.email, "password": PASSWORD } });
    assert_eq!(app.query("", STAFF_SIGN_IN, credentials).await.code(), "FORBIDDEN");
    let members = app.query(&app.acme().staff_token, MEMBERS, json!({})).await.succeeded();
    assert!(!members.body().contains(&guest.email));
    // Were there a staff session of a CLIENT, the door would not take it.
    let org = app.acme().id;
    let token = format!("vs_{}", Uuid::nil().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!(
        "insert into staff_sessions (org_id, id, member_id, token_hash, expires_at)
         select org_id, gen_random_uuid(), id, '\\x{hash}', now() + interval '1 day' from members
         where org_id = '{org}' and role = 'CLIENT'"
    ))
    .await;
    assert_eq!(app.query(&token, VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    let staff = app.sql("app_staff").await;
    let entered =
        staff.rows(&format!("begin; select enter_staff('\\x{hash}'); select app_org()::text")).await;
    assert_eq!(entered.last().unwrap().first().unwrap().as_deref(), None);
    // Nor does it hold a permission, whoever writes it.
    let admin = app.sql("postgres").await;
    let grant = "update members set permissions = '{RECORDS_WRITE}' where role = 'CLIENT'";
    assert_eq!(admin.refusal(grant).await, "23514");
}

/// INV-1, LINK-4: the account, its sessions, and what is signed in.
#[tokio::test]
async fn staff_end_an_access_at_once() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let accepted = accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let session = opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
    let input = json!({ "input": { "contactId": guest.id } });
    let member = app.colleague_of(app.acme(), "MEMBER", &["RECORDS_WRITE"]).await;
    assert_eq!(app.query(&member.token, END, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, END, input.clone()).await.code(), "NOT_FOUND");
    app.query(&session, HOME, json!({})).await.succeeded();
    app.query(&app.acme().staff_token, END, input.clone()).await.succeeded();
    assert_eq!(app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    assert_eq!(status(&app, &guest).await, "NOT_INVITED");
    let doors = app.query("", DOORS, json!({ "input": { "visitorToken": visitor } })).await.succeeded();
    assert_eq!(doors.at("/data/access/readDoors/doors"), json!([]));
    assert_eq!(app.query(&app.acme().staff_token, END, input).await.code(), "CONFLICT");
    // Invited anew, they come back.
    let again = invited(&app, &[], None).await;
    let accepted = accepts(&app, &again, None).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
}

/// INV-3, LINK-4: to the second, without a job.
#[tokio::test]
async fn an_access_ends_when_its_invitation_said() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], Some("1 hour")).await;
    let accepted = accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let session = opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
    app.query(&session, HOME, json!({})).await.succeeded();
    let ends = "select count(*) from portals p join portal_accounts a on a.id = p.account_id where p.expires_at = a.ends_at";
    assert_eq!(app.value(ends).await, "1");
    app.arrange("update portals set expires_at = now() where account_id is not null").await;
    assert_eq!(app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    let doors = app.query("", DOORS, json!({ "input": { "visitorToken": visitor } })).await.succeeded();
    assert_eq!(doors.at("/data/access/readDoors/doors"), json!([]));
}

/// INV-3: used, taken back, expired, of an earlier round, or never made: one answer, and nobody's account.
#[tokio::test]
async fn an_invitation_that_is_no_longer_good_gives_nothing() {
    let never = Guest { id: String::new(), email: String::new(), token: "vi_never".into() };
    for ending in [
        "update invitations set revoked_at = now()",
        "update invitations set expires_at = now()",
        "update invitations set round = 2",
        "update invitations set access_ends_at = now()",
        "update contacts set archived_at = now()",
        "update companies set archived_at = now()",
        "update companies set internal = true",
    ] {
        let app = TestApp::world().await;
        let guest = invited(&app, &[], Some("1 hour")).await;
        app.arrange(ending).await;
        let refused = accepts(&app, &guest, Some(PASSWORD)).await;
        assert_eq!(
            (refused.code(), refused.body()),
            ("VALIDATION".into(), accepts(&app, &never, Some(PASSWORD)).await.body()),
            "{ending}"
        );
        assert_eq!(app.value("select count(*) from portal_accounts").await, "0", "{ending}");
    }
}

/// INV-3: of two who accept at once, one does.
#[tokio::test]
async fn an_invitation_is_accepted_once_also_at_once() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let both = futures::join!(accepts(&app, &guest, None), accepts(&app, &guest, None));
    let refused = [both.0, both.1].iter().filter(|answer| answer.json().get("errors").is_some()).count();
    assert_eq!((refused, app.value("select count(*) from portal_accounts").await.as_str()), (1, "1"));
}

/// DOOR-6: a link's recipient who gets an account finds the portal there.
#[tokio::test]
async fn a_link_for_the_same_address_attaches_by_itself() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let record = app.acme().portals.iter().position(|portal| portal.scope == "RECORD").unwrap();
    let hash = hex::encode(hash_token(&app.acme().portals[record].token));
    app.arrange(&format!(
        "update portal_links set recipient_contact_id = null, recipient_email = '{}' where token_hash = '\\x{hash}'",
        guest.email
    ))
    .await;
    let accepted = accepts(&app, &guest, None).await.succeeded();
    let titles: Vec<Value> = accepted
        .at("/data/access/acceptInvitation/doors")
        .as_array()
        .unwrap()
        .iter()
        .map(|door| door["title"].clone())
        .collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles.contains(&json!(app.acme().portals[record].title)), "{titles:?}");
}

/// DOOR-6, ORG-2: a new password ends what was opened with the old one.
#[tokio::test]
async fn a_new_password_ends_a_clients_sessions_too() {
    let app = TestApp::world().await;
    let guest = invited(&app, &[], None).await;
    let accepted = accepts(&app, &guest, Some(PASSWORD)).await.succeeded();
    let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
    let session = opens(&app, &visitor, &accepted.at("/data/access/acceptInvitation/doors/0")).await;
    let forgotten = "mutation($input: RequestPasswordResetInput!) { access { requestPasswordReset(input: $input) { requested } } }";
    app.query("", forgotten, json!({ "input": { "email": guest.email } })).await.succeeded();
    let hash = hex::encode(hash_token("vr_mailed"));
    app.arrange(&format!("update address_proofs set token_hash = '\\x{hash}'")).await;
    let reset = "mutation($input: ResetPasswordInput!) { access { resetPassword(input: $input) { reset } } }";
    let input = json!({ "input": { "token": "vr_mailed", "password": "a second password" } });
    app.query("", reset, input).await.succeeded();
    assert_eq!(app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    let doors = app.query("", DOORS, json!({ "input": { "visitorToken": visitor } })).await;
    assert_eq!(doors.code(), "UNAUTHENTICATED");
    signs_in(&app, &guest, "a second password").await.succeeded();
}

/// INV-5: an account is access, whatever became of its portals; once it is over, it is no hindrance.
#[tokio::test]
async fn a_company_whose_contact_has_an_account_cannot_become_internal() {
    for (over, ended) in [("ended by staff", true), ("ended by its date", false)] {
        let app = TestApp::world().await;
        let guest = invited(&app, &[], None).await;
        accepts(&app, &guest, None).await.succeeded();
        let company = app.acme().companies[0].id;
        app.arrange(&format!("update portals set revoked_at = now() where company_id = '{company}'")).await;
        let version = app.value(&format!("select version from companies where id = '{company}'")).await;
        let mark = json!({ "input": { "id": company, "version": version.parse::<i32>().unwrap(), "internal": true } });
        let token = &app.acme().staff_token;
        assert_eq!(app.query(token, MARK, mark.clone()).await.code(), "CONFLICT", "{over}");
        if ended {
            app.query(token, END, json!({ "input": { "contactId": guest.id } })).await.succeeded();
        } else {
            app.arrange("update portal_accounts set ends_at = now()").await;
        }
        app.query(token, MARK, mark).await.succeeded();
    }
}

/// INV-5: of an internal mark and an acceptance at once, never both.
#[tokio::test]
async fn a_company_is_never_internal_and_accepted() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let mut accepted = 0;
    for _ in 0..20 {
        app.arrange(&format!("update companies set internal = false where id = '{company}'")).await;
        let guest = invited(&app, &[], None).await;
        app.arrange(&format!("update portals set revoked_at = now() where company_id = '{company}'")).await;
        let version = app.value(&format!("select version from companies where id = '{company}'")).await;
        let mark = json!({ "input": { "id": company, "version": version.parse::<i32>().unwrap(), "internal": true } });
        let (mark, accept) =
            futures::join!(app.query(&app.acme().staff_token, MARK, mark), accepts(&app, &guest, None));
        assert_eq!(mark.code(), "CONFLICT");
        accepted += i32::from(accept.json().get("errors").is_none());
        app.query(&app.acme().staff_token, END, json!({ "input": { "contactId": guest.id } }))
            .await
            .succeeded();
    }
    assert_eq!(accepted, 20, "a pending invitation keeps the company open until it is an account");
}

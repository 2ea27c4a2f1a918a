//! DOOR-7: who proved an address sees the doors that are meant for it, in every organisation, and opens
//! them one by one.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};
use vestibule::domain::callers::hash_token;

const DOORS: &str = "mutation($input: ReadDoorsInput!) { access { readDoors(input: $input) {
    doors { id organizationName title codeRequired endsAt } } } }";
const OPEN: &str = "mutation($input: OpenDoorInput!) { access { openDoor(input: $input) { sessionToken } } }";
const LEAVE: &str =
    "mutation($input: SignOutOfPortalsInput!) { access { signOutOfPortals(input: $input) { signedOut } } }";
const CREATE: &str =
    "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { portal { id } } } }";
const HOME: &str = "{ portal { doorway { title organization { name } } } }";
const GUEST: &str = "guest@client.example";

/// Whoever has this token proved the address.
async fn visitor(app: &TestApp, address: &str) -> String {
    let token = format!("va_{}", app.app.clock.id().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!(
        "insert into visitor_sessions (id, address, token_hash, expires_at)
         values (gen_random_uuid(), '{address}', '\\x{hash}', now() + interval '1 day')"
    ))
    .await;
    token
}

async fn doors(app: &TestApp, visitor: &str) -> Answer {
    app.query("", DOORS, json!({ "input": { "visitorToken": visitor } })).await
}

async fn list(app: &TestApp, visitor: &str) -> Vec<Value> {
    doors(app, visitor).await.succeeded().at("/data/access/readDoors/doors").as_array().unwrap().clone()
}

async fn opens(app: &TestApp, visitor: &str, door: &Value, code: Option<&str>) -> Answer {
    let input = json!({ "visitorToken": visitor, "door": door["id"], "accessCode": code });
    app.query("", OPEN, json!({ "input": input })).await
}

/// A world where each organisation shares its first company's portal with the guest.
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

/// DOOR-7
#[tokio::test]
async fn a_visitor_sees_every_organisation_that_shares_with_them_and_switches() {
    let app = shared().await;
    let guest = visitor(&app, GUEST).await;
    let listed = list(&app, &guest).await;
    let names: Vec<&str> = listed.iter().map(|door| door["organizationName"].as_str().unwrap()).collect();
    for org in [app.acme(), app.rival()] {
        assert!(names.contains(&org.name.as_str()), "{names:?}");
    }
    for door in &listed {
        let opened = opens(&app, &guest, door, None).await.succeeded();
        let session = opened.text("/data/access/openDoor/sessionToken");
        let home = app.query(&session, HOME, json!({})).await.succeeded();
        assert_eq!(home.at("/data/portal/doorway/title"), door["title"]);
        assert_eq!(home.at("/data/portal/doorway/organization/name"), door["organizationName"]);
    }
}

/// DOOR-7: holding a link proves nothing about an address.
#[tokio::test]
async fn without_proof_nothing_shows_and_nothing_opens() {
    let app = shared().await;
    let guest = visitor(&app, GUEST).await;
    let door = list(&app, &guest).await.remove(0);
    let link = app.acme().portals[0].token.clone();
    let session = app.open(&link).await;
    let staff = app.acme().staff_token.clone();
    for unproven in ["", "va_never", link.as_str(), &session, &staff] {
        assert_eq!(doors(&app, unproven).await.code(), "UNAUTHENTICATED", "{unproven}");
        assert_eq!(opens(&app, unproven, &door, None).await.code(), "NOT_FOUND", "{unproven}");
    }
    let stranger = visitor(&app, "stranger@client.example").await;
    assert_eq!(list(&app, &stranger).await, Vec::<Value>::new());
    let foreign = opens(&app, &stranger, &door, None).await;
    let never = opens(&app, &stranger, &json!({ "id": uuid::Uuid::nil() }), None).await;
    assert_eq!((foreign.code(), foreign.body()), ("NOT_FOUND".into(), never.body()));
    // What was proved is no credential of anything else.
    assert_eq!(app.query(&guest, HOME, json!({})).await.code(), "UNAUTHENTICATED");
    let leave = json!({ "input": { "visitorToken": guest } });
    app.query("", LEAVE, leave).await.succeeded();
    assert_eq!(doors(&app, &guest).await.code(), "UNAUTHENTICATED");
    assert_eq!(opens(&app, &guest, &door, None).await.code(), "NOT_FOUND");
}

/// DOOR-7, LINK-4: what is closed is not listed, and does not open.
#[tokio::test]
async fn closed_doors_are_not_listed() {
    let app = shared().await;
    let guest = visitor(&app, GUEST).await;
    let ours = list(&app, &guest)
        .await
        .into_iter()
        .find(|door| door["organizationName"] == app.acme().name)
        .unwrap();
    let id = ours["id"].as_str().unwrap();
    let close = [
        format!("update portal_links set revoked_at = now() where id = '{id}'"),
        format!(
            "update portals set revoked_at = now() where id = (select portal_id from portal_links where id = '{id}')"
        ),
        format!(
            "update portals set expires_at = now() where id = (select portal_id from portal_links where id = '{id}')"
        ),
        format!("update organizations set portal_enabled = false where org_id = '{}'", app.acme().id),
        format!("update companies set internal = true where id = '{}'", app.acme().companies[0].id),
    ];
    for closing in close {
        let app = shared().await;
        let guest = visitor(&app, GUEST).await;
        assert!(list(&app, &guest).await.iter().any(|door| door["id"] == *id));
        app.arrange(&closing).await;
        assert!(list(&app, &guest).await.iter().all(|door| door["id"] != *id), "{closing}");
        assert!(
            ["LINK_INACTIVE", "NOT_FOUND"].contains(&opens(&app, &guest, &ours, None).await.code().as_str()),
            "{closing}"
        );
    }
}

/// DOOR-7, DOOR-1: each door's own code still has to be passed.
#[tokio::test]
async fn a_coded_door_asks_its_code_of_a_visitor_too() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let input = json!({ "label": "Coded", "scope": { "companyId": company }, "accessCode": "480216" });
    let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let portal = made.text("/data/staff/createPortal/portal/id");
    app.arrange(&format!("update portal_links set recipient_email = '{GUEST}' where portal_id = '{portal}'"))
        .await;
    let guest = visitor(&app, GUEST).await;
    let door = list(&app, &guest).await.remove(0);
    assert_eq!(door["codeRequired"], true);
    assert_eq!(opens(&app, &guest, &door, None).await.code(), "CODE_REQUIRED");
    assert_eq!(opens(&app, &guest, &door, Some("000000")).await.code(), "VALIDATION");
    let opened = opens(&app, &guest, &door, Some("480216")).await.succeeded();
    app.query(&opened.text("/data/access/openDoor/sessionToken"), HOME, json!({})).await.succeeded();
}

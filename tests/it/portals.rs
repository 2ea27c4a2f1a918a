//! LINK-1 to LINK-5: staff make doorways, and close them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url portal { \
    id title scope modes expiresAt state version company { name } links { id state } } } } }";
const ADD_LINK: &str = "mutation($input: CreatePortalLinkInput!) { staff { createPortalLink(input: $input) { url link { \
    id state ownExpiry expiresAt recipientEmail } } } }";
const UPDATE: &str = "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { title version modes } } } }";
const ROTATE: &str =
    "mutation($input: RotatePortalInput!) { staff { rotatePortal(input: $input) { urls { linkId url } } } }";
const REVOKE: &str =
    "mutation($input: RevokePortalInput!) { staff { revokePortal(input: $input) { portal { state } } } }";
const ROTATE_LINK: &str =
    "mutation($input: RotatePortalLinkInput!) { staff { rotatePortalLink(input: $input) { url } } }";
const REVOKE_LINK: &str = "mutation($input: RevokePortalLinkInput!) { staff { revokePortalLink(input: $input) { link { state } } } }";
const UPDATE_LINK: &str = "mutation($input: UpdatePortalLinkInput!) { staff { updatePortalLink(input: $input) { link { \
    state ownExpiry expiresAt version } } } }";
const OPEN: &str =
    "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken expiresAt } } }";
const HOME: &str = "{ portal { doorway { title modes attribution } home { sections { count groups { fileCount messageCount } } } } }";

/// The first organisation's staff, and their first company.
struct Staff {
    app: TestApp,
}

impl Staff {
    async fn new() -> Self {
        Self { app: TestApp::world().await }
    }

    fn company(&self) -> Uuid {
        self.app.acme().companies[0].id
    }

    async fn runs(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    /// Makes a portal of the first company and returns its id, its link's id and token.
    async fn shares(&self) -> Shared {
        let input = json!({ "label": "For Alder", "scope": { "companyId": self.company() } });
        let answer = self.runs(CREATE, input).await.succeeded();
        Shared {
            portal: answer.text("/data/staff/createPortal/portal/id"),
            link: answer.text("/data/staff/createPortal/portal/links/0/id"),
            token: token_in(&answer.text("/data/staff/createPortal/url")),
        }
    }

    async fn opening(&self, token: &str) -> Answer {
        self.app.query("", OPEN, json!({ "input": { "token": token } })).await
    }

    async fn a_client_gets_in(&self, token: &str) -> bool {
        let answer = self.opening(token).await;
        match answer.json().get("errors") {
            None => true,
            Some(_) => {
                assert_eq!(answer.code(), "LINK_INACTIVE");
                false
            }
        }
    }
}

struct Shared {
    portal: String,
    link: String,
    token: String,
}

fn token_in(url: &str) -> String {
    let token = url.rsplit('/').next().unwrap();
    assert_eq!(token.len(), 32, "{url}");
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric()), "{url}");
    token.to_owned()
}

/// LINK-1, LINK-2
#[tokio::test]
async fn staff_share_a_company_and_the_client_gets_in() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let session = staff.app.open(&shared.token).await;
    let home = staff.app.query(&session, HOME, json!({})).await.succeeded();
    assert_eq!(home.text("/data/portal/doorway/title"), "For Alder");
    assert_eq!(home.at("/data/portal/home/sections/0/count"), 4);
}

/// LINK-1, ORG-3
#[tokio::test]
async fn a_member_cannot_share_whatever_was_granted() {
    let staff = Staff::new().await;
    let acme = staff.app.acme();
    staff.app.arrange(&format!("update members set role = 'MEMBER', permissions = '{{RECORDS_WRITE,SETTINGS_MANAGE}}' where org_id = '{}'", acme.id)).await;
    let shared = staff.runs(CREATE, json!({ "label": "x", "scope": { "companyId": staff.company() } })).await;
    assert_eq!(shared.code(), "FORBIDDEN");
    assert_eq!(shared.at("/data/staff/createPortal"), Value::Null);
}

/// LINK-1, ORG-4
#[tokio::test]
async fn staff_cannot_share_or_close_what_another_organisation_has() {
    let staff = Staff::new().await;
    let rival = staff.app.rival();
    let refused =
        staff.runs(CREATE, json!({ "label": "x", "scope": { "companyId": rival.companies[0].id } })).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    for document in [ROTATE, REVOKE] {
        assert_eq!(staff.runs(document, json!({ "id": rival.portals[0].id })).await.code(), "NOT_FOUND");
    }
    assert!(staff.a_client_gets_in(&rival.portals[0].token).await);
}

/// LINK-1
#[tokio::test]
async fn a_portal_ends_never_after_days_or_with_a_day() {
    let staff = Staff::new().await;
    let ends = async |expiry: Value| {
        let input = json!({ "label": "x", "scope": { "companyId": staff.company() }, "expiry": expiry });
        staff.runs(CREATE, input).await.succeeded().at("/data/staff/createPortal/portal/expiresAt")
    };
    assert_eq!(ends(json!({ "never": true })).await, Value::Null);
    let now = staff.app.app.clock.now();
    let in_a_week: chrono::DateTime<chrono::Utc> =
        serde_json::from_value(ends(json!({ "days": 7 })).await).unwrap();
    assert!((in_a_week - now).num_seconds() - 7 * 86_400 < 60);
    // The demo organisations are in Berlin, one hour ahead of UTC in winter.
    assert_eq!(ends(json!({ "until": "2031-01-15" })).await, "2031-01-15T23:00:00+00:00");
}

/// LINK-1
#[tokio::test]
async fn a_portal_cannot_end_in_the_past_or_before_it_starts() {
    let staff = Staff::new().await;
    for extra in [
        json!({ "expiry": { "until": "2020-01-01" } }),
        json!({ "expiry": { "days": 0 } }),
        json!({ "expiry": { "days": 7 }, "startsAt": "2099-01-01T00:00:00Z" }),
        json!({ "modes": [] }),
    ] {
        let mut input = json!({ "label": "x", "scope": { "companyId": staff.company() } });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(staff.runs(CREATE, input).await.code(), "VALIDATION", "{extra}");
    }
}

/// LINK-2, EVT-1, ORG-5
#[tokio::test]
async fn a_token_stands_nowhere_in_the_database() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let rotated = staff.runs(ROTATE_LINK, json!({ "id": shared.link })).await.succeeded();
    let fresh = token_in(&rotated.text("/data/staff/rotatePortalLink/url"));
    let session = staff.app.open(&fresh).await;
    let everything = staff.app.dump().await;
    assert!(everything.contains("For Alder"), "the search itself must work");
    for secret in [&shared.token, &fresh, &session, &staff.app.acme().staff_token] {
        assert!(!everything.contains(secret.as_str()));
    }
}

/// LINK-3
#[tokio::test]
async fn a_link_opens_as_often_as_the_client_likes() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    for _ in 0..5 {
        assert!(staff.a_client_gets_in(&shared.token).await);
    }
}

/// LINK-2, LINK-4
#[tokio::test]
async fn a_session_cannot_renew_itself() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let session = staff.app.open(&shared.token).await;
    assert!(!staff.a_client_gets_in(&session).await);
}

/// LINK-4
#[tokio::test]
async fn rotating_a_link_closes_its_url_and_its_sessions_and_no_other() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let other = staff.runs(ADD_LINK, json!({ "portalId": shared.portal })).await.succeeded();
    let other = token_in(&other.text("/data/staff/createPortalLink/url"));
    let session = staff.app.open(&shared.token).await;
    let rotated = staff.runs(ROTATE_LINK, json!({ "id": shared.link })).await.succeeded();
    assert!(!staff.a_client_gets_in(&shared.token).await);
    assert_eq!(staff.app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    assert!(staff.a_client_gets_in(&other).await);
    assert!(staff.a_client_gets_in(&token_in(&rotated.text("/data/staff/rotatePortalLink/url"))).await);
}

/// LINK-4
#[tokio::test]
async fn rotating_a_portal_gives_every_link_a_new_url() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let revoked = staff.runs(ADD_LINK, json!({ "portalId": shared.portal })).await.succeeded();
    let revoked_id = revoked.text("/data/staff/createPortalLink/link/id");
    staff.runs(REVOKE_LINK, json!({ "id": revoked_id })).await.succeeded();
    let rotated = staff.runs(ROTATE, json!({ "id": shared.portal })).await.succeeded();
    assert_eq!(rotated.at("/data/staff/rotatePortal/urls").as_array().unwrap().len(), 1);
    assert!(!staff.a_client_gets_in(&shared.token).await);
    assert!(staff.a_client_gets_in(&token_in(&rotated.text("/data/staff/rotatePortal/urls/0/url"))).await);
}

/// LINK-4
#[tokio::test]
async fn a_revoked_link_or_portal_stays_closed() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let session = staff.app.open(&shared.token).await;
    staff.runs(REVOKE_LINK, json!({ "id": shared.link })).await.succeeded();
    assert!(!staff.a_client_gets_in(&shared.token).await);
    assert_eq!(staff.app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    assert_eq!(staff.runs(ROTATE_LINK, json!({ "id": shared.link })).await.code(), "CONFLICT");

    let shared = staff.shares().await;
    let revoked = staff.runs(REVOKE, json!({ "id": shared.portal })).await.succeeded();
    assert_eq!(revoked.text("/data/staff/revokePortal/portal/state"), "REVOKED");
    assert!(!staff.a_client_gets_in(&shared.token).await);
    assert_eq!(staff.runs(ROTATE, json!({ "id": shared.portal })).await.code(), "CONFLICT");
}

/// LINK-4
#[tokio::test]
async fn a_portal_is_closed_from_the_instant_of_its_end() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let session = staff.app.open(&shared.token).await;
    let end = async |moment: &str| {
        staff
            .app
            .arrange(&format!("update portals set expires_at = {moment} where id = '{}'", shared.portal))
            .await;
    };
    end("now() + interval '1 minute'").await;
    assert!(staff.a_client_gets_in(&shared.token).await);
    end("now()").await;
    assert!(!staff.a_client_gets_in(&shared.token).await);
    assert_eq!(staff.app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
}

/// LINK-1, LINK-4
#[tokio::test]
async fn a_link_ends_before_its_portal_but_never_after() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let link = json!({ "expiry": { "days": 30 }, "recipient": { "email": "Ada@Example.com" } });
    let added = staff.runs(ADD_LINK, json!({ "portalId": shared.portal, "link": link })).await.succeeded();
    assert_eq!(added.text("/data/staff/createPortalLink/link/recipientEmail"), "ada@example.com");
    let token = token_in(&added.text("/data/staff/createPortalLink/url"));
    let id = added.text("/data/staff/createPortalLink/link/id");
    staff.app.arrange(&format!("update portal_links set expires_at = now() where id = '{id}'")).await;
    assert!(!staff.a_client_gets_in(&token).await);
    assert!(staff.a_client_gets_in(&shared.token).await);
    let inherits = json!({ "id": id, "version": 1, "expiry": null });
    let changed = staff.runs(UPDATE_LINK, inherits).await.succeeded();
    assert_eq!(changed.at("/data/staff/updatePortalLink/link/ownExpiry"), false);
    assert!(staff.a_client_gets_in(&token).await);
    staff.app.arrange(&format!("update portals set expires_at = now() where id = '{}'", shared.portal)).await;
    assert!(!staff.a_client_gets_in(&token).await);
}

/// LINK-1
#[tokio::test]
async fn a_link_cannot_be_meant_for_a_contact_of_another_company() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let contact = staff
        .app
        .value(&format!(
            "select id::text from contacts where org_id = '{}' and company_id <> '{}' limit 1",
            staff.app.acme().id,
            staff.company(),
        ))
        .await;
    let input = json!({ "portalId": shared.portal, "link": { "recipient": { "contactId": contact } } });
    assert_eq!(staff.runs(ADD_LINK, input).await.code(), "VALIDATION");
}

/// LINK-5
#[tokio::test]
async fn every_dead_link_gets_the_same_bytes() {
    let staff = Staff::new().await;
    let mut answers = Vec::new();
    for damage in [
        "",
        "update portal_links set revoked_at = now() where id = '$link'",
        "update portals set revoked_at = now() where id = '$portal'",
        "update portals set expires_at = now() where id = '$portal'",
        "update portals set starts_at = now() + interval '1 day' where id = '$portal'",
        "update portal_links set own_start = true, starts_at = now() + interval '1 day' where id = '$link'",
        "update portal_links set token_hash = sha256('other'), generation = 2 where id = '$link'",
        "update companies set archived_at = now() where id in (select company_id from portals where id = '$portal')",
        "update companies set archived_at = null, internal = true where id in (select company_id from portals where id = '$portal')",
        "update organizations set portal_enabled = false where org_id in (select org_id from portals where id = '$portal')",
    ] {
        let shared = staff.shares_anew().await;
        let token = if damage.is_empty() { "A".repeat(32) } else { shared.token.clone() };
        if !damage.is_empty() {
            assert!(staff.a_client_gets_in(&token).await, "{damage}");
            staff
                .app
                .arrange(&damage.replace("$link", &shared.link).replace("$portal", &shared.portal))
                .await;
        }
        answers.push(staff.opening(&token).await);
    }
    answers.push(staff.opening("").await);
    answers.push(staff.opening(&"x".repeat(10_000)).await);
    answers.push(staff.opening("../../etc/passwd\u{0}").await);
    for answer in &answers {
        assert_eq!(answer.body(), answers[0].body());
        assert_eq!(answer.status, answers[0].status);
        let without_id = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            headers
        };
        assert_eq!(without_id(answer), without_id(&answers[0]));
    }
    assert_eq!(answers[0].code(), "LINK_INACTIVE");
}

/// LINK-1, REC-10
#[tokio::test]
async fn a_mode_that_is_off_shows_nothing() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let home = async |modes: Value, version: i32| {
        staff
            .runs(UPDATE, json!({ "id": shared.portal, "version": version, "modes": modes }))
            .await
            .succeeded();
        staff.app.query(&staff.app.open(&shared.token).await, HOME, json!({})).await.succeeded()
    };
    let all = home(json!(["RECORDS", "FILES", "MESSAGES"]), 1).await;
    assert_ne!(all.at("/data/portal/home/sections/0/groups/0/fileCount"), 0);
    assert_ne!(all.at("/data/portal/home/sections/0/groups/0/messageCount"), 0);
    let records = home(json!(["RECORDS"]), 2).await;
    assert_eq!(records.at("/data/portal/home/sections/0/groups/0/fileCount"), 0);
    assert_eq!(records.at("/data/portal/home/sections/0/groups/0/messageCount"), 0);
    let files = home(json!(["FILES"]), 3).await;
    assert_eq!(files.at("/data/portal/home/sections"), json!([]));
}

/// REC-5, LINK-1
#[tokio::test]
async fn the_first_portal_of_a_record_turns_it_on_and_a_later_one_does_not() {
    let staff = Staff::new().await;
    let record = staff
        .app
        .value(&format!(
            "select id::text from records where org_id = '{}' and company_id = '{}' order by id desc limit 1",
            staff.app.acme().id,
            staff.company(),
        ))
        .await;
    let switch_off = format!("update records set portal_enabled = false where id = '{record}'");
    let share = || json!({ "label": "One project", "scope": { "recordId": record } });
    staff.app.arrange(&switch_off).await;
    let first = staff.runs(CREATE, share()).await.succeeded();
    assert_eq!(first.text("/data/staff/createPortal/portal/scope"), "RECORD");
    let token = token_in(&first.text("/data/staff/createPortal/url"));
    assert!(staff.a_client_gets_in(&token).await);
    staff.app.arrange(&switch_off).await;
    staff.runs(CREATE, share()).await.succeeded();
    assert!(!staff.a_client_gets_in(&token).await);
}

/// INV-5
#[tokio::test]
async fn nothing_of_an_internal_company_can_be_shared() {
    let staff = Staff::new().await;
    staff
        .app
        .arrange(&format!("update companies set internal = true where id = '{}'", staff.company()))
        .await;
    let refused =
        staff.runs(CREATE, json!({ "label": "x", "scope": { "companyId": staff.company() } })).await;
    assert_eq!(refused.code(), "VALIDATION");
}

/// API-8, LINK-2
#[tokio::test]
async fn a_repeated_key_makes_no_second_portal_and_shows_no_secret_again() {
    let staff = Staff::new().await;
    let input =
        json!({ "label": "Once", "scope": { "companyId": staff.company() }, "idempotencyKey": "once" });
    let first = staff.runs(CREATE, input.clone()).await.succeeded();
    let again = staff.runs(CREATE, input).await.succeeded();
    let id = "/data/staff/createPortal/portal/id";
    assert_eq!(first.text(id), again.text(id));
    assert_eq!(again.at("/data/staff/createPortal/url"), Value::Null);
}

/// API-8
#[tokio::test]
async fn a_portal_that_moved_on_is_not_overwritten() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    let rename = |title: &str| json!({ "id": shared.portal, "version": 1, "title": title });
    staff.runs(UPDATE, rename("First")).await.succeeded();
    assert_eq!(staff.runs(UPDATE, rename("Second")).await.code(), "CONFLICT");
}

/// EVT-1, ORG-5
#[tokio::test]
async fn every_step_of_a_portal_is_an_event_and_an_audit_entry() {
    let staff = Staff::new().await;
    let shared = staff.shares().await;
    staff.runs(UPDATE, json!({ "id": shared.portal, "version": 1, "modes": ["RECORDS"] })).await.succeeded();
    staff.runs(ROTATE, json!({ "id": shared.portal })).await.succeeded();
    staff.runs(REVOKE, json!({ "id": shared.portal })).await.succeeded();
    let kinds = "portal.created portal.updated portal.rotated portal.revoked";
    let logged = async |table: &str, kind: &str, order: &str| {
        staff
            .app
            .value(&format!(
                "select string_agg({kind}, ' ' order by {order}) from {table} where org_id = '{}'",
                staff.app.acme().id
            ))
            .await
    };
    assert_eq!(logged("events", "kind", "seq").await, kinds);
    assert_eq!(logged("audit_entries", "action", "id").await, kinds);
    assert_eq!(logged("events", "seq::text", "seq").await, "1 2 3 4");
}

impl Staff {
    /// A portal of a company whose other portals nobody will miss.
    async fn shares_anew(&self) -> Shared {
        let org = self.app.acme().id;
        self.app
            .arrange(&format!(
                "update companies set internal = false, archived_at = null where org_id = '{org}'"
            ))
            .await;
        self.shares().await
    }
}

//! LINK-8: staff share a portal with a contact, and again; LINK-11: they rotate and revoke many
//! portals at once.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const SHARE: &str = "mutation($input: SharePortalInput!) { staff { sharePortal(input: $input) { url link { \
    id state recipientContactId } } } }";
const ROTATE: &str = "mutation($input: RotatePortalsInput!) { staff { rotatePortals(input: $input) { results { \
    portal { id } urls { linkId url } } } } }";
const REVOKE: &str = "mutation($input: RevokePortalsInput!) { staff { revokePortals(input: $input) { portals { id state } } } }";

/// The first organisation's owner, with two contacts at the first company.
struct Owner {
    app: TestApp,
    ada: Uuid,
    bela: Uuid,
}

impl Owner {
    async fn new() -> Self {
        let app = TestApp::world().await;
        let (org, company) = (app.acme().id, app.acme().companies[0].id);
        let [ada, bela] = [app.app.clock.id(), app.app.clock.id()];
        app.arrange(&format!(
            "insert into contacts (org_id, id, company_id, name, email) values
                 ('{org}', '{ada}', '{company}', 'Ada', 'ada@client.example'),
                 ('{org}', '{bela}', '{company}', 'Bela', 'bela@client.example')"
        ))
        .await;
        Self { app, ada, bela }
    }

    fn portal(&self) -> Uuid {
        self.app.acme().portals[0].id
    }

    async fn runs(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    async fn shares_with(&self, contact: Uuid, besides: Value) -> Answer {
        let mut input = json!({ "portalId": self.portal(), "contactId": contact, "delivery": "COPY" });
        input.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
        self.runs(SHARE, input).await
    }

    /// Shares with a contact and returns the path of the URL.
    async fn copies(&self, contact: Uuid, besides: Value) -> String {
        let url = self.shares_with(contact, besides).await.succeeded().text("/data/staff/sharePortal/url");
        url[url.find("/portal/").unwrap()..].to_owned()
    }

    async fn opens(&self, path: &str) -> bool {
        self.app.get(path).await.status == 200
    }
}

/// LINK-8
#[tokio::test]
async fn a_contact_gets_a_fresh_link_each_time_and_the_earlier_ones_live_on() {
    let owner = Owner::new().await;
    let first = owner.copies(owner.ada, json!({})).await;
    let second = owner.copies(owner.ada, json!({})).await;
    assert_ne!(first, second);
    assert!(owner.opens(&first).await && owner.opens(&second).await);
}

/// LINK-8
#[tokio::test]
async fn invalidating_earlier_links_ends_the_contacts_own_of_this_portal_and_no_other() {
    let owner = Owner::new().await;
    let (first, belas) =
        (owner.copies(owner.ada, json!({})).await, owner.copies(owner.bela, json!({})).await);
    let record = owner.app.acme().portals.iter().find(|portal| portal.scope == "RECORD").unwrap();
    let other = owner.copies(owner.ada, json!({ "portalId": record.id })).await;
    let original = format!("/portal/{}", owner.app.acme().portals[0].token);
    let fresh = owner.copies(owner.ada, json!({ "invalidateEarlier": true })).await;
    assert!(!owner.opens(&first).await);
    for path in [&fresh, &belas, &other, &original] {
        assert!(owner.opens(path).await, "{path}");
    }
    let audited = "select string_agg(action, ' ' order by id) from audit_entries";
    let shared = "portal_link.shared";
    let wanted = format!("{shared} {shared} {shared} portal_link.revoked {shared}");
    assert_eq!(owner.app.value(audited).await, wanted);
}

/// LINK-2, LINK-8: the worker makes the token as it sends.
#[tokio::test]
async fn a_mailed_link_waits_in_the_outbox_without_its_secret() {
    let owner = Owner::new().await;
    let mailed = owner.shares_with(owner.ada, json!({ "delivery": "EMAIL" })).await.succeeded();
    assert_eq!(mailed.at("/data/staff/sharePortal/url"), Value::Null);
    let link = mailed.text("/data/staff/sharePortal/link/id");
    let queued = "select string_agg(kind || ' ' || subject_id, ',') from outbox";
    assert_eq!(owner.app.value(queued).await, format!("mail.portal_link {link}"));
    owner.copies(owner.ada, json!({})).await;
    assert_eq!(owner.app.value("select count(*) from outbox").await, "1", "a copied one is not mailed");
}

/// LINK-8, API-8
#[tokio::test]
async fn a_repeated_key_shares_once_and_mails_once() {
    let owner = Owner::new().await;
    let once = json!({ "delivery": "EMAIL", "idempotencyKey": "once" });
    let first = owner.shares_with(owner.ada, once.clone()).await.succeeded();
    let again = owner.shares_with(owner.ada, once).await.succeeded();
    assert_eq!(first.at("/data/staff/sharePortal"), again.at("/data/staff/sharePortal"));
    assert_eq!(owner.app.value("select count(*) from outbox").await, "1");
    let other = json!({ "delivery": "COPY", "idempotencyKey": "once" });
    assert_eq!(owner.shares_with(owner.ada, other).await.code(), "CONFLICT");
}

/// LINK-8, ORG-3, ORG-4
#[tokio::test]
async fn a_portal_is_shared_by_who_manages_it_with_living_contacts_of_its_company() {
    let owner = Owner::new().await;
    let (acme, rival) = (owner.app.acme(), owner.app.rival());
    let contact = async |company: Uuid| -> Uuid {
        let found =
            owner.app.value(&format!("select id from contacts where company_id = '{company}' limit 1")).await;
        found.parse().unwrap()
    };
    for stranger in [contact(acme.companies[1].id).await, contact(rival.companies[0].id).await, Uuid::nil()] {
        let refused = owner.shares_with(stranger, json!({})).await;
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.contactId");
    }
    let theirs = json!({ "portalId": rival.portals[0].id });
    assert_eq!(owner.shares_with(owner.ada, theirs).await.code(), "NOT_FOUND");
    let member = owner.app.member_of(acme, &["RECORDS_WRITE", "CLIENTS_INVITE"]).await;
    let input = json!({ "portalId": owner.portal(), "contactId": owner.ada, "delivery": "COPY" });
    assert_eq!(owner.app.query(&member, SHARE, json!({ "input": input })).await.code(), "FORBIDDEN");
    owner.app.arrange(&format!("update contacts set archived_at = now() where id = '{}'", owner.ada)).await;
    assert_eq!(owner.shares_with(owner.ada, json!({})).await.code(), "VALIDATION");
    owner
        .app
        .arrange(&format!("update portals set revoked_at = now() where id = '{}'", owner.portal()))
        .await;
    assert_eq!(owner.shares_with(owner.bela, json!({})).await.code(), "CONFLICT");
}

/// LINK-8, LINK-11
#[tokio::test]
async fn a_share_keeps_to_the_policy_and_a_refused_one_ends_no_link() {
    let owner = Owner::new().await;
    let first = owner.copies(owner.ada, json!({})).await;
    owner.app.arrange("update organizations set allowed_email_domains = '{elsewhere.example}'").await;
    let refused = owner.shares_with(owner.ada, json!({ "invalidateEarlier": true })).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.contactId");
    assert!(owner.opens(&first).await);
}

/// LINK-4, LINK-11
#[tokio::test]
async fn many_portals_are_rotated_together() {
    let owner = Owner::new().await;
    let portals = &owner.app.acme().portals[..3];
    let ids: Vec<Uuid> = portals.iter().map(|portal| portal.id).collect();
    let untouched = format!("/portal/{}", owner.app.acme().portals[3].token);
    let rotated = owner.runs(ROTATE, json!({ "ids": ids })).await.succeeded();
    for (index, portal) in portals.iter().enumerate() {
        let result = rotated.at(&format!("/data/staff/rotatePortals/results/{index}"));
        assert_eq!(result["portal"]["id"], portal.id.to_string());
        let url = result["urls"][0]["url"].as_str().unwrap();
        assert!(owner.opens(&url[url.find("/portal/").unwrap()..]).await);
        assert!(!owner.opens(&format!("/portal/{}", portal.token)).await);
    }
    assert!(owner.opens(&untouched).await);
    let audited = "select count(*) from audit_entries where action = 'portal.rotated'";
    assert_eq!(owner.app.value(audited).await, "3");
}

/// LINK-4, LINK-11
#[tokio::test]
async fn many_portals_are_revoked_together_and_again_is_no_error() {
    let owner = Owner::new().await;
    let portals = &owner.app.acme().portals[..3];
    let ids: Vec<Uuid> = portals.iter().map(|portal| portal.id).chain([portals[0].id]).collect();
    for _ in 0..2 {
        let revoked = owner.runs(REVOKE, json!({ "ids": ids })).await.succeeded();
        let revoked = revoked.at("/data/staff/revokePortals/portals");
        let states: Vec<&Value> = revoked.as_array().unwrap().iter().map(|portal| &portal["state"]).collect();
        assert_eq!(states, [&json!("REVOKED"); 3]);
    }
    for portal in portals {
        assert!(!owner.opens(&format!("/portal/{}", portal.token)).await);
    }
    let audited = "select count(*) from audit_entries where action = 'portal.revoked'";
    assert_eq!(owner.app.value(audited).await, "3", "what was revoked before is not done again");
}

/// LINK-11, ORG-3, ORG-4: all or nothing.
#[tokio::test]
async fn one_portal_that_will_not_do_refuses_them_all_and_is_named() {
    let owner = Owner::new().await;
    let (ours, theirs) = (owner.app.acme().portals[0].id, owner.app.rival().portals[0].id);
    for document in [ROTATE, REVOKE] {
        let refused = owner.runs(document, json!({ "ids": [ours, theirs] })).await;
        assert_eq!(refused.code(), "VALIDATION");
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.ids.1");
        for ids in [vec![], vec![ours; 101]] {
            let refused = owner.runs(document, json!({ "ids": ids })).await;
            assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.ids");
        }
        let member = owner.app.member_of(owner.app.acme(), &["RECORDS_WRITE"]).await;
        let input = json!({ "input": { "ids": [ours] } });
        assert_eq!(owner.app.query(&member, document, input).await.code(), "FORBIDDEN");
    }
    for portal in [&owner.app.acme().portals[0], &owner.app.rival().portals[0]] {
        assert!(owner.opens(&format!("/portal/{}", portal.token)).await);
    }
    owner.app.arrange(&format!("update portals set revoked_at = now() where id = '{ours}'")).await;
    let refused = owner.runs(ROTATE, json!({ "ids": [owner.app.acme().portals[1].id, ours] })).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.ids.1");
    assert!(owner.opens(&format!("/portal/{}", owner.app.acme().portals[1].token)).await);
}

//! LINK-11 for accounts: an invitation keeps to the organisation's sharing policy as it is made, and again as
//! it is accepted; what it opens asks for the access code that it brings.

use serde_json::{Value, json};

use crate::support::mails::button_of;
use crate::support::{Answer, TestApp};

const SETTINGS: &str = "mutation($input: UpdateOrganizationInput!) { staff { updateOrganization(input: $input) { \
    organization { version } } } }";
const INVITE: &str = "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { \
    id hasAccessCode accessEndsAt } } } }";
const INVITE_MANY: &str = "mutation($input: InviteContactsInput!) { staff { inviteContacts(input: $input) { results { \
    contactId invitation { id } error { code message } } } } }";
const RESEND: &str = "mutation($input: ResendInvitationInput!) { staff { resendInvitation(input: $input) { invitation { id } } } }";
const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) { access { acceptInvitation(input: $input) { \
    visitorToken doors { id codeRequired endsAt } } } }";
const OPEN: &str = "mutation($input: OpenDoorInput!) { access { openDoor(input: $input) { sessionToken } } }";
const INVENTORY: &str = "{ staff { exposedPortals(first: 100) { edges { node { id breaksPolicy } } } } }";
const CODE: &str = "480216";

/// The first organisation's owner, and a contact of its first company.
struct Inviting {
    app: TestApp,
    contact: String,
    company: String,
}

impl Inviting {
    async fn new() -> Self {
        let app = TestApp::world().await;
        let company = app.acme().companies[0].id.to_string();
        let contact = format!("select id from contacts where company_id = '{company}' order by id limit 1");
        Self { contact: app.value(&contact).await, app, company }
    }

    async fn runs(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    async fn wants(&self, version: i64, mut policy: Value) {
        policy["version"] = json!(version);
        self.runs(SETTINGS, policy).await.succeeded();
    }

    /// Invites the contact, with what is given besides.
    async fn invites(&self, besides: Value) -> Answer {
        let mut input = json!({ "contactId": self.contact });
        input.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
        self.runs(INVITE, input).await
    }

    /// The token of the newest mail.
    async fn mailed(&self) -> String {
        let mails = self.app.mails().await;
        button_of(mails.last().unwrap()).rsplit('/').next().unwrap().to_owned()
    }

    async fn accepts(&self, token: &str) -> Answer {
        self.app.query("", ACCEPT, json!({ "input": { "token": token } })).await
    }

    async fn opens(&self, accepted: &Answer, door: usize, code: Option<&str>) -> Answer {
        let visitor = accepted.text("/data/access/acceptInvitation/visitorToken");
        let door = accepted.text(&format!("/data/access/acceptInvitation/doors/{door}/id"));
        let input = json!({ "visitorToken": visitor, "door": door, "accessCode": code });
        self.app.query("", OPEN, json!({ "input": input })).await
    }

    /// The last day that is so many days away.
    fn day(&self, days: i64) -> String {
        (self.app.app.clock.now() + chrono::TimeDelta::days(days)).date_naive().to_string()
    }
}

/// The fields that an answer names for the policy's sake.
fn refused(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.code(), "VALIDATION", "{}", answer.body());
    let fields = answer.at("/errors/0/extensions/fields");
    let fields = fields.as_array().unwrap().iter().map(|field| {
        assert!(field["message"].as_str().unwrap().contains("sharing policy"), "{field}");
        field["path"].as_str().unwrap().to_owned()
    });
    fields.collect()
}

/// LINK-11, INV-3, DOOR-1
#[tokio::test]
async fn an_account_is_given_for_as_long_and_behind_the_code_that_the_policy_wants() {
    let inviting = Inviting::new().await;
    inviting.wants(1, json!({ "longestExpiryDays": 30, "codeRequired": true })).await;
    assert_eq!(refused(&inviting.invites(json!({})).await), ["input.accessEndsOn", "input.accessCode"]);
    let too_long = json!({ "accessEndsOn": inviting.day(40), "accessCode": CODE });
    assert_eq!(refused(&inviting.invites(too_long).await), ["input.accessEndsOn"]);
    let no_code = json!({ "accessEndsOn": inviting.day(20), "accessCode": "12345" });
    let answer = inviting.invites(no_code).await;
    assert_eq!(answer.text("/errors/0/extensions/fields/0/path"), "input.accessCode");
    let kept = json!({ "accessEndsOn": inviting.day(20), "accessCode": CODE });
    let made = inviting.invites(kept).await.succeeded().at("/data/staff/inviteContact/invitation");
    assert_eq!(made["hasAccessCode"], true);
    let dump = inviting.app.dump().await;
    assert!(!dump.contains(CODE) && !dump.contains(&hex::encode(CODE)), "the code is kept sealed");
    let accepted = inviting.accepts(&inviting.mailed().await).await.succeeded();
    let door = accepted.at("/data/access/acceptInvitation/doors/0");
    assert_eq!((&door["codeRequired"], &door["endsAt"]), (&json!(true), &made["accessEndsAt"]));
    assert_eq!(inviting.opens(&accepted, 0, None).await.code(), "CODE_REQUIRED");
    assert_eq!(inviting.opens(&accepted, 0, Some("000000")).await.code(), "VALIDATION");
    inviting.opens(&accepted, 0, Some(CODE)).await.succeeded();
    let account = inviting.app.value("select id from portals where account_id is not null").await;
    let inventory = inviting.app.query(&inviting.app.acme().staff_token, INVENTORY, json!({})).await;
    let edges = inventory.succeeded().at("/data/staff/exposedPortals/edges");
    let listed = edges.as_array().unwrap().iter().find(|edge| edge["node"]["id"] == account).unwrap().clone();
    assert_eq!(listed["node"]["breaksPolicy"], json!([]));
}

/// LINK-11, INV-3: each of the portals of chosen records asks for it.
#[tokio::test]
async fn every_portal_of_an_account_asks_for_the_code_of_its_invitation() {
    let inviting = Inviting::new().await;
    let records = format!(
        "select id from records where company_id = '{}' and portal_enabled order by id limit 2",
        inviting.company
    );
    let records = inviting.app.sql("postgres").await.column(&records).await;
    inviting.invites(json!({ "recordIds": records, "accessCode": CODE })).await.succeeded();
    let accepted = inviting.accepts(&inviting.mailed().await).await.succeeded();
    for door in 0..2 {
        assert_eq!(inviting.opens(&accepted, door, Some("000000")).await.code(), "VALIDATION");
        inviting.opens(&accepted, door, Some(CODE)).await.succeeded();
    }
    let kept = "select count(distinct code_hash) from portals where account_id is not null";
    assert_eq!(inviting.app.value(kept).await, "2", "each is salted with its portal");
}

/// LINK-11: the policy as it is when the portals are made.
#[tokio::test]
async fn an_invitation_that_breaks_the_policy_by_now_is_no_longer_good() {
    let inviting = Inviting::new().await;
    let id = inviting.invites(json!({})).await.succeeded().text("/data/staff/inviteContact/invitation/id");
    let token = inviting.mailed().await;
    inviting.app.app.clock.advance(chrono::TimeDelta::minutes(2));
    let free = json!({ "longestExpiryDays": null, "codeRequired": false, "allowedEmailDomains": [] });
    let mut version = 1;
    for tighter in [
        json!({ "longestExpiryDays": 30 }),
        json!({ "codeRequired": true }),
        json!({ "allowedEmailDomains": ["elsewhere.example"] }),
    ] {
        inviting.wants(version, tighter.clone()).await;
        let (now, never) = (inviting.accepts(&token).await, inviting.accepts("vi_never").await);
        assert_eq!((now.code(), now.body()), ("VALIDATION".into(), never.body()), "{tighter}");
        assert_eq!(inviting.runs(RESEND, json!({ "id": id })).await.code(), "CONFLICT", "{tighter}");
        inviting.wants(version + 1, free.clone()).await;
        version += 2;
    }
    assert_eq!(inviting.app.value("select count(*) from portal_accounts").await, "0");
    inviting.runs(RESEND, json!({ "id": id })).await.succeeded();
    inviting.accepts(&inviting.mailed().await).await.succeeded();
}

/// LINK-11, INV-2: whose address is not allowed is each contact's own result.
#[tokio::test]
async fn only_contacts_at_allowed_domains_are_invited() {
    let inviting = Inviting::new().await;
    let org = inviting.app.acme().id;
    inviting
        .app
        .arrange(&format!(
            "insert into contacts (org_id, id, company_id, name, email)
             values ('{org}', gen_random_uuid(), '{}', 'Kim', 'kim@allowed.example')",
            inviting.company
        ))
        .await;
    let allowed = inviting.app.value("select id from contacts where email = 'kim@allowed.example'").await;
    inviting.wants(1, json!({ "allowedEmailDomains": ["allowed.example"] })).await;
    assert_eq!(inviting.invites(json!({})).await.code(), "CONFLICT");
    let both = json!({ "contactIds": [inviting.contact, allowed] });
    let answer = inviting.runs(INVITE_MANY, both).await.succeeded();
    let results = answer.at("/data/staff/inviteContacts/results");
    assert_eq!((&results[0]["error"]["code"], &results[0]["invitation"]), (&json!("CONFLICT"), &Value::Null));
    assert!(results[0]["error"]["message"].as_str().unwrap().contains("sharing policy"), "{results}");
    assert!(results[1]["error"].is_null() && results[1]["invitation"]["id"].is_string(), "{results}");
    inviting.accepts(&inviting.mailed().await).await.succeeded();
}

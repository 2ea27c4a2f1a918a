//! LINK-11: what an organisation wants of everything it shares, and the inventory of what stands
//! open.

use serde_json::{Value, json};

use crate::support::server_log::ServerLog;
use crate::support::{Answer, TestApp};

const SETTINGS: &str = "mutation($input: UpdateOrganizationInput!) { staff { updateOrganization(input: $input) { \
    organization { version longestExpiryDays codeRequired allowedEmailDomains } } } }";
const CREATE: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url portal { \
    id version links { id version } } } } }";
const UPDATE: &str =
    "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { version } } } }";
const ADD_LINK: &str = "mutation($input: CreatePortalLinkInput!) { staff { createPortalLink(input: $input) { link { id version } } } }";
const UPDATE_LINK: &str = "mutation($input: UpdatePortalLinkInput!) { staff { updatePortalLink(input: $input) { link { version } } } }";
const INVENTORY: &str = "query($company: ID) { staff { exposedPortals(first: 100, companyId: $company) { totalCount \
    edges { node { id scope modes expiresAt hasAccessCode openLinks shows { recordCount fileCount } breaksPolicy } } } } }";

/// The first organisation's owner at work.
struct Owner {
    app: TestApp,
}

impl Owner {
    async fn new() -> Self {
        Self { app: TestApp::world().await }
    }

    async fn runs(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    async fn wants(&self, version: i64, policy: Value) -> Answer {
        let mut input = policy;
        input["version"] = json!(version);
        self.runs(SETTINGS, input).await.succeeded()
    }

    /// Makes a portal of the first company, with what is given besides.
    async fn shares(&self, besides: Value) -> Answer {
        let mut input = json!({ "label": "x", "scope": { "companyId": self.app.acme().companies[0].id } });
        input.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
        self.runs(CREATE, input).await
    }

    async fn inventory(&self) -> Vec<Value> {
        let answer = self.app.query(&self.app.acme().staff_token, INVENTORY, json!({})).await.succeeded();
        let edges = answer.at("/data/staff/exposedPortals/edges");
        edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
    }
}

/// The paths that an answer names, and that each names the policy.
fn refused(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.code(), "VALIDATION", "{}", answer.body());
    let fields = answer.at("/errors/0/extensions/fields");
    let fields = fields.as_array().unwrap().iter().map(|field| {
        assert!(field["message"].as_str().unwrap().contains("sharing policy"), "{field}");
        field["path"].as_str().unwrap().to_owned()
    });
    fields.collect()
}

/// LINK-11
#[tokio::test]
async fn nothing_is_shared_for_longer_than_the_policy_says() {
    let owner = Owner::new().await;
    let former = owner.shares(json!({})).await.succeeded();
    let former = former.text("/data/staff/createPortal/portal/id");
    owner.wants(1, json!({ "longestExpiryDays": 30 })).await;
    for too_long in [json!({}), json!({ "expiry": { "never": true } }), json!({ "expiry": { "days": 31 } })] {
        assert_eq!(refused(&owner.shares(too_long).await), ["input.expiry"]);
    }
    let far = json!({ "expiry": { "until": "2200-01-01" } });
    assert_eq!(refused(&owner.shares(far).await), ["input.expiry"]);
    let made = owner.shares(json!({ "expiry": { "days": 30 } })).await.succeeded();
    let id = made.text("/data/staff/createPortal/portal/id");
    let longer = json!({ "id": id, "version": 1, "expiry": { "days": 90 } });
    assert_eq!(refused(&owner.runs(UPDATE, longer).await), ["input.expiry"]);

    // A link ends with its portal at the latest, so only one of a former portal can be too long.
    owner
        .runs(ADD_LINK, json!({ "portalId": id, "link": { "expiry": { "never": true } } }))
        .await
        .succeeded();
    assert_eq!(refused(&owner.runs(ADD_LINK, json!({ "portalId": former })).await), ["input.link.expiry"]);
    let short = json!({ "portalId": former, "link": { "expiry": { "days": 7 } } });
    let link = owner.runs(ADD_LINK, short).await.succeeded().text("/data/staff/createPortalLink/link/id");
    let longer = json!({ "id": link, "version": 1, "expiry": null });
    assert_eq!(refused(&owner.runs(UPDATE_LINK, longer).await), ["input.expiry"]);
}

/// LINK-11
#[tokio::test]
async fn a_former_portal_can_be_renamed_but_not_widened_until_it_keeps_to_the_policy() {
    let owner = Owner::new().await;
    let former = owner.shares(json!({})).await.succeeded().text("/data/staff/createPortal/portal/id");
    owner.wants(1, json!({ "longestExpiryDays": 30 })).await;
    owner.runs(UPDATE, json!({ "id": former, "version": 1, "title": "Renamed" })).await.succeeded();
    let widened = json!({ "id": former, "version": 2, "modes": ["RECORDS", "BILLING"] });
    assert_eq!(refused(&owner.runs(UPDATE, widened.clone()).await), ["input.expiry"]);
    let mut mended = widened;
    mended["expiry"] = json!({ "days": 14 });
    owner.runs(UPDATE, mended).await.succeeded();
}

/// LINK-11, DOOR-1
#[tokio::test]
async fn no_portal_goes_without_a_code_where_the_policy_wants_one() {
    let owner = Owner::new().await;
    let former = owner.shares(json!({})).await.succeeded().text("/data/staff/createPortal/portal/id");
    owner.wants(1, json!({ "codeRequired": true })).await;
    assert_eq!(refused(&owner.shares(json!({})).await), ["input.accessCode"]);
    let made = owner.shares(json!({ "accessCode": "482913" })).await.succeeded();
    let id = made.text("/data/staff/createPortal/portal/id");
    let without = json!({ "id": id, "version": 1, "accessCode": null });
    assert_eq!(refused(&owner.runs(UPDATE, without).await), ["input.accessCode"]);
    assert_eq!(
        refused(&owner.runs(ADD_LINK, json!({ "portalId": former })).await),
        ["input.link.accessCode"]
    );
    let own = json!({ "portalId": former, "link": { "accessCode": "482913" } });
    let link = owner.runs(ADD_LINK, own).await.succeeded().text("/data/staff/createPortalLink/link/id");
    let without = json!({ "id": link, "version": 1, "accessCode": null });
    assert_eq!(refused(&owner.runs(UPDATE_LINK, without).await), ["input.accessCode"]);
    owner.runs(ADD_LINK, json!({ "portalId": id })).await.succeeded();
}

/// LINK-11
#[tokio::test]
async fn links_are_meant_only_for_addresses_of_allowed_domains() {
    let owner = Owner::new().await;
    let company = owner.app.acme().companies[0].id;
    let contact =
        owner.app.value(&format!("select id from contacts where company_id = '{company}' limit 1")).await;
    let email = owner.app.value(&format!("select email from contacts where id = '{contact}'")).await;
    let domain = email.split('@').nth(1).unwrap().to_owned();
    owner.wants(1, json!({ "allowedEmailDomains": ["allowed.example"] })).await;
    let to = |recipient: Value| json!({ "link": { "recipient": recipient } });
    for stranger in [
        json!({ "email": "ada@elsewhere.example" }),
        json!({ "email": "ada@sub.allowed.example" }),
        json!({ "email": "ada@notallowed.example" }),
        json!({ "contactId": contact }),
    ] {
        assert_eq!(refused(&owner.shares(to(stranger)).await), ["input.link.recipient"]);
    }
    owner.shares(to(json!({ "email": "Ada@Allowed.Example" }))).await.succeeded();
    owner.shares(json!({})).await.succeeded();
    owner.wants(2, json!({ "allowedEmailDomains": [domain] })).await;
    owner.shares(to(json!({ "contactId": contact }))).await.succeeded();
}

/// LINK-11, ORG-3, ORG-5
#[tokio::test]
async fn the_policy_is_a_setting_and_audited_as_one() {
    let owner = Owner::new().await;
    let wanted =
        json!({ "longestExpiryDays": 90, "codeRequired": true, "allowedEmailDomains": ["Example.com"] });
    let changed = owner.wants(1, wanted).await;
    let organization = changed.at("/data/staff/updateOrganization/organization");
    let now = json!({ "version": 2, "longestExpiryDays": 90, "codeRequired": true, "allowedEmailDomains": ["example.com"] });
    assert_eq!(organization, now);
    let audited = owner
        .app
        .value("select before || after from audit_entries where action = 'organization.updated'")
        .await;
    assert!(audited.contains("\"longestExpiryDays\": 90"), "{audited}");
    let lifted = owner.wants(2, json!({ "longestExpiryDays": null })).await;
    assert_eq!(lifted.at("/data/staff/updateOrganization/organization/longestExpiryDays"), Value::Null);

    let member = owner.app.member_of(owner.app.acme(), &["RECORDS_WRITE"]).await;
    let input = json!({ "input": { "version": 3, "codeRequired": false } });
    assert_eq!(owner.app.query(&member, SETTINGS, input).await.code(), "FORBIDDEN");
    for wrong in [
        json!({ "version": 3, "longestExpiryDays": 0 }),
        json!({ "version": 3, "longestExpiryDays": 3651 }),
        json!({ "version": 3, "allowedEmailDomains": ["nowhere"] }),
    ] {
        assert_eq!(owner.runs(SETTINGS, wrong.clone()).await.code(), "VALIDATION", "{wrong}");
    }
}

/// LINK-11: the same records and files that a holder finds.
#[tokio::test]
async fn the_inventory_tells_what_each_open_door_shows() {
    let owner = Owner::new().await;
    owner.app.arrange("update records set portal_enabled = false where name = 'Brand refresh'").await;
    let inventory = owner.inventory().await;
    assert_eq!(inventory.len(), owner.app.acme().portals.len());
    for portal in &owner.app.acme().portals {
        let listed = inventory.iter().find(|listed| listed["id"] == portal.id.to_string()).unwrap();
        let session = owner.app.open_with(&portal.token, portal.access_code.as_deref()).await;
        let found = "{ portal { records(first: 100) { edges { node { fileCount } } } } }";
        let found = owner.app.query(&session, found, json!({})).await.succeeded();
        let edges = found.at("/data/portal/records/edges");
        let files = edges.as_array().unwrap().iter().map(|edge| edge["node"]["fileCount"].as_i64().unwrap());
        let shows =
            json!({ "recordCount": edges.as_array().unwrap().len(), "fileCount": files.sum::<i64>() });
        assert_eq!(listed["shows"], shows, "{}", portal.title);
        assert_eq!((&listed["openLinks"], &listed["breaksPolicy"]), (&json!(1), &json!([])));
    }
}

/// LINK-11: what the inventory lists opens, and what it leaves out does not.
#[tokio::test]
async fn the_inventory_lists_a_door_exactly_while_it_opens() {
    for damage in [
        "update portals set revoked_at = now() where id = '$portal'",
        "update portals set expires_at = now() where id = '$portal'",
        "update portals set starts_at = now() + interval '1 day' where id = '$portal'",
        "update portal_links set revoked_at = now() where portal_id = '$portal'",
        "update portal_links set own_expiry = true, expires_at = now() where portal_id = '$portal'",
        "update portal_links set own_start = true, starts_at = now() + interval '1 day' where portal_id = '$portal'",
        "update companies set archived_at = now() where id = '$company'",
        "update companies set internal = true where id = '$company'",
        "update organizations set portal_enabled = false",
        "update records set portal_enabled = false",
        "update record_types set shared = false",
        "update portals set starts_at = now() + interval '1 day' where id = '$portal';
         update portal_links set own_start = true where portal_id = '$portal'",
        "select 1",
    ] {
        let owner = Owner::new().await;
        let portal = owner.app.acme().portals.iter().find(|portal| portal.scope == "RECORD").unwrap();
        let company = owner.app.acme().companies[0].id.to_string();
        owner
            .app
            .arrange(&damage.replace("$portal", &portal.id.to_string()).replace("$company", &company))
            .await;
        let opens = owner.app.get(&format!("/portal/{}", portal.token)).await.status == 200;
        let listed = owner.inventory().await.iter().any(|listed| listed["id"] == portal.id.to_string());
        assert_eq!(listed, opens, "{damage}");
    }
}

/// LINK-11: tightening the policy changes no portal, and tells which break it.
#[tokio::test]
async fn the_inventory_tells_how_a_former_portal_breaks_the_policy() {
    let owner = Owner::new().await;
    let besides = json!({ "link": { "recipient": { "email": "ada@elsewhere.example" } } });
    let former = owner.shares(besides).await.succeeded().text("/data/staff/createPortal/portal/id");
    let policy =
        json!({ "longestExpiryDays": 30, "codeRequired": true, "allowedEmailDomains": ["allowed.example"] });
    owner.wants(1, policy).await;
    let broken = async || {
        let inventory = owner.inventory().await;
        inventory.iter().find(|listed| listed["id"] == former).unwrap()["breaksPolicy"].clone()
    };
    assert_eq!(broken().await, json!(["EXPIRY", "ACCESS_CODE", "RECIPIENT"]));
    let mended = json!({ "id": former, "version": 1, "expiry": { "days": 7 }, "accessCode": "482913" });
    owner.runs(UPDATE, mended).await.succeeded();
    assert_eq!(broken().await, json!(["RECIPIENT"]));
    owner.wants(2, json!({ "allowedEmailDomains": [] })).await;
    assert_eq!(broken().await, json!([]));
}

/// LINK-11: a page of a hundred costs the statements of a page of one.
#[tokio::test]
async fn the_inventory_takes_the_same_statements_however_many_doors_stand_open() {
    let owner = Owner::new().await;
    let admin = owner.app.sql("postgres").await;
    let database = &owner.app.database;
    owner
        .app
        .arrange(&format!("alter role app_staff in database {database} set log_statement = 'all'"))
        .await;
    let statements = async || -> Vec<String> {
        let log = ServerLog::start(&owner.app);
        owner.inventory().await;
        let log = log.messages(&admin, "app_staff").await;
        log.into_iter()
            .filter(|line| line.contains("LOG:  statement: ") || line.contains("LOG:  execute "))
            .collect()
    };
    owner
        .app
        .arrange(
            "update portal_links l set recipient_contact_id = (select c.id from contacts c
                 where c.org_id = l.org_id and c.company_id = l.company_id limit 1)",
        )
        .await;
    statements().await;
    let few = statements().await;
    owner
        .app
        .arrange(
            "with made as (
                 insert into portals (org_id, id, label, title, company_id, modes, created_by)
                 select p.org_id, gen_random_uuid(), p.label, p.title, p.company_id, p.modes, p.created_by
                 from portals p, generate_series(1, 40) where p.record_id is null
                 returning org_id, id, company_id)
             insert into portal_links (org_id, id, portal_id, company_id, token_hash, recipient_contact_id)
             select m.org_id, gen_random_uuid(), m.id, m.company_id, sha256(m.id::text::bytea),
                 (select c.id from contacts c where c.org_id = m.org_id and c.company_id = m.company_id limit 1)
             from made m",
        )
        .await;
    let many = statements().await;
    // If this failed, you probably read something once a portal: load it for all of them at once.
    assert_eq!(few.len(), many.len(), "{few:#?} {many:#?}");
    assert_eq!(owner.inventory().await.len(), 100);
}

/// LINK-11, ORG-4
#[tokio::test]
async fn the_inventory_lists_nothing_of_another_organisation() {
    let owner = Owner::new().await;
    let theirs = owner.app.rival().companies[0].id;
    let answer =
        owner.app.query(&owner.app.acme().staff_token, INVENTORY, json!({ "company": theirs })).await;
    assert_eq!(answer.succeeded().at("/data/staff/exposedPortals/totalCount"), 0);
}

//! INV-1 to INV-5: what staff do with invitations, and what the wall around internal companies holds.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::mails::button_of;
use crate::support::{Answer, TestApp};

const INVITE: &str = "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { \
    id state expiresAt accessEndsAt records { id } mail { state } contact { status } invitedBy { id } } } } }";
const INVITE_MANY: &str = "mutation($input: InviteContactsInput!) { staff { inviteContacts(input: $input) { results { \
    contactId contact { status } invitation { id state mail { state } } error { code message retryAfter } } } } }";
const RESEND: &str = "mutation($input: ResendInvitationInput!) { staff { resendInvitation(input: $input) { invitation { state } } } }";
const REVOKE: &str = "mutation($input: RevokeInvitationInput!) { staff { revokeInvitation(input: $input) { invitation { \
    state contact { status invitation { state } } } } } }";
const BY_COMPANY: &str = "{ staff { companies { edges { node { name contacts { edges { node { \
    id status invitation { state expiresAt mail { state } } } } } } } } } }";
const MARK: &str = "mutation($input: UpdateCompanyInput!) { staff { updateCompany(input: $input) { company { internal } } } }";

struct Inviting {
    app: TestApp,
    contact: String,
    email: String,
    company: String,
}

impl Inviting {
    async fn new() -> Self {
        Self::of(TestApp::world().await).await
    }

    async fn of(app: TestApp) -> Self {
        let org = app.acme().id;
        let contact =
            app.value(&format!("select id from contacts where org_id = '{org}' order by id limit 1")).await;
        let email = app.value(&format!("select email from contacts where id = '{contact}'")).await;
        let company = app.value(&format!("select company_id from contacts where id = '{contact}'")).await;
        Self { app, contact, email, company }
    }

    async fn staff(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    async fn invites(&self) -> Answer {
        self.staff(INVITE, json!({ "contactId": self.contact })).await
    }

    async fn invited(&self) -> String {
        self.invites().await.succeeded().text("/data/staff/inviteContact/invitation/id")
    }

    async fn status(&self) -> String {
        self.app.value(&format!("select status from contacts where id = '{}'", self.contact)).await
    }

    async fn queued(&self) -> String {
        self.app.value("select count(*) from outbox where kind = 'mail.invitation'").await
    }
}

/// INV-1, INV-2, INV-3
#[tokio::test]
async fn a_contact_is_invited_by_mail_and_the_view_tells_how_far_they_are() {
    let inviting = Inviting::new().await;
    assert_eq!(inviting.status().await, "NOT_INVITED");
    let invited = inviting.invites().await.succeeded().at("/data/staff/inviteContact/invitation");
    assert_eq!((&invited["state"], &invited["contact"]["status"]), (&json!("PENDING"), &json!("INVITED")));
    assert_eq!((&invited["records"], &invited["accessEndsAt"]), (&Value::Null, &Value::Null));
    let mails = inviting.app.mails().await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.to, inviting.email);
    let token = button_of(mail).rsplit('/').next().unwrap().to_owned();
    assert!(token.starts_with("vi_"), "{token}");
    assert!(!inviting.app.dump().await.contains(&token), "the token is kept as a hash");
    let view = inviting.app.query(&inviting.app.acme().staff_token, BY_COMPANY, json!({})).await.succeeded();
    assert!(view.body().contains("\"SENT\""), "{}", view.body());
    let days = "select round(extract(epoch from expires_at - created_at) / 86400) from invitations";
    assert_eq!(inviting.app.value(days).await, "14");
}

/// INV-2: who may not invite, and whom nobody invites.
#[tokio::test]
async fn inviting_needs_its_permission_and_somebody_to_invite() {
    let inviting = Inviting::new().await;
    let acme = inviting.app.acme();
    let input = json!({ "input": { "contactId": inviting.contact } });
    let clerk = inviting.app.member_of(acme, &["RECORDS_WRITE"]).await;
    assert_eq!(inviting.app.query(&clerk, INVITE, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(
        inviting.app.query(&inviting.app.rival().staff_token, INVITE, input.clone()).await.code(),
        "NOT_FOUND"
    );
    let archived = format!("update contacts set archived_at = now() where id = '{}'", inviting.contact);
    inviting.app.arrange(&archived).await;
    assert_eq!(inviting.invites().await.code(), "CONFLICT");
    inviting.app.arrange("update contacts set archived_at = null").await;
    inviting.app.arrange("update companies set archived_at = now()").await;
    assert_eq!(inviting.invites().await.code(), "CONFLICT");
    inviting.app.arrange("update companies set archived_at = null").await;
    assert_eq!(inviting.queued().await, "0");
    let inviter = inviting.app.member_of(acme, &["CLIENTS_INVITE"]).await;
    inviting.app.query(&inviter, INVITE, input).await.succeeded();
}

/// INV-1: revoking takes the status back, and what was mailed with it.
#[tokio::test]
async fn a_revoked_invitation_is_not_mailed_and_the_contact_can_be_invited_again() {
    let inviting = Inviting::new().await;
    let id = inviting.invited().await;
    assert_eq!(inviting.invites().await.code(), "RATE_LIMITED", "within a minute");
    inviting.app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(inviting.invites().await.code(), "CONFLICT", "while one is pending");
    let revoked = inviting.staff(REVOKE, json!({ "id": id })).await.succeeded();
    assert_eq!(revoked.text("/data/staff/revokeInvitation/invitation/contact/status"), "NOT_INVITED");
    assert!(inviting.app.mails().await.is_empty());
    inviting.staff(REVOKE, json!({ "id": id })).await.succeeded();
    assert_eq!(inviting.staff(RESEND, json!({ "id": id })).await.code(), "CONFLICT");
    inviting.app.app.clock.advance(TimeDelta::minutes(2));
    inviting.invited().await;
    assert_eq!(inviting.app.mails().await.len(), 1);
}

/// INV-3: an expired one makes room for the next.
#[tokio::test]
async fn an_expired_invitation_can_be_sent_again_or_made_anew() {
    let inviting = Inviting::new().await;
    let id = inviting.invited().await;
    inviting.app.app.clock.advance(TimeDelta::days(15));
    assert!(inviting.app.mails().await.is_empty(), "nobody could accept it");
    inviting.staff(RESEND, json!({ "id": id })).await.succeeded();
    assert_eq!(inviting.app.mails().await.len(), 1);
    inviting.app.app.clock.advance(TimeDelta::days(15));
    let anew = inviting.invited().await;
    assert_ne!(anew, id);
}

/// INV-3: tokens of an earlier sending are of no use.
#[tokio::test]
async fn sending_again_raises_the_round() {
    let inviting = Inviting::new().await;
    let id = inviting.invited().await;
    inviting.app.mails().await;
    inviting.app.app.clock.advance(TimeDelta::minutes(2));
    inviting.staff(RESEND, json!({ "id": id })).await.succeeded();
    assert_eq!(inviting.app.mails().await.len(), 2);
    let good = "select count(*) from invitation_tokens t join invitations i on i.id = t.invitation_id and i.round = t.round";
    assert_eq!(inviting.app.value(good).await, "1");
    assert_eq!(inviting.app.value("select count(*) from invitation_tokens").await, "2");
}

/// INV-3
#[tokio::test]
async fn an_invitation_may_end_and_be_limited_to_records_of_the_company() {
    let inviting = Inviting::new().await;
    let of = |company: &str, n: usize| {
        format!(
            "select id from records where company_id {company} '{}' and org_id = '{}' order by id offset {n} limit 1",
            inviting.company,
            inviting.app.acme().id
        )
    };
    let ours = inviting.app.value(&of("=", 0)).await;
    let others = inviting.app.value(&of("<>", 0)).await;
    let terms = |records: Value, ends: &str| json!({ "contactId": inviting.contact, "recordIds": records, "accessEndsOn": ends });
    for (records, ends, code) in [
        (json!([others]), "2099-12-31", "VALIDATION"),
        (json!([ours, others]), "2099-12-31", "VALIDATION"),
        (json!([]), "2099-12-31", "VALIDATION"),
        (json!([ours, ours]), "2099-12-31", "VALIDATION"),
        (json!([inviting.contact]), "2099-12-31", "NOT_FOUND"),
        (json!([ours]), "2020-01-01", "VALIDATION"),
    ] {
        assert_eq!(
            inviting.staff(INVITE, terms(records.clone(), ends)).await.code(),
            code,
            "{records} {ends}"
        );
    }
    let invited = inviting.staff(INVITE, terms(json!([ours]), "2099-12-31")).await.succeeded();
    let invited = invited.at("/data/staff/inviteContact/invitation");
    assert_eq!(invited["records"], json!([{ "id": ours }]));
    assert!(
        invited["accessEndsAt"].as_str().unwrap().starts_with("2099-12-31T")
            || invited["accessEndsAt"].as_str().unwrap().starts_with("2100-01-01T")
    );
}

/// API-8, INV-4: trying again is not counted, and mails nobody twice.
#[tokio::test]
async fn an_invitation_with_a_key_is_made_once_and_counted_once() {
    let inviting = Inviting::new().await;
    let input = json!({ "contactId": inviting.contact, "idempotencyKey": "once" });
    let first = inviting.staff(INVITE, input.clone()).await.succeeded();
    let again = inviting.staff(INVITE, input).await.succeeded();
    assert_eq!(first.body(), again.body());
    assert_eq!(inviting.queued().await, "1");
    let other =
        json!({ "contactId": inviting.contact, "idempotencyKey": "once", "accessEndsOn": "2099-12-31" });
    assert_eq!(inviting.staff(INVITE, other).await.code(), "CONFLICT");
    assert_eq!(inviting.invites().await.code(), "RATE_LIMITED", "the refused call gave nothing back");
}

/// INV-4
#[tokio::test]
async fn of_fifty_invitations_at_once_on_two_instances_one_is_mailed() {
    let inviting = Inviting::new().await;
    let another = inviting.app.another_instance();
    let input = json!({ "input": { "contactId": inviting.contact } });
    let token = &inviting.app.acme().staff_token;
    let calls = (0..50).map(|n| {
        let app = if n % 2 == 0 { &inviting.app } else { &another };
        app.query(token, INVITE, input.clone())
    });
    let answers = join_all(calls).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.json().get("errors").is_none());
    assert_eq!(made.len(), 1);
    for answer in refused {
        assert_eq!(answer.code(), "RATE_LIMITED");
        let wait = answer.at("/errors/0/extensions/retryAfter").as_i64().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(inviting.app.mails().await.len(), 1);
}

/// INV-4: five in any 24 hours, whatever is revoked between them.
#[tokio::test]
async fn of_six_invitations_over_a_day_five_are_mailed() {
    let inviting = Inviting::new().await;
    let clock = &inviting.app.app.clock;
    for _ in 0..5 {
        let id = inviting.invited().await;
        inviting.app.mails().await;
        inviting.staff(REVOKE, json!({ "id": id })).await.succeeded();
        clock.advance(TimeDelta::hours(4));
    }
    let sixth = inviting.invites().await;
    assert_eq!(sixth.code(), "RATE_LIMITED");
    let wait = sixth.at("/errors/0/extensions/retryAfter").as_i64().unwrap();
    assert!((4 * 3_600 - 120..=4 * 3_600).contains(&wait), "{wait}");
    assert_eq!(inviting.app.mails().await.len(), 5);
    clock.advance(TimeDelta::seconds(wait - 60));
    assert_eq!(inviting.invites().await.code(), "RATE_LIMITED");
    clock.advance(TimeDelta::seconds(61));
    inviting.invited().await;
    assert_eq!(inviting.app.mails().await.len(), 6);
}

/// INV-4, LINK-8: links that staff mail count like invitations.
#[tokio::test]
async fn a_shared_link_takes_an_invitations_place() {
    let inviting = Inviting::new().await;
    let portal = inviting
        .app
        .value(&format!("select id from portals where company_id = '{}' limit 1", inviting.company))
        .await;
    let share =
        |delivery: &str| json!({ "portalId": portal, "contactId": inviting.contact, "delivery": delivery });
    inviting.staff(crate::mails::SHARE, share("EMAIL")).await.succeeded();
    assert_eq!(inviting.invites().await.code(), "RATE_LIMITED");
    assert_eq!(inviting.staff(crate::mails::SHARE, share("EMAIL")).await.code(), "RATE_LIMITED");
    inviting.staff(crate::mails::SHARE, share("COPY")).await.succeeded();
}

/// INV-4: what differs only in writing is one address.
#[tokio::test]
async fn one_address_in_two_writings_has_one_budget() {
    let inviting = Inviting::new().await;
    let org = inviting.app.acme().id;
    inviting
        .app
        .arrange(&format!(
            "update contacts set email = 'ada@bücher.example' where id = '{}';
             insert into contacts (org_id, id, company_id, name, email)
             select '{org}', gen_random_uuid(), id, 'Ada', 'ada@xn--bcher-kva.example' from companies
             where org_id = '{org}' and id <> '{}' limit 1",
            inviting.contact, inviting.company
        ))
        .await;
    let other = inviting.app.value("select id from contacts where email = 'ada@xn--bcher-kva.example'").await;
    inviting.invited().await;
    assert_eq!(inviting.staff(INVITE, json!({ "contactId": other })).await.code(), "RATE_LIMITED");
}

/// INV-4: over all organisations an address has one budget too; what exceeds it waits, and nobody is told.
#[tokio::test]
async fn what_another_organisation_mailed_makes_a_mail_wait_and_no_more() {
    let inviting = Inviting::new().await;
    let rival = inviting.app.rival();
    let contact = inviting
        .app
        .value(&format!("select id from contacts where org_id = '{}' order by id limit 1", rival.id))
        .await;
    inviting
        .app
        .arrange(&format!("update contacts set email = '{}' where id = '{contact}'", inviting.email))
        .await;
    inviting.invited().await;
    let theirs =
        inviting.app.query(&rival.staff_token, INVITE, json!({ "input": { "contactId": contact } })).await;
    theirs.succeeded();
    assert_eq!(inviting.app.mails().await.len(), 1);
    assert_eq!(inviting.app.mail_states().await, ["SENT", "WAITING"]);
    inviting.app.app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(inviting.app.mails().await.len(), 2);
}

/// INV-4
#[tokio::test]
async fn with_redis_down_nothing_is_invited_and_nothing_is_sent() {
    let inviting = Inviting::of(TestApp::world_with([("REDIS_URL", "redis://127.0.0.1:1")]).await).await;
    let refused = inviting.invites().await;
    assert_eq!(refused.code(), "INTERNAL");
    assert_eq!(refused.at("/errors/0/extensions/unavailable"), true);
    assert!(refused.at("/errors/0/extensions/retryAfter").is_number());
    let many = inviting.staff(INVITE_MANY, json!({ "contactIds": [inviting.contact] })).await;
    assert_eq!(many.code(), "INTERNAL");
    assert_eq!((inviting.queued().await, inviting.status().await), ("0".into(), "NOT_INVITED".into()));
    let link = inviting.app.value("select id from portal_links order by id limit 1").await;
    inviting
        .app
        .arrange(&format!(
            "update portal_links set recipient_email = 'kim@client.example', recipient_contact_id = null where id = '{link}';
             insert into outbox (org_id, id, kind, subject_id)
             select org_id, gen_random_uuid(), 'mail.portal_link', id from portal_links where id = '{link}'"
        ))
        .await;
    assert!(inviting.app.mails().await.is_empty());
    assert_eq!(inviting.app.mail_states().await, ["WAITING"]);
}

/// INV-2: a thousand in one call, each with its own result, and progress while mails go out. How long the
/// answer takes is `script/bench invitations`' to measure.
#[tokio::test]
async fn a_thousand_contacts_are_invited_in_one_call() {
    let inviting = Inviting::new().await;
    let org = inviting.app.acme().id;
    inviting
        .app
        .arrange(&format!(
            "insert into contacts (org_id, id, company_id, name, email)
             select '{org}', gen_random_uuid(), '{}', 'Contact ' || n, 'contact' || n || '@many.example' from generate_series(1, 998) n",
            inviting.company
        ))
        .await;
    let many = "select id from contacts where email like '%@many.example' order by email";
    let mut ids = inviting.app.sql("postgres").await.column(many).await;
    ids.push(inviting.contact.clone());
    ids.push(uuid::Uuid::nil().to_string());
    inviting.invited().await;
    let answer = inviting.staff(INVITE_MANY, json!({ "contactIds": ids })).await.succeeded();
    let results = answer.at("/data/staff/inviteContacts/results");
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), 1_000);
    assert!(
        results[..998]
            .iter()
            .all(|result| result["invitation"]["state"] == "PENDING" && result["error"].is_null())
    );
    assert_eq!(results[998]["error"]["code"], "RATE_LIMITED");
    assert!(results[998]["error"]["retryAfter"].as_i64().unwrap() > 0);
    assert_eq!(results[999]["error"]["code"], "NOT_FOUND");
    assert!(results[999]["contact"].is_null());
    let count =
        "query($state: MailState) { staff { mails(state: $state, kind: INVITATION) { totalCount } } }";
    let counted = async |state: &str| {
        let answer =
            inviting.app.query(&inviting.app.acme().staff_token, count, json!({ "state": state })).await;
        answer.succeeded().at("/data/staff/mails/totalCount").as_i64().unwrap()
    };
    assert_eq!((counted("WAITING").await, counted("SENT").await), (999, 0));
    inviting.app.mails().await;
    assert_eq!((counted("WAITING").await, counted("SENT").await), (0, 999));
}

/// INV-5: of an internal mark and an invitation at once, never both.
#[tokio::test]
async fn a_company_is_never_internal_and_invited() {
    let inviting = Inviting::new().await;
    let org = inviting.app.acme().id;
    inviting
        .app
        .arrange(&format!(
            "insert into companies (org_id, id, name) select '{org}', gen_random_uuid(), 'Race ' || n from generate_series(1, 200) n;
             insert into contacts (org_id, id, company_id, name, email)
             select '{org}', gen_random_uuid(), id, 'Racer', replace(id::text, '-', '') || '@race.example' from companies where name like 'Race %'"
        ))
        .await;
    let admin = inviting.app.sql("postgres").await;
    let pairs = admin.rows("select c.id, t.id from companies c join contacts t on t.company_id = c.id where c.name like 'Race %'").await;
    let another = inviting.app.another_instance();
    let (mut marked, mut invited) = (0, 0);
    for pair in &pairs {
        let [Some(company), Some(contact)] = pair.as_slice() else { panic!("{pair:?}") };
        let token = &inviting.app.acme().staff_token;
        let mark = json!({ "input": { "id": company, "version": 1, "internal": true } });
        let invite = json!({ "input": { "contactId": contact } });
        let (mark, invite) =
            futures::join!(inviting.app.query(token, MARK, mark), another.query(token, INVITE, invite));
        for answer in [&mark, &invite].into_iter().filter(|answer| answer.json().get("errors").is_some()) {
            assert_eq!(answer.code(), "CONFLICT");
        }
        marked += i32::from(mark.json().get("errors").is_none());
        invited += i32::from(invite.json().get("errors").is_none());
    }
    let both = "select count(*) from companies c join invitations i on i.company_id = c.id
        where c.internal and i.revoked_at is null and i.accepted_at is null";
    assert_eq!(inviting.app.value(both).await, "0");
    assert_eq!(pairs.len(), 200);
    assert_eq!(marked + invited, 200, "one of each two wins: {marked} marked, {invited} invited");
}

/// INV-5: nor internal with a live portal, in either order; a closed one is no hindrance.
#[tokio::test]
async fn a_company_with_a_live_portal_cannot_become_internal() {
    let inviting = Inviting::new().await;
    let version =
        inviting.app.value(&format!("select version from companies where id = '{}'", inviting.company)).await;
    let mark =
        json!({ "id": inviting.company, "version": version.parse::<i32>().unwrap(), "internal": true });
    assert_eq!(inviting.staff(MARK, mark.clone()).await.code(), "CONFLICT");
    inviting
        .app
        .arrange(&format!("update portals set revoked_at = now() where company_id = '{}'", inviting.company))
        .await;
    let id = inviting.invited().await;
    assert_eq!(inviting.staff(MARK, mark.clone()).await.code(), "CONFLICT");
    inviting.staff(REVOKE, json!({ "id": id })).await.succeeded();
    inviting.staff(MARK, mark).await.succeeded();
    let create = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url } } }";
    let portal = json!({ "label": "No", "scope": { "companyId": inviting.company } });
    assert_ne!(inviting.staff(create, portal).await.json().get("errors"), None);
    inviting.app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(inviting.invites().await.code(), "CONFLICT");
}

/// INV-1: an invitation is for an address; a contact who gets another has none.
#[tokio::test]
async fn a_contact_whose_address_changes_is_no_longer_invited() {
    let inviting = Inviting::new().await;
    inviting.invited().await;
    let update = "mutation($input: UpdateContactInput!) { staff { updateContact(input: $input) { contact { status invitation { state } } } } }";
    let input = json!({ "id": inviting.contact, "version": 1, "email": "another@client.example" });
    let updated = inviting.staff(update, input).await.succeeded().at("/data/staff/updateContact/contact");
    assert_eq!(updated, json!({ "status": "NOT_INVITED", "invitation": { "state": "REVOKED" } }));
    assert!(inviting.app.mails().await.is_empty());
}

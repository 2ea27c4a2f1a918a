//! LINK-3: mail scanners open every address in every mail, and nothing changes.

use serde_json::json;
use vestibule::domain::mails::MailKind;

use super::Shared;
use crate::support::mails::path_of;

const CODED: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url } } }";
const INVITE: &str =
    "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { id } } } }";
const FRESH: &str =
    "mutation($input: RequestFreshLinkInput!) { access { requestFreshLink(input: $input) { requested } } }";
const BYPASS: &str = "mutation($input: RequestPortalBypassInput!) { access { requestPortalBypass(input: $input) { requested } } }";

const COLLEAGUE: &str =
    "mutation($input: InviteMemberInput!) { staff { inviteMember(input: $input) { invitation { id } } } }";
const FORGOTTEN: &str = "mutation($input: RequestPasswordResetInput!) { access { requestPasswordReset(input: $input) { requested } } }";
const SIGN_IN: &str =
    "mutation($input: RequestSignInLinkInput!) { access { requestSignInLink(input: $input) { ask } } }";

/// Queued kinds that are not opened here: those without an address of ours, and those of consents, which
/// the test of the same name beside them opens.
const ELSEWHERE: [&str; 6] = [
    "mail.first_view",
    "mail.webhook_parked",
    "mail.webhook_gone",
    "mail.consent",
    "mail.notification",
    "mail.team_notice",
];
/// Kinds that only a composer knows.
const NEVER_QUEUED: [&str; 9] = [
    "mail.client_decision",
    "mail.client_message",
    "mail.client_feedback",
    "mail.file_uploaded",
    "mail.consent_stands",
    "mail.status_news",
    "mail.replies_news",
    "mail.reviews_news",
    "mail.invoices_news",
];

/// LINK-3, NOTE-4
#[tokio::test]
async fn opening_every_address_of_every_mail_changes_nothing() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    let company =
        shared.app.value(&format!("select company_id from portals where id = '{}'", shared.portal)).await;
    let other = shared
        .app
        .value(&format!(
            "select id from contacts where org_id = '{}' and id <> '{}' limit 1",
            shared.app.acme().id,
            shared.contact
        ))
        .await;
    shared.staff(INVITE, json!({ "contactId": other })).await.succeeded();
    let input = json!({ "label": "Coded", "scope": { "companyId": company }, "accessCode": "480216",
        "link": { "recipient": { "email": "kim@client.example" } } });
    let url = shared.staff(CODED, input).await.succeeded().text("/data/staff/createPortal/url");
    let token = json!({ "input": { "token": url.rsplit('/').next().unwrap() } });
    shared.app.query("", BYPASS, token.clone()).await.succeeded();
    shared.app.query("", FRESH, token).await.succeeded();
    shared.staff(COLLEAGUE, json!({ "email": "ines@new.example", "role": "MEMBER" })).await.succeeded();
    let owner = json!({ "input": { "email": shared.app.acme().owner.email } });
    shared.app.query("", FORGOTTEN, owner).await.succeeded();
    let reader = json!({ "input": { "email": shared.email } });
    shared.app.query("", SIGN_IN, reader).await.succeeded();
    shared.app.mails().await;
    shared.app.app.clock.advance(chrono::TimeDelta::minutes(2));
    let mails = shared.app.mails().await;
    assert_eq!(mails.len(), 7, "{mails:?}");
    let sent = shared
        .app
        .sql("postgres")
        .await
        .column("select distinct kind from outbox where state = 'SENT'")
        .await;
    let unopened: Vec<&str> = MailKind::names()
        .into_iter()
        .filter(|kind| !sent.iter().any(|sent| sent == kind))
        .filter(|kind| !ELSEWHERE.contains(kind) && !NEVER_QUEUED.contains(kind))
        .collect();
    // If this failed, you probably added a kind of mail: have one sent above, so that its addresses are opened.
    assert_eq!(unopened, Vec::<&str>::new());
    let address = regex::Regex::new(r#"https?://[^\s"<>]+"#).unwrap();
    let ours = shared.app.app.config.http.base_url.as_str().to_owned();
    let addresses: std::collections::BTreeSet<String> = mails
        .iter()
        .flat_map(|mail| [&mail.text, &mail.html])
        .flat_map(|body| address.find_iter(body).map(|found| found.as_str().to_owned()).collect::<Vec<_>>())
        .filter(|address| address.starts_with(&ours))
        .collect();
    assert!(addresses.len() >= 7, "{addresses:?}");
    let before = shared.app.dump().await;
    for address in &addresses {
        for _ in 0..2 {
            shared.app.get(&path_of(address)).await;
        }
    }
    assert_eq!(shared.app.dump().await, before, "something was decided by a GET");
}

//! From the outbox to the server.

use futures::future::join_all;
use serde_json::json;
use vestibule::worker::send_mails;

use super::Shared;
use crate::support::mails::{button_of, path_of};

const REVOKE: &str =
    "mutation($input: RevokePortalInput!) { staff { revokePortal(input: $input) { portal { id } } } }";

/// NOTE-4, LINK-8
#[tokio::test]
async fn a_shared_link_is_mailed_to_the_contact_and_opens_the_portal() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    let mails = shared.app.mails().await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.to, shared.email);
    assert!(mail.text.contains(&shared.app.acme().name), "{}", mail.text);
    assert_eq!(shared.app.get(&path_of(&button_of(mail))).await.status, 200);
    assert_eq!(shared.app.mail_states().await, ["SENT"]);
    assert_eq!(shared.app.mails().await.len(), 1, "it is sent once");
}

/// LINK-2
#[tokio::test]
async fn a_mailed_links_secret_is_nowhere_but_in_the_mail() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    let mail = shared.app.mails().await.pop().unwrap();
    let token = button_of(&mail).rsplit('/').next().unwrap().to_owned();
    let dump = shared.app.dump().await;
    assert!(!dump.contains(&token) && !dump.contains(&hex::encode(&token)));
}

/// NOTE-4: whoever got two copies can use either.
#[tokio::test]
async fn a_mail_that_is_sent_twice_opens_the_same_door_both_times() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    let first = button_of(&shared.app.mails().await[0]);
    shared.app.arrange("update outbox set state = 'WAITING', ended_at = null, due_at = now()").await;
    let again = shared.app.mails().await;
    assert_eq!(again.len(), 1, "the same Message-ID is the same file");
    let second = button_of(&again[0]);
    assert_ne!(first, second, "each copy has a secret of its own");
    for url in [&first, &second] {
        assert_eq!(shared.app.get(&path_of(url)).await.status, 200);
    }
    let link = shared.app.value("select id from portal_links order by id desc limit 1").await;
    let rotate =
        "mutation($input: RotatePortalLinkInput!) { staff { rotatePortalLink(input: $input) { url } } }";
    shared.staff(rotate, json!({ "id": link })).await.succeeded();
    for url in [&first, &second] {
        assert_eq!(shared.app.get(&path_of(url)).await.status, 404, "rotation closes both");
    }
}

/// NOTE-4, LINK-4: what is revoked meanwhile is not sent.
#[tokio::test]
async fn a_portal_that_is_revoked_stops_its_queued_mails() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    shared.staff(REVOKE, json!({ "id": shared.portal })).await.succeeded();
    assert!(shared.app.mails().await.is_empty());
    assert_eq!(shared.app.mail_states().await, ["DROPPED"]);
}

/// NOTE-4: whatever closes the door, or takes the reader away.
#[tokio::test]
async fn a_link_that_no_longer_opens_is_not_mailed() {
    for closes in [
        "update portal_links set revoked_at = now()",
        "update portals set expires_at = now()",
        "update organizations set portal_enabled = false",
        "update companies set internal = true",
        "update companies set archived_at = now()",
        "update contacts set archived_at = now()",
    ] {
        let shared = Shared::new().await;
        shared.shares().await.succeeded();
        shared.app.arrange(closes).await;
        assert!(shared.app.mails().await.is_empty(), "{closes}");
        assert_eq!(shared.app.mail_states().await, ["DROPPED"], "{closes}");
    }
}

/// NOTE-4
#[tokio::test]
async fn any_number_of_workers_send_each_mail_once() {
    let shared = Shared::new().await;
    let another = shared.app.another_instance();
    let org = shared.app.acme().id;
    shared
        .app
        .arrange(&format!(
            "insert into webhook_endpoints (org_id, id, url, secret, secret_key, queued_to, created_by)
             select '{org}', gen_random_uuid(), 'https://partner.example/hook', 's', 'test', 0, id
             from members where org_id = '{org}' limit 1;
             insert into outbox (org_id, id, kind, subject_id)
             select '{org}', gen_random_uuid(), 'mail.webhook_parked', e.id
             from webhook_endpoints e, generate_series(1, 100) where e.org_id = '{org}'"
        ))
        .await;
    let workers = [&shared.app.app, &another.app, &shared.app.app, &another.app];
    for sent in join_all(workers.map(send_mails::once)).await {
        sent.unwrap();
    }
    assert_eq!(shared.app.written_mails().await.len(), 100);
    assert_eq!(shared.app.value("select max(attempts) from outbox").await, "1");
}

/// NOTE-4: a release that brings a kind runs beside one that does not know it.
#[tokio::test]
async fn a_kind_that_this_worker_does_not_know_waits_for_one_that_does() {
    let shared = Shared::new().await;
    let org = shared.app.acme().id;
    shared
        .app
        .arrange(&format!(
            "insert into outbox (org_id, id, kind, subject_id) values ('{org}', gen_random_uuid(), 'mail.of_tomorrow', gen_random_uuid())"
        ))
        .await;
    shared.app.mails().await;
    assert_eq!(shared.app.mail_states().await, ["WAITING"]);
}

/// NOTE-4: in German for who reads German, and with the organisation's address.
#[tokio::test]
async fn a_mail_wears_the_organisations_branding_and_speaks_the_readers_language() {
    let shared = Shared::new().await;
    shared
        .app
        .arrange(&format!(
            "update organizations set accent_color = '#aa0033', postal_address = 'Ringweg 5' || chr(10) || 'Trier';
             update contacts set language = 'DE' where id = '{}'",
            shared.contact
        ))
        .await;
    shared.shares().await.succeeded();
    let mail = shared.app.mails().await.pop().unwrap();
    assert!(mail.subject.contains("teilt"), "{}", mail.subject);
    assert!(mail.html.contains("#aa0033") && mail.html.contains("lang=\"de\""), "{}", mail.html);
    assert!(mail.text.contains("Ringweg 5\nTrier"), "{}", mail.text);
}

//! Who is mailed about a message (MSG-2).

use super::{answers, record, writes};
use crate::consents::{portal, subscribed};
use crate::support::TestApp;

const READER: &str = "ada@client.example";

/// MSG-2
#[tokio::test]
async fn a_clients_message_is_mailed_to_the_records_owner_and_watchers() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let record = record(&app, acme, 0).await;
    let watcher = app.colleague_of(acme, "MEMBER", &[]).await;
    let gone = app.colleague_of(acme, "MEMBER", &[]).await;
    let bystander = app.colleague_of(acme, "MEMBER", &[]).await;
    app.arrange(&format!(
        "insert into record_watchers (org_id, record_id, member_id)
         select '{0}'::uuid, '{record}'::uuid, id from members where id in ('{1}', '{2}')
         union select '{0}'::uuid, '{record}'::uuid, owner_id from records where id = '{record}';
         update members set ended_at = now() where id = '{2}'",
        acme.id, watcher.id, gone.id
    ))
    .await;
    let session = app.open(&acme.portals[0].token).await;
    writes(&app, &session, &record, "Could the header be calmer?").await.succeeded();
    let mails = app.mails().await;
    let mut readers: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    readers.sort_unstable();
    let mut expected = [acme.owner.email.as_str(), watcher.email.as_str()];
    expected.sort_unstable();
    assert_eq!(readers, expected, "and not {}", bystander.email);
    for mail in &mails {
        assert!(
            mail.subject.contains("Ada") && mail.text.contains("> Could the header be calmer?"),
            "{mail:?}"
        );
    }
    assert_eq!(app.mails().await.len(), 2, "each once");
}

/// MSG-2: whoever has left by the time a mail goes out is not written to.
#[tokio::test]
async fn a_watcher_who_leaves_before_the_mail_goes_out_gets_none() {
    let app = TestApp::world().await;
    let record = record(&app, app.acme(), 0).await;
    let session = app.open(&app.acme().portals[0].token).await;
    writes(&app, &session, &record, "Hello").await.succeeded();
    app.arrange("update members set ended_at = now()").await;
    assert!(app.mails().await.is_empty());
    assert_eq!(app.mail_states().await, ["DROPPED"]);
}

/// MSG-2, NOTE-2
#[tokio::test]
async fn a_staff_message_is_mailed_to_subscribed_clients_if_type_and_portal_allow() {
    let app = TestApp::world().await;
    let door = portal(app.acme());
    let record = record(&app, app.acme(), 0).await;
    subscribed(&app, &door.token, door.id, READER, &["REPLIES"]).await;
    let asked = app.mails().await.len();
    answers(&app, &record, "Off at the start.").await.succeeded();
    assert_eq!(app.mails().await.len(), asked);
    app.arrange("update record_types set email_on_reply = true; update portals set notifications = false")
        .await;
    answers(&app, &record, "The portal's toggle.").await.succeeded();
    assert_eq!(app.mails().await.len(), asked);
    app.arrange("update portals set notifications = true").await;
    answers(&app, &record, "Now it is mailed.").await.succeeded();
    let mails = app.mails().await;
    assert_eq!(mails.len(), asked + 1);
    assert_eq!(mails.last().unwrap().to, READER);
    let other = super::record(&app, app.acme(), 1).await;
    answers(&app, &other, "Of another company.").await.succeeded();
    assert_eq!(app.mails().await.len(), asked + 1, "nor is the team mailed about its own");
}

/// MSG-2: nobody is mailed about their own.
#[tokio::test]
async fn a_member_who_subscribed_as_a_client_is_not_mailed_about_their_own_message() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    let record = record(&app, acme, 0).await;
    app.arrange("update record_types set email_on_reply = true").await;
    subscribed(&app, &door.token, door.id, &acme.owner.email, &["REPLIES"]).await;
    subscribed(&app, &door.token, door.id, READER, &["REPLIES"]).await;
    answers(&app, &record, "Hello").await.succeeded();
    assert_eq!(app.value("select string_agg(email, ',') from notifications").await, READER);
}

//! NOTE-5: a real SMTP conversation, and what comes of a server that refuses, hangs or dies.

use chrono::TimeDelta;
use serde_json::json;

use super::Shared;
use crate::support::TestApp;
use crate::support::smtp::SmtpServer;
use crate::support::wire::Service;

const MAILS: &str = "query($state: MailState) { staff { mails(state: $state) { totalCount edges { node { \
    id kind state attempts nextAttemptAt failures { reason } } } } } }";
const RETRY: &str =
    "mutation($input: RetryMailInput!) { staff { retryMail(input: $input) { mail { state } } } }";

/// A world whose mails go to a server with a plan.
async fn posting(plan: &[&str]) -> (SmtpServer, Shared) {
    let server = SmtpServer::start(plan);
    let settings = server.settings();
    let shared = Shared::of(
        TestApp::world_with(settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await,
    )
    .await;
    shared.shares().await.succeeded();
    (server, shared)
}

impl Shared {
    async fn sends(&self) {
        vestibule::worker::send_mails::once(&self.app.app).await.unwrap();
    }

    async fn sends_later(&self) {
        self.app.app.clock.advance(TimeDelta::hours(5));
        self.sends().await;
    }

    /// The one mail as staff see it.
    async fn mail(&self) -> serde_json::Value {
        let answer = self.app.query(&self.app.acme().staff_token, MAILS, json!({})).await.succeeded();
        assert_eq!(answer.at("/data/staff/mails/totalCount"), 1);
        answer.at("/data/staff/mails/edges/0/node")
    }
}

/// NOTE-5
#[tokio::test]
async fn a_mail_goes_over_tls_and_wears_one_message_id() {
    let (server, shared) = posting(&[]).await;
    shared.sends().await;
    let taken = server.taken();
    let [mail] = taken.as_slice() else { panic!("{taken:?}") };
    let id = shared.app.value("select id from outbox").await;
    assert_eq!(mail.message_id, format!("{id}@vestibule.example"));
    assert!(mail.text.contains(&shared.app.acme().name), "{}", mail.text);
    assert!(mail.raw.contains("Auto-Submitted: auto-generated"), "{}", mail.raw);
    assert_eq!(shared.mail().await["state"], "SENT");
}

/// NOTE-5: who answers for another name, or with a certificate of nobody's, gets no mail.
#[tokio::test]
async fn a_server_that_cannot_prove_itself_gets_no_mail() {
    let server = SmtpServer::start(&[]);
    let [url, _, timeout, from] = server.settings();
    let settings = [url, timeout, from];
    let app = TestApp::world_with(settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let shared = Shared::of(app).await;
    shared.shares().await.succeeded();
    shared.sends().await;
    assert!(server.taken().is_empty());
    assert_eq!(shared.mail().await["state"], "WAITING");
}

/// NOTE-4
#[tokio::test]
async fn a_mail_that_is_refused_for_now_arrives_later_and_once() {
    let (server, shared) = posting(&["later", "later"]).await;
    shared.sends().await;
    let mail = shared.mail().await;
    assert_eq!((mail["state"].as_str(), mail["attempts"].as_i64()), (Some("WAITING"), Some(1)));
    assert!(mail["nextAttemptAt"].is_string());
    assert_eq!(mail["failures"][0]["reason"], "The mail server answered 451: 4.3.0 Try again later");
    shared.sends().await;
    assert_eq!(shared.mail().await["attempts"], 1, "not before its time");
    shared.sends_later().await;
    shared.sends_later().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(shared.mail().await["state"], "SENT");
}

/// NOTE-4
#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_parked_and_staff_read_why_and_try_again() {
    let (server, shared) = posting(&["never"]).await;
    shared.sends().await;
    let mail = shared.mail().await;
    assert_eq!(mail["state"], "PARKED");
    assert_eq!(mail["failures"][0]["reason"], "The mail server answered 550: 5.1.1 No such mailbox here");
    shared.sends_later().await;
    assert!(server.taken().is_empty(), "it is not tried by itself");
    let clerk = shared.app.member_of(shared.app.acme(), &["CLIENTS_INVITE"]).await;
    let retry = json!({ "input": { "id": mail["id"] } });
    assert_eq!(shared.app.query(&clerk, RETRY, retry.clone()).await.code(), "FORBIDDEN");
    assert_eq!(
        shared.app.query(&shared.app.rival().staff_token, RETRY, retry.clone()).await.code(),
        "NOT_FOUND"
    );
    shared.app.query(&shared.app.acme().staff_token, RETRY, retry.clone()).await.succeeded();
    shared.sends().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(shared.app.query(&shared.app.acme().staff_token, RETRY, retry).await.code(), "CONFLICT");
}

/// NOTE-4: after two days nobody tries any more.
#[tokio::test]
async fn a_mail_that_nobody_takes_is_given_up_after_two_days() {
    let (server, shared) = posting(&["later"; 40]).await;
    for _ in 0..12 {
        shared.sends_later().await;
    }
    assert_eq!(shared.mail().await["state"], "PARKED");
    assert!(server.taken().is_empty());
}

/// NOTE-4, NOTE-5: it is given up within the time that is set, and so is its connection: the next mail
/// neither waits for it nor reads its answer.
#[tokio::test]
async fn a_server_that_hangs_holds_up_nobody_and_gets_the_mail_once_it_answers() {
    let (server, shared) = posting(&["hang"]).await;
    #[expect(clippy::disallowed_methods, reason = "measures how long it was waited for")]
    let start = std::time::Instant::now();
    shared.sends().await;
    let mail = shared.mail().await;
    assert_eq!(mail["state"], "WAITING");
    assert_eq!(mail["failures"][0]["reason"], "The mail server did not answer in time.");
    shared.sends_later().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(shared.mail().await["state"], "SENT");
    // Twice the two seconds that it is set to, and room for a busy machine.
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

/// NOTE-5: one connection carries mail after mail, until it ends or a mail is not taken.
#[tokio::test]
async fn mails_share_a_connection_and_outlive_it() {
    let (server, shared) = posting(&["take", "take", "die", "later"]).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        shared.app.arrange("update outbox set state = 'WAITING', ended_at = null, due_at = now()").await;
        shared.sends().await;
        seen.push((server.taken().len(), server.connections()));
    }
    assert_eq!(seen, [(1, 1), (2, 1), (3, 1), (3, 2), (4, 3), (5, 3)]);
}

/// NOTE-4: the one case in which a second copy leaves, known as one by its Message-ID.
#[tokio::test]
async fn a_server_that_dies_after_data_gets_a_second_copy_with_the_same_message_id() {
    let (server, shared) = posting(&["die"]).await;
    shared.sends().await;
    shared.sends_later().await;
    shared.sends_later().await;
    let ids: Vec<String> = server.taken().into_iter().map(|mail| mail.message_id).collect();
    let [first, second] = ids.as_slice() else { panic!("{ids:?}") };
    assert_eq!(first, second);
    assert_eq!(shared.mail().await["state"], "SENT");
}

/// NOTE-4: kill -9 at every step between claim and note.
#[tokio::test]
async fn a_worker_that_is_killed_at_any_step_loses_no_mail() {
    for (step, copies) in [("mail_claimed", 1), ("mail_composed", 1), ("mail_sent", 2)] {
        let server = SmtpServer::start(&[]);
        let shared = Shared::new().await;
        shared.shares().await.succeeded();
        let mut settings = shared.app.settings().to_vec();
        settings.extend(server.settings());
        settings.push(("RUST_LOG", "info,vestibule=trace".to_owned()));
        settings.push(("FAILPOINTS", format!("{step}=pause")));
        let service = Service::start(&settings);
        stands_at(&service, step).await;
        // Dropping it is SIGKILL.
        drop(service);
        assert_eq!(server.taken().len(), copies - 1, "{step}");
        assert_eq!(shared.app.mail_states().await, ["WAITING"], "{step}");
        let settings = server.settings();
        let next = shared
            .app
            .another_instance_with(settings.each_ref().map(|(name, value)| (*name, value.as_str())));
        next.app.clock.advance(TimeDelta::minutes(6));
        vestibule::worker::send_mails::once(&next.app).await.unwrap();
        let taken = server.taken();
        assert_eq!(taken.len(), copies, "{step}");
        assert!(taken.iter().all(|mail| mail.message_id == taken[0].message_id), "{step}");
        assert_eq!(shared.app.mail_states().await, ["SENT"], "{step}");
    }
}

async fn stands_at(service: &Service, step: &str) {
    let standing = format!("\"mail.step\":\"{step}\"");
    let stands = async {
        while !service.log().contains(&standing) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), stands).await.expect("it never came there");
}

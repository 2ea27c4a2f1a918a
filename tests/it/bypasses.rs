//! DOOR-3: the way around a door that strangers locked, for the recipient on record and nobody else.

use chrono::TimeDelta;
use serde_json::json;

use crate::codes::{AT_HOME, CODE, Coded, ELSEWHERE, WRONG, token_in};
use crate::support::{TestApp, mails};

const ASK: &str = "mutation($input: RequestPortalBypassInput!) { access { requestPortalBypass(input: $input) { requested } } }";
const ASK_FRESH: &str =
    "mutation($input: RequestFreshLinkInput!) { access { requestFreshLink(input: $input) { requested } } }";

impl Coded {
    /// With a recipient on record.
    async fn of_kim() -> Self {
        Self::with(json!({ "recipient": { "email": "kim@client.example" } })).await
    }

    /// Asks for a way around the door, whoever does.
    async fn is_asked_for_a_bypass(&self) {
        self.app.query("", ASK, json!({ "input": { "token": self.token } })).await.succeeded();
    }

    /// Asks for a way around the door, and reads it in the mail.
    async fn is_mailed_a_bypass(&self) -> String {
        self.is_asked_for_a_bypass().await;
        let mail = self.app.mails().await.pop().unwrap();
        token_in(&mails::button_of(&mail))
    }

    /// Twenty guesses from everywhere: nobody's is checked any more.
    async fn is_locked_for_everybody(&self) {
        for network in 1..=20 {
            assert_eq!(self.tries(WRONG, &format!("192.0.2.{network}")).await.code(), "VALIDATION");
        }
        assert_eq!(self.tries(CODE, AT_HOME).await.code(), "LOCKED");
    }

    /// Lets time go by, for the database as well.
    async fn waits(&self, by: TimeDelta) {
        self.app.app.clock.advance(by);
        let by = format!("interval '{} minutes'", by.num_minutes());
        let sent = format!("update outbox set due_at = least(due_at, now()) - {by} where state = 'SENT'");
        self.app.arrange(&sent).await;
        self.app.arrange(&format!("update door_bypasses set expires_at = expires_at - {by}")).await;
    }

    /// Strangers ask for all the bypasses that may be mailed, within eight hours; the first of them.
    async fn is_asked_all_night(&self) -> String {
        let first = self.is_mailed_a_bypass().await;
        for mailed in 2..=5 {
            self.waits(TimeDelta::hours(2)).await;
            self.is_asked_for_a_bypass().await;
            assert_eq!(self.app.mails().await.len(), mailed);
        }
        first
    }
}

/// DOOR-3
#[tokio::test]
async fn the_recipient_gets_around_a_door_that_strangers_locked() {
    let coded = Coded::of_kim().await;
    for network in 1..=20 {
        coded.tries(WRONG, &format!("192.0.2.{network}")).await;
    }
    let bypass = coded.is_mailed_a_bypass().await;
    let with = |code: &str| json!({ "token": coded.token, "accessCode": code, "bypass": bypass });
    assert_eq!(coded.tries(CODE, AT_HOME).await.code(), "LOCKED");
    assert_eq!(coded.opens(AT_HOME, with(WRONG)).await.code(), "VALIDATION", "the code is still asked");
    coded.opens(AT_HOME, with(CODE)).await.succeeded();
    assert_eq!(coded.opens(AT_HOME, with(CODE)).await.code(), "LOCKED", "a bypass is used up");
    assert_eq!(coded.tries(CODE, ELSEWHERE).await.code(), "LOCKED", "strangers stay outside");
}

/// DOOR-3: a bypass is nothing to guess with.
#[tokio::test]
async fn a_bypass_has_five_tries_in_all_its_life() {
    let coded = Coded::of_kim().await;
    let bypass = coded.is_mailed_a_bypass().await;
    let with = |code: &str| json!({ "token": coded.token, "accessCode": code, "bypass": bypass });
    for _ in 0..5 {
        assert_eq!(coded.opens(AT_HOME, with(WRONG)).await.code(), "VALIDATION");
    }
    let locked = coded.opens(AT_HOME, with(CODE)).await;
    assert_eq!(locked.text("/errors/0/message"), "Too many codes were tried. Try again in 24 hours.");
    for minutes in [16, 60, 720] {
        coded.waits(TimeDelta::minutes(minutes)).await;
        assert_eq!(coded.opens(AT_HOME, with(CODE)).await.code(), "LOCKED", "{minutes} minutes later");
    }
    coded.tries(CODE, AT_HOME).await.succeeded();
}

/// DOOR-3
#[tokio::test]
async fn a_bypass_helps_at_one_door() {
    let coded = Coded::of_kim().await;
    let twin = coded.twin().await;
    let bypass = coded.is_mailed_a_bypass().await;
    let with = |token: &str| json!({ "token": token, "accessCode": CODE, "bypass": bypass });
    for network in 1..=20 {
        let wrong = json!({ "token": twin, "accessCode": WRONG });
        assert_eq!(coded.opens(&format!("192.0.2.{network}"), wrong).await.code(), "VALIDATION");
    }
    assert_eq!(coded.opens(AT_HOME, with(&twin)).await.code(), "LOCKED");
    coded.is_locked_for_everybody().await;
    coded.opens(AT_HOME, with(&coded.token)).await.succeeded();
}

/// DOOR-3: the answer tells nothing, and a stranger cannot fill a mailbox.
#[tokio::test]
async fn asking_for_a_bypass_says_nothing_and_queues_one_mail() {
    let coded = Coded::of_kim().await;
    let plain = Coded::new().await;
    let mut answers = Vec::new();
    for (app, token) in [
        (&coded.app, coded.token.clone()),
        (&coded.app, coded.token.clone()),
        (&plain.app, plain.token.clone()),
        (&plain.app, plain.app.acme().portals[0].token.clone()),
        (&plain.app, "nothing".to_owned()),
    ] {
        answers
            .push(app.query("", ASK, json!({ "input": { "token": token } })).await.succeeded().at("/data"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let queued = format!(
        "select count(*) from outbox where kind = 'mail.door_bypass' and subject_id = '{}'",
        coded.link
    );
    assert_eq!(coded.app.value(&queued).await, "1");
    assert_eq!(plain.app.value("select count(*) from outbox").await, "0", "nobody to mail");
}

/// DOOR-3, INV-4: when nothing more may be mailed, what was mailed still opens.
#[tokio::test]
async fn strangers_who_ask_for_bypasses_all_night_lock_nobody_out() {
    let coded = Coded::of_kim().await;
    let bypass = coded.is_asked_all_night().await;
    coded.waits(TimeDelta::hours(12)).await;
    coded.is_locked_for_everybody().await;
    coded.is_asked_for_a_bypass().await;
    assert_eq!(coded.app.mails().await.len(), 5, "a sixth waits");
    let with = json!({ "token": coded.token, "accessCode": CODE, "bypass": bypass });
    coded.opens(AT_HOME, with).await.succeeded();
}

/// DOOR-3, INV-4: it helps no longer than that; then another can be mailed.
#[tokio::test]
async fn a_bypass_helps_for_a_day() {
    let coded = Coded::of_kim().await;
    let bypass = coded.is_asked_all_night().await;
    coded.waits(TimeDelta::hours(16)).await;
    coded.is_locked_for_everybody().await;
    let with = |bypass: &str| json!({ "token": coded.token, "accessCode": CODE, "bypass": bypass });
    assert_eq!(coded.opens(AT_HOME, with(&bypass)).await.code(), "LOCKED");
    let another = coded.is_mailed_a_bypass().await;
    assert_eq!(coded.app.written_mails().await.len(), 6);
    coded.opens(AT_HOME, with(&another)).await.succeeded();
}

/// DOOR-3, INV-4: whoever holds the URL can ask for fresh links as well.
#[tokio::test]
async fn fresh_links_that_strangers_ask_for_take_no_place_of_a_bypass() {
    let coded = Coded::of_kim().await;
    let asks = async || {
        let input = json!({ "input": { "token": coded.token } });
        coded.app.query("", ASK_FRESH, input).await.succeeded();
        coded.app.mails().await.len()
    };
    for mailed in [1, 2, 3, 4, 5, 5] {
        coded.waits(TimeDelta::minutes(20)).await;
        assert_eq!(asks().await, mailed);
    }
    let bypass = coded.is_mailed_a_bypass().await;
    assert_eq!(coded.app.written_mails().await.len(), 6);
    coded.is_locked_for_everybody().await;
    let with = json!({ "token": coded.token, "accessCode": CODE, "bypass": bypass });
    coded.opens(AT_HOME, with).await.succeeded();
}

/// DOOR-3
#[tokio::test]
async fn a_network_asks_for_few_bypasses() {
    let app = TestApp::world_with([("RATE_SIGN_INS_PER_ADDRESS", "2")]).await;
    let ask = async || app.query("", ASK, json!({ "input": { "token": "nothing" } })).await;
    ask().await.succeeded();
    ask().await.succeeded();
    assert_eq!(ask().await.code(), "RATE_LIMITED");
}

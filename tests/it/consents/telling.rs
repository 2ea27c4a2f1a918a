//! Whom a change is told to: every gate of NOTE-2, asked as it is queued and again as it is sent.

use super::{READER, moves, portal, queued, sendable, subscribed};
use crate::support::TestApp;

/// Each gate, how it is shut or opened, and how many of the two queued mails go out while it is shut.
const GATES: [(&str, &str, usize); 20] = [
    ("the type's toggle", "update record_types set email_on_reply = $off", 1),
    ("the portal's toggle", "update portals set notifications = $off", 0),
    (
        "the topic",
        "update consents set topics = case when $off then '{STATUS,REPLIES}' else '{REVIEWS}'::text[] end",
        0,
    ),
    (
        "one topic",
        "update consents set topics = case when $off then '{STATUS,REPLIES}' else '{STATUS}'::text[] end",
        1,
    ),
    ("confirmation", "update consents set confirmed_at = case when $off then now() end", 0),
    ("withdrawal", "update consents set withdrawn_at = case when not $off then now() end", 0),
    ("the link's own toggle", "update portal_links set notifications = case when not $off then false end", 0),
    ("the portal's life", "update portals set revoked_at = case when not $off then now() end", 0),
    ("the portal's end", "update portals set expires_at = case when not $off then now() end", 0),
    (
        "the portal's start",
        "update portals set starts_at = case when not $off then now() + interval '1 day' end",
        0,
    ),
    ("the link's life", "update portal_links set revoked_at = case when not $off then now() end", 0),
    ("rotation", "update portal_links set generation = case when $off then 1 else 2 end", 0),
    ("the organisation's switch", "update organizations set portal_enabled = $off", 0),
    (
        "the portal's modes",
        "update portals set modes = case when $off then '{RECORDS,MESSAGES}' else '{FILES}'::text[] end",
        0,
    ),
    (
        "the messages' mode",
        "update portals set modes = case when $off then '{RECORDS,MESSAGES}' else '{RECORDS}'::text[] end",
        1,
    ),
    ("the type's sharing", "update record_types set shared = $off", 0),
    ("the type's thread", "update record_types set show_comments = $off", 1),
    ("the record's own flag", "update records set portal_enabled = $off", 0),
    ("the record's life", "update records set archived_at = case when not $off then now() end", 0),
    ("an internal company", "update companies set internal = not $off", 0),
];

/// NOTE-2, NOTE-4, LINK-4: each gate stops a queued mail alone, and lets it go when it is open again.
#[tokio::test]
async fn each_gate_stops_a_queued_mail_alone() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    subscribed(&app, &door.token, door.id, READER, &["STATUS", "REPLIES"]).await;
    moves(&app, acme, acme.companies[0].id).await;
    let record = app.value("select record_id from notifications").await;
    // A reply, as its verb would have queued it.
    app.arrange("update record_types set email_on_reply = true;
         insert into notifications (org_id, id, change_id, topic, company_id, record_id, email)
         select org_id, gen_random_uuid(), gen_random_uuid(), 'REPLIES', company_id, record_id, email from notifications")
    .await;
    assert_eq!(sendable(&app).await, 2);
    for (gate, flip, still) in GATES {
        app.arrange(&flip.replace("$off", "false")).await;
        assert_eq!(sendable(&app).await, still, "{gate} shut");
        app.arrange(&flip.replace("$off", "true")).await;
        assert_eq!(sendable(&app).await, 2, "{gate} open again, for record {record}");
    }
    app.arrange(&format!(
        "insert into suppressions (org_id, id, email, reason) values ('{}', gen_random_uuid(), '{READER}', 'BOUNCE')",
        app.rival().id
    ))
    .await;
    assert_eq!(sendable(&app).await, 2, "another organisation's suppression is its own");
    app.arrange(&format!("update suppressions set org_id = '{}'", acme.id)).await;
    assert_eq!(sendable(&app).await, 0, "suppression");
}

/// NOTE-2: what is shut as the change is made queues nothing.
#[tokio::test]
async fn what_is_shut_queues_nothing() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    for (shut, open) in [
        ("update portals set notifications = false", "update portals set notifications = true"),
        ("update consents set topics = '{REPLIES}'", "update consents set topics = '{STATUS}'"),
        (
            "insert into suppressions (org_id, id, email, reason) select org_id, gen_random_uuid(), email, 'COMPLAINT' from consents",
            "delete from suppressions",
        ),
    ] {
        app.arrange(shut).await;
        moves(&app, acme, acme.companies[0].id).await;
        assert!(queued(&app).await.is_empty(), "{shut}");
        app.arrange(open).await;
    }
    moves(&app, acme, acme.companies[0].id).await;
    assert_eq!(queued(&app).await, [READER]);
}

/// NOTE-2: only about the company shared, and of it what the portal shows.
#[tokio::test]
async fn nobody_is_told_of_another_company_or_of_a_record_that_their_portal_does_not_show() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    moves(&app, acme, acme.companies[1].id).await;
    moves(&app, app.rival(), app.rival().companies[0].id).await;
    assert!(queued(&app).await.is_empty());
    // The portal is narrowed to another record of the company than the one that moves.
    app.arrange(&format!(
        "update portals set record_id = (select id from records where company_id = '{}' order by id desc limit 1) where id = '{}'",
        acme.companies[0].id, door.id
    ))
    .await;
    moves(&app, acme, acme.companies[0].id).await;
    assert!(queued(&app).await.is_empty());
    app.arrange(&format!("update portals set record_id = null where id = '{}'", door.id)).await;
    moves(&app, acme, acme.companies[0].id).await;
    assert_eq!(queued(&app).await, [READER]);
}

/// REC-4: a move that clients do not see is told to nobody.
#[tokio::test]
async fn a_move_that_is_not_shared_is_told_to_nobody() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    let (id, version, stage) = super::record_to_move(&app, acme.id, acme.companies[0].id).await;
    app.arrange("update record_types set shared_fields = '{STATUS}'").await;
    let version =
        app.value(&format!("select greatest(version, {version}) from records where id = '{id}'")).await;
    let input = serde_json::json!({ "input": { "id": id, "version": version.parse::<i64>().unwrap(), "stageId": stage } });
    let document =
        "mutation($input: MoveRecordInput!) { staff { moveRecord(input: $input) { record { id } } } }";
    app.query(&acme.staff_token, document, input).await.succeeded();
    assert!(queued(&app).await.is_empty());
}

/// NOTE-4
#[tokio::test]
async fn one_person_is_told_of_one_change_once_whatever_portals_they_came_through() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let door = portal(acme);
    subscribed(&app, &door.token, door.id, READER, &["STATUS"]).await;
    // A second portal of the same company, with a consent of the same person.
    let second = app.app.clock.id();
    app.arrange(&format!(
        "insert into portals (org_id, id, label, title, company_id, modes, created_by)
         select org_id, '{second}', label, 'Second', company_id, modes, created_by from portals where id = '{0}';
         insert into portal_links (org_id, id, portal_id, company_id, token_hash)
         select org_id, '{second}', '{second}', company_id, sha256('second') from portals where id = '{0}';
         insert into consents (org_id, id, portal_id, link_id, generation, email, language, topics, confirmed_at)
         select org_id, '{second}', '{second}', '{second}', 1, email, language, topics, confirmed_at from consents",
        door.id
    ))
    .await;
    moves(&app, acme, acme.companies[0].id).await;
    assert_eq!(queued(&app).await, [READER]);
    assert_eq!(
        app.value("select count(*) from outbox where subject_id in (select id from notifications)").await,
        "1"
    );
    // Whichever portal ends, the other still carries it; both, and none does.
    for (ended, left) in [(door.id, 1), (second, 0)] {
        app.arrange(&format!("update portals set revoked_at = now() where id = '{ended}'")).await;
        assert_eq!(sendable(&app).await, left);
    }
    let admin = app.sql("postgres").await;
    let again = admin.refusal(
        "insert into notifications (org_id, id, change_id, topic, company_id, email)
         select org_id, gen_random_uuid(), change_id, topic, company_id, email from notifications",
    );
    assert_eq!(again.await, "23505");
}

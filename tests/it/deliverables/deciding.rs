//! The client's word on a version (DEL-3): one, for good, all of it or nothing.

use serde_json::{Value, json};

use super::{DECIDE, Work};

/// DEL-3, EVT-1, ORG-5
#[tokio::test]
async fn a_client_approves_and_who_when_and_what_is_kept() {
    let work = Work::ready().await;
    let session = work.session().await;
    let decided = work.decide(&session, &work.version, "APPROVED", None).await.succeeded();
    let current = decided.at("/data/portal/decideDeliverable/deliverable/current");
    assert_eq!(current["approval"], "APPROVED");
    let decision = &current["decision"];
    assert_eq!((&decision["decidedBy"], &decision["nameVerified"]), (&json!("Ada"), &json!(false)));
    let kept = "select (d.session_id = s.id) || ' ' || (d.version_id = v.id) || ' ' || (d.decided_at <= now()) || ' ' || verdict
        from deliverable_decisions d, portal_sessions s, deliverable_versions v";
    assert_eq!(work.app.value(kept).await, "true true true APPROVED");
    let event = "select kind || ' ' || client_visible || ' ' || (actor_session_id is not null) from events order by seq desc limit 1";
    assert_eq!(work.app.value(event).await, "deliverable.approved true true");
    let audited =
        "select action || ' ' || (actor_session_id is not null) from audit_entries order by id desc limit 1";
    assert_eq!(work.app.value(audited).await, "deliverable.approved true");
}

/// DEL-3: the reason stands in the thread, whatever the portal shows of that; an approval needs none.
#[tokio::test]
async fn who_asks_for_changes_or_rejects_says_why_and_it_is_posted_in_the_thread() {
    for verdict in ["REVISION_REQUESTED", "REJECTED"] {
        let work = Work::ready().await;
        work.app.arrange("update portals set modes = '{RECORDS}'").await;
        let session = work.session().await;
        for nothing in [None, Some("  ")] {
            let refused = work.decide(&session, &work.version, verdict, nothing).await;
            assert_eq!(refused.code(), "VALIDATION");
        }
        work.decide(&session, &work.version, verdict, Some("Too loud.")).await.succeeded();
        let posted =
            "select sender_type || ' ' || sender_name || ' ' || body from messages order by id desc limit 1";
        assert_eq!(work.app.value(posted).await, "CLIENT Ada Too loud.");
        let events = "select string_agg(kind, ',' order by seq desc) from (select * from events order by seq desc limit 2) e";
        assert_eq!(
            work.app.value(events).await,
            format!("message.posted,deliverable.{}", verdict.to_lowercase())
        );
        let mails = work.app.mails().await;
        let told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(told, [work.app.acme().owner.email.as_str()], "one mail of it, to the owner");
        assert!(mails[0].text.contains("> Too loud."), "{mails:?}");
    }
}

/// DEL-3, MSG-1
#[tokio::test]
async fn a_visitor_says_who_they_are_before_a_first_decision() {
    let work = Work::ready().await;
    let session = work.session().await;
    let nameless = json!({ "input": { "versionId": work.version, "verdict": "APPROVED" } });
    assert_eq!(work.app.query(&session, DECIDE, nameless).await.code(), "VALIDATION");
    assert_eq!(work.app.value("select approval from deliverable_versions").await, "PENDING");
}

/// DEL-4, API-8
#[tokio::test]
async fn there_is_no_second_decision_and_a_new_version_opens_a_new_review() {
    let work = Work::ready().await;
    let session = work.session().await;
    let input = json!({ "input": { "versionId": work.version, "verdict": "APPROVED", "name": "Ada", "idempotencyKey": "k" } });
    let first = work.app.query(&session, DECIDE, input.clone()).await.succeeded();
    let again = work.app.query(&session, DECIDE, input).await.succeeded();
    assert_eq!(first.body(), again.body(), "the same click twice is one decision");
    let other = work.decide(&session, &work.version, "REJECTED", Some("Changed my mind.")).await;
    assert_eq!(other.code(), "CONFLICT");
    let second = work.add_version().await;
    assert_eq!(work.decide(&session, &second, "APPROVED", None).await.code(), "NOT_FOUND");
    work.mark_ready(&second).await.succeeded();
    work.decide(&session, &second, "REVISION_REQUESTED", Some("A little calmer.")).await.succeeded();
    let seen = work.seen(&session).await.succeeded();
    let approvals: Vec<Value> = seen
        .at("/data/portal/deliverable/versions")
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["approval"].clone())
        .collect();
    assert_eq!(approvals, [json!("REVISION_REQUESTED"), json!("APPROVED")]);
}

/// DEL-4: what was overtaken is not decided any more.
#[tokio::test]
async fn a_version_that_has_a_newer_one_is_not_decided() {
    let work = Work::ready().await;
    let second = work.add_version().await;
    work.mark_ready(&second).await.succeeded();
    let session = work.session().await;
    assert_eq!(work.decide(&session, &work.version, "APPROVED", None).await.code(), "CONFLICT");
    let third = work.add_version().await;
    work.mark_ready(&third).await.succeeded();
    assert_eq!(work.decide(&session, &second, "APPROVED", None).await.code(), "CONFLICT");
    work.decide(&session, &third, "APPROVED", None).await.succeeded();
}

/// DEL-4: of many at once exactly one wins, and nothing of the others is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_decisions_at_once_one_wins_and_the_others_get_conflict() {
    let work = Work::ready().await;
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(work.session().await);
    }
    let tries = sessions.iter().enumerate().map(|(place, session)| {
        let verdict = ["APPROVED", "REVISION_REQUESTED", "REJECTED"][place % 3];
        work.decide(session, &work.version, verdict, Some("At once."))
    });
    let answers = futures::future::join_all(tries).await;
    let won = answers.iter().filter(|answer| answer.json().get("errors").is_none()).count();
    assert_eq!(won, 1);
    for lost in answers.iter().filter(|answer| answer.json().get("errors").is_some()) {
        assert_eq!(lost.code(), "CONFLICT", "{}", lost.body());
    }
    assert_eq!(work.app.value("select count(*) from deliverable_decisions").await, "1");
    assert_eq!(work.app.value("select count(*) from messages where body = 'At once.'").await, "1");
    let same = "select (v.approval = d.verdict)::text from deliverable_versions v join deliverable_decisions d on d.version_id = v.id";
    assert_eq!(work.app.value(same).await, "true");
}

/// DEL-3, ORG-4: with any SQL of their own, clients decide as themselves, once, of what they see.
#[tokio::test]
async fn clients_forge_no_decision() {
    let work = Work::ready().await;
    let token = work.session().await;
    let session = work.app.sql("app_portal").await;
    let hash = hex::encode(vestibule::domain::callers::hash_token(&token));
    let new = work.app.app.clock.id();
    let enter = format!("rollback; begin; select act_in_portal('\\x{hash}', null, null, '{new}')");
    let decide = |version: &str, files: &str| {
        format!(
            "select decide_version(gen_random_uuid(), '{version}', 'APPROVED', null, gen_random_uuid(), now(), {files},
             '{{}}', 'k', sha256('k'), sha256('a') || sha256('b'))"
        )
    };
    session.rows(&enter).await;
    assert_eq!(session.refusal(&decide(&work.version, "sha256('x')")).await, "42501", "other files");
    session.rows(&enter).await;
    let held = format!("(select files_hash from version_to_decide('{}'))", work.version);
    assert_eq!(session.refusal(&decide(&work.version, &held)).await, "42501", "nobody has a name yet");
    for attempt in [
        "update deliverable_versions set approval = 'APPROVED'",
        "insert into deliverable_decisions (org_id) values (app_org())",
        "update deliverable_decisions set verdict = 'APPROVED'",
        "delete from deliverable_decisions",
        "update deliverables set visible = true",
    ] {
        session.rows(&enter).await;
        assert_eq!(session.refusal(attempt).await, "42501", "{attempt}");
    }
}

//! What the client has approved, and what waits for them, as numbers (DASH-1, DASH-2): of what the portal
//! shows, and of nothing else.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{built, chosen, shown};
use crate::deliverables::Work;

const SUMMARY: &str = "{ portal { companySummary { waitingApprovals } } }";

/// A deliverable that waits for the client, in a world whose portals show records and dashboards, none of
/// which is there yet.
async fn work() -> Work {
    let work = Work::ready().await;
    work.app
        .arrange(
            "delete from portal_dashboards; delete from dashboards;
             update portals set modes = '{RECORDS,DASHBOARD}'",
        )
        .await;
    work
}

/// Puts another deliverable there, with these versions: SQL of numbers and approvals.
async fn made(work: &Work, record: &str, visible: bool, versions: &str) {
    work.app
        .arrange(&format!(
            "with made as (
                 insert into deliverables (org_id, id, record_id, title, kind, visible)
                 select r.org_id, gen_random_uuid(), r.id, 'Another', 'Copy', {visible} from records r where r.id = '{record}'
                 returning org_id, id, record_id)
             insert into deliverable_versions (org_id, id, record_id, deliverable_id, number, ready_at, approval, visible)
             select made.org_id, gen_random_uuid(), made.record_id, made.id, v.number, now(), v.approval, {visible}
             from made, (values {versions}) as v (number, approval)"
        ))
        .await;
}

/// Labels and values of the first widget of a session's dashboard of this title.
async fn approvals(work: &Work, session: &str, title: &str) -> Vec<(String, f64)> {
    let boards = shown(&work.app, session).await;
    let board = boards.as_array().unwrap().iter().find(|board| board["title"] == title).unwrap();
    let values = board["widgets"][0]["values"].as_array().unwrap();
    let of = |value: &Value| (value["label"].as_str().unwrap().to_owned(), value["value"].as_f64().unwrap());
    values.iter().map(of).collect()
}

async fn waiting(work: &Work, session: &str) -> Value {
    let answer = work.app.query(session, SUMMARY, json!({})).await.succeeded();
    answer.at("/data/portal/companySummary/waitingApprovals")
}

fn counts(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
    expected.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect()
}

/// DASH-1, DASH-2, DEL-2
#[tokio::test]
async fn approvals_count_what_became_of_the_current_versions() {
    let work = work().await;
    let company = work.app.acme().companies[0].id;
    let second = format!(
        "select id from records where company_id = '{company}' and id <> '{}' and portal_enabled order by id limit 1",
        work.record
    );
    let second = work.app.value(&second).await;
    let widgets = json!([{ "kind": "BAR", "title": "Approvals", "source": { "builtIn": "APPROVALS" } }]);
    let all = built(&work.app, "All", None, widgets.clone()).await;
    let one = built(&work.app, "One", Some(&second), widgets).await;
    chosen(&work.app, &[&all, &one]).await;
    made(&work, &work.record, true, "(1, 'REVISION_REQUESTED'), (2, 'APPROVED')").await;
    made(&work, &work.record, true, "(1, 'PENDING'), (2, 'REJECTED')").await;
    made(&work, &second, true, "(1, 'PENDING')").await;
    let session = work.session().await;
    let expected = counts(&[("Waiting", 2.0), ("Approved", 1.0), ("Rejected", 1.0)]);
    assert_eq!(approvals(&work, &session, "All").await, expected);
    assert_eq!(approvals(&work, &session, "One").await, counts(&[("Waiting", 1.0)]), "of one record");
    assert_eq!(waiting(&work, &session).await, 2);
    work.decide(&session, &work.version, "REVISION_REQUESTED", Some("Calmer.")).await.succeeded();
    work.add_version().await;
    let expected =
        counts(&[("Waiting", 1.0), ("Approved", 1.0), ("Changes requested", 1.0), ("Rejected", 1.0)]);
    assert_eq!(approvals(&work, &session, "All").await, expected, "a draft is no version to wait for");
    assert_eq!(waiting(&work, &session).await, 1);
}

/// DASH-1, DASH-2, DEL-2, REC-10: each gate alone.
#[tokio::test]
async fn what_a_portal_does_not_show_counts_nowhere() {
    let work = work().await;
    let widgets = json!([{ "kind": "TABLE", "title": "Approvals", "source": { "builtIn": "APPROVALS" } }]);
    let all = built(&work.app, "All", None, widgets).await;
    chosen(&work.app, &[&all]).await;
    let theirs =
        format!("select id from records where company_id = '{}' limit 1", work.app.acme().companies[1].id);
    let theirs = work.app.value(&theirs).await;
    made(&work, &theirs, true, "(1, 'APPROVED')").await;
    made(&work, &work.record, false, "(1, 'REJECTED')").await;
    let session = work.session().await;
    let expected = counts(&[("Waiting", 1.0)]);
    for (shut, open, known) in [
        (
            "update deliverables set visible = false where id = $",
            "update deliverables set visible = true where id = $",
            json!(0),
        ),
        (
            "update deliverables set archived_at = now() where id = $",
            "update deliverables set archived_at = null where id = $",
            json!(0),
        ),
        ("update records set portal_enabled = false", "update records set portal_enabled = true", json!(0)),
        ("update record_types set shared = false", "update record_types set shared = true", json!(0)),
        (
            "update portals set modes = '{DASHBOARD}'",
            "update portals set modes = '{RECORDS,DASHBOARD}'",
            Value::Null,
        ),
    ] {
        let of_ours = |sql: &str| sql.replace('$', &format!("'{}'", work.deliverable));
        work.app.arrange(&of_ours(shut)).await;
        assert!(approvals(&work, &session, "All").await.is_empty(), "{shut}");
        assert_eq!(waiting(&work, &session).await, known, "{shut}");
        work.app.arrange(&of_ours(open)).await;
        assert_eq!(approvals(&work, &session, "All").await, expected, "{open}");
        assert_eq!(waiting(&work, &session).await, 1, "{open}");
    }
}

/// DASH-1
#[tokio::test]
async fn the_page_says_how_much_waits_for_the_client() {
    let work = work().await;
    let text = json!([{ "kind": "TEXT", "title": "T", "body": "x" }]);
    let board = built(&work.app, "All", None, text).await;
    chosen(&work.app, &[&board]).await;
    let page = format!("/portal/{}/dashboards", work.app.acme().portals[0].token);
    let says = async || {
        let boards = work.app.get(&page).await;
        assert_eq!(boards.status, StatusCode::OK);
        boards.body().contains("1 waiting for your word")
    };
    assert!(says().await);
    work.app.arrange("update deliverables set visible = false").await;
    assert!(!says().await);
}

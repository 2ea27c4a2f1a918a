//! What is ready for review, approved or decided stays as it is (DEL-4), at the database; and a decision is
//! there as a whole or not at all.

use serde_json::json;

use super::{DECIDE, REMOVE_FILE, UPDATE, Work};
use crate::support::wire::{self, Service};

/// DEL-4
#[tokio::test]
async fn an_approved_version_takes_no_edit_and_no_file_change() {
    let work = Work::ready().await;
    let session = work.session().await;
    work.decide(&session, &work.version, "APPROVED", None).await.succeeded();
    let other = work
        .app
        .value(&format!(
            "select id from files where record_id = '{}' and id <> '{}' limit 1",
            work.record, work.file
        ))
        .await;
    assert_eq!(work.add_file(&work.version, &other).await.code(), "CONFLICT");
    let remove = json!({ "versionId": work.version, "fileId": work.file });
    assert_eq!(work.staff(REMOVE_FILE, remove).await.code(), "CONFLICT");
    work.staff(
        UPDATE,
        json!({ "id": work.deliverable, "version": 1, "title": "Its title is no part of it" }),
    )
    .await
    .succeeded();
    let admin = work.app.sql("postgres").await;
    let insert = format!(
        "insert into deliverable_version_files (org_id, version_id, file_id, record_id)
         select org_id, '{}', id, record_id from files where id = '{other}'",
        work.version
    );
    for attempt in [
        insert.as_str(),
        "delete from deliverable_version_files",
        "update deliverable_version_files set file_id = gen_random_uuid()",
        "update deliverable_versions set note = 'Another note'",
        "update deliverable_versions set number = 7",
        "update deliverable_versions set ready_at = null",
        "update deliverable_versions set approval = 'REJECTED'",
        "update deliverable_versions set approval = 'PENDING'",
        "update deliverable_decisions set verdict = 'REJECTED'",
        "update deliverable_decisions set decided_by = 'Eve'",
        "update files set byte_size = byte_size + 1 where id in (select file_id from deliverable_version_files)",
        "update files set sha256 = sha256('other') where id in (select file_id from deliverable_version_files)",
    ] {
        assert_eq!(admin.refusal(attempt).await, "55000", "{attempt}");
    }
    assert_eq!(work.app.value("select approval from deliverable_versions").await, "APPROVED");
}

/// DEL-4: from when clients are asked, what they look at does not change.
#[tokio::test]
async fn a_version_that_waits_for_the_client_takes_no_change_either() {
    let work = Work::ready().await;
    let remove = json!({ "versionId": work.version, "fileId": work.file });
    assert_eq!(work.staff(REMOVE_FILE, remove.clone()).await.code(), "CONFLICT");
    let next = work.add_version().await;
    work.add_file(&next, &work.file).await.succeeded();
    let remove = json!({ "versionId": next, "fileId": work.file });
    let removed = work.staff(REMOVE_FILE, remove).await.succeeded();
    assert_eq!(removed.at("/data/staff/removeDeliverableFile/version/files"), json!([]));
}

/// DEL-4: what a version must not be shown with leaves it, and does not come back.
#[tokio::test]
async fn an_archived_file_leaves_an_open_version_and_comes_to_none() {
    let work = Work::new().await;
    work.app.arrange(&format!("update files set archived_at = now() where id = '{}'", work.file)).await;
    let remove = json!({ "versionId": work.version, "fileId": work.file });
    let removed = work.staff(REMOVE_FILE, remove).await.succeeded();
    assert_eq!(removed.at("/data/staff/removeDeliverableFile/version/files"), json!([]));
    assert_eq!(work.add_file(&work.version, &work.file).await.code(), "NOT_FOUND");
}

/// DEL-3, DEL-4: whatever kills the service, there is no half decision.
#[tokio::test]
async fn a_service_that_is_killed_while_it_decides_leaves_nothing_of_the_decision() {
    let work = Work::ready().await;
    let session = work.session().await;
    let mut settings = work.app.settings().to_vec();
    settings.push(("FAILPOINTS", "deliverables::decided=pause".to_owned()));
    let service = Service::start(&settings);
    let input =
        json!({ "versionId": work.version, "verdict": "REJECTED", "reason": "Killed.", "name": "Ada" });
    let asked = wire::send(service.address, &session, DECIDE, json!({ "input": input })).await;
    let admin = work.app.sql("postgres").await;
    let held = "select exists (select from pg_stat_activity where usename = 'app_portal' and datname = current_database()
        and state = 'idle in transaction' and query like '%decide_version%')";
    wire::until(&admin, held).await;
    // Dropping it is SIGKILL.
    drop(service);
    drop(asked);
    let left = "select count(*) from deliverable_decisions union all select count(*) from messages where body = 'Killed.'
        union all select count(*) from team_notices union all select count(*) from outbox
        union all select count(*) from deliverable_versions where approval <> 'PENDING'";
    wire::until(&admin, "select not exists (select from pg_stat_activity where usename = 'app_portal' and state = 'idle in transaction' and datname = current_database())").await;
    assert_eq!(admin.column(left).await, ["0", "0", "0", "0", "0"]);
    let session = work.session().await;
    work.decide(&session, &work.version, "APPROVED", None).await.succeeded();
}

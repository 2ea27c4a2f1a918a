//! FILE-1: what staff do with files.

use serde_json::json;

use super::*;

const UPDATE: &str = "mutation($input: UpdateFileInput!) { staff { updateFile(input: $input) { file { name shared version } } } }";
const ARCHIVE: &str = "mutation($input: ArchiveFileInput!) { staff { archiveFile(input: $input) { file { archivedAt version } } } }";
const LIST: &str = "query($filter: FileFilterInput) { staff { files(filter: $filter) { totalCount edges { node { name shared uploaderType uploaderName byteSize sha256 } } } } }";

/// FILE-1
#[tokio::test]
async fn only_what_staff_share_appears_and_only_as_long() {
    let door = Doorway::new().await;
    let app = &door.app;
    let staff = &app.acme().staff_token;
    let id = brought(app, &door.record, "Plan.pdf", PDF, false).await;
    assert!(!door.fetches("/files", &[]).await.body().contains("Plan.pdf"));
    let input = json!({ "id": id, "version": 1, "shared": true, "name": "New plan.pdf" });
    let shared = app.query(staff, UPDATE, json!({ "input": input })).await.succeeded();
    assert_eq!(
        shared.at("/data/staff/updateFile/file"),
        json!({ "name": "New plan.pdf", "shared": true, "version": 2 })
    );
    assert!(door.fetches("/files", &[]).await.body().contains("New plan.pdf"));
    let old = json!({ "id": id, "version": 1, "shared": false });
    assert_eq!(app.query(staff, UPDATE, json!({ "input": old })).await.code(), "CONFLICT");
    let archive = json!({ "input": { "id": id, "version": 2 } });
    app.query(staff, ARCHIVE, archive).await.succeeded();
    assert!(!door.fetches("/files", &[]).await.body().contains("New plan.pdf"));
    let back = json!({ "input": { "id": id, "version": 3, "archived": false } });
    app.query(staff, ARCHIVE, back).await.succeeded();
    assert!(door.fetches("/files", &[]).await.body().contains("New plan.pdf"));
    let kinds =
        app.value("select string_agg(kind || ' ' || client_visible, ',' order by seq) from events").await;
    assert_eq!(kinds, "file.uploaded false,file.shared true,file.archived true,file.restored true");
}

/// FILE-1, EVT-1: clients are told of what changes for them, once.
#[tokio::test]
async fn a_new_name_is_no_second_sharing_and_nobody_hears_of_what_is_archived() {
    let door = Doorway::new().await;
    let app = &door.app;
    let staff = &app.acme().staff_token;
    let id = brought(app, &door.record, "Plan.pdf", PDF, true).await;
    let renamed = json!({ "id": id, "version": 1, "shared": true, "name": "New plan.pdf" });
    app.query(staff, UPDATE, json!({ "input": renamed })).await.succeeded();
    let archive = json!({ "input": { "id": id, "version": 2 } });
    app.query(staff, ARCHIVE, archive).await.succeeded();
    let unseen = json!({ "id": id, "version": 3, "name": "Old plan.pdf" });
    app.query(staff, UPDATE, json!({ "input": unseen })).await.succeeded();
    let kinds =
        app.value("select string_agg(kind || ' ' || client_visible, ',' order by seq) from events").await;
    assert_eq!(kinds, "file.uploaded true,file.renamed true,file.archived true,file.renamed false");
}

/// ORG-3
#[tokio::test]
async fn who_may_not_write_records_brings_and_changes_nothing() {
    let door = Doorway::new().await;
    let app = &door.app;
    let id = brought(app, &door.record, "Plan.pdf", PDF, false).await;
    let reader = app.member_of(app.acme(), &[]).await;
    let writer = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let input = json!({ "input": { "id": id, "version": 1, "shared": true } });
    assert_eq!(app.query(&reader, UPDATE, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(staff_upload(app, &reader, &door.record, "A.pdf", true).await.code(), "FORBIDDEN");
    assert_eq!(fetches(app, &reader, &format!("/files/{id}")).await.status, 200);
    app.query(&writer, UPDATE, input).await.succeeded();
    let asked = staff_upload(app, &writer, &door.record, "A.pdf", true).await.succeeded();
    let url = asked.text("/data/staff/requestUpload/url");
    app.arrange("update members set permissions = '{}' where role = 'MEMBER'").await;
    assert_eq!(puts(app, &url, PDF.to_vec()).await.code(), "FORBIDDEN");
    assert_eq!(app.value("select count(*) from files").await, "1");
    assert_eq!(door.bytes_at_rest().len(), 1);
}

/// FILE-1
#[tokio::test]
async fn staff_read_what_records_hold_and_who_brought_it() {
    let door = Doorway::new().await;
    brought(&door.app, &door.record, "Plan.pdf", PDF, false).await;
    door.sends(&[("Logo.png", PNG)]).await;
    let staff = &door.app.acme().staff_token;
    let listed =
        door.app.query(staff, LIST, json!({ "filter": { "recordId": door.record } })).await.succeeded();
    assert_eq!(listed.at("/data/staff/files/totalCount"), 2);
    let names = |pointer: &str| listed.at(&format!("/data/staff/files/edges/{pointer}"));
    assert_eq!((names("0/node/uploaderType"), names("0/node/uploaderName")), (json!("CLIENT"), json!("Ada")));
    assert_eq!(
        (names("1/node/uploaderType"), names("1/node/uploaderName")),
        (json!("STAFF"), json!("Robin Hale"))
    );
    let shared = door.app.query(staff, LIST, json!({ "filter": { "shared": true } })).await.succeeded();
    assert_eq!(shared.at("/data/staff/files/totalCount"), 1);
    let found = door.app.query(staff, LIST, json!({ "filter": { "search": "lan." } })).await.succeeded();
    assert_eq!(found.at("/data/staff/files/totalCount"), 1);
}

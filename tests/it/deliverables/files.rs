//! The files of a version: listed with it as far as clients can fetch them, and shown in their place (DEL-2,
//! DEL-5, FILE-1).

use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{REMOVE_FILE, Work};
use crate::files::{PDF, brought, fetches};
use crate::support::forms::Browser;

const FILES: &str = "query($id: ID!) { portal { deliverable(id: $id) { versions {
    number files { id recordId name mediaType byteSize path sha256 uploaderType } } } } }";

/// The files of the newest version that a session is shown.
async fn listed(work: &Work, session: &str) -> Vec<Value> {
    let seen = work.app.query(session, FILES, json!({ "id": work.deliverable })).await.succeeded();
    seen.at("/data/portal/deliverable/versions/0/files").as_array().unwrap().clone()
}

/// A version that is ready for review, with one more file of these bytes, which is shared; and its id.
async fn with_file(name: &str, bytes: &[u8]) -> (Work, String) {
    let work = Work::new().await;
    let file = brought(&work.app, &work.record, name, bytes, true).await;
    work.add_file(&work.version, &file).await.succeeded();
    work.mark_ready(&work.version).await.succeeded();
    (work, file)
}

/// DEL-3: whoever has the files recomputes the hash that was signed.
#[tokio::test]
async fn a_decision_is_of_the_bytes_of_its_files() {
    let work = Work::new().await;
    let without_bytes = json!({ "versionId": work.version, "fileId": work.file });
    work.staff(REMOVE_FILE, without_bytes).await.succeeded();
    let mut lines = Vec::new();
    for (name, bytes) in [("Plan.pdf", PDF), ("Notes.txt", b"only text".as_slice())] {
        let file = brought(&work.app, &work.record, name, bytes, true).await;
        work.add_file(&work.version, &file).await.succeeded();
        lines.push(format!("{file} {}\n", hex::encode(Sha256::digest(bytes))));
    }
    lines.sort();
    work.mark_ready(&work.version).await.succeeded();
    let session = work.session().await;
    let decided = work.decide(&session, &work.version, "APPROVED", None).await.succeeded();
    let receipt = decided.text("/data/portal/decideDeliverable/deliverable/current/decision/receipt");
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt["receipt"]["filesSha256"], hex::encode(Sha256::digest(lines.concat())));
    let kept = "select encode(files_hash, 'hex') from deliverable_decisions";
    assert_eq!(receipt["receipt"]["filesSha256"], work.app.value(kept).await);
}

/// DEL-2, FILE-1
#[tokio::test]
async fn a_client_fetches_the_files_of_a_version_and_none_that_is_not_shared() {
    let work = Work::new().await;
    let plan = brought(&work.app, &work.record, "Plan.pdf", PDF, true).await;
    let secret = brought(&work.app, &work.record, "Secret.pdf", PDF, false).await;
    let next = brought(&work.app, &work.record, "Next.pdf", PDF, true).await;
    for file in [&plan, &secret] {
        work.add_file(&work.version, file).await.succeeded();
    }
    work.mark_ready(&work.version).await.succeeded();
    let draft = work.add_version().await;
    work.add_file(&draft, &next).await.succeeded();
    let session = work.session().await;
    let files = listed(&work, &session).await;
    let ids: Vec<&str> = files.iter().map(|file| file["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{files:?}");
    assert!(ids.contains(&plan.as_str()) && ids.contains(&work.file.as_str()), "{files:?}");
    let shown = files.iter().find(|file| file["id"] == plan).unwrap();
    assert_eq!((&shown["name"], &shown["mediaType"]), (&json!("Plan.pdf"), &json!("application/pdf")));
    assert_eq!((&shown["recordId"], &shown["uploaderType"]), (&json!(work.record), &json!("STAFF")));
    let got = fetches(&work.app, &session, shown["path"].as_str().unwrap()).await;
    assert_eq!((got.status, got.body.as_slice()), (StatusCode::OK, PDF));
    let refused = fetches(&work.app, &session, &format!("/files/{secret}")).await;
    assert_eq!(refused.code(), "NOT_FOUND");
    let neighbour =
        work.app.acme().portals.iter().find(|portal| portal.title == work.app.acme().companies[1].name);
    let neighbour = work.app.open(&neighbour.unwrap().token).await;
    assert_eq!(fetches(&work.app, &neighbour, &format!("/files/{plan}")).await.code(), "NOT_FOUND");
}

/// DEL-2, FILE-1, REC-10: each gate of files alone. What cannot be fetched is not listed either.
#[tokio::test]
async fn a_version_lists_no_file_that_the_portal_does_not_hand_out() {
    let (work, file) = with_file("Plan.pdf", PDF).await;
    let session = work.session().await;
    let home = format!("/portal/{}", work.app.acme().portals[0].token);
    let browser = Browser::open(&work.app, &home).await;
    let page = format!("{home}/deliverables/{}", work.deliverable);
    for (shut, open) in [
        ("update files set shared = false where id = $", "update files set shared = true where id = $"),
        (
            "update files set archived_at = now() where id = $",
            "update files set archived_at = null where id = $",
        ),
        ("update portals set modes = '{RECORDS}'", "update portals set modes = '{RECORDS,FILES}'"),
        ("update record_types set show_files = false", "update record_types set show_files = true"),
    ] {
        let of_file = |sql: &str| sql.replace('$', &format!("'{file}'"));
        work.app.arrange(&of_file(shut)).await;
        let files = listed(&work, &session).await;
        assert!(files.iter().all(|listed| listed["id"] != file), "{shut}: {files:?}");
        assert!(!browser.get(&page).await.body().contains(&file), "{shut}");
        let fetched = fetches(&work.app, &session, &format!("/files/{file}")).await;
        assert_eq!(fetched.code(), "NOT_FOUND", "{shut}");
        work.app.arrange(&of_file(open)).await;
        let files = listed(&work, &session).await;
        assert!(files.iter().any(|listed| listed["id"] == file), "{open}: {files:?}");
        assert_eq!(fetches(&work.app, &session, &format!("/files/{file}")).await.body, PDF, "{open}");
    }
}

/// DEL-2, DEL-5, FILE-1
#[tokio::test]
async fn the_page_links_each_file_of_a_version_and_shows_what_browsers_can() {
    let work = Work::new().await;
    let plan = brought(&work.app, &work.record, "Plan.pdf", PDF, true).await;
    let notes = brought(&work.app, &work.record, "Notes.txt", b"only text", true).await;
    let secret = brought(&work.app, &work.record, "Secret.pdf", PDF, false).await;
    for file in [&plan, &notes, &secret] {
        work.add_file(&work.version, file).await.succeeded();
    }
    let home = format!("/portal/{}", work.app.acme().portals[0].token);
    let browser = Browser::open(&work.app, &home).await;
    let page = format!("{home}/deliverables/{}", work.deliverable);
    assert!(!browser.get(&page).await.body().contains(&plan), "the team still works on it");
    work.mark_ready(&work.version).await.succeeded();
    for shown in [page.clone(), format!("{home}/records/{}", work.record)] {
        let answer = browser.get(&shown).await;
        // On the record's page all shared files stand once more, below.
        let below = answer.body().split_once("id=\"deliverables\"").map(|(_, below)| below);
        let body = below.map_or(answer.body(), |below| below.split("</section>").next().unwrap());
        for link in [
            format!("href=\"{home}/files/{plan}\" download"),
            format!("href=\"{home}/files/{plan}/view\""),
            format!("href=\"{home}/files/{notes}\" download"),
        ] {
            assert!(body.contains(&link), "{shown}: {link}");
        }
        assert!(!body.contains(&format!("/files/{notes}/view")), "{shown}: text is downloaded");
        assert!(!body.contains(&secret) && !body.contains("Secret.pdf"), "{shown}");
    }
    let got = browser.get(&format!("{home}/files/{plan}")).await;
    assert_eq!((got.status, got.body.as_slice()), (StatusCode::OK, PDF));
    assert_eq!(browser.get(&format!("{home}/files/{plan}/view")).await.status, StatusCode::OK);
    for refused in ["", "/view"] {
        let answer = browser.get(&format!("{home}/files/{secret}{refused}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{refused}");
    }
    work.app
        .arrange(&format!("update deliverables set visible = false where id = '{}'", work.deliverable))
        .await;
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
}

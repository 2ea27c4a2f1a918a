//! FILE-1, FILE-4, DEL-5: whoever may have a file gets it with the right name and type, whole or in parts;
//! nobody else gets anything.

use serde_json::json;

use super::*;
use crate::isolation::crowd;
use vestibule::worker::{drain_usage, record_usage};

/// FILE-1, FILE-4
#[tokio::test]
async fn a_shared_file_comes_with_its_name_and_type_and_can_do_nothing_here() {
    let door = Doorway::new().await;
    let id = brought(&door.app, &door.record, "Grüße aus Köln.pdf", PDF, true).await;
    let got = door.fetches(&format!("/files/{id}"), &[]).await;
    assert_eq!((got.status.as_u16(), got.body.as_slice()), (200, PDF));
    let headers = [
        "content-type",
        "content-disposition",
        "content-length",
        "accept-ranges",
        "x-content-type-options",
        "content-security-policy",
        "referrer-policy",
        "x-robots-tag",
        "cache-control",
        "etag",
    ];
    let headers: Vec<String> = headers.iter().map(|name| format!("{name}: {}", got.header(name))).collect();
    insta::assert_snapshot!(headers.join("\n"), @r#"
    content-type: application/pdf
    content-disposition: attachment; filename="Gr__e aus K_ln.pdf"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln.pdf
    content-length: 54
    accept-ranges: bytes
    x-content-type-options: nosniff
    content-security-policy: sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'
    referrer-policy: no-referrer
    x-robots-tag: noindex, nofollow
    cache-control: private, no-cache
    etag: "d6f6f2c2c2b95ed2b258f72431ff4492ab76935f386edc97b988348e9daac6bd"
    "#);
}

/// FILE-4, DEL-5
#[tokio::test]
async fn only_what_is_safe_is_shown_in_its_place() {
    let door = Doorway::new().await;
    for (name, bytes, shown) in [
        ("Logo.png", PNG, true),
        ("Photo.jpg", JPEG, true),
        ("Plan.pdf", PDF, true),
        ("Film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", true),
        ("Page.html", b"<!DOCTYPE html><script>alert(1)</script>", false),
        ("Drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", false),
        ("Notes.txt", b"only text", false),
    ] {
        let id = brought(&door.app, &door.record, name, bytes, true).await;
        let got = door.fetches(&format!("/files/{id}?inline"), &[]).await;
        let kind = if shown { "inline" } else { "attachment" };
        assert!(got.header("content-disposition").starts_with(kind), "{name}");
        assert!(got.header("content-security-policy").contains("default-src 'none'"), "{name}");
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{name}");
        let saved = door.fetches(&format!("/files/{id}"), &[]).await;
        assert!(saved.header("content-disposition").starts_with("attachment"), "{name}");
    }
}

/// DEL-5
#[tokio::test]
async fn a_part_can_be_fetched_and_what_is_known_is_not_sent_again() {
    let door = Doorway::new().await;
    let id = brought(&door.app, &door.record, "Film.mp4", b"0123456789", true).await;
    let path = format!("/files/{id}");
    let whole = door.fetches(&path, &[]).await;
    let tag = whole.header("etag").to_owned();
    let part = door.fetches(&path, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status.as_u16(), part.body()), (206, "234"));
    assert_eq!((part.header("content-range"), part.header("content-length")), ("bytes 2-4/10", "3"));
    let end = door.fetches(&path, &[("range", "bytes=-3"), ("if-range", &tag)]).await;
    assert_eq!((end.status.as_u16(), end.body()), (206, "789"));
    let changed = door.fetches(&path, &[("range", "bytes=-3"), ("if-range", "\"other\"")]).await;
    assert_eq!((changed.status.as_u16(), changed.body()), (200, "0123456789"));
    let beyond = door.fetches(&path, &[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.header("content-range")), (416, "bytes */10"));
    let known = door.fetches(&path, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.body()), (304, ""));
}

/// FILE-4: who asks for the head only is told of the whole (RFC 9110, 14.2), and nothing is sent.
#[tokio::test]
async fn a_head_tells_of_the_whole_whatever_part_it_names() {
    let door = Doorway::new().await;
    let id = brought(&door.app, &door.record, "Film.mp4", b"0123456789", true).await;
    let head = |path: String, headers: &[(&'static str, String)]| {
        let mut request = Request::head(path).header("range", "bytes=2-4");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        door.app.send(request.body(Body::empty()).unwrap())
    };
    let bearer = [("authorization", format!("Bearer {}", door.app.acme().staff_token))];
    let cookie = [("cookie", door.cookie.clone())];
    for told in [
        head(format!("/portal/{}/files/{id}", door.token), &cookie).await,
        head(format!("/files/{id}"), &bearer).await,
    ] {
        assert_eq!((told.status.as_u16(), told.body()), (200, ""));
        assert_eq!((told.header("content-length"), told.header("content-range")), ("10", ""));
    }
    let missing = head(format!("/portal/{}/files/{}", door.token, Uuid::from_u128(7)), &cookie).await;
    assert_eq!(missing.status, 404);
}

/// FILE-1, REC-6, REC-10
#[tokio::test]
async fn what_is_not_shared_here_is_not_found_as_if_it_never_was() {
    let door = Doorway::new().await;
    let app = &door.app;
    let neighbour = record_of(app, app.acme().companies[1].id).await;
    let unshared = brought(app, &door.record, "Plan.pdf", PDF, false).await;
    let theirs = brought(app, &neighbour, "Plan.pdf", PDF, true).await;
    let archived = brought(app, &door.record, "Plan.pdf", PDF, true).await;
    app.arrange(&format!("update files set archived_at = now() where id = '{archived}'")).await;
    let session = app.open(&door.token).await;
    let never = Uuid::from_u128(7).to_string();
    let missing = door.fetches(&format!("/files/{never}"), &[]).await;
    for id in [&unshared, &theirs, &archived] {
        let got = door.fetches(&format!("/files/{id}"), &[]).await;
        assert_eq!((got.status, got.body()), (missing.status, missing.body()));
        let read = app
            .query(&session, "query($id: ID!) { portal { file(id: $id) { name } } }", json!({ "id": id }))
            .await;
        assert_eq!(read.code(), "NOT_FOUND");
        assert_eq!(fetches(app, &session, &format!("/files/{id}")).await.code(), "NOT_FOUND");
        assert_eq!(fetches(app, &app.rival().staff_token, &format!("/files/{id}")).await.code(), "NOT_FOUND");
    }
    assert_eq!(missing.status, 404);
    assert!(!door.fetches("/files", &[]).await.body().contains("Plan.pdf"));
}

/// REC-10
#[tokio::test]
async fn a_shut_gate_shuts_off_downloads_too() {
    for gate in [
        "update record_types set show_files = false",
        "update record_types set shared = false",
        "update records set portal_enabled = false",
        "update portals set modes = '{RECORDS}'",
    ] {
        let door = Doorway::new().await;
        let id = brought(&door.app, &door.record, "Plan.pdf", PDF, true).await;
        assert_eq!(door.fetches(&format!("/files/{id}"), &[]).await.status, 200, "{gate}");
        door.app.arrange(gate).await;
        assert_eq!(door.fetches(&format!("/files/{id}"), &[]).await.status, 404, "{gate}");
        assert_eq!(door.fetches("/files.zip", &[]).await.status, 404, "{gate}");
    }
}

/// LINK-5
#[tokio::test]
async fn dead_links_give_their_one_answer_for_files_too() {
    let door = Doorway::new().await;
    let id = brought(&door.app, &door.record, "Plan.pdf", PDF, true).await;
    let without_id = |answer: &Answer| {
        let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
        (
            answer.status,
            headers.map(|(n, v)| (n.clone(), v.clone())).collect::<Vec<_>>(),
            answer.body().to_owned(),
        )
    };
    let unknown = door.app.get("/portal/0123456789abcdefghijABCDEFGHIJ01").await;
    door.app.arrange("update portals set revoked_at = now()").await;
    for path in
        ["/files".to_owned(), format!("/files/{id}"), "/files.zip".to_owned(), format!("/files/{id}?inline")]
    {
        let got = door.app.get(&format!("/portal/{}{path}", door.token)).await;
        assert_eq!(without_id(&got), without_id(&unknown), "{path}");
    }
    let sent = door.sends(&[("Plan.pdf", PDF)]).await;
    assert_eq!(without_id(&sent), without_id(&unknown));
}

/// FILE-4, LINK-6: what was sent is counted, not what was asked for.
#[tokio::test]
async fn bytes_are_counted_as_they_are_sent() {
    let door = Doorway::new().await;
    let id =
        brought(&door.app, &door.record, "Large.pdf", &[PDF, &vec![b' '; 1_000_000]].concat(), true).await;
    let size = 1_000_000 + PDF.len() as u64;
    let served = async || {
        record_usage::flush(&door.app.app).await.unwrap();
        drain_usage::once(&door.app.app).await.unwrap();
        let served = door.app.value("select coalesce(sum(bytes_served), 0) from portal_usage").await;
        served.parse::<u64>().unwrap()
    };
    let before = served().await;
    door.fetches(&format!("/files/{id}"), &[]).await;
    let after = served().await;
    assert_eq!(after - before, size);
    door.fetches(&format!("/files/{id}"), &[("range", "bytes=0-99")]).await;
    assert_eq!(served().await - after, 100);
    let whole = door.app.router.clone();
    let request = Request::get(format!("/portal/{}/files/{id}", door.token)).body(Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(whole, request).await.unwrap();
    let mut body = answer.into_body().into_data_stream();
    let first = futures::StreamExt::next(&mut body).await.unwrap().unwrap().len() as u64;
    drop(body);
    assert!(first < size);
    assert_eq!(served().await - after, 100 + first);
}

/// FILE-1
#[tokio::test]
#[expect(deprecated, reason = "what comes after it reads no archive that is in memory")]
async fn all_files_come_in_one_archive_with_folders_and_no_two_of_one_name() {
    let door = Doorway::new().await;
    brought(&door.app, &door.record, "Plan.pdf", PDF, true).await;
    brought(&door.app, &door.record, "plan.pdf", b"other", true).await;
    brought(&door.app, &door.record, "Secret.pdf", PDF, false).await;
    let got = door.fetches("/files.zip", &[]).await;
    assert_eq!((got.status.as_u16(), got.header("content-type")), (200, "application/zip"));
    let reader = async_zip::base::read::mem::ZipFileReader::new(got.body).await.unwrap();
    let record = door.app.value(&format!("select name from records where id = '{}'", door.record)).await;
    let mut names: Vec<String> = reader
        .file()
        .entries()
        .iter()
        .map(|entry| entry.filename().as_str().unwrap().replace(&record, "(record)"))
        .collect();
    names.sort();
    assert_eq!(names, ["(record)/Plan (2).pdf", "(record)/plan.pdf"]);
    let mut bytes = Vec::new();
    reader.reader_with_entry(1).await.unwrap().read_to_end_checked(&mut bytes).await.unwrap();
    assert_eq!(bytes, PDF);
    let of_record = door.fetches(&format!("/files.zip?record={}", door.record), &[]).await;
    assert!(of_record.header("content-disposition").contains(&format!("{record}.zip")));
}

/// FILE-1: what is taken back while an archive is under way.
#[tokio::test]
#[expect(deprecated, reason = "what comes after it reads no archive that is in memory")]
async fn what_is_no_longer_shared_when_its_turn_comes_is_not_in_the_archive() {
    let door = Doorway::new().await;
    brought(&door.app, &door.record, "Older.pdf", PDF, true).await;
    brought(&door.app, &door.record, "Newer.pdf", &[PDF, &vec![b' '; 4_000_000]].concat(), true).await;
    let request = Request::get(format!("/portal/{}/files.zip", door.token)).body(Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(door.app.router.clone(), request).await.unwrap();
    let mut body = answer.into_body().into_data_stream();
    let mut whole = futures::StreamExt::next(&mut body).await.unwrap().unwrap().to_vec();
    door.app.arrange("update files set shared = false where name = 'Older.pdf'").await;
    while let Some(piece) = futures::StreamExt::next(&mut body).await {
        whole.extend_from_slice(&piece.unwrap());
    }
    let reader = async_zip::base::read::mem::ZipFileReader::new(whole).await.unwrap();
    let names: Vec<&str> =
        reader.file().entries().iter().map(|entry| entry.filename().as_str().unwrap()).collect();
    assert!(names.len() == 1 && names[0].ends_with("/Newer.pdf"), "{names:?}");
}

/// LINK-9, ORG-4: who looks through a portal's eyes, and who may not look.
#[tokio::test]
async fn bearers_fetch_what_they_may_and_strangers_nothing() {
    let app = crowd::crowd().await;
    let record = record_of(&app, app.acme().companies[0].id).await;
    let shared = brought(&app, &record, "Plan.pdf", PDF, true).await;
    let unshared = brought(&app, &record, "Plan.pdf", PDF, false).await;
    let path = format!("/files/{shared}");
    let acme = app.acme();
    for token in [acme.staff_token.clone(), crowd::live_session(acme), crowd::preview(acme)] {
        assert_eq!(fetches(&app, &token, &path).await.body, PDF);
    }
    assert_eq!(fetches(&app, &acme.staff_token, &format!("/files/{unshared}")).await.status, 200);
    assert_eq!(fetches(&app, &crowd::live_session(acme), &format!("/files/{unshared}")).await.status, 404);
    assert_eq!(app.get(&format!("/preview/{}/files/{shared}", crowd::preview(acme))).await.body, PDF);
    for (who, token, code) in [
        ("nobody", String::new(), "UNAUTHENTICATED"),
        ("garbage", "garbage".to_owned(), "UNAUTHENTICATED"),
        ("a client member", crowd::client_member(acme), "UNAUTHENTICATED"),
        ("an ended staff session", crowd::ended_staff(acme), "UNAUTHENTICATED"),
        ("an ended portal session", crowd::ended_session(acme), "LINK_INACTIVE"),
        ("an API key", acme.api_keys[0].clone(), "FORBIDDEN"),
        ("another organisation's client", crowd::live_session(app.rival()), "NOT_FOUND"),
        ("another organisation's staff", app.rival().staff_token.clone(), "NOT_FOUND"),
    ] {
        let got = fetches(&app, &token, &path).await;
        assert_eq!(got.code(), code, "{who}: {}", got.body());
    }
}

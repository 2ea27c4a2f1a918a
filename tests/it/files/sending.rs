//! FILE-2: clients send files where the type allows it, by form or by address, and the team is told.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::*;
use crate::isolation::crowd;

/// FILE-2
#[tokio::test]
async fn a_client_sends_files_by_the_form_of_the_page() {
    let door = Doorway::new().await;
    let page = door.fetches("/files", &[]).await;
    assert!(page.body().contains("enctype=\"multipart/form-data\"") && page.body().contains("Your name"));
    let (docx, xlsx) = (docx().await, xlsx().await);
    let archive = zip(&[("a.txt", b"a")]).await;
    let sent = door
        .sends(&[
            ("Plan.pdf", PDF),
            ("Logo.png", PNG),
            ("Photo.JPG", JPEG),
            ("Text.docx", &docx),
            ("Numbers.xlsx", &xlsx),
            ("All.zip", &archive),
        ])
        .await;
    assert_eq!(sent.status, 200, "{}", sent.body());
    assert!(sent.body().contains("Thank you") && sent.body().contains("Plan.pdf"));
    assert!(!sent.body().contains("Your name"), "who has a name is not asked again");
    let rows = door.app.value("select string_agg(name || ' ' || media_type || ' ' || shared || ' ' || uploader_type || ' ' || uploader_name, chr(10) order by name) from files").await;
    insta::assert_snapshot!(rows, @r"
    All.zip application/zip true CLIENT Ada
    Logo.png image/png true CLIENT Ada
    Numbers.xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet true CLIENT Ada
    Photo.JPG image/jpeg true CLIENT Ada
    Plan.pdf application/pdf true CLIENT Ada
    Text.docx application/vnd.openxmlformats-officedocument.wordprocessingml.document true CLIENT Ada
    ");
    let kept = door.app.value("select string_agg(distinct state, ',') from stored_objects").await;
    assert_eq!(kept, "KEPT");
    let hash = door.app.value("select encode(sha256, 'hex') from files where name = 'Plan.pdf'").await;
    assert_eq!(
        hash,
        door.app.value(&format!("select encode(sha256('\\x{}'), 'hex')", hex::encode(PDF))).await
    );
}

/// FILE-2
#[tokio::test]
async fn what_clients_send_lands_below_the_folder_of_its_portal() {
    let door = Doorway::new().await;
    door.sends(&[("Plan.pdf", PDF)]).await;
    let company = &door.app.acme().companies[0].name;
    let name = door.app.value(&format!("select name from records where id = '{}'", door.record)).await;
    let paths = door.bytes_at_rest();
    assert!(paths[0].starts_with(&format!("{company}/{name}/client-uploads/")), "{paths:?}");
    assert!(paths[0].ends_with("-Plan.pdf"), "{paths:?}");
    let chosen =
        json!({ "id": door.app.acme().portals[0].id, "version": 1, "uploadFolder": "Clients/../In here" });
    let choose = "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { uploadFolder } } } }";
    door.app.query(&door.app.acme().staff_token, choose, json!({ "input": chosen })).await.succeeded();
    door.sends(&[("Plan.pdf", PDF)]).await;
    let paths = door.bytes_at_rest();
    let below = format!("Clients/untitled/In here/{name}/client-uploads/");
    assert!(paths.iter().any(|path| path.starts_with(&below)), "{paths:?}");
    for (folder, below) in [("'/'", format!("{name}/client-uploads/")), ("null", "Both - Sons/".to_owned())] {
        door.app
            .arrange(&format!(
                "update companies set name = 'Both / Sons'; update portals set upload_folder = {folder}"
            ))
            .await;
        door.sends(&[("Plan.pdf", PDF)]).await;
        let paths = door.bytes_at_rest();
        assert!(paths.iter().any(|path| path.starts_with(&below)), "{folder}: {paths:?}");
    }
    let keys = door.app.value("select string_agg(storage_key, chr(10)) from stored_objects").await;
    assert!(keys.lines().all(|key| !key.starts_with('/')), "{keys}");
}

/// FILE-2, EVT-1
#[tokio::test]
async fn the_owner_and_the_watchers_are_told_and_nobody_else() {
    let door = Doorway::new().await;
    let app = &door.app;
    let org = app.acme().id;
    let watcher = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    let other = app.colleague_of(app.acme(), "MEMBER", &[]).await;
    app.arrange(&format!(
        "update members set name = 'Watcher' where id = '{}'; update members set name = 'Other' where id = '{}';
         insert into record_watchers (org_id, record_id, member_id) values ('{org}', '{}', '{}')",
        watcher.id, other.id, door.record, watcher.id
    ))
    .await;
    door.sends(&[("Plan.pdf", PDF)]).await;
    assert_eq!(mails(app).await, json!(["mail.team_notice Robin Hale", "mail.team_notice Watcher"]));
    let events = app.value("select string_agg(kind || ' ' || client_visible || ' ' || (actor_session_id is not null), ',' order by seq) from events").await;
    assert_eq!(events, "portal_session.named false true,file.uploaded true true");
    vestibule::worker::send_mails::once(&app.app).await.unwrap();
    assert_eq!(app.value("select string_agg(distinct state, ',') from outbox").await, "SENT");
}

/// FILE-2: with any SQL of their own, visitors have the team mailed about what they sent themselves.
#[tokio::test]
async fn nobody_is_told_of_a_file_that_the_visitor_did_not_send() {
    let door = Doorway::new().await;
    let file = brought(&door.app, &door.record, "Plan.pdf", PDF, true).await;
    let token = door.app.open(&door.token).await;
    let login = door.app.sql("app_portal").await;
    let hash = hex::encode(vestibule::domain::callers::hash_token(&token));
    let new = door.app.app.clock.id();
    login.rows(&format!("begin; select act_in_portal('\\x{hash}', null, null, '{new}')")).await;
    login.rows(&format!("select tell_team_of_upload('{file}'); commit")).await;
    assert_eq!(mails(&door.app).await, json!([]));
}

/// FILE-2, MSG-1
#[tokio::test]
async fn somebody_without_a_name_gives_one_first() {
    let door = Doorway::new().await;
    let sent = door.sends_as(&door.record, "", &[("Plan.pdf", PDF)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body().contains("Please say who you are."), "{}", sent.body());
    door.nothing_is_left("no name").await;
}

/// FILE-2, API-3: whoever builds a form of their own learns at which field it stands.
#[tokio::test]
async fn what_is_wrong_with_a_name_is_said_of_the_file_or_of_the_visitor() {
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    for name in ["..", "Plan.exe"] {
        let refused = client_upload(&door.app, &session, &door.record, name).await;
        assert_eq!(refused.code(), "VALIDATION", "{name}");
        assert!(refused.body().contains("input.fileName"), "{}", refused.body());
        let sent = door.sends(&[(name, PDF)]).await;
        assert!(sent.body().contains(&format!("“{name}” was not taken.")), "{}", sent.body());
    }
    let nobody = door.sends_as(&door.record, "", &[("Plan.pdf", PDF)]).await;
    assert!(!nobody.body().contains("was not taken"), "{}", nobody.body());
    door.nothing_is_left("names").await;
}

/// FILE-2, REC-10
#[tokio::test]
async fn no_file_is_taken_where_a_gate_is_shut() {
    for gate in [
        "update record_types set allow_uploads = false",
        "update record_types set show_files = false",
        "update record_types set shared = false",
        "update records set portal_enabled = false",
        "update portals set modes = '{RECORDS}'",
    ] {
        let door = Doorway::new().await;
        let session = door.app.open(&door.token).await;
        let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
        let url = asked.text("/data/portal/requestUpload/url");
        door.app.arrange(gate).await;
        let page = door.fetches("/files", &[]).await;
        assert!(!page.body().contains("Send files"), "{gate}");
        let sent = door.sends(&[("Plan.pdf", PDF)]).await;
        assert!([404, 422].contains(&sent.status.as_u16()), "{gate}: {}", sent.body());
        assert_ne!(puts(&door.app, &url, PDF.to_vec()).await.status, 201, "{gate}");
        let code = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.code();
        assert!(["NOT_FOUND", "FORBIDDEN"].contains(&code.as_str()), "{gate}: {code}");
        door.nothing_is_left(gate).await;
    }
}

/// FILE-2, REC-6
#[tokio::test]
async fn nobody_sends_to_a_record_that_they_do_not_see() {
    let door = Doorway::new().await;
    let app = &door.app;
    for (whose, company) in [
        ("another company", app.acme().companies[1].id),
        ("another organisation", app.rival().companies[0].id),
    ] {
        let record = record_of(app, company).await;
        let sent = door.sends_as(&record, "Ada", &[("Plan.pdf", PDF)]).await;
        assert_eq!(sent.status, 422, "{whose}");
        assert!(sent.body().contains("Choose what the files belong to."), "{whose}");
        let session = app.open(&door.token).await;
        assert_eq!(client_upload(app, &session, &record, "Plan.pdf").await.code(), "NOT_FOUND", "{whose}");
        door.nothing_is_left(whose).await;
    }
}

/// FILE-2: for teams who build their own page.
#[tokio::test]
async fn an_address_takes_one_file_and_no_second() {
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
    assert_eq!(asked.at("/data/portal/requestUpload/maxBytes"), 52_428_800.0);
    let url = asked.text("/data/portal/requestUpload/url");
    assert_eq!(puts(&door.app, &url, PDF.to_vec()).await.status, 201);
    let again = puts(&door.app, &url, PDF.to_vec()).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "CONFLICT"));
    assert_eq!(door.app.value("select count(*) from files").await, "1");
    assert_eq!(door.bytes_at_rest().len(), 1);
}

/// FILE-2, LINK-4
#[tokio::test]
async fn an_address_is_no_longer_good_than_whoever_asked_for_it() {
    for end in [
        "update portals set revoked_at = now()",
        "update portal_sessions set ended_at = now()",
        "update organizations set portal_enabled = false",
    ] {
        let door = Doorway::new().await;
        let session = door.app.open(&door.token).await;
        let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
        door.app.arrange(end).await;
        let put = puts(&door.app, &asked.text("/data/portal/requestUpload/url"), PDF.to_vec()).await;
        assert_eq!((put.status.as_u16(), put.code().as_str()), (404, "LINK_INACTIVE"), "{end}");
        door.nothing_is_left(end).await;
    }
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
    door.app.app.clock.advance(chrono::TimeDelta::minutes(16));
    let put = puts(&door.app, &asked.text("/data/portal/requestUpload/url"), PDF.to_vec()).await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (404, "NOT_FOUND"));
    for made_up in ["x", "dGVzdA.AAAA", "."] {
        assert_eq!(
            door.app
                .send(Request::put(format!("/uploads/{made_up}")).body(Body::empty()).unwrap())
                .await
                .status,
            404
        );
    }
}

/// FILE-2, DOOR-4
#[tokio::test]
async fn who_sends_a_file_after_their_session_is_over_is_told_and_given_another() {
    let mut door = Doorway::new().await;
    assert_eq!(door.sends(&[("first.pdf", PDF)]).await.status, 200);
    door.app.arrange("update portal_sessions set ended_at = now()").await;
    let refused = door.sends(&[("second.pdf", PDF)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body().contains("Your session at this portal is over"), "{}", refused.body());
    assert_eq!(door.app.value("select string_agg(name, ',') from files").await, "first.pdf");
    let cookie = refused.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(cookie, door.cookie);
    door.cookie = cookie;
    assert_eq!(door.sends(&[("second.pdf", PDF)]).await.status, 200);
    assert_eq!(door.app.value("select count(*) from files").await, "2");
}

/// FILE-2, LINK-9
#[tokio::test]
async fn a_preview_and_another_site_send_nothing() {
    let door = Doorway::new().await;
    let foreign = Request::post(format!("/portal/{}/files", door.token))
        .header(CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .header(COOKIE, &door.cookie)
        .header(ORIGIN, "https://elsewhere.example")
        .body(Body::from(form(&door.record, "Ada", &[("Plan.pdf", PDF)])))
        .unwrap();
    assert_eq!(door.app.send(foreign).await.status, 403);
    let without_cookie = Request::post(format!("/portal/{}/files", door.token))
        .header(CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .header(ORIGIN, "http://127.0.0.1:8080")
        .body(Body::from(form(&door.record, "Ada", &[("Plan.pdf", PDF)])))
        .unwrap();
    let answer = door.app.send(without_cookie).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body().contains("Allow cookies"), "{}", answer.body());
    door.nothing_is_left("foreign").await;
    let app = crowd::crowd().await;
    let preview = crowd::preview(app.acme());
    let record = record_of(&app, app.acme().companies[0].id).await;
    assert_eq!(client_upload(&app, &preview, &record, "Plan.pdf").await.code(), "FORBIDDEN");
    let page = app.get(&format!("/preview/{preview}/files")).await;
    assert!(page.status == 200 && !page.body().contains("Send files"), "{}", page.body());
    let through_preview = Request::post(format!("/preview/{preview}/files"))
        .header(CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .header(ORIGIN, "http://127.0.0.1:8080")
        .body(Body::from(form(&record, "Ada", &[("Plan.pdf", PDF)])))
        .unwrap();
    assert!(app.send(through_preview).await.status.is_client_error());
}

/// NAV-1
#[tokio::test]
async fn the_section_shows_what_it_holds_and_where_there_is_nothing_but_room_for_more() {
    const SECTIONS: &str = "{ portal { sections { mode count canAdd } } }";
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    let of_files = |answer: Answer| {
        let sections = answer.at("/data/portal/sections");
        sections.as_array().unwrap().iter().find(|section| section["mode"] == "FILES").cloned()
    };
    let sections = of_files(door.app.query(&session, SECTIONS, json!({})).await);
    assert_eq!(sections, Some(json!({ "mode": "FILES", "count": 0, "canAdd": true })));
    assert!(door.fetches("", &[]).await.body().contains(&format!("/portal/{}/files\"", door.token)));
    door.sends(&[("Plan.pdf", PDF)]).await;
    door.app.arrange("update record_types set allow_uploads = false").await;
    let sections = of_files(door.app.query(&session, SECTIONS, json!({})).await);
    assert_eq!(sections, Some(json!({ "mode": "FILES", "count": 1, "canAdd": false })));
    assert!(door.fetches("", &[]).await.body().contains(&format!("/portal/{}/files\"", door.token)));
    door.app.arrange("update files set archived_at = now()").await;
    assert!(!door.fetches("", &[]).await.body().contains(&format!("/portal/{}/files\"", door.token)));
}

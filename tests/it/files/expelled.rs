//! LINK-4: a transfer goes on no longer than its credential opens something.

use axum::body::Bytes;
use futures::{StreamExt as _, stream};
use tower::ServiceExt as _;

use super::*;
use crate::isolation::crowd;
use vestibule::worker::watch_events;

/// Long enough that nobody has it all in their buffers.
fn large() -> Vec<u8> {
    [PDF, &vec![b' '; 8_000_000]].concat()
}

/// Begins to read, and finds out whether the end of it comes.
async fn begun(app: &TestApp, path: &str) -> axum::body::BodyDataStream {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    body
}

async fn ends_early(mut body: axum::body::BodyDataStream) -> bool {
    while let Some(piece) = body.next().await {
        if piece.is_err() {
            return true;
        }
    }
    false
}

/// LINK-4
#[tokio::test]
async fn running_downloads_of_whoever_is_shut_out_stop() {
    for end in [
        "update portals set revoked_at = now()",
        "update portal_links set revoked_at = now()",
        "update organizations set portal_enabled = false",
        "update portals set expires_at = now()",
    ] {
        let door = Doorway::new().await;
        let id = brought(&door.app, &door.record, "Large.pdf", &large(), true).await;
        for path in
            [format!("/portal/{}/files/{id}", door.token), format!("/portal/{}/files.zip", door.token)]
        {
            let staying = begun(&door.app, &path).await;
            assert!(!ends_early(staying).await, "{end}: {path}");
        }
        let one = begun(&door.app, &format!("/portal/{}/files/{id}", door.token)).await;
        let all = begun(&door.app, &format!("/portal/{}/files.zip", door.token)).await;
        watch_events::once(&door.app.app).await.unwrap();
        door.app.arrange(end).await;
        watch_events::once(&door.app.app).await.unwrap();
        assert!(ends_early(one).await, "{end}");
        assert!(ends_early(all).await, "{end}");
    }
}

/// LINK-9, LINK-4
#[tokio::test]
async fn a_preview_that_is_over_is_sent_nothing_more() {
    for end in [
        "update portals set revoked_at = now()",
        "update staff_sessions set ended_at = now()",
        "update portal_previews set expires_at = now()",
    ] {
        let app = crowd::crowd().await;
        let record = record_of(&app, app.acme().companies[0].id).await;
        let id = brought(&app, &record, "Large.pdf", &large(), true).await;
        let path = format!("/preview/{}/files/{id}", crowd::preview(app.acme()));
        let body = begun(&app, &path).await;
        app.arrange(end).await;
        watch_events::once(&app.app).await.unwrap();
        assert!(ends_early(body).await, "{end}");
    }
}

/// LINK-4, FILE-2
#[tokio::test]
async fn an_upload_of_whoever_is_shut_out_stops_and_leaves_nothing() {
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
    let url = asked.text("/data/portal/requestUpload/url");
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from(large()))]);
    // Shut out once the first bytes have come.
    let (app, arranged) = (door.app.app.clone(), door.app.sql("postgres").await);
    let shut = stream::once(async move {
        arranged.rows("update portals set revoked_at = now()").await;
        watch_events::once(&app).await.unwrap();
        Ok::<_, std::io::Error>(Bytes::from_static(b" "))
    });
    let rest = stream::iter([Ok(Bytes::from(large()))]);
    let put = puts(&door.app, &url, Body::from_stream(begun.chain(shut).chain(rest))).await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (404, "LINK_INACTIVE"), "{}", put.body());
    door.nothing_is_left("shut out").await;
}

/// FILE-2, REC-10: the door is open, but no longer for files.
#[tokio::test]
async fn an_upload_under_way_as_a_gate_is_shut_is_refused_and_leaves_nothing() {
    for gate in [
        "update record_types set allow_uploads = false",
        "update records set portal_enabled = false",
        "update portals set modes = '{RECORDS}'",
    ] {
        let door = Doorway::new().await;
        let session = door.app.open(&door.token).await;
        let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
        let url = asked.text("/data/portal/requestUpload/url");
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(PDF))]);
        let arranged = door.app.sql("postgres").await;
        let shut = stream::once(async move {
            arranged.rows(gate).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b" "))
        });
        let put = puts(&door.app, &url, Body::from_stream(begun.chain(shut))).await;
        assert!([403, 404].contains(&put.status.as_u16()), "{gate}: {} {}", put.status, put.body());
        door.nothing_is_left(gate).await;
    }
}

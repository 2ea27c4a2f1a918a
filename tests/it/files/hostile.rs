//! FILE-2, FILE-4: what clients send that is not what it says, or is meant to do harm. Each is refused with
//! a reason and leaves nothing, or is stored harmlessly.

use axum::body::{Body, Bytes};
use chrono::TimeDelta;
use futures::{StreamExt as _, stream};

use super::*;

/// What becomes of it.
enum Fate {
    /// Refused, and what the sender reads of it.
    Refused(&'static str),
    /// Stored under this name, and sent as a PDF.
    Stored(&'static str),
    /// Stored under the name that it came with, and sent as this only.
    Sent(&'static str),
}

use Fate::{Refused, Sent, Stored};

const NOT_WHAT: &str = "not what its name says";
const TAKE: &str = "We take PDF, PNG, JPG, DOCX, XLSX and ZIP files.";

/// An archive whose directory says what its files are not.
async fn lying(name: &str, unpacked: u32) -> Vec<u8> {
    let mut archive = zip(&[(name, b"a")]).await;
    let directory = archive.windows(4).rposition(|part| part == b"PK\x01\x02").unwrap();
    archive[directory + 24..directory + 28].copy_from_slice(&unpacked.to_le_bytes());
    archive
}

/// An archive with a link in it.
async fn linking() -> Vec<u8> {
    let mut archive = zip(&[("link", b"/etc/passwd")]).await;
    let directory = archive.windows(4).rposition(|part| part == b"PK\x01\x02").unwrap();
    archive[directory + 5] = 3;
    archive[directory + 38..directory + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    archive
}

/// An archive of files that all lie about their size, so that only their sum gives it away.
async fn many_lying(unpacked: u32) -> Vec<u8> {
    let names: Vec<String> = (0..10).map(|number| format!("{number}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"a".as_slice())).collect();
    let mut archive = zip(&files).await;
    for at in 0..archive.len() - 28 {
        if archive[at..].starts_with(b"PK\x01\x02") {
            archive[at + 24..at + 28].copy_from_slice(&unpacked.to_le_bytes());
        }
    }
    archive
}

/// Two things at once: what the name says, and what some other program would take it for.
async fn polyglots() -> Vec<(&'static str, Vec<u8>, Fate)> {
    const SCRIPT: &[u8] = b"<html><script>alert(1)</script></html>";
    let plain = zip(&[("a.txt", b"a")]).await;
    let both = |first: &[u8], second: &[u8]| [first, second].concat();
    vec![
        ("Both.pdf", both(PDF, &plain), Stored("Both.pdf")),
        ("Script.pdf", both(PDF, SCRIPT), Stored("Script.pdf")),
        ("Script.png", both(PNG, SCRIPT), Sent("image/png")),
        ("Archive.jpg", both(JPEG, &plain), Sent("image/jpeg")),
        ("Late.pdf", both(SCRIPT, PDF), Refused(NOT_WHAT)),
        ("Shell.zip", both(b"#!/bin/sh\nexit\n", &plain), Refused(NOT_WHAT)),
        ("Film.png", b"GIF89a/*<svg/onload=alert(1)>*/".to_vec(), Refused(NOT_WHAT)),
    ]
}

async fn cases() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let (docx, xlsx) = (docx().await, xlsx().await);
    let plain = zip(&[("a.txt", b"a")]).await;
    let self_extracting = [b"MZ\x90\0".as_slice(), &plain].concat();
    let cut = plain[..plain.len() - 10].to_vec();
    let macros = zip(&[
        ("[Content_Types].xml", b"<a/>"),
        ("word/document.xml", b"<a/>"),
        ("word/vbaProject.bin", b"m"),
    ])
    .await;
    vec![
        // Wrong content under a right name.
        ("Page.pdf", b"<html><script>alert(1)</script></html>".to_vec(), Refused(NOT_WHAT)),
        ("Program.pdf", b"MZ\x90\0\x03".to_vec(), Refused(NOT_WHAT)),
        ("Script.png", b"#!/bin/sh\nrm -rf /\n".to_vec(), Refused(NOT_WHAT)),
        (
            "Drawing.png",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
            Refused(NOT_WHAT),
        ),
        ("Swapped.png", JPEG.to_vec(), Refused(NOT_WHAT)),
        ("Swapped.jpg", PNG.to_vec(), Refused(NOT_WHAT)),
        ("Old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), Refused(NOT_WHAT)),
        ("Text.zip", b"only text".to_vec(), Refused(NOT_WHAT)),
        ("Program.zip", self_extracting, Refused(NOT_WHAT)),
        // Documents of offices that are none.
        ("Archive.docx", plain.clone(), Refused("not the document")),
        ("Numbers.docx", xlsx, Refused("not the document")),
        ("Words.xlsx", docx, Refused("not the document")),
        ("Macros.docx", macros, Refused("macros")),
        // Archives that do harm where they are unpacked.
        ("Slip.zip", zip(&[("../../etc/cron.d/evil", b"x")]).await, Refused("outside of it")),
        ("Root.zip", zip(&[("/etc/passwd", b"x")]).await, Refused("outside of it")),
        ("Drive.zip", zip(&[("C:\\Windows\\evil.dll", b"x")]).await, Refused("outside of it")),
        ("Back.zip", zip(&[("..\\..\\evil.exe", b"x")]).await, Refused("outside of it")),
        ("Link.zip", linking().await, Refused("links")),
        ("Bomb.zip", lying("bomb", u32::MAX - 1).await, Refused("unpack to far more")),
        ("Swarm.zip", many_lying(300_000_000).await, Refused("unpack to far more")),
        ("Bomb.docx", lying("[Content_Types].xml", u32::MAX - 1).await, Refused("unpack to far more")),
        ("Cut.zip", cut, Refused("damaged")),
        ("Header.zip", b"PK\x03\x04".to_vec(), Refused("damaged")),
        ("End.zip", [b"PK\x05\x06".as_slice(), &[0xff; 18]].concat(), Refused("damaged")),
        // Names.
        ("Page.html", b"<script>alert(1)</script>".to_vec(), Refused(TAKE)),
        ("Drawing.svg", b"<svg/>".to_vec(), Refused(TAKE)),
        ("Plan.pdf.exe", PDF.to_vec(), Refused(TAKE)),
        ("pdf", PDF.to_vec(), Refused(TAKE)),
        ("../../../etc/passwd.pdf", PDF.to_vec(), Stored("passwd.pdf")),
        ("..\\..\\Windows\\Plan.pdf", PDF.to_vec(), Stored("Plan.pdf")),
        ("\u{202e}fdp.\u{200b}pdf", PDF.to_vec(), Stored("fdp.pdf")),
        ("<img src=x onerror=alert(1)>.pdf", PDF.to_vec(), Stored("<img src=x onerror=alert(1)>.pdf")),
        ("Plan.pdf\r\nSet-Cookie: a=b", PDF.to_vec(), Refused(TAKE)),
        // Nothing at all.
        ("Empty.pdf", Vec::new(), Refused("empty")),
        ("Empty.zip", Vec::new(), Refused("empty")),
    ]
}

/// FILE-2, FILE-4
#[tokio::test]
async fn whatever_is_sent_is_refused_with_a_reason_or_stored_harmlessly() {
    let door = Doorway::new().await;
    let cases: Vec<_> = cases().await.into_iter().chain(polyglots().await).collect();
    // If this failed, you probably took some out: so many different ones are promised.
    assert!(cases.len() >= 30, "{}", cases.len());
    for (name, bytes, fate) in cases {
        let sent = door.sends(&[(name, &bytes)]).await;
        match fate {
            Refused(reason) => {
                assert_eq!(sent.status, 422, "{name}: {}", sent.body());
                let said = sent.body().replace("&#38;", "&");
                assert!(said.contains(reason), "{name} should be refused with {reason:?}: {said}");
                door.nothing_is_left(name).await;
            }
            Stored(_) | Sent(_) => {
                let (kept, media_type) = match fate {
                    Sent(media_type) => (name, media_type),
                    Stored(kept) | Refused(kept) => (kept, "application/pdf"),
                };
                assert_eq!(sent.status, 200, "{name}: {}", sent.body());
                assert!(!sent.body().contains("<img"), "{name}");
                assert_eq!(door.app.value("select name from files").await, kept);
                let paths = door.bytes_at_rest();
                assert!(paths.len() == 1 && paths[0].split('/').count() == 4, "{name}: {paths:?}");
                let got = door.fetches(&format!("/files/{}?inline", door.file().await), &[]).await;
                assert_eq!((got.body == bytes, got.header("content-type")), (true, media_type), "{name}");
                assert_eq!(got.header("x-content-type-options"), "nosniff");
                forget_all(&door).await;
            }
        }
    }
}

async fn forget_all(door: &Doorway) {
    door.app.arrange("delete from files; delete from stored_objects").await;
    std::fs::remove_dir_all(door.app.storage_folder()).unwrap();
}

/// FILE-2: the last byte that is taken, and the first that is not.
#[tokio::test]
async fn a_file_may_be_as_large_as_the_limit_and_no_larger() {
    let door = Doorway::with([("UPLOAD_CLIENT_BYTES", "100000")]).await;
    let fits = [PDF, &vec![b' '; 100_000 - PDF.len()]].concat();
    let larger = [&fits[..], b" "].concat();
    let sent = door.sends(&[("Large.pdf", &larger)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body().contains("too large"), "{}", sent.body());
    door.nothing_is_left("one byte too many").await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Large.pdf").await.succeeded();
    let put = puts(&door.app, &asked.text("/data/portal/requestUpload/url"), larger).await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (422, "VALIDATION"));
    door.nothing_is_left("one byte too many").await;
    assert_eq!(door.sends(&[("Large.pdf", &fits)]).await.status, 200);
    assert_eq!(door.app.value("select byte_size from files").await, "100000");
}

/// FILE-2: 50 MB and one byte.
#[tokio::test]
async fn fifty_megabytes_and_one_byte_are_too_much() {
    let door = Doorway::new().await;
    let large = [PDF, &vec![b' '; 52_428_801 - PDF.len()]].concat();
    let sent = door.sends(&[("Large.pdf", &large)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body().contains("at most 50 MB"), "{}", sent.body());
    door.nothing_is_left("50 MB and a byte").await;
}

/// FILE-2: a sender who hangs up in the middle.
#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let door = Doorway::new().await;
    let whole = form(&door.record, "Ada", &[("Plan.pdf", &[PDF, &vec![b' '; 2_000_000]].concat())]);
    let half = Bytes::copy_from_slice(&whole[..whole.len() / 2]);
    let broken = stream::iter([Ok(half), Err(std::io::Error::other("gone"))]);
    let sent = door.app.send(door.post(Body::from_stream(broken))).await;
    assert_eq!(sent.status, 422);
    door.nothing_is_left("hung up").await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
    let half = Bytes::from([PDF, &vec![b' '; 1_000_000]].concat());
    let broken = stream::iter([Ok(half), Err(std::io::Error::other("gone"))]);
    let url = asked.text("/data/portal/requestUpload/url");
    assert_eq!(puts(&door.app, &url, Body::from_stream(broken)).await.status, 422);
    door.nothing_is_left("hung up").await;
}

/// FILE-2: who begins and never goes on.
#[tokio::test]
async fn an_upload_that_stands_still_is_given_up() {
    let door = Doorway::with([("UPLOAD_SILENCE_MS", "50")]).await;
    let session = door.app.open(&door.token).await;
    let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(PDF))]);
    let body = Body::from_stream(begun.chain(stream::pending()));
    let url = asked.text("/data/portal/requestUpload/url");
    let put = tokio::time::timeout(std::time::Duration::from_secs(60), puts(&door.app, &url, body));
    let put = put.await.expect("it is given up");
    assert!(put.body().contains("stood still"), "{}", put.body());
    door.nothing_is_left("stood still").await;
}

/// FILE-2: who brings a byte now and then, for days.
#[tokio::test]
async fn an_upload_that_comes_too_slowly_is_given_up() {
    let door = Doorway::new().await;
    let session = door.app.open(&door.token).await;
    for (seconds, piece, status) in [(20, b" ".to_vec(), 422_u16), (20, vec![b' '; 16 * 1024], 201)] {
        let asked = client_upload(&door.app, &session, &door.record, "Plan.pdf").await.succeeded();
        let app = door.app.app.clone();
        let drops = stream::iter(0..5).map(move |_| {
            app.clock.advance(TimeDelta::seconds(seconds));
            Ok::<_, std::io::Error>(Bytes::from(piece.clone()))
        });
        let body = Body::from_stream(stream::iter([Ok(Bytes::from_static(PDF))]).chain(drops));
        let put = puts(&door.app, &asked.text("/data/portal/requestUpload/url"), body).await;
        assert_eq!(put.status, status, "{}", put.body());
        if status == 422 {
            assert!(put.body().contains("too slowly"), "{}", put.body());
            door.nothing_is_left("too slow").await;
        }
    }
}

/// FILE-2: who begins a form and stops in the middle of a field, or between two.
#[tokio::test]
async fn a_form_that_stands_still_is_given_up() {
    let door = Doorway::with([("UPLOAD_SILENCE_MS", "50")]).await;
    let whole = form(&door.record, "Ada", &[("Plan.pdf", PDF)]);
    let field = whole.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 6;
    for begun in [3, field] {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(&whole[..begun]))]);
        let sent = door.app.send(door.post(Body::from_stream(begun.chain(stream::pending()))));
        let sent = tokio::time::timeout(std::time::Duration::from_secs(20), sent).await;
        let sent = sent.expect("it is given up");
        assert_eq!(sent.status, 422);
        assert!(sent.body().contains("stood still"), "{}", sent.body());
        door.nothing_is_left("stood still").await;
    }
}

/// FILE-2
#[tokio::test]
async fn two_of_one_name_at_once_are_two_files() {
    let door = Doorway::new().await;
    let other = [PDF, b"other"].concat();
    let (first, second) = ([("Plan.pdf", PDF)], [("Plan.pdf", other.as_slice())]);
    let (one, two) = tokio::join!(door.sends(&first), door.sends(&second));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(door.app.value("select count(*) || ' ' || count(distinct sha256) from files").await, "2 2");
    assert_eq!(door.bytes_at_rest().len(), 2);
}

/// FILE-2: what was taken before the refusal stays; the refusal says which file it is about.
#[tokio::test]
async fn of_several_files_the_good_ones_before_a_bad_one_are_kept() {
    let door = Doorway::new().await;
    let sent = door.sends(&[("Plan.pdf", PDF), ("Page.pdf", b"<html>"), ("Late.pdf", PDF)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body().contains("“Page.pdf” was not taken."), "{}", sent.body());
    assert_eq!(door.app.value("select string_agg(name, ',') from files").await, "Plan.pdf");
    assert_eq!(door.bytes_at_rest().len(), 1);
}

/// FILE-2: nothing, no form, fields without an end.
#[tokio::test]
async fn a_form_that_makes_no_sense_is_refused() {
    let door = Doorway::new().await;
    let none = door.sends(&[]).await;
    assert!(none.status == 422 && none.body().contains("Choose at least one file."));
    let mut endless = Vec::new();
    for _ in 0..200 {
        endless.extend_from_slice(b"--limit\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n");
    }
    let endless =
        door.app.send(door.post([endless, form(&door.record, "Ada", &[("Plan.pdf", PDF)])].concat()));
    assert!(endless.await.body().contains("too many fields"));
    let no_form = door.app.send(door.post("garbage")).await;
    assert_eq!(no_form.status, 422);
    let long = form(&"x".repeat(10_000), "Ada", &[("Plan.pdf", PDF)]);
    assert_eq!(door.app.send(door.post(long)).await.status, 422);
    door.nothing_is_left("no sense").await;
}

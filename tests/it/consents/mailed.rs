//! The mails themselves, from the portal's form to the last link in them.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use regex::Regex;
use vestibule::adapters::mail::Written;
use vestibule::config::Delivery;

use super::{READER, ask, moves, portal, post, post_from, state};
use crate::support::TestApp;
use crate::support::mails::{button_of, path_of};

/// Asks, and says yes by the mail's own link.
async fn says_yes(app: &TestApp) -> Written {
    let session = app.open(&portal(app.acme()).token).await;
    ask(app, &session, READER, &["STATUS"]).await.succeeded();
    let asked = app.mails().await.pop().unwrap();
    let page = path_of(&button_of(&asked));
    assert!(app.get(&page).await.body().contains("Yes, write to me"));
    assert_eq!(post(app, &format!("{page}/confirm"), "").await.status, StatusCode::OK);
    asked
}

/// The mail as it was written, headers and all, with folded lines joined.
fn raw(app: &TestApp, mail: &Written) -> String {
    let Delivery::Folder(folder) = &app.app.config.mail.delivery else { panic!("no folder") };
    let raw = std::fs::read_to_string(folder.join(format!("{}.eml", mail.id))).unwrap();
    raw.replace("\r\n ", " ")
}

fn header(raw: &str, name: &str) -> Option<String> {
    let head = raw.split("\r\n\r\n").next().unwrap();
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

/// NOTE-1 to NOTE-4
#[tokio::test]
async fn who_says_yes_is_mailed_of_a_move_and_stops_it_with_one_click() {
    let app = TestApp::world().await;
    let acme = app.acme();
    app.arrange("update organizations set postal_address = 'Long Lane 5' || chr(10) || 'Trier'").await;
    let asked = says_yes(&app).await;
    assert_eq!((asked.to.as_str(), header(&raw(&app, &asked), "List-Unsubscribe")), (READER, None));
    moves(&app, acme, acme.companies[0].id).await;
    let news = app.mails().await.pop().unwrap();
    let record = app.value("select r.name from notifications n join records r on r.id = n.record_id").await;
    assert_eq!(news.to, READER);
    assert!(news.subject.starts_with(&record), "{}", news.subject);
    for shown in [acme.name.as_str(), "Long Lane 5", &record] {
        assert!(news.text.contains(shown) && news.html.contains(shown), "{shown}: {}", news.text);
    }
    assert!(!news.text.contains("/portal/") && !news.html.contains("/portal/"), "no portal's credential");
    let raw = raw(&app, &news);
    assert_eq!(header(&raw, "List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let stop = header(&raw, "List-Unsubscribe").unwrap();
    let stop = path_of(stop.trim_matches(['<', '>']));
    let click = Request::post(&stop).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let stopped = app.send(click.body(Body::from("List-Unsubscribe=One-Click")).unwrap()).await;
    assert_eq!(stopped.status, StatusCode::OK);
    moves(&app, acme, acme.companies[0].id).await;
    assert_eq!(app.mails().await.len(), 2);
}

/// LINK-3, LINK-2: mail scanners open every address, and what opens something is kept nowhere.
#[tokio::test]
async fn opening_every_address_of_every_mail_changes_nothing() {
    let app = TestApp::world().await;
    let acme = app.acme();
    let asked = says_yes(&app).await;
    let session = app.open(&portal(acme).token).await;
    app.app.clock.advance(chrono::TimeDelta::minutes(2));
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    ask(&app, &session, "bela@client.example", &["STATUS"]).await.succeeded();
    moves(&app, acme, acme.companies[0].id).await;
    let mails = app.mails().await;
    assert_eq!(mails.len(), 4, "{mails:?}");
    let before = app.dump().await;
    let address = Regex::new(r#"https?://[^\s"<>]+"#).unwrap();
    let mut opened = 0;
    for mail in &mails {
        // Of the raw mail its head only: its body is folded.
        let raw = raw(&app, mail).replace("\r\n", "\n");
        let (head, _) = raw.split_once("\n\n").unwrap();
        let text = [head, &mail.text, &mail.html].join("\n");
        for url in address.find_iter(&text).filter(|url| url.as_str().contains("/notifications/")) {
            assert_eq!(app.get(&path_of(url.as_str())).await.status, StatusCode::OK, "{}", url.as_str());
            opened += 1;
        }
    }
    assert!(opened >= 8, "{opened}");
    let after = app.dump().await;
    assert_eq!(after, before);
    let token = button_of(&asked).rsplit('/').next().unwrap().to_owned();
    assert!(!after.contains(&token));
}

/// NOTE-2, LINK-4: revoking a portal stops what is queued.
#[tokio::test]
async fn a_queued_notification_is_dropped_when_its_portal_is_revoked() {
    let app = TestApp::world().await;
    let acme = app.acme();
    says_yes(&app).await;
    moves(&app, acme, acme.companies[0].id).await;
    app.arrange(&format!("update portals set revoked_at = now() where id = '{}'", portal(acme).id)).await;
    assert_eq!(app.mails().await.len(), 1);
    assert_eq!(app.mail_states().await, ["SENT", "DROPPED"]);
}

/// NOTE-1: what is said does not depend on it, but what is mailed does.
#[tokio::test]
async fn an_address_that_is_mailed_already_is_shown_the_way_to_its_settings() {
    let app = TestApp::world().await;
    let first = says_yes(&app).await;
    let stranger = app.open(&portal(app.acme()).token).await;
    app.app.clock.advance(chrono::TimeDelta::minutes(2));
    ask(&app, &stranger, READER, &["REPLIES"]).await.succeeded();
    let second = app.mails().await.pop().unwrap();
    assert!(second.subject.starts_with("Your notifications"), "{}", second.subject);
    assert_eq!(button_of(&second), button_of(&first), "both lead to the same page");
    let token = button_of(&second).rsplit('/').next().unwrap().to_owned();
    assert_eq!(state(&app, &token).await, "CONFIRMED");
}

/// NOTE-4: in the language that the visitor's browser prefers.
#[tokio::test]
async fn who_reads_german_is_asked_in_german() {
    let app = TestApp::world().await;
    let page = format!("/portal/{}/notifications", portal(app.acme()).token);
    let form = "email=ada%40client.example&topic=STATUS";
    let asked = post_from(&app, &page, form, "fr-CH, de;q=0.9, en;q=0.8").await;
    assert_eq!(asked.status, StatusCode::OK);
    let mail = app.mails().await.pop().unwrap();
    assert!(mail.subject.starts_with("Möchten Sie Mails"), "{}", mail.subject);
}

/// NOTE-2: the address that mail came back from is not even asked.
#[tokio::test]
async fn a_suppressed_address_is_not_asked() {
    let app = TestApp::world().await;
    app.arrange(&format!(
        "insert into suppressions (org_id, id, email, reason) values ('{}', gen_random_uuid(), '{READER}', 'BOUNCE')",
        app.acme().id
    ))
    .await;
    let session = app.open(&portal(app.acme()).token).await;
    ask(&app, &session, READER, &["STATUS"]).await.succeeded();
    assert!(app.mails().await.is_empty());
    assert_eq!(app.mail_states().await, ["DROPPED"]);
}

//! The real pages in a real browser.

mod driver;

use driver::browse;
use fantoccini::key::Key;
use serde_json::json;
use vestibule::worker::Worker;

use crate::deliverables::Work;
use crate::files::brought;
use crate::live::{changes, record};
use crate::mails::Shared;
use crate::support::TestApp;
use crate::support::mails::{button_of, path_of};

/// REC-8, REC-9, LINK-7
#[tokio::test]
async fn a_client_reaches_a_project_by_keyboard_alone() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    browse(&app, async |browser| {
        browser.open(&home).await;
        browser.press(Key::Tab).await;
        assert_eq!(browser.run("return document.activeElement.className").await, "skip");
        browser.press(Key::Enter).await;
        assert_eq!(browser.run("return document.activeElement.id").await, "content");
        browser.tab_to("href", "/records/").await;
        browser.press(Key::Enter).await;
        browser.sees("//ol[@aria-label='Where it stands']/li[@aria-current='step']").await;
        assert!(browser.path().await.starts_with(&format!("{home}/records/")));
        browser.sees("//nav[@aria-label='Breadcrumb']").await;
        browser.tab_to("href", "/portal/").await;
        browser.press(Key::Enter).await;
        browser.sees("//dl[@aria-label='At a glance']").await;
        assert_eq!(browser.path().await, home);
    })
    .await;
}

/// NAV-1
#[tokio::test]
async fn a_phone_needs_no_scrolling_sideways() {
    let app = TestApp::world().await;
    app.arrange(
        "update records set name = repeat('Donaudampfschifffahrt', 4), client_status = repeat('x', 80)",
    )
    .await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    browse(&app, async |browser| {
        browser.resize(320, 640).await;
        browser.open(&home).await;
        for page in ["home", "record"] {
            let width = browser.run("return document.documentElement.scrollWidth").await;
            assert_eq!(width, 320, "the {page} is wider than a phone");
            browser.run("document.querySelector('.card a')?.click()").await;
            browser.sees("//h1").await;
        }
    })
    .await;
}

/// NOTE-5: mails of the demo are listed and opened; a service that is none has no such page.
#[tokio::test]
async fn the_demo_lists_its_mails_and_opens_them() {
    let shared = Shared::new().await;
    shared.shares().await.succeeded();
    let mail = shared.app.mails().await.remove(0);
    let demo = shared.app.showing_mails();
    browse(&demo, async |browser| {
        browser.open("/mails").await;
        browser.clicks("//li/a").await;
        browser.sees("//h1").await;
        assert_eq!(browser.path().await, format!("/mails/{}", mail.id));
        assert_eq!(browser.run("return document.querySelector('h1').textContent").await, mail.subject);
        let text = browser.run("return document.querySelector('pre').textContent").await;
        assert!(text.as_str().unwrap().contains(&button_of(&mail)), "{text}");
        let framed = browser.run("return document.querySelector('iframe').getAttribute('src')").await;
        assert_eq!(framed, format!("/mails/{}/html", mail.id));
        browser.open(framed.as_str().unwrap()).await;
        let button = format!("//a[@href='{}']", button_of(&mail));
        browser.sees(&button).await;
    })
    .await;
    for path in ["/mails".to_owned(), format!("/mails/{}", mail.id), format!("/mails/{}/html", mail.id)] {
        assert_eq!(shared.app.get(&path).await.status, 404, "{path}");
        assert_eq!(demo.get(&path).await.status, 200, "{path}");
    }
}

/// DOOR-6, DOOR-7: accept, and go in, without knowing a password.
#[tokio::test]
async fn a_contact_accepts_an_invitation_and_switches_in_a_browser() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let contact = app.value(&format!("select id from contacts where company_id = '{company}' limit 1")).await;
    let invite = "mutation($input: InviteContactInput!) { staff { inviteContact(input: $input) { invitation { id } } } }";
    let input = json!({ "input": { "contactId": contact } });
    app.query(&app.acme().staff_token, invite, input).await.succeeded();
    let page = path_of(&button_of(&app.mails().await[0]));
    browse(&app, async |browser| {
        browser.resize(390, 800).await;
        browser.open(&page).await;
        browser.clicks("//button[contains(., 'Accept')]").await;
        browser.sees("//h1[.='Your portals']").await;
        browser.clicks("//ul[@class='doors']//button").await;
        browser.sees("//*[contains(., 'Signed in')]").await;
        assert_eq!(browser.run("return document.documentElement.scrollWidth").await, 390);
        browser.clicks("//a[@href='/portal/doors']").await;
        browser.sees("//h1[.='Your portals']").await;
        browser.clicks("//button[.='Sign out']").await;
        browser.sees("//h1[.='Sign in']").await;
    })
    .await;
}

/// EVT-2: what staff do is on the open page at once, and said to who cannot see it.
#[tokio::test]
async fn an_open_page_shows_what_changes_without_a_reload() {
    let app = TestApp::world().await;
    let _worker = Worker::start(app.app.clone());
    let portal = &app.acme().portals[0];
    let record = record(&app, app.acme()).await;
    browse(&app, async |browser| {
        browser.open(&format!("/portal/{}", portal.token)).await;
        browser.sees("//main//h1").await;
        changes(&app, app.acme(), &record, json!({ "clientStatus": "Hot off the press" })).await;
        browser.sees("//main//*[contains(text(), 'Hot off the press')]").await;
        browser.sees("//p[@role='status'][contains(text(), 'brought up to date')]").await;
    })
    .await;
}

/// FILE-2, EVT-2: what was dropped on the form is still to be sent after the page has changed around it.
#[tokio::test]
async fn chosen_files_outlast_what_changes_on_an_open_page() {
    let app = TestApp::world().await;
    app.arrange("update record_types set allow_uploads = true where key = 'project'").await;
    let _worker = Worker::start(app.app.clone());
    let record = record(&app, app.acme()).await;
    browse(&app, async |browser| {
        browser.open(&format!("/portal/{}/records/{record}", app.acme().portals[0].token)).await;
        browser.sees("//form[@id='send']").await;
        let drop = "const dropped = new DataTransfer();
            dropped.items.add(new File(['%PDF-'], 'Plan.pdf'));
            document.getElementById('send-files').files = dropped.files;";
        browser.run(drop).await;
        changes(&app, app.acme(), &record, json!({ "clientStatus": "Hot off the press" })).await;
        browser.sees("//main//*[contains(text(), 'Hot off the press')]").await;
        browser.sees("//p[@role='status'][contains(text(), 'brought up to date')]").await;
        let chosen = browser.run("return document.getElementById('send-files').files[0]?.name").await;
        assert_eq!(chosen, "Plan.pdf");
    })
    .await;
}

/// DASH-2, EVT-2: the numbers of a picture that somebody has opened stay open when they change.
#[tokio::test]
async fn opened_numbers_outlast_what_changes_on_an_open_page() {
    let app = TestApp::world().await;
    app.arrange(
        "delete from dashboards;
         update portals set modes = '{RECORDS,DASHBOARD}';
         insert into dashboards (org_id, id, title, created_by)
         select distinct on (org_id) org_id, id, 'Board', created_by from portals;
         insert into dashboard_widgets (org_id, id, dashboard_id, kind, title, built_in, position)
         select org_id, id, id, 'BAR', 'Stages', 'RECORDS_BY_STAGE', 1 from dashboards;
         insert into portal_dashboards (org_id, portal_id, dashboard_id, position)
         select p.org_id, p.id, d.id, 0 from portals p join dashboards d on d.org_id = p.org_id",
    )
    .await;
    let _worker = Worker::start(app.app.clone());
    let record = record(&app, app.acme()).await;
    browse(&app, async |browser| {
        browser.open(&format!("/portal/{}/dashboards", app.acme().portals[0].token)).await;
        browser.clicks("//summary[text()='The numbers']").await;
        changes(&app, app.acme(), &record, json!({ "portalEnabled": false })).await;
        browser.sees("//p[@role='status'][contains(text(), 'brought up to date')]").await;
        browser.sees("//details[@open]").await;
    })
    .await;
}

/// DEL-5, EVT-2: a PDF is drawn in its place, and stays while the page around it is brought up to date.
#[tokio::test]
async fn a_pdf_is_read_on_the_page_whatever_happens_meanwhile() {
    const CONCEPT: &[u8] = include_bytes!("../../../src/demo/files/Concept.pdf");
    let app = TestApp::world().await;
    let _worker = Worker::start(app.app.clone());
    let record = record(&app, app.acme()).await;
    let file = brought(&app, &record, "Concept.pdf", CONCEPT, true).await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    browse(&app, async |browser| {
        browser.open(&format!("{home}/files/{file}/view")).await;
        browser.sees("//p[@id='pdf-told'][contains(., 'page')]").await;
        browser.sees("//div[@id='pdf']/canvas").await;
        let count =
            "return Number(document.querySelector(\"#sections a[href$='/files'] .count\").textContent)";
        let before = browser.run(count).await.as_i64().unwrap();
        brought(&app, &record, "Another.pdf", CONCEPT, true).await;
        let counted = format!("//nav[@id='sections']//a[contains(@href, '/files')]/span[.='{}']", before + 1);
        browser.sees(&counted).await;
        let drawn = browser.run("return document.querySelectorAll('#pdf canvas').length").await;
        assert_ne!(drawn, 0, "what was being read is gone");
    })
    .await;
}

/// DEL-3: a decision is for good, so it takes a button of its own.
#[tokio::test]
async fn enter_in_a_field_decides_nothing() {
    let work = Work::ready().await;
    let page = format!("/portal/{}/deliverables/{}", work.app.acme().portals[0].token, work.deliverable);
    browse(&work.app, async |browser| {
        browser.open(&page).await;
        browser.run("document.getElementById('decide-reason').value = 'Too loud.'").await;
        let named = "const name = document.getElementById('decide-name'); name.value = 'Ada'; name.focus()";
        browser.run(named).await;
        browser.press(Key::Enter).await;
        browser.clicks("//button[.='Request changes']").await;
        browser.sees("//p[@class='verdict revision']").await;
    })
    .await;
    assert_eq!(work.app.value("select verdict from deliverable_decisions").await, "REVISION_REQUESTED");
}

/// API-1
#[tokio::test]
async fn graphiql_shows_the_schema_and_runs_what_staff_may_ask() {
    let app = TestApp::world().await;
    let headers = json!({ "Authorization": format!("Bearer {}", app.acme().staff_token) }).to_string();
    browse(&app, async |browser| {
        browser.open("/graphiql").await;
        browser.clicks("//button[contains(@class, 'graphiql-execute-button')]").await;
        browser.sees("//section[contains(@class, 'result-window')]//span[contains(., 'version')]").await;
        browser.clicks("//button[@aria-label='Show Documentation Explorer']").await;
        browser.sees("//a[contains(@class, 'graphiql-doc-explorer-type-name')][.='Query']").await;
        browser.clicks("//button[@data-name='headers']").await;
        let script = "const [query, variables, headers] =
            [...document.querySelectorAll('.graphiql-editors .CodeMirror')].map(e => e.CodeMirror);
            query.setValue('{ staff { companies { totalCount } } }'); headers.setValue(HEADERS);";
        browser.run(&script.replace("HEADERS", &json!(headers).to_string())).await;
        browser.clicks("//button[contains(@class, 'graphiql-execute-button')]").await;
        browser.sees("//section[contains(@class, 'result-window')]//span[contains(., 'totalCount')]").await;
    })
    .await;
}

//! LINK-6, DOOR-4: staff learn how their portals are used, and see who is behind the door.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::COOKIE;
use chrono::TimeDelta;
use serde_json::{Value, json};
use vestibule::db::enums::PortalMode;
use vestibule::db::ids::LinkId;
use vestibule::demo::data::{PlantedOrganization, PlantedPortal};
use vestibule::domain::callers::hash_token;
use vestibule::domain::tokens::{Token, TokenKind};
use vestibule::usage::{Returned, Seen, Visitor};
use vestibule::worker::{drain_usage, record_usage};

use crate::support::{Answer, TestApp};

const HOME: &str = "{ portal { home { sections { count } } } }";
const DOORWAY: &str = "{ portal { doorway { title } } }";
const RECORDS: &str = "{ portal { a: records { totalCount } b: records(first: 1) { totalCount } } }";
const USAGE: &str = "query($id: ID!) { staff { portal(id: $id) { usage { views visits visitors unconfirmedViews \
    bytesServed firstViewedAt lastViewedAt openSessions sections { section views } } \
    links { id usage { views visits visitors openSessions } } } } }";

/// The portal that a request of the first company's clients opens.
pub fn portal(organization: &PlantedOrganization) -> &PlantedPortal {
    &organization.portals[0]
}

/// How a portal is used, as its staff read it after everything was drained.
pub async fn usage(app: &TestApp, organization: &PlantedOrganization) -> Value {
    drain_usage::once(&app.app).await.unwrap();
    let id = json!({ "id": portal(organization).id });
    app.query(&organization.staff_token, USAGE, id).await.succeeded().at("/data/staff/portal/usage")
}

/// Fails unless the numbers are these: views, visits, visitors, unconfirmed views.
#[track_caller]
pub fn assert_counts(usage: &Value, expected: [i64; 4]) {
    let counts =
        ["views", "visits", "visitors", "unconfirmedViews"].map(|name| usage[name].as_i64().unwrap());
    assert_eq!(counts, expected, "views, visits, visitors, unconfirmed views of {usage:#}");
}

/// The link of an organisation's first portal.
pub async fn link(app: &TestApp, organization: &PlantedOrganization) -> LinkId {
    let hash = hex::encode(hash_token(&portal(organization).token));
    let id = app.value(&format!("select id from portal_links where token_hash = '\\x{hash}'")).await;
    LinkId(id.parse().unwrap())
}

/// A browser at an organisation's first portal, as the page tells of it.
pub struct Browser<'a> {
    app: &'a TestApp,
    organization: &'a PlantedOrganization,
    link: LinkId,
    cookie: [u8; 32],
}

impl<'a> Browser<'a> {
    /// One that was never there.
    pub async fn new(app: &'a TestApp, organization: &'a PlantedOrganization) -> Self {
        let cookie = Token::new(TokenKind::PortalSession).unwrap().hash();
        Self { app, organization, link: link(app, organization).await, cookie }
    }

    fn sees(&self, visitor: Visitor, sections: &[PortalMode]) {
        self.app.app.usage.record(Seen {
            org: self.organization.id.into(),
            link: self.link,
            visitor,
            sections: sections.to_vec(),
            bytes: 1_000,
            at: self.app.app.clock.now(),
        });
    }

    /// Loads the home for the first time, and is given its cookie.
    pub fn loads(&self) {
        self.sees(Visitor::First(self.cookie), &[PortalMode::Records]);
    }

    /// Comes back with its cookie.
    pub fn returns(&self) {
        self.sees(self.known(), &[PortalMode::Records]);
    }

    /// Runs the page's script, which sends the cookie and shows nothing.
    pub fn sends_the_beacon(&self) {
        self.sees(self.known(), &[]);
    }

    fn known(&self) -> Visitor {
        let link = hash_token(&portal(self.organization).token);
        Visitor::Known { session: self.cookie, browser: Some(Returned { link, left: false }) }
    }

    /// Whether its session is stored and lives.
    async fn is_stored(&self) -> bool {
        let hash = hex::encode(self.cookie);
        let sessions = format!(
            "select count(*) from portal_sessions where token_hash = '\\x{hash}' and kind = 'PAGE' \
             and link_id = '{}' and expires_at <= now() + interval '30 days'",
            self.link.0
        );
        self.app.value(&sessions).await == "1"
    }
}

/// LINK-6
#[tokio::test]
async fn a_client_who_reads_through_the_api_is_counted_once_a_request() {
    let app = TestApp::world().await;
    let session = app.open(&portal(app.acme()).token).await;
    let mut bytes = app.query(&session, HOME, json!({})).await.succeeded().body.len();
    bytes += app.query(&session, RECORDS, json!({})).await.succeeded().body.len();
    bytes += app.query(&session, DOORWAY, json!({})).await.succeeded().body.len();
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [2, 1, 1, 0]);
    assert_eq!(told["sections"], json!([{ "section": "RECORDS", "views": 2 }]));
    assert_eq!(told["bytesServed"].as_f64(), Some(bytes as f64));
    assert_eq!(told["openSessions"], 1);
    assert!(told["firstViewedAt"].as_str() <= told["lastViewedAt"].as_str(), "{told:#}");
    assert!(told["lastViewedAt"].is_string(), "{told:#}");
}

/// LINK-6, ORG-4
#[tokio::test]
async fn another_organisation_sees_none_of_it() {
    let app = TestApp::world().await;
    let session = app.open(&portal(app.acme()).token).await;
    app.query(&session, HOME, json!({})).await.succeeded();
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    let untouched = usage(&app, app.rival()).await;
    assert_counts(&untouched, [0, 0, 0, 0]);
    assert_eq!(untouched["openSessions"], 0);
    let foreign = app.query(&app.rival().staff_token, USAGE, json!({ "id": portal(app.acme()).id })).await;
    assert_eq!(foreign.code(), "NOT_FOUND");
}

/// LINK-6
#[tokio::test]
async fn a_scanner_that_never_comes_back_stands_beside_the_views() {
    let app = TestApp::world().await;
    let path = format!("/portal/{}", portal(app.acme()).token);
    let page = app.get(&path).await;
    let again = app.get(&path).await;
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 2]);
    assert_eq!(told["bytesServed"].as_f64(), Some((page.body.len() + again.body.len()) as f64));
    assert_eq!(told["lastViewedAt"], Value::Null);
    assert_eq!(told["sections"], json!([]));
}

/// LINK-6
#[tokio::test]
async fn staff_are_told_once_of_a_links_first_view_and_never_of_a_scanners_load() {
    let app = TestApp::world().await;
    let told = "select string_agg(kind || ' ' || (payload ->> 'id') || ' ' || (payload ->> 'portalId') || ' ' || \
        company_id || ' ' || client_visible, ',') from events where actor_member_id is null";
    let path = format!("/portal/{}", portal(app.acme()).token);
    assert_eq!(app.get(&path).await.status, 200);
    drain_usage::once(&app.app).await.unwrap();
    assert_eq!(app.value(&format!("select coalesce(({told}), 'nothing')")).await, "nothing");
    let session = app.open(&portal(app.acme()).token).await;
    for _ in 0..2 {
        app.query(&session, HOME, json!({})).await.succeeded();
        drain_usage::once(&app.app).await.unwrap();
    }
    let link = link(&app, app.acme()).await.0;
    let (portal, company) = (portal(app.acme()).id, app.acme().companies[0].id);
    let expected = format!("portal_link.first_viewed {link} {portal} {company} false");
    assert_eq!(app.value(told).await, expected);
}

/// LINK-6, DOOR-4
#[tokio::test]
async fn a_load_counts_as_soon_as_its_browser_comes_back() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    browser.loads();
    assert_counts(&usage(&app, app.acme()).await, [0, 0, 0, 1]);
    assert!(!browser.is_stored().await);
    browser.sends_the_beacon();
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [1, 1, 1, 0]);
    assert_eq!(told["sections"], json!([{ "section": "RECORDS", "views": 1 }]));
    assert_eq!(told["openSessions"], 1);
    assert!(browser.is_stored().await);
    browser.sends_the_beacon();
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    assert_eq!(app.value("select count(*) from portal_sessions where kind = 'PAGE'").await, "1");
}

/// LINK-6, DOOR-4: the same on the page, with a cookie and the page's own beacon.
#[tokio::test]
async fn a_browser_at_the_page_is_known_by_its_cookie_and_gone_once_it_leaves() {
    let app = TestApp::world().await;
    let home = format!("/portal/{}", portal(app.acme()).token);
    let first = app.get(&home).await;
    assert_counts(&usage(&app, app.acme()).await, [0, 0, 0, 1]);
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let sends = async |method: &str, path: String, cookie: &str| {
        let request = Request::builder().method(method).uri(path).header(COOKIE, cookie);
        app.send(request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap()).await
    };
    assert_eq!(sends("POST", format!("{home}/beacon"), &cookie).await.status, 204);
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [1, 1, 1, 0]);
    assert_eq!(told["openSessions"], 1);
    assert_eq!(sends("GET", home.clone(), &cookie).await.status, 200);
    assert_counts(&usage(&app, app.acme()).await, [2, 1, 1, 0]);
    sends("POST", format!("{home}/sign-out"), &cookie).await;
    assert_eq!(usage(&app, app.acme()).await["openSessions"], 0);
    // Another leaves before its session was stored.
    let other = app.get(&home).await.header("set-cookie").split(';').next().unwrap().to_owned();
    sends("POST", format!("{home}/beacon"), &other).await;
    sends("POST", format!("{home}/sign-out"), &other).await;
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [3, 2, 2, 0]);
    assert_eq!(told["openSessions"], 0);
    assert_eq!(app.value("select count(*) from portal_sessions where kind = 'PAGE'").await, "2");
}

/// LINK-6
#[tokio::test]
async fn a_visit_begins_after_half_an_hour_without_a_view() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    browser.loads();
    browser.returns();
    app.app.clock.advance(TimeDelta::minutes(29));
    browser.returns();
    assert_counts(&usage(&app, app.acme()).await, [3, 1, 1, 0]);
    app.app.clock.advance(TimeDelta::minutes(30));
    browser.returns();
    Browser::new(&app, app.acme()).await.returns();
    assert_counts(&usage(&app, app.acme()).await, [5, 3, 2, 0]);
}

/// LINK-6: a browser without scripts comes back hours later.
#[tokio::test]
async fn a_load_that_is_confirmed_late_was_a_visit_of_its_own() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    browser.loads();
    app.app.clock.advance(TimeDelta::hours(5));
    browser.returns();
    assert_counts(&usage(&app, app.acme()).await, [2, 2, 1, 0]);
}

/// LINK-6, LINK-9
#[tokio::test]
async fn a_preview_and_a_dead_link_count_nothing() {
    let app = TestApp::world().await;
    let preview = Token::new(TokenKind::Preview).unwrap();
    app.arrange(&format!(
        "insert into portal_previews (org_id, id, portal_id, staff_session_id, token_hash, expires_at)
         select org_id, gen_random_uuid(), '{}', id, '\\x{}', now() + interval '1 day' from staff_sessions
         where org_id = '{}' limit 1",
        portal(app.acme()).id,
        hex::encode(preview.hash()),
        app.acme().id
    ))
    .await;
    app.query(&preview.reveal(), HOME, json!({})).await.succeeded();
    app.arrange("update portals set expires_at = now()").await;
    app.get(&format!("/portal/{}", portal(app.acme()).token)).await;
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 0]);
    assert_eq!(told["bytesServed"], 0.0);
    assert_eq!(app.value("select count(*) from portal_usage").await, "0");
}

/// LINK-6, LINK-1: a portal without RECORDS has an empty home.
#[tokio::test]
async fn a_section_that_the_portal_does_not_have_is_not_viewed() {
    let app = TestApp::world().await;
    app.arrange("update portals set modes = '{FILES}'").await;
    let session = app.open(&portal(app.acme()).token).await;
    app.query(&session, HOME, json!({})).await.succeeded();
    let told = usage(&app, app.acme()).await;
    assert_counts(&told, [0, 0, 0, 0]);
    assert_ne!(told["bytesServed"], 0.0);
}

/// LINK-6
#[tokio::test]
async fn an_answer_leaves_before_it_is_counted() {
    let app = TestApp::world_with([("REDIS_URL", "redis://127.0.0.1:1/0")]).await;
    let session = app.open(&portal(app.acme()).token).await;
    app.query(&session, HOME, json!({})).await.succeeded();
    app.get(&format!("/portal/{}", portal(app.acme()).token)).await;
    assert_eq!(app.app.metrics.usage_uncounted.get(), 0);
    record_usage::flush(&app.app).await.unwrap_err();
    assert_eq!(app.app.metrics.usage_uncounted.get(), 2);
    assert!(app.get("/metrics").await.body().contains("vestibule_usage_uncounted_total 2"));
}

/// LINK-6
#[tokio::test]
async fn a_batch_is_not_held_up_by_a_link_or_an_organisation_that_is_gone() {
    let app = TestApp::world().await;
    let (ours, theirs) = (Browser::new(&app, app.acme()).await, Browser::new(&app, app.rival()).await);
    ours.returns();
    theirs.returns();
    let gone = Seen {
        org: app.app.clock.id().into(),
        link: app.app.clock.id().into(),
        visitor: Visitor::Unknown,
        sections: vec![PortalMode::Files],
        bytes: 1,
        at: app.app.clock.now(),
    };
    app.app.usage.record(gone.clone());
    app.app.usage.record(Seen { org: app.acme().id.into(), ..gone });
    app.arrange(&format!("delete from portal_links where id = '{}'", theirs.link.0)).await;
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    assert_counts(&usage(&app, app.rival()).await, [0, 0, 0, 0]);
    assert!(app.app.redis.take_usage(app.app.clock.id(), 0).await.unwrap().batches.is_empty());
}

/// DOOR-4, LINK-4
#[tokio::test]
async fn a_browsers_session_is_kept_only_while_its_link_opens_without_a_code() {
    let app = TestApp::world().await;
    let org = app.acme().id;
    let (before, after) = (Browser::new(&app, app.acme()).await, Browser::new(&app, app.acme()).await);
    before.returns();
    usage(&app, app.acme()).await;
    assert!(before.is_stored().await);
    app.arrange(&format!("update portals set expires_at = now() + interval '1 hour' where org_id = '{org}'"))
        .await;
    Browser::new(&app, app.acme()).await.returns();
    usage(&app, app.acme()).await;
    let short =
        "select count(*) from portal_sessions where kind = 'PAGE' and expires_at < now() + interval '1 day'";
    assert_eq!(app.value(short).await, "1");
    let id = after.link.0;
    for (end, undo) in [
        (
            "update portals set code_hash = sha256('c'), code_key = 'k'",
            "update portals set code_hash = null, code_key = null",
        ),
        ("update organizations set portal_enabled = false", "update organizations set portal_enabled = true"),
        (
            &format!("update portal_links set revoked_at = now() where id = '{id}'"),
            "update portal_links set revoked_at = null",
        ),
        (
            &format!(
                "update portal_links set token_hash = sha256('other'), generation = generation + 1 where id = '{id}'"
            ),
            "",
        ),
    ] {
        app.arrange(end).await;
        after.returns();
        usage(&app, app.acme()).await;
        assert!(!after.is_stored().await, "{end}");
        app.arrange(undo).await;
    }
}

/// DOOR-4, API-8: what was applied is remembered for a day, and no longer.
#[tokio::test]
async fn batches_that_were_applied_are_forgotten_after_a_day() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    for hours in [0, 23, 2] {
        app.app.clock.advance(TimeDelta::hours(hours));
        browser.returns();
        usage(&app, app.acme()).await;
    }
    assert_eq!(app.value("select count(*) from usage_batches").await, "2");
}

/// LINK-6
#[tokio::test]
async fn each_link_of_a_portal_has_its_own_usage_and_the_portal_all_of_it() {
    let app = TestApp::world().await;
    let org = app.acme();
    let input = json!({ "input": { "portalId": portal(org).id } });
    let made =
        "mutation($input: CreatePortalLinkInput!) { staff { createPortalLink(input: $input) { url } } }";
    let url = app.query(&org.staff_token, made, input).await.text("/data/staff/createPortalLink/url");
    for token in [portal(org).token.as_str(), url.rsplit('/').next().unwrap()] {
        let session = app.open(token).await;
        app.query(&session, HOME, json!({})).await.succeeded();
    }
    assert_counts(&usage(&app, org).await, [2, 2, 2, 0]);
    let told = app.query(&org.staff_token, USAGE, json!({ "id": portal(org).id })).await.succeeded();
    let one = json!({ "views": 1, "visits": 1, "visitors": 1, "openSessions": 1 });
    for link in ["/data/staff/portal/links/0/usage", "/data/staff/portal/links/1/usage"] {
        assert_eq!(told.at(link), one);
    }
}

const SESSIONS: &str = "query($id: ID!) { staff { portalSessions(portalId: $id) { totalCount \
    edges { node { id kind createdAt expiresAt linkId } } } } }";
const END: &str =
    "mutation($input: EndPortalSessionInput!) { staff { endPortalSession(input: $input) { sessionId } } }";

async fn sessions(app: &TestApp, organization: &PlantedOrganization) -> Answer {
    let id = json!({ "id": portal(organization).id });
    app.query(&organization.staff_token, SESSIONS, id).await.succeeded()
}

/// DOOR-4, ORG-5
#[tokio::test]
async fn staff_see_open_sessions_and_the_one_they_end_is_refused_at_its_next_request() {
    let app = TestApp::world().await;
    let (session, other) =
        (app.open(&portal(app.acme()).token).await, app.open(&portal(app.acme()).token).await);
    let listed = sessions(&app, app.acme()).await;
    assert_eq!(listed.at("/data/staff/portalSessions/totalCount"), 2);
    assert_eq!(listed.text("/data/staff/portalSessions/edges/0/node/kind"), "API");
    let hash = hex::encode(hash_token(&session));
    let id = app.value(&format!("select id from portal_sessions where token_hash = '\\x{hash}'")).await;
    let input = json!({ "input": { "id": id } });
    app.query(&app.acme().staff_token, END, input.clone()).await.succeeded();
    assert_eq!(app.query(&session, HOME, json!({})).await.code(), "LINK_INACTIVE");
    app.query(&other, HOME, json!({})).await.succeeded();
    assert_eq!(sessions(&app, app.acme()).await.at("/data/staff/portalSessions/totalCount"), 1);
    app.query(&app.acme().staff_token, END, input).await.succeeded();
    let told = "select count(*) from audit_entries where action = 'portal_session.ended'";
    assert_eq!(app.value(told).await, "1");
}

/// DOOR-4, ORG-3, ORG-4
#[tokio::test]
async fn neither_a_member_nor_another_organisation_ends_a_session() {
    let app = TestApp::world().await;
    let session = app.open(&portal(app.acme()).token).await;
    let id = app.value("select id from portal_sessions order by id desc limit 1").await;
    let input = json!({ "input": { "id": id } });
    let member = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    assert_eq!(app.query(&member, END, input.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, END, input).await.code(), "NOT_FOUND");
    let foreign = app.query(&app.rival().staff_token, SESSIONS, json!({ "id": portal(app.acme()).id })).await;
    assert_eq!(foreign.code(), "NOT_FOUND");
    app.query(&session, HOME, json!({})).await.succeeded();
}

/// DOOR-4: a rotated link's sessions are not open, though nobody ended them.
#[tokio::test]
async fn sessions_of_a_rotated_link_are_not_listed() {
    let app = TestApp::world().await;
    app.open(&portal(app.acme()).token).await;
    assert_eq!(sessions(&app, app.acme()).await.at("/data/staff/portalSessions/totalCount"), 1);
    let rotate =
        "mutation($input: RotatePortalInput!) { staff { rotatePortal(input: $input) { portal { id } } } }";
    let input = json!({ "input": { "id": portal(app.acme()).id } });
    app.query(&app.acme().staff_token, rotate, input).await.succeeded();
    assert_eq!(sessions(&app, app.acme()).await.at("/data/staff/portalSessions/totalCount"), 0);
    assert_eq!(usage(&app, app.acme()).await["openSessions"], 0);
}

/// DOOR-2, DOOR-4: a session behind another code opens nothing; one behind a code that stayed, or where
/// none is asked for any more, is open still.
#[tokio::test]
async fn sessions_behind_a_changed_code_are_no_longer_listed() {
    let app = TestApp::world().await;
    let org = app.acme();
    let (id, token) = (portal(org).id, portal(org).token.as_str());
    let made = "mutation($input: CreatePortalLinkInput!) { staff { createPortalLink(input: $input) { url link { id } } } }";
    let input = json!({ "input": { "portalId": id, "link": { "accessCode": "777777" } } });
    let made = app.query(&org.staff_token, made, input).await.succeeded();
    let url = made.text("/data/staff/createPortalLink/url");
    let own = app.open_with(url.rsplit('/').next().unwrap(), Some("777777")).await;
    app.open(token).await;
    assert_eq!(usage(&app, org).await["openSessions"], 2);
    for (version, code, left) in [(1, Some("480216"), 1), (2, Some("135790"), 1), (3, None, 2)] {
        let change = "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { id } } } }";
        let input = json!({ "input": { "id": id, "version": version, "accessCode": code } });
        app.query(&org.staff_token, change, input).await.succeeded();
        assert_eq!(sessions(&app, org).await.at("/data/staff/portalSessions/totalCount"), left, "{version}");
        assert_eq!(usage(&app, org).await["openSessions"], left, "{version}");
        app.query(&own, DOORWAY, json!({})).await.succeeded();
        if left == 1 {
            let passed = app.open_with(token, code).await;
            app.query(&passed, DOORWAY, json!({})).await.succeeded();
        }
    }
    let change = "mutation($input: UpdatePortalLinkInput!) { staff { updatePortalLink(input: $input) { link { id } } } }";
    let link = made.text("/data/staff/createPortalLink/link/id");
    let input = json!({ "input": { "id": link, "version": 1, "accessCode": "888888" } });
    app.query(&org.staff_token, change, input).await.succeeded();
    assert_eq!(usage(&app, org).await["openSessions"], 1);
    assert_eq!(app.query(&own, DOORWAY, json!({})).await.code(), "LINK_INACTIVE");
}

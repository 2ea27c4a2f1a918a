//! The address for calendar programs: what it shows, and when it is dead.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use vestibule::worker::drain_usage;

use super::{CALENDAR, SUBSCRIBE, planned, with_calendars};
use crate::codes::{AT_HOME, Coded};
use crate::isolation::crowd;
use crate::support::{Answer, TestApp};

const REVOKE: &str = "mutation($input: PortalRevokeCalendarSubscriptionInput!) { portal { revokeCalendarSubscription(input: $input) { id } } }";
const OWN: &str = "{ portal { calendarSubscriptions { id } } }";

/// Subscribes in a session: the path, and the subscription's id.
async fn subscribed(app: &TestApp, session: &str) -> (String, String) {
    let made = app.query(session, SUBSCRIBE, json!({})).await.succeeded();
    let made = made.at("/data/portal/createCalendarSubscription");
    let url = made["url"].as_str().unwrap();
    (
        url[url.find("/calendar/").unwrap()..].to_owned(),
        made["subscription"]["id"].as_str().unwrap().to_owned(),
    )
}

fn is_live(answer: &Answer) -> bool {
    let live = answer.status == StatusCode::OK;
    assert_eq!(live, answer.body().contains("BEGIN:VCALENDAR"));
    live
}

/// Everything of an answer but its request id.
fn told(answer: &Answer) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut headers = answer.headers.clone();
    assert!(headers.remove("x-request-id").is_some());
    (answer.status, headers, answer.body.clone())
}

/// CAL-1, LINK-2, LINK-3
#[tokio::test]
async fn a_calendar_program_reads_what_the_portal_shows_and_changes_nothing() {
    let app = with_calendars("RECORDS,CALENDAR").await;
    let soon = app.app.clock.now() + chrono::TimeDelta::days(3);
    let timing = json!({ "times": { "startsAt": soon, "endsAt": soon } });
    planned(&app, json!({ "title": "Call; soon", "body": "One,\ntwo\r\nEND:VCALENDAR", "timing": timing }))
        .await;
    planned(&app, json!({ "title": "Hidden", "timing": timing, "clientVisible": false })).await;
    planned(&app, json!({ "title": "Elsewhere", "timing": timing, "subject": { "companyId": app.acme().companies[1].id } })).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let (path, _) = subscribed(&app, &session).await;
    let secret = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    assert!(secret.starts_with("vc_") && secret.len() == 35, "{path}");
    let before = app.dump().await;
    assert!(!before.contains(secret), "a secret is kept");
    let feed = app.get(&path).await;
    assert!(is_live(&feed));
    assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!((feed.header("cache-control"), feed.header("set-cookie")), ("private, no-store", ""));
    assert_eq!(
        (feed.header("x-robots-tag"), feed.header("referrer-policy")),
        ("noindex, nofollow", "no-referrer")
    );
    let text = feed.body().replace("\r\n ", "");
    assert!(
        text.contains("SUMMARY:Call\\; soon") && text.contains("DESCRIPTION:One\\,\\ntwo\\nEND:VCALENDAR"),
        "{text}"
    );
    assert!(!text.contains("Hidden") && !text.contains("Elsewhere"));
    let milestones = text.matches("TRANSP:TRANSPARENT").count();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1 + milestones);
    assert!(milestones > 0);
    assert_eq!(app.dump().await, before, "a GET writes nothing");
}

/// CAL-1: of too much the calendar program is told of what is yet to come.
#[tokio::test]
async fn a_long_past_crowds_out_nothing_that_comes() {
    let app = with_calendars("CALENDAR").await;
    app.arrange("update milestones set due_on = null").await;
    let soon = app.app.clock.now() + chrono::TimeDelta::days(3);
    planned(&app, json!({ "title": "Call", "timing": { "times": { "startsAt": soon } } })).await;
    let day = json!({ "days": { "startsOn": soon.date_naive() } });
    planned(&app, json!({ "title": "Fair", "timing": day })).await;
    app.arrange(
        "insert into calendar_events (org_id, id, company_id, title, starts_at, ends_at, client_visible, created_by)
         select org_id, gen_random_uuid(), company_id, 'Over', now() - n * interval '6 hours', now() - n * interval '6 hours',
             true, created_by
         from calendar_events, generate_series(1, 600) n where title = 'Call'",
    )
    .await;
    let session = app.open(&app.acme().portals[0].token).await;
    let (path, _) = subscribed(&app, &session).await;
    let feed = app.get(&path).await;
    assert!(feed.body().contains("SUMMARY:Call") && feed.body().contains("SUMMARY:Fair"));
    assert_eq!(feed.body().matches("SUMMARY:Over").count(), 498);
}

/// CAL-1, LINK-5: one answer for everything dead.
#[tokio::test]
async fn a_dead_address_tells_nothing() {
    let app = with_calendars("CALENDAR").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let (path, id) = subscribed(&app, &session).await;
    app.query(&session, REVOKE, json!({ "input": { "id": id } })).await.succeeded();
    app.query(&session, REVOKE, json!({ "input": { "id": id } })).await.succeeded();
    let revoked = app.get(&path).await;
    assert_eq!(revoked.status, StatusCode::NOT_FOUND);
    let link = &app.acme().portals[0].token;
    for other in [
        "/calendar/vc_0123456789abcdefghijABCDEFGHIJ01.ics".to_owned(),
        "/calendar/nothing".to_owned(),
        "/calendar/%FF".to_owned(),
        format!("/calendar/{session}.ics"),
        format!("/calendar/{link}.ics"),
        path.trim_end_matches(".ics").to_owned(),
    ] {
        assert!(told(&app.get(&other).await) == told(&revoked), "{other}");
    }
    let inactive = app.get("/portal/0123456789abcdefghijABCDEFGHIJ01").await;
    assert_eq!(inactive.body, revoked.body);
    assert_eq!(app.query(&session, OWN, json!({})).await.at("/data/portal/calendarSubscriptions"), json!([]));
}

/// CAL-1, LINK-4: the address dies with whatever it hangs on, and comes back with what comes back.
#[tokio::test]
async fn an_address_dies_with_session_link_and_portal() {
    let app = with_calendars("CALENDAR").await;
    let live = async |path: &str| is_live(&app.get(path).await);
    let portal = app.acme().portals[0].id;
    let (open, shut) = ("null", "now()");
    for (table, column) in
        [("portals", "revoked_at"), ("portals", "expires_at"), ("portal_links", "revoked_at")]
    {
        let session = app.open(&app.acme().portals[0].token).await;
        let (path, _) = subscribed(&app, &session).await;
        assert!(live(&path).await);
        let which = if table == "portals" { "id" } else { "portal_id" };
        let set = |to| format!("update {table} set {column} = {to} where {which} = '{portal}'");
        app.arrange(&set(shut)).await;
        assert!(!live(&path).await, "{table}.{column}");
        app.arrange(&set(open)).await;
        assert!(live(&path).await, "{table}.{column}");
    }
    for death in [
        "update portal_sessions set ended_at = now()",
        "update portal_sessions set expires_at = now()",
        "update portal_links set generation = generation + 1",
        "update portals set modes = '{RECORDS}'",
        "update organizations set portal_enabled = false",
    ] {
        let app = with_calendars("CALENDAR").await;
        let session = app.open(&app.acme().portals[0].token).await;
        let (path, _) = subscribed(&app, &session).await;
        assert!(is_live(&app.get(&path).await));
        app.arrange(death).await;
        assert!(!is_live(&app.get(&path).await), "{death}");
    }
}

/// CAL-1, DOOR-2: changing the code ends what was passed with the former one.
#[tokio::test]
async fn an_address_behind_an_access_code_dies_with_the_code() {
    let app = with_calendars("CALENDAR").await;
    let portal = app.acme().portals.iter().find(|portal| portal.access_code.is_some()).unwrap();
    let session = app.open_with(&portal.token, portal.access_code.as_deref()).await;
    let (path, _) = subscribed(&app, &session).await;
    assert!(is_live(&app.get(&path).await));
    app.arrange(&format!("update portals set code_version = code_version + 1 where id = '{}'", portal.id))
        .await;
    assert!(!is_live(&app.get(&path).await));
}

/// CAL-1, DOOR-2: a link's own code is not the portal's.
#[tokio::test]
async fn an_address_behind_a_links_own_code_dies_with_that_code_only() {
    let coded = Coded::with(json!({ "accessCode": "777777" })).await;
    coded.app.arrange("update portals set modes = '{CALENDAR}'").await;
    let session = coded.tries("777777", AT_HOME).await.text("/data/access/openPortal/sessionToken");
    let (path, _) = subscribed(&coded.app, &session).await;
    coded.app.arrange("update portals set code_version = code_version + 1").await;
    assert!(is_live(&coded.app.get(&path).await));
    coded.app.arrange("update portal_links set code_version = code_version + 1").await;
    assert!(!is_live(&coded.app.get(&path).await));
}

/// CAL-1: an address opens the calendar, and nothing else.
#[tokio::test]
async fn an_address_opens_nothing_else() {
    let app = with_calendars("RECORDS,FILES,MESSAGES,CALENDAR").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let (path, _) = subscribed(&app, &session).await;
    let token = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    assert_eq!(
        app.query(token, "{ portal { doorway { title } } }", json!({})).await.code(),
        "UNAUTHENTICATED"
    );
    assert_eq!(app.get(&format!("/portal/{token}")).await.status, StatusCode::NOT_FOUND);
    let login = app.sql("app_portal").await;
    crowd::enter(&login, "enter_calendar", token).await;
    for hidden in
        ["records", "files", "messages", "record_types", "portal_sessions", "calendar_subscriptions"]
    {
        assert_eq!(login.value(&format!("select count(*) from {hidden}")).await, "0", "{hidden}");
    }
    assert_ne!(login.value("select count(*) from milestones").await, "0");
}

/// CAL-1, ORG-4
#[tokio::test]
async fn only_who_made_an_address_sees_and_ends_it() {
    let app = with_calendars("CALENDAR").await;
    let (kim, lee) =
        (app.open(&app.acme().portals[0].token).await, app.open(&app.acme().portals[0].token).await);
    let (path, id) = subscribed(&app, &kim).await;
    assert_eq!(app.query(&lee, OWN, json!({})).await.at("/data/portal/calendarSubscriptions"), json!([]));
    assert_eq!(app.query(&lee, REVOKE, json!({ "input": { "id": id } })).await.code(), "NOT_FOUND");
    assert!(is_live(&app.get(&path).await));
    let own = app.query(&kim, OWN, json!({})).await.succeeded();
    assert_eq!(own.at("/data/portal/calendarSubscriptions"), json!([{ "id": id }]));
}

/// CAL-1, API-8
#[tokio::test]
async fn a_visitor_gets_ten_addresses_each_once() {
    let app = with_calendars("CALENDAR").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let once = json!({ "key": "once" });
    let first = app.query(&session, SUBSCRIBE, once.clone()).await.succeeded();
    let again = app.query(&session, SUBSCRIBE, once).await.succeeded();
    let id = |answer: &Answer| answer.at("/data/portal/createCalendarSubscription/subscription/id");
    assert_eq!(id(&first), id(&again));
    assert_eq!(again.at("/data/portal/createCalendarSubscription/url"), Value::Null);
    for _ in 0..9 {
        subscribed(&app, &session).await;
    }
    assert_eq!(app.query(&session, SUBSCRIBE, json!({})).await.code(), "FORBIDDEN");
    app.arrange("update portals set modes = '{RECORDS}'").await;
    let other = app.open(&app.acme().portals[0].token).await;
    assert_eq!(app.query(&other, SUBSCRIBE, json!({})).await.code(), "FORBIDDEN", "there is no calendar");
}

/// CAL-1, LINK-6
#[tokio::test]
async fn reading_the_address_is_no_view() {
    let app = with_calendars("CALENDAR").await;
    let session = app.open(&app.acme().portals[0].token).await;
    let (path, _) = subscribed(&app, &session).await;
    let counts = "{ staff { portals(first: 100) { edges { node { id usage { views } } } } } }";
    let views = async || {
        drain_usage::once(&app.app).await.unwrap();
        app.query(&app.acme().staff_token, counts, json!({})).await.succeeded().body().to_owned()
    };
    let before = views().await;
    assert!(is_live(&app.get(&path).await));
    assert_eq!(views().await, before);
    app.query(&session, CALENDAR, json!({})).await.succeeded();
    assert_ne!(views().await, before, "whoever opens the calendar itself is counted");
}

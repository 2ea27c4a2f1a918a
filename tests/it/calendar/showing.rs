//! What clients see of the calendar.

use serde_json::{Value, json};

use super::{ARCHIVE, CALENDAR, planned, record, titles, with_calendars};
use crate::isolation::crowd;
use crate::support::TestApp;
use crate::support::live::Instance;

/// CAL-1, LINK-1
#[tokio::test]
async fn a_client_sees_visible_events_and_milestones_in_the_organisations_days() {
    let app = with_calendars("RECORDS,CALENDAR").await;
    let project = record(&app, "portal_enabled").await;
    app.arrange(&format!(
        "update milestones set due_on = null; update milestones set due_on = '2031-05-20', name = 'Handover'
         where record_id = '{project}' and position = 4"
    ))
    .await;
    let late = json!({ "times": { "startsAt": "2031-05-31T20:00:00Z", "endsAt": "2031-05-31T22:00:00Z" } });
    let fair = json!({ "days": { "startsOn": "2031-04-28", "endsOn": "2031-05-02" } });
    planned(&app, json!({ "title": "Late call", "timing": late })).await;
    planned(&app, json!({ "title": "Fair", "timing": fair })).await;
    planned(&app, json!({ "title": "Ours alone", "clientVisible": false })).await;
    planned(&app, json!({ "title": "Review", "subject": { "recordId": project } })).await;
    let session = app.open(&app.acme().portals[0].token).await;
    assert_eq!(titles(&app, &session).await, ["Fair", "Review", "Handover", "Late call"]);
    let asked = json!({ "from": "2031-05-01", "to": "2031-05-31" });
    let found = app.query(&session, CALENDAR, asked).await.succeeded();
    let entry = |place: usize| found.at(&format!("/data/portal/calendar/entries/{place}"));
    assert_eq!((&entry(0)["allDay"], &entry(0)["endsOn"]), (&json!(true), &json!("2031-05-02")));
    assert_eq!(entry(1)["recordId"], json!(project));
    assert!(entry(1)["recordName"].is_string());
    assert_eq!((&entry(2)["kind"], &entry(2)["startsOn"]), (&json!("MILESTONE"), &json!("2031-05-20")));
    // It ends at midnight in Berlin: that is no day of June.
    assert_eq!((&entry(3)["startsOn"], &entry(3)["endsOn"]), (&json!("2031-05-31"), &json!("2031-05-31")));
    let midnight = json!({ "times": { "startsAt": "2031-05-31T22:00:00Z" } });
    planned(&app, json!({ "title": "At midnight", "timing": midnight })).await;
    let june = json!({ "from": "2031-06-01", "to": "2031-06-30" });
    let june = app.query(&session, CALENDAR, june).await.succeeded();
    let june = june.at("/data/portal/calendar/entries");
    let found: Vec<&Value> = june.as_array().unwrap().iter().map(|entry| &entry["title"]).collect();
    assert_eq!(found, [&json!("At midnight")]);
    assert_eq!(titles(&app, &session).await.len(), 4, "that is no moment of May");
}

/// CAL-1, REC-6, REC-10: at the database.
#[tokio::test]
async fn a_client_sees_nothing_of_others_of_hidden_records_and_of_no_calendar() {
    let app = with_calendars("CALENDAR").await;
    let shown = record(&app, "true").await;
    let other = record(&app, &format!("id <> '{shown}'")).await;
    planned(&app, json!({ "title": "Of the company" })).await;
    planned(&app, json!({ "title": "Of a project", "subject": { "recordId": shown } })).await;
    planned(&app, json!({ "title": "Of another", "subject": { "recordId": other } })).await;
    planned(&app, json!({ "title": "Theirs", "subject": { "companyId": app.acme().companies[1].id } })).await;
    let gone = planned(&app, json!({ "title": "Archived" })).await;
    app.query(&app.acme().staff_token, ARCHIVE, json!({ "input": { "id": gone, "version": 1 } }))
        .await
        .succeeded();
    let company = app.open(&app.acme().portals[0].token).await;
    let project = app.open(crowd::record_link(app.acme())).await;
    app.arrange("update milestones set due_on = null").await;
    assert_eq!(titles(&app, &company).await, ["Of a project", "Of another", "Of the company"]);
    assert_eq!(titles(&app, &project).await, ["Of a project"], "a record's portal shows the record's alone");
    app.arrange(&format!("update records set portal_enabled = false where id = '{other}'")).await;
    assert_eq!(titles(&app, &company).await, ["Of a project", "Of the company"]);
    app.arrange("update portals set modes = '{RECORDS,FILES,MESSAGES}'").await;
    assert_eq!(titles(&app, &company).await, Vec::<String>::new());
    let login = app.sql("app_portal").await;
    crowd::enter(&login, "enter_portal", &app.acme().portals[0].token).await;
    assert_eq!(login.value("select count(*) from calendar_events").await, "0");
    app.arrange("update portals set modes = '{CALENDAR}'").await;
    crowd::enter(&login, "enter_portal", &app.acme().portals[0].token).await;
    assert_eq!(login.value("select count(*) from calendar_events").await, "2");
    assert_eq!(login.value("select count(*) from records").await, "0", "a calendar shows no records");
}

/// CAL-1, REC-4: a milestone's day is in the calendar where the type shares deadlines.
#[tokio::test]
async fn milestones_show_as_far_as_their_type_shares_them() {
    let app = with_calendars("CALENDAR").await;
    let project = record(&app, "portal_enabled").await;
    app.arrange(&format!(
        "update milestones set due_on = null; update milestones set due_on = '2031-05-20', name = 'Handover'
         where record_id = '{project}' and position = 4"
    ))
    .await;
    let session = app.open(&app.acme().portals[0].token).await;
    assert_eq!(titles(&app, &session).await, ["Handover"]);
    for unshared in ["MILESTONES", "DEADLINES"] {
        app.arrange(&format!(
            "update record_types set shared_fields = array_remove(shared_fields, '{unshared}')"
        ))
        .await;
        assert_eq!(titles(&app, &session).await, Vec::<String>::new(), "{unshared}");
        app.arrange(&format!(
            "update record_types set shared_fields = shared_fields || '{{{unshared}}}' where key = 'project'"
        ))
        .await;
    }
    assert_eq!(titles(&app, &session).await, ["Handover"]);
}

/// CAL-1, API-3
#[tokio::test]
async fn so_many_days_are_read_at_once_and_no_more() {
    let app = with_calendars("CALENDAR").await;
    let session = app.open(&app.acme().portals[0].token).await;
    for (from, to) in
        [("2031-01-01", "2031-12-31"), ("2031-05-02", "2031-05-01"), ("+12031-05-02", "+12031-05-03")]
    {
        let refused = app.query(&session, CALENDAR, json!({ "from": from, "to": to })).await;
        assert_eq!(refused.code(), "VALIDATION", "{from} {to}");
    }
    let month = app.query(&session, CALENDAR, json!({ "from": "2031-01-31" })).await.succeeded();
    assert_eq!(month.text("/data/portal/calendar/to"), "2031-02-27");
    app.query(&session, CALENDAR, json!({})).await.succeeded();
}

/// CAL-1, EVT-2, EVT-4
#[tokio::test]
async fn who_has_the_calendar_open_is_told_of_what_is_planned_and_of_nothing_else() {
    let app = with_calendars("CALENDAR").await;
    let instance = Instance::of(&app).await;
    let session = app.open(&app.acme().portals[0].token).await;
    let told = "subscription { portalEvents { __typename ... on PortalCalendarEvent { recordId } } }";
    let mut socket = instance.socket(&session).await;
    socket.subscribes("1", told, json!({})).await;
    socket.subscribes("2", "{ portal { doorway { title } } }", json!({})).await;
    socket.next("2").await;
    assert_eq!(socket.hears().await["type"], "complete");
    planned(&app, json!({ "clientVisible": false })).await;
    planned(&app, json!({ "subject": { "companyId": app.acme().companies[1].id } })).await;
    let shown = record(&app, "portal_enabled").await;
    let hidden = record(&app, &format!("id <> '{shown}'")).await;
    app.arrange(&format!("update records set portal_enabled = false where id = '{hidden}'")).await;
    planned(&app, json!({ "subject": { "recordId": hidden } })).await;
    let resynced = socket.next("1").await;
    assert_eq!(resynced["data"]["portalEvents"]["__typename"], "PortalResyncEvent", "{resynced:#}");
    planned(&app, json!({ "subject": { "recordId": shown } })).await;
    planned(&app, json!({})).await;
    for record_id in [json!(shown), Value::Null] {
        let told = socket.next("1").await;
        assert_eq!(
            told["data"]["portalEvents"],
            json!({ "__typename": "PortalCalendarEvent", "recordId": record_id })
        );
    }
}

/// CAL-1, ORG-4
#[tokio::test]
async fn a_rival_sees_nothing_of_ours() {
    let app: TestApp = with_calendars("CALENDAR").await;
    app.arrange("update milestones set due_on = null").await;
    planned(&app, json!({})).await;
    let session = app.open(&app.rival().portals[0].token).await;
    assert_eq!(titles(&app, &session).await, Vec::<String>::new());
}

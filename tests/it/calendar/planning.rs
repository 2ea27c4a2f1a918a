//! What staff plan.

use serde_json::{Value, json};

use super::{ARCHIVE, CREATE, LIST, UPDATE, planned, plans, record};
use crate::support::TestApp;

/// CAL-1, API-8
#[tokio::test]
async fn staff_plan_change_and_archive_what_is_in_the_calendar() {
    let app = TestApp::world().await;
    let project = record(&app, "portal_enabled").await;
    let made =
        plans(&app, json!({ "subject": { "recordId": project }, "location": " Room 2 " })).await.succeeded();
    let event = made.at("/data/staff/createCalendarEvent/event");
    assert_eq!(event["company"]["id"], json!(app.acme().companies[0].id));
    assert_eq!((&event["record"]["id"], &event["location"]), (&json!(project), &json!("Room 2")));
    let id = event["id"].clone();
    let token = &app.acme().staff_token;
    let days = json!({ "days": { "startsOn": "2031-05-08", "endsOn": "2031-05-09" } });
    let input =
        json!({ "input": { "id": id, "version": 1, "timing": days, "location": null, "title": "Fair" } });
    let changed = app.query(token, UPDATE, input.clone()).await.succeeded();
    let event = changed.at("/data/staff/updateCalendarEvent/event");
    assert_eq!(
        (&event["startsAt"], &event["endsAt"], &event["location"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&event["startsOn"], &event["endsOn"], &event["version"]),
        (&json!("2031-05-08"), &json!("2031-05-09"), &json!(2))
    );
    assert_eq!(app.query(token, UPDATE, input).await.code(), "CONFLICT");
    let renamed = json!({ "input": { "id": id, "version": 2, "title": "Trade fair" } });
    let renamed = app.query(token, UPDATE, renamed).await.succeeded();
    assert_eq!(
        renamed.text("/data/staff/updateCalendarEvent/event/startsOn"),
        "2031-05-08",
        "a name moves nothing"
    );
    let input = json!({ "input": { "id": id, "version": 3 } });
    let archived = app.query(token, ARCHIVE, input).await.succeeded();
    assert_ne!(archived.at("/data/staff/archiveCalendarEvent/event/archivedAt"), Value::Null);
    let listed = |archived: bool| json!({ "filter": { "recordId": project, "archived": archived } });
    let count = async |archived| {
        let found = app.query(token, LIST, listed(archived)).await.succeeded();
        found.at("/data/staff/calendarEvents/totalCount")
    };
    let (before, there) = (count(false).await, count(true).await);
    assert_eq!(there, json!(1));
    let input = json!({ "input": { "id": id, "version": 4, "archived": false } });
    app.query(token, ARCHIVE, input).await.succeeded();
    assert_eq!(count(false).await.as_i64().unwrap(), before.as_i64().unwrap() + 1);
}

/// CAL-1, API-8
#[tokio::test]
async fn a_repeated_key_plans_once() {
    let app = TestApp::world().await;
    let first = planned(&app, json!({ "idempotencyKey": "once" })).await;
    assert_eq!(planned(&app, json!({ "idempotencyKey": "once" })).await, first);
    assert_eq!(plans(&app, json!({ "idempotencyKey": "once", "title": "Other" })).await.code(), "CONFLICT");
}

/// API-8: kept for a day, whether or not who used it comes back.
#[tokio::test]
async fn a_key_of_yesterday_is_forgotten_when_a_colleague_uses_one() {
    let app = TestApp::world().await;
    planned(&app, json!({ "idempotencyKey": "yesterday" })).await;
    planned(&app, json!({ "idempotencyKey": "today" })).await;
    app.arrange(
        "update idempotency_keys set created_at = now() - interval '25 hours' where key = 'yesterday'",
    )
    .await;
    let writer = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let input = json!({ "input": {
        "subject": { "companyId": app.acme().companies[0].id },
        "title": "Call",
        "timing": { "days": { "startsOn": "2031-05-06" } },
        "idempotencyKey": "theirs",
    } });
    app.query(&writer, CREATE, input).await.succeeded();
    let kept = "select string_agg(key, ' ' order by key) from idempotency_keys where key in ('yesterday', 'today', 'theirs')";
    assert_eq!(app.value(kept).await, "theirs today");
}

/// CAL-1
#[tokio::test]
async fn what_is_planned_has_a_title_and_does_not_end_before_it_begins() {
    let app = TestApp::world().await;
    let backwards =
        json!({ "times": { "startsAt": "2031-05-06T08:00:00Z", "endsAt": "2031-05-06T07:00:00Z" } });
    let days = json!({ "days": { "startsOn": "2031-05-06", "endsOn": "2031-05-05" } });
    for (wrong, path) in [
        (json!({ "title": " " }), "input.title"),
        (json!({ "title": "two\nlines" }), "input.title"),
        (json!({ "location": "two\nlines" }), "input.location"),
        (json!({ "timing": backwards }), "input.timing"),
        (json!({ "timing": days }), "input.timing"),
    ] {
        let refused = plans(&app, wrong).await;
        assert_eq!(
            (refused.code(), refused.text("/errors/0/extensions/fields/0/path")),
            ("VALIDATION".into(), path.into())
        );
    }
    planned(&app, json!({ "timing": { "days": { "startsOn": "2031-05-06" } } })).await;
}

/// CAL-1, ORG-3, ORG-4
#[tokio::test]
async fn only_who_writes_records_plans_and_only_with_companies_of_their_own() {
    let app = TestApp::world().await;
    let reader = app.member_of(app.acme(), &[]).await;
    let writer = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let timing = json!({ "days": { "startsOn": "2031-05-06" } });
    let input =
        |subject: Value| json!({ "input": { "subject": subject, "title": "Call", "timing": timing } });
    let ours = json!({ "companyId": app.acme().companies[0].id });
    assert_eq!(app.query(&reader, CREATE, input(ours.clone())).await.code(), "FORBIDDEN");
    app.query(&writer, CREATE, input(ours.clone())).await.succeeded();
    assert_eq!(app.query(&app.rival().staff_token, CREATE, input(ours)).await.code(), "NOT_FOUND");
    let key =
        "mutation { staff { createApiKey(input: { name: \"K\", scopes: [RECORDS_READ] }) { secret } } }";
    let key =
        app.query(&app.acme().staff_token, key, json!({})).await.text("/data/staff/createApiKey/secret");
    assert_eq!(app.query(&key, LIST, json!({})).await.code(), "FORBIDDEN");
}

/// CAL-1
#[tokio::test]
async fn staff_find_what_lies_in_some_days_where_the_organisation_is() {
    let app = TestApp::world().await;
    // From half past midnight to midnight, in Berlin.
    let timing = json!({ "times": { "startsAt": "2031-05-05T22:30:00Z", "endsAt": "2031-05-06T22:00:00Z" } });
    let id = planned(&app, json!({ "timing": timing })).await;
    for (day, there) in [("2031-05-05", false), ("2031-05-06", true), ("2031-05-07", false)] {
        let filter = json!({ "filter": { "days": { "startsOn": day } } });
        let found = app.query(&app.acme().staff_token, LIST, filter).await.succeeded();
        assert_eq!(found.body().contains(&id), there, "{day}");
    }
}

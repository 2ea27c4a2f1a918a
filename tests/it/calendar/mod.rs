//! CAL-1: what staff plan, what clients see of it, and under which address their calendar programs do.

mod page;
mod planning;
mod showing;
mod subscribing;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

const CREATE: &str =
    "mutation($input: CreateCalendarEventInput!) { staff { createCalendarEvent(input: $input) { event {
    id title body location startsAt endsAt startsOn endsOn clientVisible version
    company { id } record { id } } } } }";
const UPDATE: &str =
    "mutation($input: UpdateCalendarEventInput!) { staff { updateCalendarEvent(input: $input) { event {
    id title body location startsAt endsAt startsOn endsOn clientVisible version } } } }";
const ARCHIVE: &str =
    "mutation($input: ArchiveCalendarEventInput!) { staff { archiveCalendarEvent(input: $input) { event {
    id archivedAt version } } } }";
const LIST: &str =
    "query($filter: CalendarEventFilter) { staff { calendarEvents(first: 100, filter: $filter) {
    totalCount edges { node { id title } } } } }";
const CALENDAR: &str = "query($from: NaiveDate, $to: NaiveDate) { portal { calendar(from: $from, to: $to) {
    from to entries { kind id title body location allDay startsAt endsAt startsOn endsOn recordId recordName completed } } } }";
const SUBSCRIBE: &str =
    "mutation($key: String) { portal { createCalendarSubscription(input: { idempotencyKey: $key }) {
    url subscription { id } } } }";

/// Plans something with the first company, or as the rest of the input says.
async fn plans(app: &TestApp, more: Value) -> Answer {
    let mut input = json!({
        "subject": { "companyId": app.acme().companies[0].id },
        "title": "Design review",
        "timing": { "times": { "startsAt": "2031-05-06T08:00:00Z", "endsAt": "2031-05-06T09:30:00Z" } },
        "clientVisible": true,
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await
}

/// The same, which must succeed; gives its id.
async fn planned(app: &TestApp, more: Value) -> String {
    plans(app, more).await.succeeded().text("/data/staff/createCalendarEvent/event/id")
}

/// Shows the calendar in every portal, and the world's own events in none.
async fn with_calendars(modes: &str) -> TestApp {
    let app = TestApp::world().await;
    app.arrange(&format!("delete from calendar_events; update portals set modes = '{{{modes}}}'")).await;
    app
}

/// The titles that a session finds in May 2031.
async fn titles(app: &TestApp, session: &str) -> Vec<String> {
    let asked = json!({ "from": "2031-05-01", "to": "2031-05-31" });
    let found = app.query(session, CALENDAR, asked).await.succeeded();
    let found = found.at("/data/portal/calendar/entries");
    found.as_array().unwrap().iter().map(|entry| entry["title"].as_str().unwrap().to_owned()).collect()
}

/// A record of the first company, shared or not.
async fn record(app: &TestApp, which: &str) -> Uuid {
    let company = app.acme().companies[0].id;
    let query =
        format!("select id from records where company_id = '{company}' and {which} order by id limit 1");
    app.value(&query).await.parse().unwrap()
}

//! How many statements a request costs, counted by Postgres.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::server_log::ServerLog;
use crate::support::{Sql, TestApp};

const HOME: &str = "{ portal {
    doorway { title modes attribution companyName organization { name accentColor welcomeMessage } }
    home { sections { key name count groups { stageName color phase count statuses { status count }
        averagePercent fileCount messageCount
        records { id name phase status percent startsOn dueOn fileCount messageCount } } } } } }";

/// The world, where Postgres logs all that a login sends.
async fn logged(login: &str) -> (TestApp, Sql) {
    let app = TestApp::world().await;
    app.arrange(&format!("alter role {login} in database {} set log_statement = 'all'", app.database)).await;
    let admin = app.sql("postgres").await;
    (app, admin)
}

/// What the login sent during one portal home: the messages of the log that are statements.
async fn home(app: &TestApp, admin: &Sql, session: &str) -> Vec<String> {
    let log = ServerLog::start(app);
    app.query(session, HOME, json!({})).await.succeeded();
    let messages = log.messages(admin, "app_portal").await;
    messages
        .into_iter()
        .filter(|line| line.contains("LOG:  statement: ") || line.contains("LOG:  execute "))
        .collect()
}

/// REC-9
#[tokio::test]
async fn a_portal_home_is_one_transaction_of_two_statements_however_many_projects() {
    let (app, admin) = logged("app_portal").await;
    let session = app.open(&app.acme().portals[0].token).await;
    home(&app, &admin, &session).await;
    let four = home(&app, &admin, &session).await;
    app.arrange(
        "insert into records (org_id, id, type_id, company_id, stage_id, name, owner_id, portal_enabled)
         select r.org_id, gen_random_uuid(), r.type_id, r.company_id, r.stage_id, r.name || n, r.owner_id, true
         from records r, generate_series(1, 9) as n",
    )
    .await;
    let forty = home(&app, &admin, &session).await;
    // If this failed, you probably read something once a record: load it for all of them at once.
    assert_eq!(four.len(), forty.len(), "{forty:#?}");
    // BEGIN with the door, and COMMIT, are the only others.
    let [begin, door, queries @ .., commit] = forty.as_slice() else { panic!("{forty:#?}") };
    assert!(begin.contains("begin isolation level repeatable read read only"), "{forty:#?}");
    assert!(door.contains("enter_portal"), "{forty:#?}");
    assert!(commit.contains("commit"), "{forty:#?}");
    // The doorway, and the records with all that the home says of them.
    assert_eq!(queries.len(), 2, "{forty:#?}");
}

const PORTALS: &str =
    "{ staff { portals(first: 100) { edges { node { usage { views openSessions sections { views } }
    links { id usage { views openSessions } } } } } } }";

/// LINK-6
#[tokio::test]
async fn the_usage_of_many_portals_costs_as_many_statements_as_that_of_one() {
    let (app, admin) = logged("app_staff").await;
    let count = async || {
        let log = ServerLog::start(&app);
        let answer = app.query(&app.acme().staff_token, PORTALS, json!({})).await.succeeded();
        let portals = answer.at("/data/staff/portals/edges").as_array().unwrap().len();
        let messages = log.messages(&admin, "app_staff").await;
        let statements = messages.iter().filter(|line| line.contains("LOG:  execute "));
        (portals, statements.count())
    };
    count().await;
    let (few, before) = count().await;
    app.arrange(
        "insert into portals (org_id, id, label, title, company_id, modes, created_by)
         select org_id, gen_random_uuid(), n || label, title, company_id, modes, created_by
         from portals, generate_series(1, 30) n;
         insert into portal_links (org_id, id, portal_id, company_id, token_hash)
         select org_id, gen_random_uuid(), id, company_id, sha256(id::text::bytea) from portals",
    )
    .await;
    let (many, after) = count().await;
    assert!(few < 20 && many == 100, "{few}, {many}");
    // If this failed, you probably read usage once a portal: load it for all of them at once.
    assert_eq!(before, after);
}

const BOARDS: &str = "{ portal { dashboards { title } } }";
const WIDGETS: &str = "{ portal { dashboards { title widgets { title value values { at label value } } } } }";

/// How many statements one query of a session took.
async fn statements(app: &TestApp, admin: &Sql, session: &str, query: &str) -> usize {
    let log = ServerLog::start(app);
    app.query(session, query, json!({})).await.succeeded();
    let messages = log.messages(admin, "app_portal").await;
    messages.iter().filter(|line| line.contains("LOG:  execute ")).count()
}

/// Puts widgets onto every dashboard: SQL of kinds and built-in metrics, each this often.
async fn widgets(app: &TestApp, kinds: &str, times: u8) {
    app.arrange(&format!(
        "insert into dashboard_widgets (org_id, id, dashboard_id, kind, title, metric_id, built_in, body, position)
         select d.org_id, gen_random_uuid(), d.id, w.kind, 'W',
             case when w.built_in is null and w.kind <> 'TEXT' then m.id end, w.built_in,
             case when w.kind = 'TEXT' then 'x' end, n
         from dashboards d join metrics m on m.org_id = d.org_id and m.key = 'visits'
         cross join (values {kinds}) as w (kind, built_in) cross join generate_series(1, {times}) n"
    ))
    .await;
}

/// DASH-2
#[tokio::test]
async fn dashboards_read_what_some_widget_speaks_of_once_however_many_widgets_do() {
    let (app, admin) = logged("app_portal").await;
    app.arrange("delete from dashboards; update portals set modes = '{RECORDS,DASHBOARD}'").await;
    let boards = "insert into dashboards (org_id, id, title, created_by)
         select org_id, gen_random_uuid(), 'Board', created_by from metrics where key = 'visits';
         insert into portal_dashboards (org_id, portal_id, dashboard_id, position)
         select p.org_id, p.id, d.id, 0 from portals p join dashboards d on d.org_id = p.org_id
         on conflict do nothing";
    app.arrange(boards).await;
    widgets(&app, "('TEXT', null::text)", 1).await;
    let session = app.open(&app.acme().portals[0].token).await;
    statements(&app, &admin, &session, WIDGETS).await;
    let bare = statements(&app, &admin, &session, BOARDS).await;
    let texts = statements(&app, &admin, &session, WIDGETS).await;
    let kinds = "('LINE', null), ('BAR', 'RECORDS_BY_STAGE'), ('NUMBER', 'ACTIVE_RECORDS'),
        ('PROGRESS', 'ON_TIME_MILESTONES'), ('TABLE', 'APPROVALS')";
    widgets(&app, kinds, 1).await;
    let one_each = statements(&app, &admin, &session, WIDGETS).await;
    // If this failed, you probably read something that no widget shows, or nobody asked for.
    assert_eq!((texts - bare, one_each - texts), (1, 6));
    app.arrange(boards).await;
    widgets(&app, kinds, 4).await;
    let many = statements(&app, &admin, &session, WIDGETS).await;
    // If this failed, you probably read something once a dashboard or widget: read it for all at once.
    assert_eq!(one_each, many);
}

const MUCH: &str = "{ portal { doorway { title } home { sections { key } } sections { mode count } dashboards { title widgets { value } }
    activity(first: 5) { totalCount edges { node { text } } } threads(first: 5) { edges { node { recordName } } }
    calendar { entries { title } } visitor { name } filePlaces { name } feedbackSubjects { name } files(first: 5) { edges { node { id } } } } }";

/// The name of a statement that a message says was run, with who ran it, and its text.
fn executed(message: &str) -> Option<((&str, &str), &str)> {
    let (process, rest) = message.split_once('[')?.1.split_once(']')?;
    let (name, text) = rest.split_once("LOG:  execute ")?.1.split_once(": ")?;
    Some(((process, text), name))
}

/// REC-9: a connection has prepared what it was asked before.
#[tokio::test]
async fn what_a_portal_is_asked_again_is_not_planned_again() {
    let (app, admin) = logged("app_portal").await;
    app.arrange("update portals set modes = '{RECORDS,FILES,MESSAGES,ACTIVITY,CALENDAR,DASHBOARD,FEEDBACK}'")
        .await;
    let session = app.open(&app.acme().portals[0].token).await;
    let mut names: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for _ in 0..4 {
        let log = ServerLog::start(&app);
        app.query(&session, MUCH, json!({})).await.succeeded();
        for message in log.messages(&admin, "app_portal").await {
            if let Some(((process, text), name)) = executed(&message) {
                names.entry((process.to_owned(), text.to_owned())).or_default().insert(name.to_owned());
            }
        }
    }
    assert!(names.len() > 10, "{names:#?}");
    names.retain(|_, names| names.len() > 1);
    // If this failed, you probably wrote SQL by hand: see src/db/prepared.rs.
    assert!(names.is_empty(), "{names:#?}");
}

//! LINK-9: before a portal is made or widened, staff ask what it will expose. What they are told is
//! what its holder then finds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::isolation::crowd::crowd;
use crate::support::{Answer, TestApp};

const EXPOSURE: &str = "query($input: PortalExposureInput!, $first: Int) { staff { portalExposure(input: $input, first: $first) {
    opens company { name } recordCount records { id name type { key } } fileCount files { name recordId } messageCount
    deliverableCount deliverables { id title recordId } dashboardCount dashboards { id title } activityEntryCount
    types { type { key } recordCount fields { label builtIn } } } } }";
const CREATE: &str =
    "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url portal { id } } } }";
const RECORDS: &str =
    "{ portal { records(first: 100) { totalCount edges { node { id name type { key } phase status
    description percent fileCount messageCount milestones { name } fields { label } stage { name } } } } } }";

async fn asked(app: &TestApp, scope: Value, modes: Value) -> Answer {
    let input = json!({ "scope": scope, "modes": modes });
    app.query(&app.acme().staff_token, EXPOSURE, json!({ "input": input, "first": 100 })).await
}

async fn exposure(app: &TestApp, scope: &Value, modes: &Value) -> Value {
    asked(app, scope.clone(), modes.clone()).await.succeeded().at("/data/staff/portalExposure")
}

/// The session of somebody who holds a new portal of this scope; none if its door does not open.
async fn holder(app: &TestApp, scope: &Value, modes: &Value) -> Option<String> {
    let input = json!({ "label": "Asked about", "scope": scope, "modes": modes });
    let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let url = made.text("/data/staff/createPortal/url");
    let token = url.rsplit('/').next().unwrap();
    let inactive = app.get(&format!("/portal/{token}")).await.status == 404;
    if inactive { None } else { Some(app.open(token).await) }
}

fn texts(rows: &Value, pointer: &str) -> BTreeSet<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.filter_map(|row| Some(row.pointer(pointer)?.as_str()?.to_owned())).collect()
}

fn sum(rows: &Value, name: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).sum()
}

/// The records that a holder finds.
async fn found(app: &TestApp, session: &str) -> Value {
    let records = app.query(session, RECORDS, json!({})).await.succeeded();
    let edges = records.at("/data/portal/records/edges");
    Value::Array(edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect())
}

async fn record(app: &TestApp, which: &str) -> String {
    let company = app.acme().companies[0].id;
    app.value(&format!(
        "select id from records where company_id = '{company}' and {which} order by id limit 1"
    ))
    .await
}

/// LINK-9, REC-10: of a company with records that are off, archived, or of unshared types.
#[tokio::test]
async fn what_staff_are_told_is_what_the_holder_finds() {
    let app = crowd().await;
    let scope = json!({ "companyId": app.acme().companies[0].id });
    for modes in [json!(["RECORDS", "FILES", "MESSAGES"]), json!(["RECORDS", "FILES"]), json!(["RECORDS"])] {
        let told = exposure(&app, &scope, &modes).await;
        let found = found(&app, &holder(&app, &scope, &modes).await.unwrap()).await;
        assert_eq!(told["opens"], true);
        assert!(found.as_array().unwrap().len() > 2);
        for pointer in ["/id", "/name", "/type/key"] {
            assert_eq!(texts(&told["records"], pointer), texts(&found, pointer), "{modes} {pointer}");
        }
        assert_eq!(told["recordCount"], found.as_array().unwrap().len());
        assert_eq!(sum(&told["types"], "recordCount"), told["recordCount"].as_i64().unwrap());
        assert_eq!(told["fileCount"], sum(&found, "fileCount"), "{modes}");
        assert_eq!(told["messageCount"], sum(&found, "messageCount"), "{modes}");
    }
}

/// LINK-9, REC-4
#[tokio::test]
async fn the_fields_that_staff_are_told_of_are_the_ones_that_show() {
    let app = crowd().await;
    let (scope, modes) = (json!({ "companyId": app.acme().companies[0].id }), json!(["RECORDS"]));
    let told = exposure(&app, &scope, &modes).await;
    let found = found(&app, &holder(&app, &scope, &modes).await.unwrap()).await;
    let types = told["types"].as_array().unwrap();
    assert_eq!(texts(&told["types"], "/type/key"), ["project", "request"].map(str::to_owned).into());
    for kind in types {
        let key = &kind["type"]["key"];
        let fields = kind["fields"].as_array().unwrap().iter();
        let (built_in, custom): (Vec<&Value>, Vec<&Value>) =
            fields.partition(|field| !field["builtIn"].is_null());
        let told: BTreeSet<String> =
            custom.iter().map(|field| field["label"].as_str().unwrap().to_owned()).collect();
        let records = found.as_array().unwrap().iter().filter(|record| record["type"]["key"] == *key);
        let mut shown = BTreeSet::new();
        for record in records {
            shown.extend(texts(&record["fields"], "/label"));
            for (field, name) in [
                ("STATUS", "status"),
                ("DESCRIPTION", "description"),
                ("PROGRESS", "percent"),
                ("PHASE", "phase"),
            ] {
                let shows = built_in.iter().any(|told| told["builtIn"] == field);
                assert_eq!(shows, !record[name].is_null(), "{key} {field} {record}");
            }
        }
        assert_eq!(told, shown, "{key}");
    }
    let stage = json!({ "label": "Stage", "builtIn": "PHASE" });
    assert_eq!(types[0]["fields"], json!([stage]), "change requests show their stages by name");
}

/// LINK-9, REC-10: not those that staff did not mark visible, nor those of records that are off.
#[tokio::test]
async fn the_deliverables_that_staff_are_told_of_are_the_ones_that_show() {
    let app = crowd().await;
    let scope = json!({ "companyId": app.acme().companies[0].id });
    let shown = "{ portal { records(first: 100) { edges { node { deliverables { id title } } } } } }";
    for (modes, some) in [(json!(["RECORDS"]), true), (json!(["FILES", "MESSAGES"]), false)] {
        let told = exposure(&app, &scope, &modes).await;
        let session = holder(&app, &scope, &modes).await.unwrap();
        let read = app.query(&session, shown, json!({})).await.succeeded();
        let edges = read.at("/data/portal/records/edges");
        let of = |edge: &Value| edge["node"]["deliverables"].as_array().unwrap().clone();
        let found = Value::Array(edges.as_array().unwrap().iter().flat_map(of).collect());
        assert_eq!(!found.as_array().unwrap().is_empty(), some, "{modes}");
        assert_eq!(texts(&told["deliverables"], "/id"), texts(&found, "/id"), "{modes}");
        assert_eq!(told["deliverableCount"], found.as_array().unwrap().len(), "{modes}");
        for hidden in ["Hidden", "Off"] {
            assert!(!texts(&told["deliverables"], "/title").contains(hidden), "{modes}");
        }
    }
}

/// LINK-9, EVT-8: of the company as a whole where the portal is the company's, and of the records that show.
#[tokio::test]
async fn the_activity_that_staff_are_told_of_is_what_shows() {
    let app = crowd().await;
    let company = app.acme().companies[0].id;
    let project = app
        .value(&format!(
            "select record_id from activity_entries where company_id = '{company}' and title = 'A form'"
        ))
        .await;
    let shown = "{ portal { activity(first: 100) { edges { node { text } } } } }";
    for (scope, modes, wanted) in [
        (json!({ "companyId": company }), json!(["RECORDS", "ACTIVITY"]), 2),
        (json!({ "recordId": project }), json!(["RECORDS", "ACTIVITY"]), 1),
        (json!({ "companyId": company }), json!(["RECORDS"]), 0),
    ] {
        let told = exposure(&app, &scope, &modes).await;
        assert_eq!(told["activityEntryCount"], wanted, "{scope} {modes}");
        let session = holder(&app, &scope, &modes).await.unwrap();
        let read = app.query(&session, shown, json!({})).await.succeeded();
        let entries = texts(&read.at("/data/portal/activity/edges"), "/node/text");
        let found =
            ["A form", "Of the company", "Off"].iter().filter(|title| entries.contains(**title)).count();
        assert_eq!(found, wanted, "{scope} {modes}");
    }
}

/// LINK-9, DASH-2
#[tokio::test]
async fn the_dashboards_that_staff_would_choose_are_told_of_where_they_would_show() {
    let app = crowd().await;
    let (acme, company) = (app.acme(), app.acme().companies[0].id);
    let ids = async |which: &str| {
        let ids =
            "select string_agg(d.id::text, ',') from dashboards d left join records r on r.id = d.record_id";
        let ids = app.value(&format!("{ids} where {which}")).await;
        ids.split(',').map(str::to_owned).collect::<Vec<String>>()
    };
    let own = format!("d.org_id = '{}' and (r.id is null or r.company_id = '{company}')", acme.id);
    let gone = ids(&format!("{own} and d.archived_at is not null")).await;
    let chosen = ids(&own).await;
    let scope = json!({ "companyId": company });
    let ask = async |modes: &Value, chosen: &[String]| {
        let input = json!({ "scope": scope, "modes": modes, "dashboardIds": chosen });
        app.query(&acme.staff_token, EXPOSURE, json!({ "input": input, "first": 100 })).await
    };
    let modes = json!(["RECORDS", "DASHBOARD"]);
    let told = ask(&modes, &chosen).await.succeeded().at("/data/staff/portalExposure");
    let input = json!({ "label": "Asked about", "scope": scope, "modes": modes, "dashboardIds": chosen });
    let made = app.query(&acme.staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let session = app.open(made.text("/data/staff/createPortal/url").rsplit('/').next().unwrap()).await;
    let read = app.query(&session, "{ portal { dashboards { id title } } }", json!({})).await.succeeded();
    let found = read.at("/data/portal/dashboards");
    assert!(!found.as_array().unwrap().is_empty());
    assert_eq!(texts(&told["dashboards"], "/id"), texts(&found, "/id"));
    assert_eq!(told["dashboardCount"], found.as_array().unwrap().len());
    assert!(gone.iter().all(|id| chosen.contains(id) && !texts(&found, "/id").contains(id)));
    let none: &[String] = &[];
    for (modes, chosen) in [(json!(["RECORDS"]), chosen.as_slice()), (modes.clone(), none)] {
        let told = ask(&modes, chosen).await.succeeded().at("/data/staff/portalExposure");
        assert_eq!((&told["dashboardCount"], &told["dashboards"]), (&json!(0), &json!([])), "{modes}");
    }
    app.arrange(&format!(
        "insert into dashboards (org_id, id, title, record_id, created_by)
         select org_id, gen_random_uuid(), 'Another company''s', id, owner_id from records where company_id = '{}' limit 1",
        acme.companies[1].id
    ))
    .await;
    let another = ids(&format!("r.company_id = '{}'", acme.companies[1].id)).await;
    assert_eq!(ask(&modes, &another).await.code(), "VALIDATION");
    let theirs = ids(&format!("d.org_id = '{}'", app.rival().id)).await;
    assert_eq!(ask(&modes, &theirs).await.code(), "NOT_FOUND");
}

/// LINK-9: a door function for what is asked about, which moves nobody who is inside a portal.
#[tokio::test]
async fn nobody_inside_a_portal_chooses_its_dashboards() {
    let app = crowd().await;
    let session = app.open(&app.acme().portals[0].token).await;
    let chosen = app.value("select array_agg(id) from dashboards").await;
    let hash = hex::encode(vestibule::domain::callers::hash_token(&session));
    let portal = app.sql("app_portal").await;
    portal.rows("begin").await;
    portal.rows(&format!("select enter_portal('\\x{hash}')")).await;
    let before =
        portal.value("select coalesce(string_agg(id::text, ',' order by id), '') from dashboards").await;
    portal.rows(&format!("select expose_dashboards('{chosen}')")).await;
    let after =
        portal.value("select coalesce(string_agg(id::text, ',' order by id), '') from dashboards").await;
    assert_eq!(after, before);
}

/// LINK-9, REC-5: as making its first portal does.
#[tokio::test]
async fn a_record_that_is_off_counts_as_on_until_it_has_a_portal() {
    let app = crowd().await;
    let off = record(&app, "not portal_enabled and archived_at is null").await;
    let (scope, modes) = (json!({ "recordId": off }), json!(["RECORDS", "FILES"]));
    let told = exposure(&app, &scope, &modes).await;
    assert_eq!(told["opens"], true);
    assert_eq!(texts(&told["records"], "/id"), BTreeSet::from([off.clone()]));
    let found = found(&app, &holder(&app, &scope, &modes).await.unwrap()).await;
    assert_eq!(texts(&told["records"], "/id"), texts(&found, "/id"));
    assert_eq!(told["fileCount"], sum(&found, "fileCount"));

    app.arrange(&format!("update records set portal_enabled = false where id = '{off}'")).await;
    let told = exposure(&app, &scope, &modes).await;
    assert_eq!(told["opens"], false, "a second portal does not turn it on");
    assert_eq!(told["recordCount"], 1);
    assert_eq!(holder(&app, &scope, &modes).await, None);
}

/// LINK-9, REC-3
#[tokio::test]
async fn a_record_of_an_unshared_type_exposes_nothing() {
    let app = crowd().await;
    let unshared = record(&app, "type_id in (select id from record_types where not shared)").await;
    let (scope, modes) = (json!({ "recordId": unshared }), json!(["RECORDS", "FILES", "MESSAGES"]));
    let told = exposure(&app, &scope, &modes).await;
    assert_eq!(
        (&told["opens"], &told["recordCount"], &told["fileCount"]),
        (&json!(false), &json!(0), &json!(0))
    );
    assert_eq!(holder(&app, &scope, &modes).await, None);
}

/// LINK-9
#[tokio::test]
async fn before_a_portal_is_widened_staff_see_what_each_mode_adds() {
    let app = TestApp::world().await;
    let scope = json!({ "companyId": app.acme().companies[0].id });
    let counts = async |modes: Value| {
        let told = exposure(&app, &scope, &modes).await;
        ["recordCount", "fileCount", "messageCount"].map(|name| told[name].as_i64().unwrap())
    };
    let [records, files, messages] = counts(json!(["RECORDS", "FILES", "MESSAGES"])).await;
    assert!(records > 0 && files > 0 && messages > 0);
    assert_eq!(counts(json!(["RECORDS"])).await, [records, 0, 0]);
    assert_eq!(counts(json!(["FILES"])).await, [0, files, 0]);
    assert_eq!(counts(json!(["BILLING"])).await, [0, 0, 0]);
}

/// LINK-9: it is asked about, so nothing is made of it.
#[tokio::test]
async fn asking_changes_nothing_and_lists_at_most_what_was_asked_for() {
    let app = TestApp::world().await;
    let before = app.dump().await;
    let input = json!({ "scope": { "companyId": app.acme().companies[0].id } });
    let ask = async |first: i64| {
        app.query(&app.acme().staff_token, EXPOSURE, json!({ "input": input, "first": first })).await
    };
    let told = ask(2).await.succeeded().at("/data/staff/portalExposure");
    assert_eq!((told["records"].as_array().unwrap().len(), told["files"].as_array().unwrap().len()), (2, 2));
    assert!(told["recordCount"].as_i64().unwrap() > 2);
    assert_eq!(ask(101).await.code(), "VALIDATION");
    assert_eq!(app.dump().await, before);
}

/// LINK-9, ORG-3, ORG-4, INV-5
#[tokio::test]
async fn nobody_asks_about_what_they_could_not_share() {
    let app = TestApp::world().await;
    let (acme, rival) = (app.acme(), app.rival());
    let modes = json!(["RECORDS"]);
    let theirs = asked(&app, json!({ "companyId": rival.companies[0].id }), modes.clone()).await;
    assert_eq!(theirs.code(), "NOT_FOUND");
    let record = app.value(&format!("select id from records where org_id = '{}' limit 1", rival.id)).await;
    assert_eq!(asked(&app, json!({ "recordId": record }), modes.clone()).await.code(), "NOT_FOUND");

    let own = json!({ "companyId": acme.companies[0].id });
    let member = app.member_of(acme, &["RECORDS_WRITE", "SETTINGS_MANAGE"]).await;
    let input = json!({ "input": { "scope": own, "modes": modes } });
    assert_eq!(app.query(&member, EXPOSURE, input).await.code(), "FORBIDDEN");
    asked(&app, own.clone(), modes.clone()).await.succeeded();

    app.arrange("update companies set internal = true").await;
    assert_eq!(asked(&app, own, modes).await.code(), "VALIDATION");
}

/// LINK-9: the function answers to staff who are signed in, and only from outside every scope.
#[tokio::test]
async fn an_exposure_is_entered_by_living_staff_sessions_only() {
    let app = TestApp::world().await;
    let (acme, rival) = (app.acme(), app.rival());
    let hash = |token: &str| hex::encode(vestibule::domain::callers::hash_token(token));
    let enters = async |token: &str, company: uuid::Uuid| {
        let portal = app.sql("app_portal").await;
        portal.rows("begin").await;
        let hash = hash(token);
        portal.rows(&format!("select enter_exposure('\\x{hash}', '{company}', null, '{{RECORDS}}')")).await;
        portal.value("select count(*) from records").await
    };
    assert_eq!(enters(&acme.staff_token, acme.companies[0].id).await, "4");
    assert_eq!(enters(&acme.staff_token, rival.companies[0].id).await, "0");
    assert_eq!(enters("vs_unknown", acme.companies[0].id).await, "0");
    app.arrange("update staff_sessions set ended_at = now()").await;
    assert_eq!(enters(&acme.staff_token, acme.companies[0].id).await, "0");
}

//! The absence: every text in the database is made a marker of its own, and what portals answer is
//! searched for those that are not on the list of what this client may see. The list is short and
//! written out below, so a new column is a secret until somebody adds it there.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::crowd::{self, crowd_with, enter, tables};
use crate::support::documents::{Call, calls};
use crate::support::sdl::Sdl;
use crate::support::{Sql, TestApp};

/// Room for documents that select everything.
const ROOMY: [(&str, &str); 6] = [
    ("GRAPHQL_COMPLEXITY", "1000000000"),
    ("GRAPHQL_DEPTH", "60"),
    ("GRAPHQL_FIELDS", "1000000"),
    ("GRAPHQL_TOKENS", "10000000"),
    ("RATE_PER_ADDRESS", "10000000"),
    ("RATE_PER_CALLER", "10000000"),
];

/// How many objects deep an answer goes.
const DEPTH: usize = 6;

const MODES: [&str; 8] =
    ["DASHBOARD", "FILES", "ACTIVITY", "RECORDS", "MESSAGES", "BILLING", "CALENDAR", "FEEDBACK"];

/// Columns that stay as they are: programs go by them.
const KEPT: [&str; 1] = ["record_types.key"];

/// What a client sees of the records that are `shown`: where the marker stands, and the mode that
/// shows it. `*` shows always.
const SHARED: [(&str, &str); 27] = [
    (
        "*",
        "select concat_ws(' ', name, time_zone, welcome_message, website, support_email) from organizations where org_id = $org",
    ),
    ("*", "select name from companies where org_id = $org and id = $company"),
    ("*", "select concat_ws(' ', title, attribution) from portals where org_id = $org and id = $portal"),
    ("RECORDS", "select name from shown"),
    (
        "RECORDS",
        "select concat_ws(' ', d.title, d.kind, d.format, d.client_status) from deliverables d join shown on shown.id = d.record_id
         where d.visible and d.archived_at is null",
    ),
    (
        "RECORDS",
        "select v.note from deliverable_versions v join deliverables d on d.id = v.deliverable_id join shown on shown.id = d.record_id
         where d.visible and d.archived_at is null and v.ready_at is not null",
    ),
    (
        "RECORDS",
        "select concat_ws(' ', x.reason, x.decided_by, x.receipt, x.receipt_key) from deliverable_decisions x
         join deliverables d on d.id = x.deliverable_id join shown on shown.id = d.record_id where d.visible and d.archived_at is null",
    ),
    ("ACTIVITY", "select name from shown"),
    (
        "ACTIVITY",
        "select concat_ws(' ', a.title, a.body, a.url) from activity_entries a where a.org_id = $org and a.company_id = $company
         and (a.record_id in (select id from shown) or ($record and a.record_id is null))",
    ),
    ("MESSAGES", "select name from shown"),
    ("FEEDBACK", "select name from shown"),
    ("RECORDS", "select client_status from shown where 'STATUS' = any (shared_fields)"),
    ("RECORDS", "select description from shown where 'DESCRIPTION' = any (shared_fields)"),
    (
        "RECORDS",
        "select concat_ws(' ', t.name, t.name_plural) from record_types t join shown on shown.type_id = t.id",
    ),
    (
        "RECORDS",
        "select s.name from stages s join shown on shown.type_id = s.type_id where show_stage_names and 'PHASE' = any (shared_fields)",
    ),
    (
        "RECORDS",
        "select concat_ws(' ', f.key, f.label) from field_definitions f join shown on shown.type_id = f.type_id where f.shared and f.archived_at is null",
    ),
    (
        "RECORDS",
        "select shown.custom ->> f.key from field_definitions f join shown on shown.type_id = f.type_id where f.shared and f.archived_at is null",
    ),
    (
        "RECORDS",
        "select m.name from milestones m join shown on shown.id = m.record_id where 'MILESTONES' = any (shared_fields) and m.archived_at is null",
    ),
    ("FILES", "select name from shown where show_files"),
    (
        "FILES",
        "select f.name from files f join shown on shown.id = f.record_id where show_files and f.shared and f.archived_at is null",
    ),
    (
        "FILES",
        "select f.media_type from files f join shown on shown.id = f.record_id where show_files and f.shared and f.archived_at is null",
    ),
    (
        "MESSAGES",
        "select m.sender_name from messages m join shown on shown.id = m.record_id where show_comments",
    ),
    ("MESSAGES", "select m.body from messages m join shown on shown.id = m.record_id where show_comments"),
    (
        "CALENDAR",
        "select m.name from milestones m join shown on shown.id = m.record_id where 'MILESTONES' = any (shared_fields) and m.archived_at is null",
    ),
    (
        "CALENDAR",
        "select concat_ws(' ', e.title, e.body, e.location) from calendar_events e
         where e.org_id = $org and e.company_id = $company and e.client_visible and e.archived_at is null
             and case when e.record_id is null then $record else e.record_id in (select id from shown) end",
    ),
    ("DASHBOARD", "select d.title from $chosen"),
    (
        "DASHBOARD",
        "select concat_ws(' ', w.title, w.body, m.name, m.unit) from dashboard_widgets w
         join $chosen on w.org_id = d.org_id and w.dashboard_id = d.id
         left join metrics m on m.org_id = w.org_id and m.id = w.metric_id",
    ),
];

/// The dashboards that a door shows.
const CHOSEN: &str = "dashboards d join portal_dashboards c on c.org_id = d.org_id and c.dashboard_id = d.id
    and c.portal_id = $portal and d.org_id = $org and d.archived_at is null
    and (d.record_id is null or d.record_id in (select id from shown))";

/// The records behind a door, through every gate of REC-10.
const SHOWN: &str = "with shown as (
    select r.id, r.type_id, r.name, r.client_status, r.description, r.custom, t.shared_fields, t.show_stage_names,
        t.show_files, t.show_comments
    from records r join record_types t on t.org_id = r.org_id and t.id = r.type_id
    where r.org_id = $org and r.company_id = $company and ($record or r.id = (select record_id from portals where id = $portal))
        and r.portal_enabled and r.archived_at is null and t.shared and t.archived_at is null) ";

/// A portal under one set of modes.
struct Door {
    company: bool,
    portal: String,
    /// Of the link, or of staff's preview.
    token: String,
    modes: Vec<&'static str>,
    preview: bool,
}

impl Door {
    /// What the API is asked with.
    async fn credential(&self, app: &TestApp) -> String {
        if self.preview { self.token.clone() } else { app.open(&self.token).await }
    }

    /// The address of its page.
    fn address(&self) -> String {
        format!("/{}/{}", if self.preview { "preview" } else { "portal" }, self.token)
    }

    /// The database function that enters it.
    fn function(&self) -> &'static str {
        if self.preview { "enter_preview" } else { "enter_portal" }
    }
}

/// REC-4, REC-6, REC-7, REC-10
#[tokio::test]
async fn no_portal_answers_with_anything_that_its_client_may_not_see() {
    let app = crowd_with(ROOMY).await;
    let admin = app.sql("postgres").await;
    let names = plant(&admin).await;
    let ids = hidden_ids(&app, &admin).await;
    for door in doors(&app) {
        open(&app, &door).await;
        let allowed = allowed(&app, &admin, &door).await;
        let what =
            format!("{} portal with {:?}", if door.company { "company" } else { "record" }, door.modes);
        for (asked, answer) in everything(&app, &admin, &door).await {
            let leaks: Vec<&String> =
                markers(&answer).difference(&allowed).map(|marker| &names[&column(marker)]).collect();
            // If this failed, you probably let clients read something new. If they may, add it to
            // SHARED; if not, take the grant away rather than the field.
            assert!(leaks.is_empty(), "{what} shows {leaks:?} when asked for {asked}");
            let stranger = ids.iter().find(|id| answer.contains(id.as_str()) && !asked.contains(id.as_str()));
            assert_eq!(
                stranger, None,
                "{what} shows the id of something hidden when asked for {asked}: {answer}"
            );
        }
    }
}

/// REC-4: were nothing planted found where it belongs, nothing above would mean anything.
#[tokio::test]
async fn a_portal_answers_with_what_is_shared() {
    let app = crowd_with(ROOMY).await;
    let admin = app.sql("postgres").await;
    let names = plant(&admin).await;
    let door = doors(&app).into_iter().find(|door| door.company && door.modes.len() == MODES.len()).unwrap();
    open(&app, &door).await;
    let answers = everything(&app, &admin, &door).await;
    let found = |from: &str| -> BTreeSet<String> {
        let answers = answers.iter().filter(|(asked, _)| asked.starts_with(from));
        answers
            .flat_map(|(_, answer)| markers(answer))
            .map(|marker| names[&column(&marker)].clone())
            .collect()
    };
    let (api, page) = (found("Portal"), found("/"));
    for shared in [
        "organizations.name",
        "organizations.welcome_message",
        "companies.name",
        "portals.title",
        "portals.attribution",
        "records.name",
        "records.client_status",
        "records.description",
        "records.custom",
        "record_types.name",
        "stages.name",
        "milestones.name",
        "field_definitions.label",
        "calendar_events.title",
        "dashboards.title",
        "dashboard_widgets.title",
        "metrics.unit",
    ] {
        assert!(api.contains(shared), "the API shows no {shared}: {api:?}");
    }
    for shared in
        ["organizations.name", "portals.title", "records.name", "milestones.name", "calendar_events.title"]
    {
        assert!(page.contains(shared), "the page shows no {shared}: {page:?}");
    }
}

/// Makes every text a marker: `zq<column>r<row>zq`. Returns the columns' names by their number.
async fn plant(admin: &Sql) -> BTreeMap<String, String> {
    let columns = admin
        .rows(
            "select t.relname, a.attname, format_type(a.atttypid, -1) from pg_class t
             join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and t.relname not like '\\_\\_diesel%'
                 and a.atttypid in ('text'::regtype, 'jsonb'::regtype)
             order by t.relname = 'records', t.relname, a.attnum",
        )
        .await;
    let mut names = BTreeMap::new();
    for (number, row) in columns.into_iter().enumerate() {
        let [table, column, kind] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap);
        let name = format!("{table}.{column}");
        if KEPT.contains(&name.as_str()) {
            continue;
        }
        let marker = format!("'zq{number}r' || s.n || 'zq'");
        let values = match (kind.as_str(), name.as_str()) {
            (_, "records.custom") => vec![custom(number)],
            (_, "records.custom_shared") => continue,
            ("jsonb", _) => vec![format!("jsonb_build_object('secret', {marker})")],
            _ => vec![marker.clone(), format!("{marker} || '@secret.example'")],
        };
        for value in values {
            let update = format!(
                "update {table} t set {column} = {value}
                 from (select ctid as place, row_number() over () as n from {table}) s where t.ctid = s.place"
            );
            // Closed sets refuse a marker; they hold no secret text either. What triggers lock is written past them.
            let past = format!(
                "set session_replication_role = replica; {update}; set session_replication_role = origin"
            );
            if admin.attempt(&update).await.is_ok() || admin.attempt(&past).await.is_ok() {
                break;
            }
            admin.rows("set session_replication_role = origin").await;
        }
        names.insert(number.to_string(), name);
    }
    names
}

/// A value for every custom field of a record, shared, hidden and archived ones.
fn custom(number: usize) -> String {
    format!(
        "(select coalesce(jsonb_object_agg(f.key, case f.kind
             when 'NUMBER' then '1'::jsonb when 'BOOLEAN' then 'true' when 'DATE' then '\"2026-01-01\"'
             when 'MONEY' then '{{\"amount\": \"1.00\", \"currency\": \"EUR\"}}'
             when 'URL' then to_jsonb('https://' || f.marker || '.example') else to_jsonb(f.marker) end), '{{}}')
          from (select d.*, 'zq{number}r' || s.n * 1000 + row_number() over (order by d.id) || 'zq' as marker
              from field_definitions d where d.org_id = t.org_id and d.type_id = t.type_id) f)"
    )
}

/// Company and record portal, each with every mode alone, all modes, and all but one; and staff's
/// preview of the first, with all modes and with one (LINK-9).
fn doors(app: &TestApp) -> Vec<Door> {
    let mut sets: Vec<Vec<&'static str>> = MODES.iter().map(|mode| vec![*mode]).collect();
    sets.push(MODES.to_vec());
    sets.extend(MODES.iter().map(|left_out| MODES.into_iter().filter(|mode| mode != left_out).collect()));
    let acme = app.acme();
    let record = acme.portals.iter().find(|portal| portal.scope == "RECORD").unwrap();
    let previews = [MODES.to_vec(), vec![MODES[0]]].map(|modes| Door {
        company: true,
        portal: acme.portals[0].id.to_string(),
        token: crowd::preview(acme),
        modes,
        preview: true,
    });
    [&acme.portals[0], record]
        .into_iter()
        .flat_map(|portal| {
            sets.iter().map(|modes| Door {
                company: portal.scope == "COMPANY",
                portal: portal.id.to_string(),
                token: portal.token.clone(),
                modes: modes.clone(),
                preview: false,
            })
        })
        .chain(previews)
        .collect()
}

async fn open(app: &TestApp, door: &Door) {
    let modes = door.modes.join(",");
    app.arrange(&format!("update portals set modes = '{{{modes}}}' where id = '{}'", door.portal)).await;
}

/// The markers that a door's client may see.
async fn allowed(app: &TestApp, admin: &Sql, door: &Door) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for (mode, query) in SHARED {
        if mode == "*" || door.modes.contains(&mode) {
            let query = format!("{SHOWN}{query}")
                .replace("$chosen", CHOSEN)
                .replace("$org", &format!("'{}'", app.acme().id))
                .replace("$company", &format!("'{}'", app.acme().companies[0].id))
                .replace("$record", &door.company.to_string())
                .replace("$portal", &format!("'{}'", door.portal));
            allowed.extend(admin.column(&query).await.iter().flat_map(|text| markers(text)));
        }
    }
    allowed
}

/// Ids that no client of the first company may ever learn.
async fn hidden_ids(app: &TestApp, admin: &Sql) -> Vec<String> {
    let (org, company) = (app.acme().id, app.acme().companies[0].id);
    admin
        .column(&format!(
            "select id from records r where company_id <> '{company}' or not portal_enabled or archived_at is not null
                 or type_id in (select id from record_types where not shared)
             union all select id from companies where id <> '{company}'
             union all select id from members union all select id from contacts union all select id from people
             union all select id from files where not shared or archived_at is not null or org_id <> '{org}'
             union all select id from milestones where archived_at is not null or org_id <> '{org}'
             union all select id from calendar_events where not client_visible or archived_at is not null or company_id <> '{company}'
                 or record_id in (select id from records where not portal_enabled)
             union all select id from activity_entries where company_id <> '{company}'
                 or record_id in (select id from records where not portal_enabled)
             union all select id from dashboards where org_id <> '{org}' or archived_at is not null
                 or id not in (select dashboard_id from portal_dashboards)
                 or record_id in (select id from records where not portal_enabled)
             union all select id from metrics where key = 'unshown' or org_id <> '{org}'
             union all select id from record_types where org_id <> '{org}' or not shared
             union all select id from portals where org_id <> '{org}' or company_id <> '{company}'
             union all select d.id from deliverables d where not d.visible or d.org_id <> '{org}'
                 or d.record_id in (select id from records where not portal_enabled)
             union all select v.id from deliverable_versions v where v.ready_at is null or v.org_id <> '{org}'
             union all select id from comments union all select id from tasks union all select id from team_notices
             union all select org_id from organizations where org_id <> '{org}'"
        ))
        .await
}

/// Every answer that a link gives: each field of the portal root with all there is below it, asked
/// for what may be seen and for what may not, and every page that can be reached.
async fn everything(app: &TestApp, admin: &Sql, door: &Door) -> Vec<(String, String)> {
    let sdl = Sdl::served();
    let session = door.credential(app).await;
    let mut answers = Vec::new();
    // All of the first company, and one of each other.
    let own = format!("select id from records where company_id = '{}' union", app.acme().companies[0].id);
    let others = "(select distinct on (company_id) id from records order by company_id, id)";
    let records = admin.column(&format!("{own} {others}")).await;
    for call in calls(&sdl, 9).iter().filter(|call| asks(call)) {
        let ids: &[String] = if call.places.is_empty() { &records[..1] } else { &records };
        for id in ids {
            let (document, variables) = call.document(&sdl, &|_| id.clone(), call.places.first(), DEPTH);
            let answer = app.query(&session, &document, variables).await;
            answers.push((format!("{} {id}", call.coordinate), answer.body().to_owned()));
        }
        let (document, variables) = call.document(&sdl, &|_| records[0].clone(), None, DEPTH);
        let answer = app.query(&session, &document, variables).await;
        answers.push((call.coordinate.clone(), answer.body().to_owned()));
    }
    answers.extend(pages(app, &door.address(), &records).await);
    answers.extend(rows(app, admin, door).await);
    answers
}

/// What the portal's database login reads behind the same door, whether or not anything asks for it:
/// the second wall has to stand without the first.
async fn rows(app: &TestApp, admin: &Sql, door: &Door) -> Vec<(String, String)> {
    let session = app.sql("app_portal").await;
    enter(&session, door.function(), &door.token).await;
    let mut answers = Vec::new();
    for table in tables(admin).await {
        let readable = format!(
            "select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = '{table}'::regclass
             and attnum > 0 and not attisdropped and has_column_privilege('app_portal', '{table}', attnum, 'select')"
        );
        let columns = admin.value(&readable).await;
        if !columns.is_empty() {
            let query = format!("select row_to_json(s) from (select {columns} from {table}) s");
            answers.push((format!("sql {table}"), session.column(&query).await.join("\n")));
        }
    }
    answers
}

fn asks(call: &Call) -> bool {
    let inner = call.path.last().is_some_and(|field| !field.arguments.is_empty());
    call.operation == "query" && call.root() == "portal" && (call.path.len() == 2 || inner)
}

/// The page, whatever it links to, and the same addresses with every other record's id.
async fn pages(app: &TestApp, address: &str, records: &[String]) -> Vec<(String, String)> {
    let link = Regex::new(r#"(?:href|src|action)="(/(?:portal|preview)/[^"]+)""#).unwrap();
    let mut waiting = vec![address.to_owned()];
    let mut seen = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        // If this failed, you probably made pages that link to ever more of themselves.
        assert!(seen.len() < 500, "there are more pages than are looked at: {path}");
        let answer = app.get(&path).await;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let plain =
            |address: &str| address.replace("&#38;", "&").split('#').next().unwrap_or_default().to_owned();
        waiting.extend(link.captures_iter(&body).map(|found| plain(&found[1])));
        if let Some(own) = records.iter().find(|id| path.contains(id.as_str())) {
            waiting.extend(records.iter().map(|other| path.replace(own.as_str(), other)));
        }
        seen.insert(path, body);
    }
    seen.into_iter().collect()
}

fn markers(text: &str) -> BTreeSet<String> {
    let marker = Regex::new(r"zq\d+r\d+zq").unwrap();
    marker.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// The number of a marker's column.
fn column(marker: &str) -> String {
    marker[2..].split('r').next().unwrap().to_owned()
}

//! The surface: every field behind the guarded roots, and every field anywhere that takes an id,
//! called by every wrong caller. What there is to call comes from the SDL, what ids there are from
//! the catalogue; what is not called is counted, and must be nothing.

mod ids;

use std::collections::BTreeSet;

use ids::Ids;
use serde_json::Value;
use uuid::Uuid;

use super::crowd::{self, crowd_with};
use crate::support::documents::{Call, Place, calls};
use crate::support::sdl::Sdl;
use crate::support::{Answer, TestApp};

/// Room for documents that select everything.
const ROOMY: [(&str, &str); 5] = [
    ("GRAPHQL_COMPLEXITY", "100000000"),
    ("GRAPHQL_FIELDS", "100000"),
    ("GRAPHQL_TOKENS", "1000000"),
    ("RATE_PER_ADDRESS", "10000000"),
    ("RATE_PER_CALLER", "10000000"),
];

/// How far from the roots fields are looked for.
const DEPTH: usize = 9;

/// What is called: fields behind the roots, and whatever takes an id.
fn surface(sdl: &Sdl) -> Vec<Call> {
    let calls = calls(sdl, DEPTH).into_iter();
    calls.filter(|call| call.path.len() == 2 || !call.places.is_empty()).collect()
}

/// Somebody who should not get in, or not get at something.
struct Caller {
    who: &'static str,
    token: String,
    /// The code that any other root than their own answers with.
    code: &'static str,
}

fn strangers(app: &TestApp, call: &Call) -> Vec<Caller> {
    let caller = |who, token: &str, code| Caller { who, token: token.to_owned(), code };
    let acme = app.acme();
    let unknown = "vw_0123456789abcdefghijABCDEFGHIJ01";
    // LINK-9: a preview reads only, so its changes are refused before anybody looks at it.
    let looking = match call.operation {
        "query" => caller("an unknown preview", unknown, "LINK_INACTIVE"),
        _ => caller("a member with a live preview", &crowd::preview(acme), "FORBIDDEN"),
    };
    match call.root() {
        "staff" => vec![
            caller("a holder of a preview", &crowd::preview(acme), "FORBIDDEN"),
            caller("nobody", "", "UNAUTHENTICATED"),
            caller("an unknown staff session", "vs_0123456789abcdefghijABCDEFGHIJ01", "UNAUTHENTICATED"),
            caller("garbage", "garbage", "UNAUTHENTICATED"),
            caller("a CLIENT member", &crowd::client_member(acme), "UNAUTHENTICATED"),
            caller("a visitor who proved an address", &crowd::visitor(acme), "UNAUTHENTICATED"),
            caller("an ended staff session", &crowd::ended_staff(acme), "UNAUTHENTICATED"),
            caller("a client of the organisation", &crowd::live_session(acme), "FORBIDDEN"),
        ],
        _ => vec![
            caller("nobody", "", "UNAUTHENTICATED"),
            caller("an unknown portal session", "vp_0123456789abcdefghijABCDEFGHIJ01", "LINK_INACTIVE"),
            caller("garbage", "garbage", "UNAUTHENTICATED"),
            caller("a visitor who proved an address", &crowd::visitor(acme), "UNAUTHENTICATED"),
            caller("an ended portal session", &crowd::ended_session(acme), "LINK_INACTIVE"),
            caller("a member of staff", &acme.staff_token, "FORBIDDEN"),
            looking,
        ],
    }
}

/// ORG-2, ORG-4, REC-6, API-3
#[tokio::test]
async fn a_stranger_gets_nothing_but_a_code_from_any_field() {
    let app = crowd_with(ROOMY).await;
    let sdl = Sdl::served();
    let admin = app.sql("postgres").await;
    let acme = Ids::around(&admin, app.acme().id, app.acme().companies[0].id, "portal_enabled").await;
    let own = secrets(&app, app.acme().id).await;
    for call in surface(&sdl).iter().filter(|call| matches!(call.root(), "staff" | "portal")) {
        for caller in strangers(&app, call) {
            let (document, variables) = call.document(&sdl, &|place| acme.of(place), None, 1);
            let answer = app.query(&caller.token, &document, variables).await;
            let at = format!("{} by {}: {}", call.coordinate, caller.who, answer.body());
            // If this failed, you probably resolved something before the root had let the caller in.
            assert_eq!(answer.code(), caller.code, "{at}");
            assert_eq!(answer.at(&format!("/data/{}", call.root())), Value::Null, "{at}");
            assert_eq!(leaked(&answer, &own), None, "{at}");
        }
    }
}

/// ORG-4
#[tokio::test]
async fn another_organisations_staff_find_nothing_of_ours_in_any_list() {
    let app = crowd_with(ROOMY).await;
    let sdl = Sdl::served();
    let admin = app.sql("postgres").await;
    let rival = Ids::around(&admin, app.rival().id, app.rival().companies[0].id, "portal_enabled").await;
    let ours = secrets(&app, app.acme().id).await;
    let theirs = secrets(&app, app.rival().id).await;
    let mut found = 0;
    for call in surface(&sdl).iter().filter(|call| call.operation == "query") {
        for (root, token) in [
            ("staff", app.rival().staff_token.clone()),
            ("portal", crowd::live_session(app.rival())),
            ("portal", crowd::preview(app.rival())),
        ] {
            if call.root() == root {
                let (document, variables) = call.document(&sdl, &|place| rival.of(place), None, 4);
                let answer = app.query(&token, &document, variables).await;
                assert_eq!(leaked(&answer, &ours), None, "{}: {}", call.coordinate, answer.body());
                found += usize::from(leaked(&answer, &theirs).is_some());
            }
        }
    }
    assert!(found > 4, "callers find hardly anything of their own: this looks at too little");
}

/// ORG-4, REC-6
#[tokio::test]
async fn what_others_own_answers_as_if_it_never_existed() {
    let app = crowd_with(ROOMY).await;
    let sdl = Sdl::served();
    let admin = app.sql("postgres").await;
    let (acme, rival) = (app.acme(), app.rival());
    let ours = Ids::around(&admin, acme.id, acme.companies[0].id, "portal_enabled").await;
    let hidden = Ids::around(&admin, acme.id, acme.companies[0].id, "not portal_enabled").await;
    let unshared = "type_id in (select id from record_types where not shared)";
    let unshared = Ids::around(&admin, acme.id, acme.companies[0].id, unshared).await;
    let neighbours = Ids::around(&admin, acme.id, acme.companies[1].id, "portal_enabled").await;
    let theirs = Ids::around(&admin, rival.id, rival.companies[0].id, "portal_enabled").await;
    let neighbour = &acme.portals.iter().find(|portal| portal.title == acme.companies[1].name).unwrap().token;
    let neighbour = app.open(neighbour).await;
    let (ourselves, visitors) = (crowd::live_session(acme), crowd::live_session(rival));
    let (our_preview, their_preview) = (crowd::preview(acme), crowd::preview(rival));
    let mut covered = BTreeSet::new();
    for call in surface(&sdl) {
        for place in &call.places {
            let tries: Vec<(&str, &str, &Ids, &Ids)> = match call.root() {
                "staff" => vec![("another organisation's staff", &rival.staff_token, &theirs, &ours)],
                "portal" => vec![
                    ("another organisation's client", &visitors, &theirs, &ours),
                    ("another company's client", &neighbour, &neighbours, &ours),
                    ("the company itself, of a record that is off", &ourselves, &ours, &hidden),
                    ("the company itself, of an unshared type", &ourselves, &ours, &unshared),
                    ("another organisation's preview", &their_preview, &theirs, &ours),
                    ("a preview, of a record that is off", &our_preview, &ours, &hidden),
                    ("a preview, of an unshared type", &our_preview, &ours, &unshared),
                ],
                _ => vec![("nobody", "", &ours, &ours)],
            };
            for (who, token, own, foreign) in tries {
                compare(&app, &sdl, &call, place, (who, token, own, foreign)).await;
            }
            covered.insert((call.coordinate.clone(), place.path.clone()));
        }
    }
    let uncovered: Vec<_> = every_place(&sdl).into_iter().filter(|place| !covered.contains(place)).collect();
    // If this failed, you probably added a field that takes an id further from the roots than DEPTH.
    assert!(uncovered.is_empty(), "nobody tried these with a foreign id: {uncovered:#?}");
}

/// A foreign id and one that never existed, in the same place, answer the same.
async fn compare(
    app: &TestApp,
    sdl: &Sdl,
    call: &Call,
    place: &Place,
    (who, token, own, foreign): (&str, &str, &Ids, &Ids),
) {
    let (theirs, mine, never) = (foreign.of(place), own.of(place), Uuid::from_u128(7).to_string());
    if theirs == mine {
        return;
    }
    let mut answers = Vec::new();
    for id in [&theirs, &never] {
        let fill = |at: &Place| if at.path == place.path { id.clone() } else { own.of(at) };
        let (document, variables) = call.document(sdl, &fill, Some(place), 2);
        let answer = app.query(token, &document, variables).await;
        answers.push(answer.body().replace(id.as_str(), "(the id)"));
        let at = format!("{} {:?} by {who}: {}", call.coordinate, place.path, answer.body());
        if call.operation == "mutation" {
            // If this failed, you probably change or link something by an id without loading it first.
            let code = answer.code();
            assert!(["NOT_FOUND", "VALIDATION", "FORBIDDEN"].contains(&code.as_str()), "{at}");
        }
    }
    // If this failed, you probably answer FORBIDDEN, CONFLICT or a row where NOT_FOUND belongs: a
    // caller could tell that the id exists.
    assert_eq!(answers[0], answers[1], "{} {:?} by {who}", call.coordinate, place.path);
}

/// ORG-4: were these documents refused for their owners too, the refusals above would prove nothing.
#[tokio::test]
async fn the_owners_get_what_strangers_are_refused() {
    let sdl = Sdl::served();
    let mut unproven = Vec::new();
    let reading = crowd_with(ROOMY).await;
    for call in surface(&sdl) {
        for place in &call.places {
            let own;
            let app = if call.operation == "query" {
                &reading
            } else {
                own = crowd_with(ROOMY).await;
                &own
            };
            let token = match call.root() {
                "staff" => app.acme().staff_token.clone(),
                "portal" => crowd::live_session(app.acme()),
                _ => continue,
            };
            let admin = app.sql("postgres").await;
            let ids = Ids::around(&admin, app.acme().id, app.acme().companies[0].id, "portal_enabled").await;
            let (document, variables) = call.document(&sdl, &|place| ids.of(place), Some(place), 2);
            let answer = app.query(&token, &document, variables.clone()).await;
            if refused_unseen(&answer, place) {
                unproven.push(format!("{} {:?}: {} {variables}", call.coordinate, place.path, answer.body()));
            }
        }
    }
    // If this failed, you probably added a field whose input `documents.rs` cannot make up: teach
    // scalar() a value, or ids.rs which table an argument means.
    assert!(unproven.is_empty(), "{}", unproven.join("\n"));
}

/// Whether an owner was refused before anybody looked at the row that the place names.
fn refused_unseen(answer: &Answer, place: &Place) -> bool {
    let json = answer.json();
    let Some(error) = json.pointer("/errors/0/extensions") else { return false };
    let about_the_row = error.pointer("/fields/0/path").is_some_and(|path| *path == place.path.join("."));
    let code = error["code"].as_str().unwrap();
    ["NOT_FOUND", "INTERNAL"].contains(&code) || (code == "VALIDATION" && !about_the_row)
}

/// Every argument and input field in the SDL that holds an id, as the SDL tells it: not through the
/// documents that the test makes.
fn every_place(sdl: &Sdl) -> BTreeSet<(String, Vec<String>)> {
    let mut places = BTreeSet::new();
    // Subscriptions are no calls with one answer: `live::told` tries theirs.
    for name in sdl.types.keys().filter(|name| *name != "Subscription") {
        for field in sdl.fields(name) {
            for argument in &field.arguments {
                walk(sdl, &argument.kind.name, vec![argument.name.clone()], &mut |path| {
                    places.insert((format!("{name}.{}", field.name), path));
                });
            }
        }
    }
    places
}

fn walk(sdl: &Sdl, kind: &str, path: Vec<String>, found: &mut dyn FnMut(Vec<String>)) {
    if kind == "ID" {
        found(path.clone());
    }
    for inner in sdl.inputs(kind).iter().filter(|_| path.len() < 6) {
        let path = path.iter().cloned().chain([inner.name.clone()]).collect();
        walk(sdl, &inner.kind.name, path, found);
    }
}

/// Every id of an organisation's rows, and what only its own people know.
async fn secrets(app: &TestApp, org: Uuid) -> BTreeSet<String> {
    let admin = app.sql("postgres").await;
    let mut secrets = BTreeSet::from([org.to_string()]);
    for table in crowd::tables(&admin).await {
        let has = format!(
            "select count(*) from pg_attribute where attrelid = '{table}'::regclass and attname in ('id', 'org_id')"
        );
        if admin.value(&has).await == "2" {
            secrets.extend(admin.column(&format!("select id from {table} where org_id = '{org}'")).await);
        }
    }
    secrets
}

/// The first of the secrets in an answer.
fn leaked<'a>(answer: &Answer, secrets: &'a BTreeSet<String>) -> Option<&'a str> {
    let body = answer.body();
    secrets.iter().map(String::as_str).find(|secret| body.contains(secret))
}

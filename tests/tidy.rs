//! What the house looks like from outside, without a database: which layer may name which, how long
//! a file and a function may be, what every module says about itself, and that each rule of this
//! release has a test that names it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Lines of a file, and of a function.
const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 60;

/// Written by a program, so as long as it gets.
const GENERATED: [&str; 1] = ["src/db/schema.rs"];

/// Each layer, and which of our own modules it may name besides itself.
const LAYERS: [(&str, &[&str]); 11] = [
    ("db", &["error", "clock", "config"]),
    ("domain", &["db", "error", "clock", "sealing"]),
    ("live", &["app", "clock", "db", "domain", "error"]),
    (
        "graphql",
        &[
            "adapters", "app", "config", "db", "domain", "error", "clock", "limits", "live", "sealing",
            "usage",
        ],
    ),
    ("page", &["error", "graphql", "app"]),
    (
        "http",
        &[
            "adapters", "app", "config", "db", "domain", "error", "graphql", "limits", "live", "metrics",
            "page", "usage",
        ],
    ),
    ("adapters", &["config", "db", "error"]),
    ("letters", &["db", "domain", "page"]),
    ("config", &["db", "adapters", "error", "sealing"]),
    ("demo", &["app", "clock", "config", "db", "domain", "http", "sealing", "worker"]),
    ("worker", &["adapters", "app", "clock", "config", "db", "domain", "error", "letters", "usage"]),
];

/// The rules that this release promises.
const RULES: [&str; 74] = [
    "ORG-1", "ORG-2", "ORG-3", "ORG-4", "ORG-5", "REC-2", "REC-3", "REC-4", "REC-5", "REC-6", "REC-7",
    "REC-8", "REC-9", "REC-10", "LINK-1", "LINK-2", "LINK-3", "LINK-4", "LINK-5", "LINK-6", "LINK-7",
    "LINK-8", "LINK-9", "LINK-11", "DOOR-1", "DOOR-2", "DOOR-3", "DOOR-4", "DOOR-5", "EVT-1", "EVT-2",
    "EVT-3", "EVT-4", "EVT-5", "EVT-6", "REC-1", "API-1", "API-2", "API-3", "API-4", "API-5", "API-6",
    "API-7", "API-8", "LINK-10", "INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "NOTE-4", "NOTE-5", "DOOR-6",
    "DOOR-7", "NOTE-1", "NOTE-2", "NOTE-3", "MSG-1", "MSG-2", "MSG-3", "CAL-1", "DASH-1", "DASH-2", "FILE-1",
    "FILE-2", "FILE-3", "FILE-4", "DEL-5", "DEL-1", "DEL-2", "DEL-3", "DEL-4", "EVT-8", "NAV-1",
];

/// Invariants of the way of a request: one way, no way back.
#[test]
fn a_layer_names_only_what_stands_to_its_right() {
    let named = Regex::new(r"\b(?:crate|super::super::super)::([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (layer, may) in LAYERS {
        for file in sources(&format!("src/{layer}")) {
            for (number, line) in code(&file) {
                for found in named.captures_iter(&line) {
                    let other = &found[1];
                    if other != layer && !may.contains(&other) && is_module(other) {
                        wrong.push(format!("{}:{number} names {other}", file.display()));
                    }
                }
            }
        }
    }
    // If this failed, you probably reached for something to the left: pass it in, or move it right.
    assert_eq!(wrong, Vec::<String>::new());
}

/// Invariant 1: what speaks to Postgres is in two layers; `demo` plants data and `error` maps errors.
#[test]
fn only_the_database_and_the_domain_name_diesel() {
    let diesel = Regex::new(r"\bdiesel(_async|_migrations)?::|\btokio_postgres::").unwrap();
    let allowed = ["src/db", "src/domain", "src/demo", "src/error.rs"];
    nobody("name diesel", &diesel, |path| !allowed.iter().any(|allowed| path.starts_with(allowed)));
}

/// Invariant 1
#[test]
fn only_the_scope_begins_a_transaction() {
    let begin = Regex::new(r#"\.transaction\(|build_transaction|"begin\b"#).unwrap();
    nobody("begin a transaction", &begin, |path| path != "src/db/scope.rs" && !path.starts_with("src/demo"));
}

/// Invariants 7 and 8
#[test]
fn staff_and_portal_know_nothing_of_each_other() {
    let staff = Regex::new(r"graphql::staff|schema::staff|callers::Staff|Tx<Staff>").unwrap();
    nobody("name the staff side", &staff, |path| {
        path.starts_with("src/graphql/portal") || path.starts_with("src/page")
    });
    let portal = Regex::new(r"graphql::portal|schema::portal|callers::Portal\b|Tx<Portal>").unwrap();
    nobody("name the portal side", &portal, |path| path.starts_with("src/graphql/staff"));
}

/// A feature's rows are its own.
#[test]
fn nobody_sees_the_rows_of_a_feature() {
    let public = Regex::new(r"^\s*pub(\([a-z]+\))? mod rows;").unwrap();
    nobody("publish rows", &public, |_| true);
}

#[test]
fn the_environment_is_read_in_config_only() {
    let read = Regex::new(r"env::(var|vars|var_os)\b").unwrap();
    // PATH says where programs are; demo looks for Postgres and Redis there.
    nobody("read the environment", &read, |path| {
        !path.starts_with("src/config") && path != "src/demo/servers.rs"
    });
}

#[test]
fn no_lint_is_silenced_without_a_reason_and_nothing_is_left_for_later() {
    let silenced = Regex::new(r"#!?\[allow\(").unwrap();
    nobody("silence lints with allow", &silenced, |_| true);
    let later = Regex::new(r"\b(TODO|FIXME|XXX)\b").unwrap();
    let tests = sources("tests").into_iter().filter(|file| !file.ends_with("tidy.rs"));
    for file in sources("src").into_iter().chain(tests) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!later.is_match(&text), "{} leaves something for later", file.display());
    }
}

/// Diesel prepares what is written in SQL anew at each use, unless it is told that the text stays the same.
#[test]
fn what_is_written_in_sql_is_prepared_once_and_names_its_columns() {
    let raw = Regex::new(r"\bdsl::(sql\b|\{.*\bsql\b)|select \*").unwrap();
    nobody("write SQL that is planned anew, or fails when a function tells more", &raw, |path| {
        path.starts_with("src/domain")
    });
    for file in sources("src/domain") {
        let text: String = code(&file).into_iter().map(|(_, line)| line + "\n").collect();
        let (queries, prepared) = (text.matches("sql_query(").count(), text.matches(".prepared()").count());
        assert_eq!(queries, prepared, "{}: end each sql_query with .prepared()", file.display());
    }
}

#[test]
fn nothing_of_the_crate_is_there_for_tests_only() {
    let tests = Regex::new(r"\bcfg(?:_attr|!)?\(.*\btest\b|#\[(?:tokio::)?test\b").unwrap();
    // If this failed, you probably tested a function beside it: that never runs; write it in tests/it/units.
    nobody("are for tests", &tests, |_| true);
}

/// Style 2
#[test]
fn files_and_functions_stay_small() {
    let mut long = Vec::new();
    for file in sources("src").into_iter().chain(sources("tests")) {
        if GENERATED.iter().any(|generated| file == Path::new(generated)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{} has {lines} lines", file.display()));
        }
        long.extend(long_functions(&text).into_iter().map(|name| format!("{}: {name}", file.display())));
    }
    // If this failed, you probably let a file or function grow: split it by rule, never by kind.
    assert_eq!(long, Vec::<String>::new());
}

/// Functions over the limit. `rustfmt` closes a function at the indentation that it opened with.
fn long_functions(text: &str) -> Vec<String> {
    let head = Regex::new(r"^(\s*)(?:pub(?:\([a-z]+\))? )?(?:const )?(?:async )?fn (\w+)").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(found) = head.captures(line) else { continue };
        let opens = lines[start..]
            .iter()
            .find(|line| line.ends_with('{') || line.ends_with(';') || line.ends_with('}'));
        if !opens.is_some_and(|line| line.ends_with('{')) {
            continue;
        }
        let close = format!("{}}}", &found[1]);
        let length = lines[start..].iter().position(|line| *line == close);
        if length.is_some_and(|length| length + 1 > LONGEST_FUNCTION) {
            long.push(format!("{} has {} lines", &found[2], length.unwrap() + 1));
        }
    }
    long
}

/// Style 6
#[test]
fn every_module_says_what_lives_in_it() {
    for file in sources("src").into_iter().chain(sources("tests")) {
        let text = fs::read_to_string(&file).unwrap();
        let opens = text.starts_with("//!") || text.starts_with("// @generated");
        assert!(opens, "{} does not open with //!", file.display());
    }
}

#[test]
fn every_feature_is_on_the_code_map() {
    let map = fs::read_to_string("docs/ARCHITECTURE.md").unwrap();
    for entry in fs::read_dir("src/domain").unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let name = format!("domain/{}", entry.file_name().to_string_lossy());
            // If this failed, you probably added a feature: give it a line under Features.
            assert!(map.contains(&format!("`{name}`")), "docs/ARCHITECTURE.md does not name {name}");
        }
    }
    let named = Regex::new(r"`((?:domain|graphql)/[a-z_/.]+)`").unwrap();
    for found in named.captures_iter(&map) {
        assert!(
            Path::new("src").join(&found[1]).exists(),
            "docs/ARCHITECTURE.md names {}, which is not",
            &found[1]
        );
    }
}

#[test]
fn every_rule_of_this_release_has_a_test_that_names_it() {
    let comments: String = sources("tests")
        .into_iter()
        .filter(|file| !file.ends_with("tidy.rs"))
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let comments: Vec<String> =
                text.lines().filter(|line| line.trim_start().starts_with("///")).map(str::to_owned).collect();
            comments
        })
        .map(|line| line + "\n")
        .collect();
    let unproven: Vec<&str> = RULES
        .into_iter()
        .filter(|rule| !Regex::new(&format!(r"\b{rule}\b")).unwrap().is_match(&comments))
        .collect();
    // If this failed, you probably removed a rule's only test, or forgot its id above it.
    assert_eq!(unproven, Vec::<&str>::new(), "no test names these rules");
}

/// Fails if code matches in one of our files that `where_` holds for.
fn nobody(does: &str, pattern: &Regex, where_: impl Fn(&str) -> bool) {
    let mut found = Vec::new();
    for file in sources("src") {
        if where_(file.to_str().unwrap()) {
            let lines = code(&file).into_iter().filter(|(_, line)| pattern.is_match(line));
            found.extend(lines.map(|(number, line)| format!("{}:{number} {}", file.display(), line.trim())));
        }
    }
    assert!(found.is_empty(), "these {does}: {found:#?}");
}

/// The lines of a file without its comments.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    lines.map(|(number, line)| (number + 1, line.to_owned())).collect()
}

fn is_module(name: &str) -> bool {
    Path::new("src").join(name).is_dir() || Path::new("src").join(format!("{name}.rs")).is_file()
}

/// Every Rust file below a folder, in order.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![PathBuf::from(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

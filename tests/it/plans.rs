//! How Postgres finds a portal's home and activity among a thousand companies: the plans of the very
//! statements that the service sends, nested ones of the door included, with the planner as it comes.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::server_log::ServerLog;

const HOME: &str = "{ portal { doorway { title } home { sections { groups { count fileCount messageCount
    records { id name fileCount messageCount } } } } } }";

const ACTIVITY: &str =
    "{ portal { sections { mode count } activity(first: 25) { totalCount edges { node { text } } } } }";

/// Tables that a portal must never read from end to end.
const LARGE: [&str; 8] =
    ["events", "records", "files", "messages", "milestones", "portals", "portal_links", "portal_sessions"];

/// Pages of 8 kB that one statement may touch. A home of 20 projects needs about 1,100 for the
/// heap of its 1,000 messages, which lie anywhere; reading all messages would be over 15,000.
const MOST_PAGES: u64 = 2_500;

/// REC-9, NAV-1, EVT-8
#[tokio::test]
async fn a_portals_home_and_activity_are_index_walks_among_a_million_messages() {
    let app = TestApp::world().await;
    let admin = app.sql("postgres").await;
    app.arrange(include_str!("plans.sql")).await;
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_nested_statements = on",
        "auto_explain.log_format = json",
    ] {
        app.arrange(&format!("alter role app_portal in database {} set {setting}", app.database)).await;
    }
    // The first times on a connection plan with the values at hand, later ones may be generic.
    for _ in 0..7 {
        let log = ServerLog::start(&app);
        let answer = app.query("vp_many500", HOME, json!({})).await.succeeded();
        let counted = &answer.json()["data"]["portal"]["home"]["sections"][0]["groups"][0];
        assert_eq!((&counted["count"], &counted["messageCount"]), (&json!(20), &json!(1000)));
        let answer = app.query("vp_many500", ACTIVITY, json!({})).await.succeeded();
        let portal = &answer.json()["data"]["portal"];
        assert_eq!(portal["sections"][3], json!({ "mode": "ACTIVITY", "count": 99 }));
        assert_eq!(portal["activity"]["totalCount"], 100);
        let plans = plans(&log.messages(&admin, "app_portal").await);
        assert!(plans.len() > 5, "auto_explain told of {} statements only", plans.len());
        for plan in &plans {
            judge(plan);
        }
    }
}

/// The plans in a log.
fn plans(messages: &[String]) -> Vec<Value> {
    let plans = messages.iter().filter_map(|message| message.split_once("plan:\n"));
    plans.map(|(_, plan)| serde_json::from_str(plan).unwrap()).collect()
}

fn judge(plan: &Value) {
    let query = plan["Query Text"].as_str().unwrap();
    let mut scans = Vec::new();
    whole_reads(&plan["Plan"], &mut scans);
    // If this failed, you probably filter by something that no index starts with, or a policy
    // compares with something that is not leakproof.
    assert!(scans.is_empty(), "reads all of {scans:?}: {query}\n{:#}", plan["Plan"]);
    let pages = |name: &str| plan["Plan"][name].as_u64().unwrap_or(0);
    let touched = pages("Shared Hit Blocks") + pages("Shared Read Blocks");
    assert!(touched <= MOST_PAGES, "touches {touched} pages: {query}\n{:#}", plan["Plan"]);
}

/// The large tables that a plan reads from end to end.
fn whole_reads(node: &Value, scans: &mut Vec<String>) {
    if let Some(table) = node["Relation Name"].as_str().filter(|table| LARGE.contains(table))
        && node["Node Type"] == "Seq Scan"
    {
        scans.push(table.to_owned());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        whole_reads(child, scans);
    }
}

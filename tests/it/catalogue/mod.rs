//! What the database's own catalogue says about invariants 4 and 5 and the SQL rules. Each test asks
//! for offenders, so a new table or function is judged the day it appears, without being listed here.

mod functions;
mod policies;
mod roles;
mod tables;

use crate::support::TestApp;

/// Our tables; `{tables}` in a query stands for them.
const TABLES: &str = "(select c.* from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not like '\\_\\_diesel%')";

/// Our functions; `{functions}` in a query stands for them.
const FUNCTIONS: &str = "(select p.* from pg_proc p where p.pronamespace = 'public'::regnamespace)";

/// Fails, naming each row that the query finds, with the rule that they break.
async fn nobody_breaks(rule: &str, query: &str) {
    let app = TestApp::empty().await;
    let query = query.replace("{tables}", TABLES).replace("{functions}", FUNCTIONS);
    let offenders = app.sql("postgres").await.column(&query).await;
    assert!(offenders.is_empty(), "{rule}. Not so: {}", offenders.join(", "));
}

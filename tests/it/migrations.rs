//! Going up, going down, and running on a schema that is not this binary's own.

use std::process::Command;

use vestibule::db::migrate::{self, SchemaState};

use crate::generated::dump;
use crate::support::TestApp;

/// What a migration makes, its down.sql undoes.
#[tokio::test]
async fn up_down_and_up_again_gives_the_same_schema() {
    let app = TestApp::empty().await;
    let url = app.login_url("app_migrate");
    let up = dump::structure(&app.admin_url());
    migrate::revert_all(&url).await.unwrap();
    // If this failed, you probably made something in up.sql that down.sql leaves behind.
    let left = app.sql("postgres").await;
    let left = left
        .column(
            "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                 and relname not like '\\_\\_diesel%'
             union all select proname from pg_proc where pronamespace = 'public'::regnamespace",
        )
        .await;
    assert_eq!(left, Vec::<String>::new(), "down.sql leaves these behind");
    migrate::run(&url).await.unwrap();
    assert_eq!(dump::structure(&app.admin_url()), up);
}

/// Invariant of the SQL rules: expand, then contract.
#[tokio::test]
async fn the_old_program_runs_on_a_newer_schema() {
    let app = TestApp::empty().await;
    assert_eq!(migrate::state(&app.app.pools).await.unwrap(), SchemaState::Ready);
    app.arrange("insert into __diesel_schema_migrations (version) values ('99991231000000')").await;
    assert_eq!(migrate::state(&app.app.pools).await.unwrap(), SchemaState::Ready);
}

/// Invariant of the SQL rules: expand, then contract.
#[tokio::test]
async fn the_program_does_not_serve_on_a_schema_that_it_lacks() {
    let app = TestApp::empty().await;
    app.arrange(
        "delete from __diesel_schema_migrations
         where version = (select max(version) from __diesel_schema_migrations)",
    )
    .await;
    let SchemaState::Behind(missing) = migrate::state(&app.app.pools).await.unwrap() else {
        panic!("a missing migration went unnoticed");
    };
    assert_eq!(missing.len(), 1);
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .arg("serve")
        .env_clear()
        .envs(app.settings())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("run `vestibule migrate` first"), "{said}");
}

/// Invariant of the SQL rules: expand, then contract.
#[tokio::test]
async fn a_database_without_any_schema_is_behind_too() {
    let app = TestApp::empty().await;
    migrate::revert_all(&app.login_url("app_migrate")).await.unwrap();
    assert!(matches!(migrate::state(&app.app.pools).await.unwrap(), SchemaState::Behind(_)));
}

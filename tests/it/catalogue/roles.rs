//! Who may log in, who may become whom, and how long they may take (invariant 4).

use super::nobody_breaks;
use crate::support::TestApp;

const ROLES: &str =
    "('owner', 'door', 'app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate')";

/// ORG-4
#[tokio::test]
async fn there_are_five_logins_and_two_roles_nobody_logs_in_as() {
    let app = TestApp::empty().await;
    let roles = app
        .sql("postgres")
        .await
        .column(&format!(
            "select rolname || case when rolcanlogin then ' logs in' else ' does not' end
             from pg_roles where rolname in {ROLES} order by rolname"
        ))
        .await;
    let expected = [
        "app_migrate logs in",
        "app_partner logs in",
        "app_portal logs in",
        "app_staff logs in",
        "app_system logs in",
        "door does not",
        "owner does not",
    ];
    assert_eq!(roles, expected);
}

/// ORG-4
#[tokio::test]
async fn no_role_of_ours_stands_above_row_level_security() {
    // If this failed, you probably gave a role an attribute to get past a policy: write the policy instead.
    nobody_breaks(
        "No role of ours is a superuser, bypasses row-level security, makes roles or databases, or replicates",
        &format!(
            "select rolname from pg_roles where rolname in {ROLES}
             and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)"
        ),
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn nobody_becomes_another_role_but_migrations_the_owner() {
    let app = TestApp::empty().await;
    let admin = app.sql("postgres").await;
    let memberships = admin
        .column(&format!(
            "select m.member::regrole || ' may become ' || m.roleid::regrole
             from pg_auth_members m join pg_roles a on a.oid = m.roleid join pg_roles b on b.oid = m.member
             where (a.rolname in {ROLES} or b.rolname in {ROLES}) and b.rolname <> 'postgres'
             order by 1"
        ))
        .await;
    // If this failed, you probably granted one role to another: an injected SET ROLE would follow it.
    assert_eq!(memberships, ["app_migrate may become owner", "owner may become door"]);
    assert_eq!(admin.value("select rolinherit from pg_roles where rolname = 'app_migrate'").await, "f");
}

/// ORG-4
#[tokio::test]
async fn no_login_of_ours_owns_anything() {
    nobody_breaks(
        "Tables belong to owner",
        "select relname from {tables} t where relowner <> 'owner'::regrole",
    )
    .await;
}

/// A client that is gone or stuck holds nothing for long.
#[tokio::test]
async fn no_statement_lock_or_idle_transaction_of_a_login_lasts_for_long() {
    let app = TestApp::empty().await;
    for login in ["app_staff", "app_partner", "app_portal", "app_system"] {
        let session = app.sql(login).await;
        for setting in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
            let value = session.value(&format!("show {setting}")).await;
            assert_ne!(value, "0", "{setting} of {login}");
        }
    }
    assert_eq!(app.sql("app_migrate").await.value("show lock_timeout").await, "2s");
}

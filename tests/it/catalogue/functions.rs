//! The doors, and who may call what (invariants 1 and 4).

use super::nobody_breaks;
use crate::support::TestApp;

/// ORG-4
#[tokio::test]
async fn what_runs_with_other_rights_belongs_to_the_door_and_pins_its_search_path() {
    nobody_breaks(
        "security definer functions belong to door and pin search_path; what belongs to door is one",
        "select p.oid::regprocedure::text from {functions} p
         where (p.prosecdef or p.proowner = 'door'::regrole) and not (
             p.prosecdef and p.proowner = 'door'::regrole
             and coalesce(p.proconfig, '{}') = array['search_path=public, pg_temp'])",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn no_door_catches_exceptions() {
    // If this failed, you probably wrote EXCEPTION WHEN in a door: leaving such a block through an
    // error undoes the settings that the policies read.
    nobody_breaks(
        "Door functions have no EXCEPTION block",
        "select p.oid::regprocedure::text from {functions} p where p.prosecdef
         and regexp_replace(p.prosrc, 'raise\\s+exception', '', 'gi') ~* '\\mexception\\M'",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn every_function_says_what_it_is_for() {
    nobody_breaks(
        "Every function has a comment",
        "select p.oid::regprocedure::text from {functions} p where obj_description(p.oid, 'pg_proc') is null",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn no_function_of_ours_is_everybodys_to_call() {
    // If this failed, you probably made a function after the last `revoke execute … from public`.
    nobody_breaks(
        "EXECUTE is granted to named roles, never to public",
        "select p.oid::regprocedure::text from {functions} p
         where p.proacl is null or exists (select from aclexplode(p.proacl) g where g.grantee = 0)",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn each_login_opens_its_own_doors_only() {
    let app = TestApp::empty().await;
    let doors = app
        .sql("postgres")
        .await
        .column(
            "select r.rolname || ' may call ' || p.proname from pg_proc p, pg_roles r
             where p.pronamespace = 'public'::regnamespace and p.proname like 'enter\\_%'
                 and r.rolname in ('app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate')
                 and has_function_privilege(r.oid, p.oid, 'execute') order by 1",
        )
        .await;
    // If this failed, you probably granted a door to a second login: what serves clients could
    // then enter as staff with injected SQL.
    assert_eq!(
        doors,
        [
            "app_partner may call enter_key",
            "app_portal may call enter_calendar",
            "app_portal may call enter_exposure",
            "app_portal may call enter_portal",
            "app_portal may call enter_preview",
            "app_staff may call enter_staff",
            "app_system may call enter_organization"
        ]
    );
}

/// ORG-4
#[tokio::test]
async fn no_login_moves_itself_with_set_config() {
    nobody_breaks(
        "set_config is for door and owner",
        "select r.rolname from pg_roles r
         where r.rolname in ('app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate')
             and has_function_privilege(r.oid, 'pg_catalog.set_config(text, text, boolean)', 'execute')",
    )
    .await;
}

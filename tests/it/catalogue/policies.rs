//! What the policies say (invariant 5): the shape of each, and that without a context there is
//! nothing to see.

use super::{TABLES, nobody_breaks};
use crate::support::TestApp;

/// ORG-4
#[tokio::test]
async fn every_table_lets_its_owner_work_on_it() {
    // If this failed, you probably left out `owner_all`: FORCE blinds owners too, so backfills
    // would update nothing and foreign keys would validate orphans.
    nobody_breaks(
        "Every table has the policy owner_all",
        "select t.relname from {tables} t where not exists (
             select from pg_policy p where p.polrelid = t.oid and p.polname = 'owner_all'
                 and p.polroles = array['owner'::regrole::oid] and p.polcmd = '*'
                 and pg_get_expr(p.polqual, p.polrelid) = 'true'
                 and pg_get_expr(p.polwithcheck, p.polrelid) = 'true')",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn a_policy_is_for_one_role_and_one_verb_and_is_named_after_them() {
    nobody_breaks(
        "Policies are named <role>_<verb>",
        "select t.relname || '.' || p.polname from pg_policy p join {tables} t on t.oid = p.polrelid
         where not p.polpermissive or cardinality(p.polroles) <> 1
             or p.polname <> p.polroles[1]::regrole::text || '_'
                 || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                    when 'd' then 'delete' else 'all' end
             or (p.polcmd = '*' and p.polname <> 'owner_all')",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn no_policy_queries_another_table() {
    // If this failed, you probably wrote `exists (select … from …)` in a policy: such a policy runs
    // for each row, and what it reads is under a policy itself. Compute it when the scope is entered.
    nobody_breaks(
        "Policies compare columns of their own row",
        "select t.relname || '.' || p.polname from pg_policy p join {tables} t on t.oid = p.polrelid
         where concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)) ~* '\\mfrom\\M'
             or exists (select from pg_depend d where d.classid = 'pg_policy'::regclass and d.objid = p.oid
                 and d.refclassid = 'pg_class'::regclass and d.refobjid <> p.polrelid)",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn a_policy_reads_its_settings_once_a_statement() {
    // If this failed, you probably wrote `app_org()` bare: in a sub-select it is evaluated once.
    nobody_breaks(
        "Policies read settings in a sub-select",
        "select t.relname || '.' || p.polname from pg_policy p join {tables} t on t.oid = p.polrelid
         where regexp_replace(concat(pg_get_expr(p.polqual, p.polrelid), ' ',
                 pg_get_expr(p.polwithcheck, p.polrelid)),
             'SELECT app_[a-z]+\\(', '', 'g') ~ '(app_[a-z]+|current_setting)\\('",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn every_policy_of_staff_and_clients_starts_with_the_organisation() {
    nobody_breaks(
        "Policies of app_staff, app_partner and app_portal hold rows to the entered organisation",
        "select t.relname || '.' || p.polname from pg_policy p join {tables} t on t.oid = p.polrelid
         where p.polroles && array['app_staff'::regrole::oid, 'app_partner'::regrole::oid, 'app_portal'::regrole::oid]
             and (coalesce(pg_get_expr(p.polqual, p.polrelid), '(org_id = ( SELECT app_org() AS app_org))')
                     !~ '^\\(+org_id = \\( SELECT app_org\\(\\) AS app_org\\)\\)(?!.* OR )'
                 or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '(org_id = ( SELECT app_org() AS app_org))')
                     !~ '^\\(+org_id = \\( SELECT app_org\\(\\) AS app_org\\)\\)(?!.* OR )')",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn the_worker_sees_queues_across_organisations_and_no_content() {
    // If this failed, you probably gave app_system a policy without app_org() on a table that says
    // something: it must touch that after entering the row's organisation.
    nobody_breaks(
        "outside an organisation, app_system reads ids, kinds, due times, attempts and states of queue tables",
        "select t.relname || '.' || a.attname from {tables} t
         join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
         where (has_column_privilege('app_system', t.oid, a.attnum, 'select')
                 or has_column_privilege('app_system', t.oid, a.attnum, 'update'))
             and a.attname not in ('org_id', 'id', 'kind', 'due_at', 'attempts', 'state', 'ended_at', 'subject_id')
             and exists (select from pg_policies p where p.tablename = t.relname and 'app_system' = any (p.roles)
                 and coalesce(p.qual, '') || coalesce(p.with_check, '') not like '%app_org()%')
         union all
         select t.relname || ' takes inserts' from {tables} t
         join pg_policies p on p.tablename = t.relname and 'app_system' = any (p.roles)
         where has_any_column_privilege('app_system', t.oid, 'insert') and p.cmd in ('INSERT', 'ALL')
             and coalesce(p.with_check, '') not like '%app_org()%'",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn without_a_context_every_table_is_empty_for_every_login() {
    let app = TestApp::world().await;
    let admin = app.sql("postgres").await;
    for login in ["app_staff", "app_partner", "app_portal", "app_system", "app_migrate"] {
        let tables = format!(
            "select relname from {TABLES} t where has_any_column_privilege('{login}', t.oid, 'select')
             and not exists (select from pg_policy p where p.polrelid = t.oid
                 and p.polroles = array['app_system'::regrole::oid] and '{login}' = 'app_system'
                 and pg_get_expr(p.polqual, p.polrelid) = 'true')"
        );
        let session = app.sql(login).await;
        for table in admin.column(&tables).await {
            let seen = session.value(&format!("select count(*) from {table}")).await;
            assert_eq!(seen, "0", "{login} sees rows of {table} without having entered anywhere");
        }
    }
}

/// ORG-4
#[tokio::test]
async fn people_are_reached_through_doors_only() {
    let app = TestApp::world().await;
    for login in ["app_staff", "app_partner", "app_portal", "app_system"] {
        assert_eq!(app.sql(login).await.refusal("select count(*) from people").await, "42501", "{login}");
    }
}

//! What every table is made of (invariant 5 and the SQL rules).

use super::nobody_breaks;

/// ORG-4
#[tokio::test]
async fn row_level_security_is_enabled_and_forced_on_every_table() {
    // If this failed, you probably added a table without `enable` or `force row level security`.
    nobody_breaks(
        "Row-level security is enabled and forced on every table",
        "select relname from {tables} t where not (relrowsecurity and relforcerowsecurity)",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn the_organisation_comes_first_in_every_primary_key() {
    // People and visitors stand above organisations, and only door functions reach them.
    nobody_breaks(
        "org_id is the first column of every primary key",
        "select t.relname from {tables} t
         left join pg_index i on i.indrelid = t.oid and i.indisprimary
         left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
         where t.relname not in ('people', 'visitor_sessions') and (a.attname is distinct from 'org_id' or not a.attnotnull)",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn every_foreign_key_holds_both_sides_to_one_organisation() {
    // If this failed, you probably wrote `references t (id)`: referential checks bypass row-level
    // security, so only a key that starts with org_id on both sides keeps a row in its organisation.
    nobody_breaks(
        "Foreign keys start with org_id on both sides",
        "select t.relname || '.' || k.conname from pg_constraint k join {tables} t on t.oid = k.conrelid
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
         join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
         where k.contype = 'f' and k.confrelid <> 'people'::regclass
             and (a.attname <> 'org_id' or b.attname <> 'org_id')",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn every_foreign_key_says_what_happens_on_delete() {
    nobody_breaks(
        "Foreign keys have an explicit on delete",
        "select t.relname || '.' || k.conname from pg_constraint k join {tables} t on t.oid = k.conrelid
         where k.contype = 'f' and k.confdeltype = 'a'",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn an_index_starts_with_the_columns_of_every_foreign_key() {
    // A partial index counts if all it leaves out are the rows whose key is null.
    nobody_breaks(
        "Every foreign key has an index that starts with its columns",
        "select t.relname || '.' || k.conname from pg_constraint k join {tables} t on t.oid = k.conrelid
         where k.contype = 'f' and not exists (
             select from pg_index i
             where i.indrelid = k.conrelid and i.indisvalid
                 and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\([a-z_]+ IS NOT NULL\\)$')
                 and k.conkey <@ (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)])",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn every_table_and_column_says_what_it_means() {
    nobody_breaks(
        "Every table and column has a comment",
        "select t.relname || coalesce('.' || a.attname, '') from {tables} t
         join lateral (
             select null::name as attname, 0 as attnum
             union all
             select attname, attnum from pg_attribute where attrelid = t.oid and attnum > 0 and not attisdropped
         ) a on true
         where coalesce(case when a.attnum = 0 then obj_description(t.oid, 'pg_class')
             else col_description(t.oid, a.attnum) end, '') = ''",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn nothing_is_granted_to_everybody() {
    nobody_breaks(
        "Nothing in schema public is granted to public",
        "select t.relname::text from {tables} t, aclexplode(t.relacl) g where g.grantee = 0
         union all
         select t.relname || '.' || a.attname from {tables} t join pg_attribute a on a.attrelid = t.oid,
             aclexplode(a.attacl) g where g.grantee = 0
         union all
         select 'schema public' from pg_namespace n, aclexplode(n.nspacl) g
         where n.nspname = 'public' and g.grantee = 0
         union all
         select 'database' from pg_database d, aclexplode(d.datacl) g
         where d.datname = current_database() and g.grantee = 0",
    )
    .await;
}

/// ORG-4
#[tokio::test]
async fn no_login_makes_tables_or_triggers_or_empties_a_table() {
    nobody_breaks(
        "Logins hold select, insert, update and delete only",
        "select r.rolname || ' on ' || t.relname || ': ' || p.name
         from {tables} t, pg_roles r, unnest(array['truncate', 'references', 'trigger']) as p (name)
         where r.rolname in ('door', 'app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate')
             and has_table_privilege(r.oid, t.oid, p.name)
         union all
         select r.rolname || ' makes tables' from pg_roles r
         where r.rolname in ('door', 'app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate')
             and (has_schema_privilege(r.oid, 'public', 'create')
                 or has_database_privilege(r.oid, current_database(), 'create, temporary'))",
    )
    .await;
}

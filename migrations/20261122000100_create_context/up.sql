-- The settings a transaction enters with. `door` functions write them; policies read them.
-- An unset placeholder reads back as '' after its first use in a session, hence nullif.

create function app_setting(name text) returns text
language sql stable parallel safe
as $$ select nullif(current_setting(name, true), '') $$;
comment on function app_setting(text) is 'A transaction-local setting, null when it is unset.';

create function app_id(name text) returns uuid
language sql stable parallel safe
as $$ select app_setting(name)::uuid $$;
comment on function app_id(text) is 'A transaction-local id, null when it is unset.';

create function app_number(name text) returns integer
language sql stable parallel safe
as $$ select app_setting(name)::integer $$;
comment on function app_number(text) is 'A transaction-local number, null when it is unset.';

create function app_ids(name text) returns uuid[]
language sql stable parallel safe
as $$ select coalesce(app_setting(name)::uuid[], '{}') $$;
comment on function app_ids(text) is 'A transaction-local list of ids, empty when it is unset.';

create function app_org() returns uuid
language sql stable parallel safe
as $$ select app_id('app.org') $$;
comment on function app_org() is 'The organisation this transaction entered, or null.';

revoke all on schema public from public;
grant usage on schema public to door, app_staff, app_portal, app_system;
grant create on schema public to door;
grant select on __diesel_schema_migrations to app_staff, app_portal, app_system;

-- In each new database, as a superuser: only the door functions may write settings by function call,
-- so injected SQL cannot move a transaction into another scope with set_config.
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to owner, door;
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to app_staff, app_partner, app_portal, app_system, app_migrate', current_database());
end $$;

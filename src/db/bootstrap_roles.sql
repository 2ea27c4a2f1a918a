-- Once per cluster, as a superuser. Roles belong to the cluster, so no migration makes them.
do $$
declare
    name text;
begin
    foreach name in array array['owner', 'door'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
    foreach name in array array['app_staff', 'app_partner', 'app_portal', 'app_system', 'app_migrate'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I login', name);
        end if;
    end loop;
    if not pg_has_role('owner', 'door', 'member') then
        grant door to owner;
    end if;
    -- Before the grant: since Postgres 16 the grant itself remembers whether it is inherited.
    alter role app_migrate noinherit;
    if not pg_has_role('app_migrate', 'owner', 'member') then
        grant owner to app_migrate;
    end if;
end $$;
alter role app_staff set statement_timeout = '10s';
alter role app_partner set statement_timeout = '10s';
alter role app_portal set statement_timeout = '5s';
alter role app_system set statement_timeout = '30s';
alter role app_staff set idle_in_transaction_session_timeout = '15s';
alter role app_partner set idle_in_transaction_session_timeout = '15s';
alter role app_portal set idle_in_transaction_session_timeout = '15s';
alter role app_system set idle_in_transaction_session_timeout = '15s';
alter role app_staff set lock_timeout = '2s';
alter role app_partner set lock_timeout = '2s';
alter role app_portal set lock_timeout = '2s';
alter role app_system set lock_timeout = '2s';
alter role app_migrate set lock_timeout = '2s';
alter role app_staff set client_connection_check_interval = '500ms';
alter role app_partner set client_connection_check_interval = '500ms';
alter role app_portal set client_connection_check_interval = '500ms';

-- DOOR-4: who leaves a door with an access code need not show that they passed it, which without Redis nobody can.

create function end_portal_session(token bytea) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    host uuid;
    ended boolean;
begin
    select s.org_id into host from portal_sessions s where s.token_hash = token and app_org() is null;
    if host is null then
        return false;
    end if;
    perform set_config('app.org', host::text, true);
    update portal_sessions s set ended_at = now()
    where s.org_id = host and s.token_hash = token and s.ended_at is null;
    ended := found;
    perform set_config('app.org', '', true);
    return ended;
end $$;
comment on function end_portal_session(bytea) is 'Ends the portal session that a token is of, whatever it passed; false if there was none to end (DOOR-4). Not from within an organisation.';

revoke execute on function end_portal_session(bytea) from public;
grant execute on function end_portal_session(bytea) to app_portal;
grant create on schema public to door;
alter function end_portal_session(bytea) owner to door;
revoke create on schema public from door;

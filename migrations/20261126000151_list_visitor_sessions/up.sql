-- DOOR-6, DOOR-7: who proved an address sees where they are signed in, and ends what they do not know. A portal
-- that was opened that way closes with it.

grant select (id, user_agent, created_at) on visitor_sessions to door;

alter table portal_sessions add column visitor_id uuid;
create index portal_sessions_visitor on portal_sessions (visitor_id) where visitor_id is not null and ended_at is null;
comment on column portal_sessions.visitor_id is 'The visitor session that it was opened with, across organisations, and ends with (DOOR-7); null if a link opened it.';
grant select (visitor_id), update (visitor_id) on portal_sessions to door;

create function tie_to_visitor(token bytea) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    visit uuid;
begin
    select v.id into visit from visitor_sessions v
    where v.token_hash = token and v.ended_at is null and v.expires_at > now() for share;
    if visit is null then
        return false;
    end if;
    update portal_sessions set visitor_id = visit where org_id = app_org() and id = app_id('app.session');
    return true;
end $$;
comment on function tie_to_visitor(bytea) is 'Has the portal session that was entered end with the visitor who opened it; false if they are signed out by now.';

create function close_visits(visits uuid[]) returns void
language plpgsql
as $$
declare
    host record;
begin
    update visitor_sessions set ended_at = now() where id = any (visits) and ended_at is null;
    for host in
        select distinct s.org_id from portal_sessions s where s.visitor_id = any (visits) and s.ended_at is null
    loop
        perform set_config('app.org', host.org_id::text, true);
        update portal_sessions set ended_at = now()
        where org_id = host.org_id and visitor_id = any (visits) and ended_at is null;
    end loop;
    perform set_config('app.org', '', true);
end $$;
comment on function close_visits(uuid[]) is 'Ends visitor sessions, and the portal sessions that were opened with them, in every organisation. Called by doors only.';

create or replace function end_visitor(token bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform close_visits(array(select v.id from visitor_sessions v where v.token_hash = token and app_org() is null));
end $$;
comment on function end_visitor(bytea) is 'Signs a visitor out, and closes the portals that they opened. Not from within an organisation.';

create function find_visitor_sessions(token bytea) returns table (id uuid, user_agent text, created_at timestamptz,
    expires_at timestamptz, current boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.id, o.user_agent, o.created_at, o.expires_at, o.id = v.id
    from visitor_sessions v
    join visitor_sessions o on o.address = v.address
    where v.token_hash = token and v.ended_at is null and v.expires_at > now() and app_org() is null
        and o.ended_at is null and o.expires_at > now()
    order by o.created_at desc, o.id limit 100
$$;
comment on function find_visitor_sessions(bytea) is 'Where the address of a visitor is signed in, the newest first. Not from within an organisation.';

create function end_visitor_session(token bytea, visit uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if not exists (select from find_visitor_sessions(token) o where o.id = visit) then
        return false;
    end if;
    perform close_visits(array[visit]);
    return true;
end $$;
comment on function end_visitor_session(bytea, uuid) is 'Ends one of the places where the address of a visitor is signed in; false if it is none of theirs. Not from within an organisation.';

revoke execute on function tie_to_visitor(bytea), close_visits(uuid[]), find_visitor_sessions(bytea),
    end_visitor_session(bytea, uuid) from public;
grant execute on function close_visits(uuid[]) to door;
grant execute on function find_visitor_sessions(bytea), end_visitor_session(bytea, uuid) to app_staff;
grant execute on function tie_to_visitor(bytea) to app_portal;
grant create on schema public to door;
alter function tie_to_visitor(bytea) owner to door;
alter function find_visitor_sessions(bytea) owner to door;
alter function end_visitor_session(bytea, uuid) owner to door;
revoke create on schema public from door;

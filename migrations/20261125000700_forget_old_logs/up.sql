-- What logs keep, and for how long: the worker deletes what is older, a bounded piece at a time, within
-- the organisation that it entered.

create policy app_system_delete on events for delete to app_system using (org_id = (select app_org()));
grant delete on events to app_system;
grant select (kept_from), update (kept_from) on event_counters to app_system;

create policy app_system_select on audit_entries for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on audit_entries for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, occurred_at), delete on audit_entries to app_system;

create policy app_system_select on staff_sessions for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on staff_sessions for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, expires_at, ended_at), delete on staff_sessions to app_system;

create policy app_system_select on portal_previews for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on portal_previews for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, expires_at), delete on portal_previews to app_system;

create function forget_events(before timestamptz, most integer) returns integer
language plpgsql
as $$
declare
    first bigint;
    upto bigint;
    young bigint;
begin
    select c.kept_from, least(c.kept_from + most, c.last_seq + 1) into first, upto
    from event_counters c where c.org_id = app_org() for update;
    select min(e.seq) into young
    from events e where e.org_id = app_org() and e.seq >= first and e.seq < upto and e.occurred_at >= before;
    upto := coalesce(young, upto);
    if upto is null or upto <= first then
        return 0;
    end if;
    delete from events e where e.org_id = app_org() and e.seq < upto;
    update event_counters c set kept_from = upto where c.org_id = app_org();
    return upto - first;
end $$;
comment on function forget_events(timestamptz, integer) is 'Deletes up to so many of the organisation''s oldest events, as far as all of them are older than a moment, and says how many. The log stays without gaps: kept_from moves with them.';

create function forget_old(events_before timestamptz, entries_before timestamptz, at timestamptz, most integer)
returns integer
language plpgsql
as $$
declare
    events_gone integer := forget_events(events_before, most);
    entries_gone integer;
    deliveries_gone integer;
begin
    delete from audit_entries a
    using (
        select o.id, o.occurred_at from audit_entries o where o.org_id = app_org() order by o.id limit most
    ) old
    where a.org_id = app_org() and a.id = old.id and old.occurred_at < entries_before;
    get diagnostics entries_gone = row_count;
    delete from webhook_deliveries d
    using (
        select o.id from webhook_deliveries o
        where o.org_id = app_org() and o.ended_at < events_before order by o.ended_at limit most
    ) old
    where d.org_id = app_org() and d.id = old.id;
    get diagnostics deliveries_gone = row_count;
    delete from portal_previews p where p.org_id = app_org() and p.expires_at < at;
    delete from staff_sessions s
    where s.org_id = app_org() and least(s.expires_at, coalesce(s.ended_at, s.expires_at)) < events_before;
    return greatest(events_gone, entries_gone, deliveries_gone);
end $$;
comment on function forget_old(timestamptz, timestamptz, timestamptz, integer) is 'Deletes what the organisation''s logs keep too long: events, ended deliveries of webhooks and ended sessions of staff older than the first moment, audit entries older than the second, previews that expired before the third. At most so many of each log, and says how many of the one it had most to delete of: as many as allowed means that there is more.';

create function organizations_after(last uuid, most integer) returns setof uuid
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.org_id from organizations o
    where app_org() is null and (last is null or o.org_id > last)
    order by o.org_id limit most
$$;
comment on function organizations_after(uuid, integer) is 'Organisations, a page at a time, for jobs that visit each. Not from within one.';

revoke execute on function forget_events(timestamptz, integer),
    forget_old(timestamptz, timestamptz, timestamptz, integer), organizations_after(uuid, integer) from public;
grant execute on function forget_events(timestamptz, integer),
    forget_old(timestamptz, timestamptz, timestamptz, integer), organizations_after(uuid, integer) to app_system;
grant create on schema public to door;
alter function organizations_after(uuid, integer) owner to door;
revoke create on schema public from door;

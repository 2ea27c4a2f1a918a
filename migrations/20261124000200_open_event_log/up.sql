-- Reading the event log (EVT-2, EVT-3): what clients may read of it, where it begins and ends, and what
-- an instance asks to know whom to wake and whom to send away.

alter table event_counters add column kept_from bigint not null default 1 check (kept_from >= 1);
comment on column event_counters.kept_from is 'events.seq of the oldest event that is kept; those before it were deleted with age.';

create policy app_portal_select on events for select to app_portal
    using (org_id = (select app_org()) and client_visible and record_id = any (
        case when kind like 'milestone.%' then (select app_ids('app.milestone_records'))::uuid[]
            else (select app_ids('app.records'))::uuid[] end));
grant select (org_id, seq, id, kind, record_id, occurred_at) on events to app_portal;

create policy door_select on event_counters for select to door using (true);
grant select (org_id, last_seq, kept_from) on event_counters to door;

create function newest_event() returns bigint
language sql stable security definer set search_path = public, pg_temp
as $$ select c.last_seq from event_counters c where c.org_id = app_org() $$;
comment on function newest_event() is 'The number of the newest event of the organisation that was entered; 0 before the first.';

create function oldest_event() returns bigint
language sql stable security definer set search_path = public, pg_temp
as $$ select c.kept_from from event_counters c where c.org_id = app_org() $$;
comment on function oldest_event() is 'The number of the oldest event kept, of the organisation that was entered.';

create function scope_fingerprint() returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(string_agg(
        (select coalesce(string_agg(id::text, ',' order by id), '') from unnest(app_ids(name)) id), '/' order by name), 'UTF8'))
    from unnest(array['app.records', 'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records',
        'app.message_records']) name
$$;
comment on function scope_fingerprint() is 'Changes when what a portal shows grows or shrinks.';

create function newest_events(orgs uuid[]) returns bigint[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(array_agg(coalesce(c.last_seq, 0) order by o.n), '{}')
    from unnest(orgs) with ordinality o (id, n)
    left join event_counters c on c.org_id = o.id
    where app_org() is null
$$;
comment on function newest_events(uuid[]) is 'How far the logs of some organisations have come, for an instance with subscribers there: a number each. Not from within an organisation.';

create function dead_credentials(staff bytea[], portals bytea[], passed bytea[]) returns bytea[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(array_agg(d.h), '{}') from (
        select h from unnest(staff) h
        where not exists (
            select from staff_sessions s
            join members m on m.org_id = s.org_id and m.id = s.member_id
            where s.token_hash = h and s.ended_at is null and s.expires_at > now() and m.ended_at is null)
        union all
        select h from unnest(portals, passed) as p (h, mark)
        where not exists (select from live_doorways(p.h) l where l.mark is null or l.mark = p.mark)
    ) d
    where app_org() is null
$$;
comment on function dead_credentials(bytea[], bytea[], bytea[]) is 'Which of these hashes open nothing any more, those of portals with the mark of a passed code, for an instance that holds subscriptions of their holders (EVT-5). Not from within an organisation.';

revoke execute on function newest_event(), oldest_event(), scope_fingerprint(), newest_events(uuid[]),
    dead_credentials(bytea[], bytea[], bytea[]) from public;
grant execute on function newest_event(), oldest_event() to app_staff, app_portal;
grant execute on function scope_fingerprint() to app_portal;
grant execute on function newest_events(uuid[]), dead_credentials(bytea[], bytea[], bytea[]) to app_system;
grant create on schema public to door;
alter function newest_event() owner to door;
alter function oldest_event() owner to door;
alter function newest_events(uuid[]) owner to door;
alter function dead_credentials(bytea[], bytea[], bytea[]) owner to door;
revoke create on schema public from door;

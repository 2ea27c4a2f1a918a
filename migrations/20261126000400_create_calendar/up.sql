-- The calendar (CAL-1): events that staff plan with a company, and the address under which a visitor's own
-- calendar program reads what the portal shows of them.

create table calendar_events (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    record_id uuid,
    title text not null check (char_length(title) between 1 and 200),
    body text check (char_length(body) between 1 and 4000),
    location text check (char_length(location) between 1 and 300),
    starts_at timestamptz,
    ends_at timestamptz,
    starts_on date,
    ends_on date,
    client_visible boolean not null default false,
    created_by uuid not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict,
    check (num_nonnulls(starts_at, ends_at) = 2 and num_nonnulls(starts_on, ends_on) = 0 and starts_at <= ends_at
        or num_nonnulls(starts_at, ends_at) = 0 and num_nonnulls(starts_on, ends_on) = 2 and starts_on <= ends_on)
);
create index calendar_events_company on calendar_events (org_id, company_id);
create index calendar_events_record on calendar_events (org_id, record_id) where record_id is not null;
create index calendar_events_created_by on calendar_events (org_id, created_by);
comment on table calendar_events is 'Something that staff plan with a company (CAL-1).';
comment on column calendar_events.org_id is 'The tenant.';
comment on column calendar_events.id is 'UUIDv7, made by the service.';
comment on column calendar_events.company_id is 'Whose calendar it is in.';
comment on column calendar_events.record_id is 'The record of that company it is about; null: about no single one.';
comment on column calendar_events.title is 'What it is, one line.';
comment on column calendar_events.body is 'More about it, plain text.';
comment on column calendar_events.location is 'Where, one line.';
comment on column calendar_events.starts_at is 'When it begins; null: it lasts whole days.';
comment on column calendar_events.ends_at is 'When it is over, not before it begins.';
comment on column calendar_events.starts_on is 'Of whole days the first, in the organisation''s time zone; null: it has times.';
comment on column calendar_events.ends_on is 'Of whole days the last.';
comment on column calendar_events.client_visible is 'Whether clients see it, where mode and record allow it.';
comment on column calendar_events.created_by is 'The member who planned it.';
comment on column calendar_events.version is 'Raised by every update (API-8).';
comment on column calendar_events.created_at is 'When it was planned.';
comment on column calendar_events.archived_at is 'From then on it is in no calendar.';

alter table calendar_events enable row level security;
alter table calendar_events force row level security;
create policy owner_all on calendar_events to owner using (true) with check (true);
create policy app_staff_select on calendar_events for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on calendar_events for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on calendar_events for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on calendar_events for select to app_portal
    using (org_id = (select app_org()) and company_id = (select app_id('app.company'))
        and client_visible and archived_at is null and 'CALENDAR' = any ((select app_modes())::text[])
        and case when record_id is null then (select app_setting('app.whole_company')) is not null
            else record_id = any ((select app_ids('app.shown_records'))::uuid[]) end);
grant select, insert (org_id, id, company_id, record_id, title, body, location, starts_at, ends_at, starts_on, ends_on,
        client_visible, created_by),
    update (title, body, location, starts_at, ends_at, starts_on, ends_on, client_visible, version, archived_at)
    on calendar_events to app_staff;
grant select (org_id, id, record_id, title, body, location, starts_at, ends_at, starts_on, ends_on)
    on calendar_events to app_portal;

create table calendar_subscriptions (
    org_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    code_mark bytea check (octet_length(code_mark) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, session_id) references portal_sessions (org_id, id) on delete cascade
);
create index calendar_subscriptions_session on calendar_subscriptions (org_id, session_id);
comment on table calendar_subscriptions is 'An address under which a visitor''s calendar program reads a portal''s calendar (CAL-1). It lives as long as the session it was made in, at most.';
comment on column calendar_subscriptions.org_id is 'The tenant.';
comment on column calendar_subscriptions.id is 'UUIDv7, made by the service.';
comment on column calendar_subscriptions.session_id is 'The portal session that it was made in: once that is over, or its link or portal is closed, the address is dead.';
comment on column calendar_subscriptions.token_hash is 'SHA-256 of the vc_ token; the token itself is kept nowhere.';
comment on column calendar_subscriptions.code_mark is 'The mark of the access code that was passed, if the door has one: another code ends the subscription (DOOR-2).';
comment on column calendar_subscriptions.created_at is 'When it was made.';
comment on column calendar_subscriptions.revoked_at is 'When the visitor ended it.';

alter table calendar_subscriptions enable row level security;
alter table calendar_subscriptions force row level security;
create policy owner_all on calendar_subscriptions to owner using (true) with check (true);
create policy door_select on calendar_subscriptions for select to door using (true);
create policy door_insert on calendar_subscriptions for insert to door with check (org_id = (select app_org()));
create policy app_portal_select on calendar_subscriptions for select to app_portal
    using (org_id = (select app_org()) and session_id = (select app_id('app.session')));
create policy app_portal_update on calendar_subscriptions for update to app_portal
    using (org_id = (select app_org()) and session_id = (select app_id('app.session')));
grant select (org_id, session_id, token_hash, code_mark, revoked_at), insert (org_id, id, session_id, token_hash, code_mark)
    on calendar_subscriptions to door;
grant select (org_id, id, created_at, revoked_at), update (revoked_at) on calendar_subscriptions to app_portal;

-- What the doors set: milestones show in the calendar too, and what hangs on no record shows behind the door
-- of a whole company only.
create or replace function open_scope(org uuid, company uuid, only_record uuid, modes text[], assumed uuid) returns boolean
language plpgsql set search_path = public, pg_temp
as $$
declare
    seen record;
begin
    perform set_config('app.org', org::text, true);
    if not exists (
        select from companies c
        where c.org_id = org and c.id = company and not c.internal and c.archived_at is null
    ) then
        perform set_config('app.org', '', true);
        return false;
    end if;
    select coalesce(array_agg(v.id), '{}') as records,
        coalesce(array_agg(distinct v.type_id), '{}') as types,
        coalesce(array_agg(distinct v.type_id) filter (where v.show_stage_names and 'PHASE' = any (v.shared_fields)), '{}') as stage_types,
        coalesce(array_agg(v.id) filter (where v.show_files), '{}') as file_records,
        coalesce(array_agg(v.id) filter (where v.show_files and v.allow_uploads), '{}') as upload_records,
        coalesce(array_agg(v.id) filter (where v.show_comments), '{}') as message_records,
        coalesce(array_agg(v.id) filter (where 'MILESTONES' = any (v.shared_fields)), '{}') as milestone_records
    into seen
    from visible_records(org, company, only_record, assumed) v;
    if only_record is not null and seen.records = '{}' then
        perform set_config('app.org', '', true);
        return false;
    end if;
    perform set_config('app.company', company::text, true),
        set_config('app.whole_company', case when only_record is null then 'true' else '' end, true),
        set_config('app.shown_records', seen.records::text, true),
        set_config('app.modes', modes::text, true);
    if 'RECORDS' = any (modes) then
        perform set_config('app.records', seen.records::text, true),
            set_config('app.types', seen.types::text, true),
            set_config('app.stage_types', seen.stage_types::text, true);
    end if;
    if modes && '{RECORDS,CALENDAR}' then
        perform set_config('app.milestone_records', seen.milestone_records::text, true);
    end if;
    if 'FILES' = any (modes) then
        perform set_config('app.file_records', seen.file_records::text, true),
            set_config('app.upload_records', seen.upload_records::text, true);
    end if;
    if 'MESSAGES' = any (modes) then
        perform set_config('app.message_records', seen.message_records::text, true);
    end if;
    return true;
end $$;

create or replace function close_scope() returns void
language sql set search_path = public, pg_temp
as $$
    select set_config(name, '', true)
    from unnest(array['app.org', 'app.company', 'app.whole_company', 'app.modes', 'app.shown_records', 'app.records',
        'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records', 'app.upload_records',
        'app.message_records']) name
$$;

create or replace function scope_fingerprint() returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(string_agg(
        (select coalesce(string_agg(id::text, ',' order by id), '') from unnest(app_ids(name)) id), '/' order by name)
        || '/' || app_modes()::text, 'UTF8'))
    from unnest(array['app.records', 'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records',
        'app.upload_records', 'app.message_records', 'app.shown_records']) name
$$;

-- What happened is told where the thing itself shows; what is called activity, and all that happened to a
-- record, where ACTIVITY shows (EVT-8).
alter policy app_portal_select on events
    using (org_id = (select app_org()) and client_visible and company_id = (select app_id('app.company'))
        and case when kind like 'calendar\_event.%' then 'CALENDAR' = any ((select app_modes())::text[])
                and case when record_id is null then (select app_setting('app.whole_company')) is not null
                    else record_id = any ((select app_ids('app.shown_records'))::uuid[]) end
            when record_id is null then kind like 'activity.%' and 'ACTIVITY' = any ((select app_modes())::text[])
                and (select app_setting('app.whole_company')) is not null
            else record_id = any (case split_part(kind, '.', 1)
                when 'milestone' then (select app_ids('app.milestone_records'))::uuid[]
                when 'message' then (select app_ids('app.message_records'))::uuid[]
                when 'file' then (select app_ids('app.file_records'))::uuid[]
                when 'deliverable' then (select app_ids('app.records'))::uuid[]
                else case
                    when 'ACTIVITY' = any ((select app_modes())::text[]) then (select app_ids('app.shown_records'))::uuid[]
                    when split_part(kind, '.', 1) = 'activity' then '{}'
                    else (select app_ids('app.records'))::uuid[] end end) end);

create function subscribe_to_calendar(subscription uuid, token bytea) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into calendar_subscriptions (org_id, id, session_id, token_hash, code_mark)
    select s.org_id, subscription, s.id, token, d.mark
    from portal_sessions s
    cross join lateral live_doorways(s.token_hash) d
    where s.org_id = app_org() and s.id = app_id('app.session') and app_id('app.portal') is not null
        and 'CALENDAR' = any (app_modes());
    return found;
end $$;
comment on function subscribe_to_calendar(uuid, bytea) is 'Makes a subscription in the session that was entered, with the mark of the access code that it passed; false where the portal shows no calendar.';

create function enter_calendar(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select d.* into doorway
    from calendar_subscriptions c
    join portal_sessions s on s.org_id = c.org_id and s.id = c.session_id
    cross join lateral live_doorways(s.token_hash) d
    where c.token_hash = hash and c.revoked_at is null and (d.mark is null or d.mark = c.code_mark)
        and 'CALENDAR' = any (d.modes) and app_org() is null;
    if doorway.org_id is null
        or not open_scope(doorway.org_id, doorway.company_id, doorway.record_id, '{CALENDAR}', null) then
        return;
    end if;
    perform set_config('app.portal', doorway.portal_id::text, true);
end $$;
comment on function enter_calendar(bytea) is 'Enters what a live calendar subscription shows: the calendar, and nothing else that its portal has. No link and no session: nothing counts it, and nothing can be done in it.';

revoke execute on function subscribe_to_calendar(uuid, bytea), enter_calendar(bytea) from public;
grant execute on function subscribe_to_calendar(uuid, bytea), enter_calendar(bytea) to app_portal;
grant create on schema public to door;
alter function subscribe_to_calendar(uuid, bytea) owner to door;
alter function enter_calendar(bytea) owner to door;
revoke create on schema public from door;

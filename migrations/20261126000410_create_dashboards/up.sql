-- Dashboards (DASH-2): numbers that the service does not know by itself, recorded by staff and by partners'
-- programs, and pictures of them that staff put together and portals show.

create table metrics (
    org_id uuid not null,
    id uuid not null,
    key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name text not null check (char_length(name) between 1 and 120),
    unit text check (char_length(unit) between 1 and 20),
    created_by uuid not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    unique (org_id, key),
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict
);
create index metrics_created_by on metrics (org_id, created_by);
comment on table metrics is 'Something that is measured again and again (DASH-2).';
comment on column metrics.org_id is 'The tenant.';
comment on column metrics.id is 'UUIDv7, made by the service.';
comment on column metrics.key is 'What programs call it.';
comment on column metrics.name is 'What people call it.';
comment on column metrics.unit is 'What stands behind a value: %, EUR, visits.';
comment on column metrics.created_by is 'The member who made it.';
comment on column metrics.version is 'Raised by every update (API-8).';
comment on column metrics.created_at is 'When it was made.';
comment on column metrics.archived_at is 'From then on nothing is recorded of it.';

alter table metrics enable row level security;
alter table metrics force row level security;
create policy owner_all on metrics to owner using (true) with check (true);
create policy app_staff_select on metrics for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on metrics for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on metrics for update to app_staff using (org_id = (select app_org()));
create policy app_partner_select on metrics for select to app_partner
    using (org_id = (select app_org()) and 'METRICS_WRITE' = any ((select app_setting('app.scopes'))::text[]));
create policy app_portal_select on metrics for select to app_portal
    using (org_id = (select app_org()) and id = any ((select app_ids('app.metrics'))::uuid[]));
grant select, insert (org_id, id, key, name, unit, created_by), update (name, unit, version, archived_at)
    on metrics to app_staff;
grant select (org_id, id, key, archived_at) on metrics to app_partner;
grant select (org_id, id, name, unit) on metrics to app_portal;

create table metric_points (
    org_id uuid not null,
    id uuid not null,
    metric_id uuid not null,
    company_id uuid not null,
    record_id uuid,
    measured_at timestamptz not null,
    value double precision not null check (value between -1e15 and 1e15),
    point_key text not null check (char_length(point_key) between 1 and 200),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, metric_id, company_id, point_key),
    foreign key (org_id, metric_id) references metrics (org_id, id) on delete cascade,
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index metric_points_measured on metric_points (org_id, company_id, metric_id, measured_at);
create index metric_points_record on metric_points (org_id, record_id) where record_id is not null;
comment on table metric_points is 'One measurement. Never changed.';
comment on column metric_points.org_id is 'The tenant.';
comment on column metric_points.id is 'UUIDv7, made by the service.';
comment on column metric_points.metric_id is 'What was measured.';
comment on column metric_points.company_id is 'Whose it is.';
comment on column metric_points.record_id is 'The record of that company it is about; null: the company as a whole.';
comment on column metric_points.measured_at is 'When it was measured.';
comment on column metric_points.value is 'The value, in the metric''s unit.';
comment on column metric_points.point_key is 'Chosen by who records it: the same key is recorded once.';
comment on column metric_points.created_at is 'When it was recorded.';

alter table metric_points enable row level security;
alter table metric_points force row level security;
create policy owner_all on metric_points to owner using (true) with check (true);
create policy app_staff_select on metric_points for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on metric_points for insert to app_staff with check (org_id = (select app_org()));
create policy app_partner_select on metric_points for select to app_partner
    using (org_id = (select app_org()) and 'METRICS_WRITE' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
create policy app_partner_insert on metric_points for insert to app_partner
    with check (org_id = (select app_org()) and 'METRICS_WRITE' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
create policy app_portal_select on metric_points for select to app_portal
    using (org_id = (select app_org()) and company_id = (select app_id('app.company'))
        and metric_id = any ((select app_ids('app.metrics'))::uuid[])
        and case when record_id is null then (select app_setting('app.whole_company')) is not null
            else record_id = any ((select app_ids('app.shown_records'))::uuid[]) end);
grant select, insert (org_id, id, metric_id, company_id, record_id, measured_at, value, point_key) on metric_points to app_staff;
grant select (org_id, id, metric_id, company_id, record_id, measured_at, value, point_key),
    insert (org_id, id, metric_id, company_id, record_id, measured_at, value, point_key) on metric_points to app_partner;
grant select (org_id, id, metric_id, record_id, measured_at, value) on metric_points to app_portal;

create table dashboards (
    org_id uuid not null,
    id uuid not null,
    title text not null check (char_length(title) between 1 and 120),
    record_id uuid,
    created_by uuid not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict
);
create index dashboards_record on dashboards (org_id, record_id) where record_id is not null;
create index dashboards_created_by on dashboards (org_id, created_by);
comment on table dashboards is 'Widgets that staff put together (DASH-2).';
comment on column dashboards.org_id is 'The tenant.';
comment on column dashboards.id is 'UUIDv7, made by the service.';
comment on column dashboards.title is 'Name that staff and clients read.';
comment on column dashboards.record_id is 'The record whose numbers it shows; null: those of whichever company or record looks at it.';
comment on column dashboards.created_by is 'The member who made it.';
comment on column dashboards.version is 'Raised by every update (API-8).';
comment on column dashboards.created_at is 'When it was made.';
comment on column dashboards.archived_at is 'From then on no portal shows it.';

alter table dashboards enable row level security;
alter table dashboards force row level security;
create policy owner_all on dashboards to owner using (true) with check (true);
create policy door_select on dashboards for select to door using (org_id = (select app_org()));
create policy app_staff_select on dashboards for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on dashboards for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on dashboards for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on dashboards for select to app_portal
    using (org_id = (select app_org()) and id = any ((select app_ids('app.dashboards'))::uuid[]));
grant select (org_id, id, record_id, archived_at) on dashboards to door;
grant select, insert (org_id, id, title, record_id, created_by), update (title, version, archived_at) on dashboards to app_staff;
grant select (org_id, id, title, record_id) on dashboards to app_portal;

create table dashboard_widgets (
    org_id uuid not null,
    id uuid not null,
    dashboard_id uuid not null,
    kind text not null check (kind in ('NUMBER', 'PROGRESS', 'LINE', 'BAR', 'TABLE', 'TEXT')),
    title text not null check (char_length(title) between 1 and 120),
    metric_id uuid,
    built_in text check (built_in in ('RECORDS_BY_STAGE', 'ACTIVE_RECORDS', 'ON_TIME_MILESTONES')),
    target double precision check (target > 0 and target <= 1e15),
    days integer check (days between 1 and 366),
    body text check (char_length(body) between 1 and 4000),
    position integer not null check (position >= 0),
    primary key (org_id, id),
    foreign key (org_id, dashboard_id) references dashboards (org_id, id) on delete cascade,
    foreign key (org_id, metric_id) references metrics (org_id, id) on delete restrict,
    check (case when kind = 'TEXT' then body is not null and num_nonnulls(metric_id, built_in) = 0
        else body is null and num_nonnulls(metric_id, built_in) = 1 end)
);
create index dashboard_widgets_dashboard on dashboard_widgets (org_id, dashboard_id);
create index dashboard_widgets_metric on dashboard_widgets (org_id, metric_id) where metric_id is not null;
comment on table dashboard_widgets is 'One picture, number or text of a dashboard.';
comment on column dashboard_widgets.org_id is 'The tenant.';
comment on column dashboard_widgets.id is 'UUIDv7, made by the service.';
comment on column dashboard_widgets.dashboard_id is 'Where it stands.';
comment on column dashboard_widgets.kind is 'What it looks like.';
comment on column dashboard_widgets.title is 'What stands above it.';
comment on column dashboard_widgets.metric_id is 'The metric it shows.';
comment on column dashboard_widgets.built_in is 'What it shows that the service knows by itself.';
comment on column dashboard_widgets.target is 'What is to be reached.';
comment on column dashboard_widgets.days is 'How many days back it looks.';
comment on column dashboard_widgets.body is 'Of TEXT: the text, plain.';
comment on column dashboard_widgets.position is 'Its place, from 0.';

alter table dashboard_widgets enable row level security;
alter table dashboard_widgets force row level security;
create policy owner_all on dashboard_widgets to owner using (true) with check (true);
create policy door_select on dashboard_widgets for select to door using (org_id = (select app_org()));
create policy app_staff_select on dashboard_widgets for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on dashboard_widgets for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_delete on dashboard_widgets for delete to app_staff using (org_id = (select app_org()));
create policy app_portal_select on dashboard_widgets for select to app_portal
    using (org_id = (select app_org()) and dashboard_id = any ((select app_ids('app.dashboards'))::uuid[]));
grant select (org_id, dashboard_id, metric_id) on dashboard_widgets to door;
grant select, delete, insert (org_id, id, dashboard_id, kind, title, metric_id, built_in, target, days, body, position)
    on dashboard_widgets to app_staff;
grant select (org_id, id, dashboard_id, kind, title, metric_id, built_in, target, days, body, position)
    on dashboard_widgets to app_portal;

create table portal_dashboards (
    org_id uuid not null,
    portal_id uuid not null,
    dashboard_id uuid not null,
    position integer not null check (position >= 0),
    primary key (org_id, portal_id, dashboard_id),
    foreign key (org_id, portal_id) references portals (org_id, id) on delete cascade,
    foreign key (org_id, dashboard_id) references dashboards (org_id, id) on delete cascade
);
create index portal_dashboards_dashboard on portal_dashboards (org_id, dashboard_id);
comment on table portal_dashboards is 'Which dashboards a portal shows where its modes have DASHBOARD (LINK-1).';
comment on column portal_dashboards.org_id is 'The tenant.';
comment on column portal_dashboards.portal_id is 'The portal.';
comment on column portal_dashboards.dashboard_id is 'What it shows.';
comment on column portal_dashboards.position is 'Its place, from 0.';

alter table portal_dashboards enable row level security;
alter table portal_dashboards force row level security;
create policy owner_all on portal_dashboards to owner using (true) with check (true);
create policy door_select on portal_dashboards for select to door using (org_id = (select app_org()));
create policy app_staff_select on portal_dashboards for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on portal_dashboards for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_delete on portal_dashboards for delete to app_staff using (org_id = (select app_org()));
create policy app_portal_select on portal_dashboards for select to app_portal
    using (org_id = (select app_org()) and portal_id = (select app_id('app.portal'))
        and dashboard_id = any ((select app_ids('app.dashboards'))::uuid[]));
grant select on portal_dashboards to door;
grant select, delete, insert (org_id, portal_id, dashboard_id, position) on portal_dashboards to app_staff;
grant select (org_id, portal_id, dashboard_id, position) on portal_dashboards to app_portal;

-- Entering a portal computes which dashboards it shows: those chosen for it that are about a record that
-- shows, or about none; and the metrics they show, which are all that can be read.
create function choose_dashboards(portal uuid) returns void
language sql set search_path = public, pg_temp
as $$
    with chosen as (
        select d.id from portal_dashboards c
        join dashboards d on d.org_id = c.org_id and d.id = c.dashboard_id
        where c.org_id = app_org() and c.portal_id = portal and d.archived_at is null
            and (d.record_id is null or d.record_id = any (app_ids('app.shown_records')))
            and 'DASHBOARD' = any (app_modes())
    )
    select set_config('app.dashboards', (select coalesce(array_agg(id), '{}') from chosen)::text, true),
        set_config('app.metrics', (select coalesce(array_agg(distinct w.metric_id), '{}')
            from dashboard_widgets w join chosen c on c.id = w.dashboard_id
            where w.org_id = app_org() and w.metric_id is not null)::text, true)
$$;
comment on function choose_dashboards(uuid) is 'Sets which dashboards a portal shows, and the metrics of these (DASH-2). Called by doors only, once the scope is open.';

create or replace function enter_portal(hash bytea, visit bytea default null, passed bytea default null) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select d.*, coalesce(d.session_id, v.id) as visit_id into doorway
    from live_doorways(hash) d
    left join portal_sessions v on v.token_hash = visit and v.org_id = d.org_id and v.link_id = d.link_id
        and v.generation = d.generation and v.ended_at is null and v.expires_at > now()
    where d.mark is null or (d.mark = passed and coalesce(d.session_id, v.id) is not null);
    if doorway.org_id is null
        or not open_scope(doorway.org_id, doorway.company_id, doorway.record_id, doorway.modes, null) then
        return;
    end if;
    perform set_config('app.portal', doorway.portal_id::text, true),
        set_config('app.link', doorway.link_id::text, true),
        set_config('app.session', coalesce(doorway.visit_id::text, ''), true);
    if 'DASHBOARD' = any (doorway.modes) then
        perform choose_dashboards(doorway.portal_id);
    end if;
end $$;

create or replace function enter_preview(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select p.org_id, p.id as portal_id, p.company_id, p.record_id, p.modes, v.id as preview_id into doorway
    from portal_previews v
    join staff_sessions s on s.org_id = v.org_id and s.id = v.staff_session_id
    join members m on m.org_id = s.org_id and m.id = s.member_id
    join portals p on p.org_id = v.org_id and p.id = v.portal_id
    join organizations o on o.org_id = v.org_id
    where v.token_hash = hash and v.expires_at > now() and s.ended_at is null and s.expires_at > now()
        and m.ended_at is null and o.portal_enabled and p.revoked_at is null
        and coalesce(p.starts_at, '-infinity') <= now() and coalesce(p.expires_at, 'infinity') > now();
    if doorway.org_id is null
        or not open_scope(doorway.org_id, doorway.company_id, doorway.record_id, doorway.modes, null) then
        return;
    end if;
    perform set_config('app.portal', doorway.portal_id::text, true),
        set_config('app.preview', doorway.preview_id::text, true);
    if 'DASHBOARD' = any (doorway.modes) then
        perform choose_dashboards(doorway.portal_id);
    end if;
end $$;

create or replace function scope_fingerprint() returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(string_agg(
        (select coalesce(string_agg(id::text, ',' order by id), '') from unnest(app_ids(name)) id), '/' order by name)
        || '/' || app_modes()::text, 'UTF8'))
    from unnest(array['app.records', 'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records',
        'app.upload_records', 'app.message_records', 'app.shown_records', 'app.dashboards', 'app.metrics']) name
$$;

alter policy app_portal_select on events
    using (org_id = (select app_org()) and client_visible
        and case when kind like 'dashboard.%' then (payload ->> 'id')::uuid = any ((select app_ids('app.dashboards'))::uuid[])
            else company_id = (select app_id('app.company')) end
        and case when kind like 'dashboard.%' then true
            when kind like 'metric.%' then (payload ->> 'id')::uuid = any ((select app_ids('app.metrics'))::uuid[])
                and case when record_id is null then (select app_setting('app.whole_company')) is not null
                    else record_id = any ((select app_ids('app.shown_records'))::uuid[]) end
            when kind like 'calendar\_event.%' then 'CALENDAR' = any ((select app_modes())::text[])
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

-- Programs record too: what their login may write besides the points goes through a door that knows the key.
alter table api_keys drop constraint api_keys_scopes_check,
    add constraint api_keys_scopes_check
        check (scopes <@ '{EVENTS_READ,RECORDS_READ,METRICS_WRITE}' and cardinality(scopes) >= 1);
alter table audit_entries add column actor_key_id uuid,
    add foreign key (org_id, actor_key_id) references api_keys (org_id, id) on delete set null (actor_key_id);
create index audit_entries_actor_key on audit_entries (org_id, actor_key_id) where actor_key_id is not null;
comment on column audit_entries.actor_key_id is 'The API key whose holder did it; null for members and clients.';
grant insert (actor_key_id) on audit_entries to door;

create function find_metric_subjects(companies uuid[], records uuid[]) returns table (company_id uuid, record_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select c.id, null::uuid from companies c
    where c.org_id = app_org() and c.id = any (find_metric_subjects.companies)
        and case when app_id('app.key') is null or app_id('app.company') is null then true else c.id = app_id('app.company') end
    union all
    select r.company_id, r.id from records r
    where r.org_id = app_org() and r.id = any (find_metric_subjects.records)
        and case when app_id('app.key') is null or app_id('app.company') is null then true else r.company_id = app_id('app.company') end
$$;
comment on function find_metric_subjects(uuid[], uuid[]) is 'Which of these companies and records the organisation has that was entered, and a key may speak of: a key that records need not read them.';

create function journal_key(entries jsonb, address text, request text) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    entry jsonb;
begin
    if app_id('app.key') is null or not coalesce('METRICS_WRITE' = any (app_setting('app.scopes')::text[]), false) then
        raise exception 'no key that records has entered' using errcode = 'insufficient_privilege';
    end if;
    for entry in select jsonb_array_elements(entries) loop
        if not coalesce(split_part(entry ->> 'kind', '.', 1) = 'metric'
            and (entry ->> 'companyId')::uuid = coalesce(app_id('app.company'), (entry ->> 'companyId')::uuid), false)
        then
            raise exception 'a key does not do this' using errcode = 'insufficient_privilege';
        end if;
    end loop;
    insert into audit_entries (org_id, id, action, actor_key_id, subject_id, address, request_id, occurred_at)
    select app_org(), (v ->> 'auditId')::uuid, v ->> 'kind', app_id('app.key'), (v -> 'payload' ->> 'id')::uuid,
        journal_key.address, request, (v ->> 'occurredAt')::timestamptz
    from jsonb_array_elements(entries) v;
    perform append_events((
        select jsonb_agg(v || jsonb_build_object('actorMemberId', null, 'actorSessionId', null) order by n)
        from jsonb_array_elements(entries) with ordinality as e (v, n)));
end $$;
comment on function journal_key(jsonb, text, text) is 'Writes what an API key''s holder did into both logs, in the company that the key is about. Must be the last statement before COMMIT: it locks the counter.';

revoke execute on function choose_dashboards(uuid), find_metric_subjects(uuid[], uuid[]), journal_key(jsonb, text, text) from public;
grant execute on function choose_dashboards(uuid) to door;
grant execute on function find_metric_subjects(uuid[], uuid[]) to app_staff, app_partner;
grant execute on function journal_key(jsonb, text, text) to app_partner;
grant create on schema public to door;
alter function find_metric_subjects(uuid[], uuid[]) owner to door;
alter function journal_key(jsonb, text, text) owner to door;
revoke create on schema public from door;

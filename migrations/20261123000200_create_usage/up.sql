-- How portals are used (LINK-6): counted in Redis, drained into these tables; and the sessions of
-- browsers that came back (DOOR-4), stored by the same drain.

create table portal_usage (
    org_id uuid not null,
    link_id uuid not null,
    views bigint not null default 0,
    visits bigint not null default 0,
    visitors bigint not null default 0,
    unconfirmed_views bigint not null default 0,
    bytes_served bigint not null default 0,
    first_viewed_at timestamptz,
    last_viewed_at timestamptz,
    primary key (org_id, link_id),
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade
);
comment on table portal_usage is 'LINK-6: how a link was used, as far as it was drained from Redis. Written by the drain only. No check keeps numbers above zero: what is taken back may be applied before what it takes back.';
comment on column portal_usage.org_id is 'The tenant.';
comment on column portal_usage.link_id is 'The link that was opened.';
comment on column portal_usage.views is 'Requests that showed at least one section, by visitors who came back.';
comment on column portal_usage.visits is 'Views after half an hour of silence of the same visitor.';
comment on column portal_usage.visitors is 'Sessions that viewed something.';
comment on column portal_usage.unconfirmed_views is 'Loads by who never came back with the cookie or beacon: scanners.';
comment on column portal_usage.bytes_served is 'Bytes of all answers'' bodies, as sent.';
comment on column portal_usage.first_viewed_at is 'The moment of the first view.';
comment on column portal_usage.last_viewed_at is 'The moment of the latest view.';

alter table portal_usage enable row level security;
alter table portal_usage force row level security;
create policy owner_all on portal_usage to owner using (true) with check (true);
create policy app_staff_select on portal_usage for select to app_staff using (org_id = (select app_org()));
create policy app_system_select on portal_usage for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on portal_usage for insert to app_system with check (org_id = (select app_org()));
create policy app_system_update on portal_usage for update to app_system using (org_id = (select app_org()));
grant select on portal_usage to app_staff;
grant select,
    insert (org_id, link_id, views, visits, visitors, unconfirmed_views, bytes_served, first_viewed_at, last_viewed_at),
    update (views, visits, visitors, unconfirmed_views, bytes_served, first_viewed_at, last_viewed_at)
    on portal_usage to app_system;

create table portal_section_views (
    org_id uuid not null,
    link_id uuid not null,
    section text not null check (section in
        ('DASHBOARD', 'FILES', 'ACTIVITY', 'RECORDS', 'MESSAGES', 'BILLING', 'CALENDAR', 'FEEDBACK')),
    views bigint not null default 0,
    primary key (org_id, link_id, section),
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade
);
comment on table portal_section_views is 'LINK-6: the views of a link by section; a view of two sections counts for both. Written by the drain only.';
comment on column portal_section_views.org_id is 'The tenant.';
comment on column portal_section_views.link_id is 'The link that was opened.';
comment on column portal_section_views.section is 'What was shown.';
comment on column portal_section_views.views is 'Requests that showed it, by visitors who came back.';

alter table portal_section_views enable row level security;
alter table portal_section_views force row level security;
create policy owner_all on portal_section_views to owner using (true) with check (true);
create policy app_staff_select on portal_section_views for select to app_staff using (org_id = (select app_org()));
create policy app_system_select on portal_section_views for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on portal_section_views for insert to app_system with check (org_id = (select app_org()));
create policy app_system_update on portal_section_views for update to app_system using (org_id = (select app_org()));
grant select on portal_section_views to app_staff;
grant select, insert (org_id, link_id, section, views), update (views) on portal_section_views to app_system;

create table usage_batches (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    applied_at timestamptz not null,
    primary key (org_id, id)
);
create index usage_batches_applied on usage_batches (org_id, applied_at);
comment on table usage_batches is 'Which batches of counts were applied to an organisation, so that each is applied once; kept for a day.';
comment on column usage_batches.org_id is 'The tenant.';
comment on column usage_batches.id is 'UUIDv7 that the counts carry from their first one on.';
comment on column usage_batches.applied_at is 'When it was applied.';

alter table usage_batches enable row level security;
alter table usage_batches force row level security;
create policy owner_all on usage_batches to owner using (true) with check (true);
create policy app_system_select on usage_batches for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on usage_batches for insert to app_system with check (org_id = (select app_org()));
create policy app_system_delete on usage_batches for delete to app_system using (org_id = (select app_org()));
grant select, insert (org_id, id, applied_at), delete on usage_batches to app_system;

create policy app_system_select on portal_links for select to app_system using (org_id = (select app_org()));
grant select (org_id, id) on portal_links to app_system;

create policy door_update on portal_sessions for update to door using (org_id = (select app_org()));
grant update (ended_at) on portal_sessions to door;

create function keep_portal_session(link bytea, session uuid, token bytea, expires timestamptz, has_left boolean)
returns void
language sql security definer set search_path = public, pg_temp
as $$
    insert into portal_sessions (org_id, id, link_id, generation, token_hash, kind, expires_at)
    select d.org_id, session, d.link_id, d.generation, token, 'PAGE', least(expires, d.ends_at)
    from live_doorways(link) d
    where d.org_id = app_org() and d.session_id is null and d.mark is null and expires > now()
    on conflict do nothing;
    update portal_sessions set ended_at = now()
    where has_left and token_hash = token and org_id = app_org() and ended_at is null;
$$;
comment on function keep_portal_session(bytea, uuid, bytea, timestamptz, boolean) is 'Stores the session of a browser that came back with its cookie (DOOR-4), if the link''s hash still opens a door that asks no code. has_left: who signed out before it was stored has no open session. For the worker, within the organisation it entered.';

revoke execute on function keep_portal_session(bytea, uuid, bytea, timestamptz, boolean) from public;
grant execute on function keep_portal_session(bytea, uuid, bytea, timestamptz, boolean) to app_system;
grant create on schema public to door;
alter function keep_portal_session(bytea, uuid, bytea, timestamptz, boolean) owner to door;
revoke create on schema public from door;

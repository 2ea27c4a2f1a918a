-- Access codes (DOOR-1 to DOOR-4), bypasses of a locked door, previews (LINK-9), and the doors that know them.

alter table portals
    add column code_hash bytea check (octet_length(code_hash) = 32),
    add column code_key text check (char_length(code_key) between 1 and 40),
    add column code_version integer not null default 0,
    add column has_code boolean not null generated always as (code_hash is not null) stored,
    add constraint portals_code_whole check ((code_hash is null) = (code_key is null));
comment on column portals.code_hash is 'DOOR-1: HMAC-SHA256 of the access code with the portal''s id; null is no code.';
comment on column portals.code_key is 'Id of the sealing key that the hash was made with.';
comment on column portals.code_version is 'Raised by every change of the code; what passed an earlier one is dead (DOOR-2).';
comment on column portals.has_code is 'Whether there is a code; what staff may know of it.';

alter table portal_links
    add column own_code boolean not null default false,
    add column code_hash bytea check (octet_length(code_hash) = 32),
    add column code_key text check (char_length(code_key) between 1 and 40),
    add column code_version integer not null default 0,
    add column has_code boolean not null generated always as (code_hash is not null) stored,
    add constraint portal_links_code_whole check ((code_hash is null) = (code_key is null)),
    add constraint portal_links_code_own check (own_code or code_hash is null);
comment on column portal_links.own_code is 'False: the portal''s code holds. True: code_hash does.';
comment on column portal_links.code_hash is 'With own_code: HMAC-SHA256 of the access code with the link''s id; null is no code.';
comment on column portal_links.code_key is 'Id of the sealing key that the hash was made with.';
comment on column portal_links.code_version is 'Raised by every change of the code; what passed an earlier one is dead (DOOR-2).';
comment on column portal_links.has_code is 'Whether there is a code of its own; what staff may know of it.';

grant select (code_hash, code_key, code_version) on portals to door;
grant select (accent_color) on organizations to door;
grant select (recipient_contact_id, recipient_email, own_code, code_hash, code_key, code_version) on portal_links to door;
revoke select on portals from app_staff;
grant select (org_id, id, label, title, company_id, record_id, modes, starts_at, expires_at, notifications,
        attribution, created_by, version, created_at, revoked_at, has_code),
    insert (code_hash, code_key), update (code_hash, code_key, code_version) on portals to app_staff;
grant select (own_code, has_code), insert (own_code, code_hash, code_key),
    update (own_code, code_hash, code_key, code_version) on portal_links to app_staff;

alter table portal_sessions add column kind text not null default 'API' check (kind in ('API', 'PAGE'));
comment on column portal_sessions.kind is 'API: opened with access.openPortal. PAGE: a browser''s cookie.';
drop policy app_portal_insert on portal_sessions;
drop function app_number(text);
revoke insert (org_id, id, link_id, generation, token_hash, expires_at) on portal_sessions from app_portal;
create policy door_insert on portal_sessions for insert to door with check (true);
grant insert (org_id, id, link_id, generation, token_hash, kind, expires_at) on portal_sessions to door;
grant select (kind) on portal_sessions to app_staff;

create table door_bypasses (
    org_id uuid not null,
    id uuid not null,
    link_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade
);
create index door_bypasses_link on door_bypasses (org_id, link_id);
comment on table door_bypasses is 'DOOR-3: lets a link''s recipient try the code while strangers have locked the door.';
comment on column door_bypasses.org_id is 'The tenant.';
comment on column door_bypasses.id is 'UUIDv7, made by the service.';
comment on column door_bypasses.link_id is 'The link whose recipient it was mailed to.';
comment on column door_bypasses.token_hash is 'SHA-256 of the token; the token itself is kept nowhere.';
comment on column door_bypasses.created_at is 'When it was made, which is when it was mailed.';
comment on column door_bypasses.expires_at is 'From then on it helps nobody.';
comment on column door_bypasses.used_at is 'When the code was passed with it.';

alter table door_bypasses enable row level security;
alter table door_bypasses force row level security;
create policy owner_all on door_bypasses to owner using (true) with check (true);
create policy door_select on door_bypasses for select to door using (true);
create policy door_update on door_bypasses for update to door using (true);
create policy app_system_insert on door_bypasses for insert to app_system with check (org_id = (select app_org()));
grant select (org_id, id, link_id, token_hash, expires_at, used_at), update (used_at) on door_bypasses to door;
grant insert (org_id, id, link_id, token_hash, expires_at) on door_bypasses to app_system;

create table portal_previews (
    org_id uuid not null,
    id uuid not null,
    portal_id uuid not null,
    staff_session_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, portal_id) references portals (org_id, id) on delete cascade,
    foreign key (org_id, staff_session_id) references staff_sessions (org_id, id) on delete cascade
);
create index portal_previews_portal on portal_previews (org_id, portal_id);
create index portal_previews_session on portal_previews (org_id, staff_session_id);
comment on table portal_previews is 'LINK-9: staff looking through a portal''s eyes for a few minutes. Never counted.';
comment on column portal_previews.org_id is 'The tenant.';
comment on column portal_previews.id is 'UUIDv7, made by the service.';
comment on column portal_previews.portal_id is 'Through whose eyes.';
comment on column portal_previews.staff_session_id is 'Who looks; the preview ends with their session.';
comment on column portal_previews.token_hash is 'SHA-256 of the token; the token itself is kept nowhere.';
comment on column portal_previews.created_at is 'When it was asked for.';
comment on column portal_previews.expires_at is 'From then on it shows nothing.';

alter table portal_previews enable row level security;
alter table portal_previews force row level security;
create policy owner_all on portal_previews to owner using (true) with check (true);
create policy door_select on portal_previews for select to door using (true);
create policy app_staff_insert on portal_previews for insert to app_staff
    with check (org_id = (select app_org()));
grant select (org_id, id, portal_id, staff_session_id, token_hash, expires_at) on portal_previews to door;
grant insert (org_id, id, portal_id, staff_session_id, token_hash, expires_at) on portal_previews to app_staff;

alter table outbox add column subject_id uuid;
comment on column outbox.subject_id is 'What it is about; the worker reads it after entering the organisation.';
create policy door_select on outbox for select to door using (org_id = (select app_org()));
create policy door_insert on outbox for insert to door with check (org_id = (select app_org()));
grant select (org_id, kind, subject_id, due_at), insert (org_id, id, kind, subject_id) on outbox to door;
grant insert (subject_id) on outbox to app_staff;
grant select (subject_id) on outbox to app_system;
create index outbox_subject on outbox (org_id, subject_id, kind) where subject_id is not null;

-- Which doors a credential's hash opens now, apart from the code. `mark` is what a session says that
-- passed the code: it changes with the link's generation and with every change of a code.
create function live_doorways(hash bytea) returns table (org_id uuid, link_id uuid, generation integer,
    portal_id uuid, company_id uuid, record_id uuid, modes text[], session_id uuid, ends_at timestamptz,
    code_salt uuid, code_key text, code_hash bytea, mark bytea)
language sql stable
as $$
    select l.org_id, l.id, l.generation, p.id, p.company_id, p.record_id, p.modes, credential.session_id,
        least(p.expires_at, case when l.own_expiry then l.expires_at end),
        case when l.own_code then l.id else p.id end,
        case when l.own_code then l.code_key else p.code_key end,
        case when l.own_code then l.code_hash else p.code_hash end,
        case when case when l.own_code then l.code_hash else p.code_hash end is not null then
            sha256(convert_to(concat_ws('/', l.id, l.generation, p.code_version, l.code_version), 'UTF8'))
        end
    from (
        select k.org_id, k.id as link_id, k.generation, null::uuid as session_id
        from portal_links k where k.token_hash = hash
        union all
        select s.org_id, s.link_id, s.generation, s.id
        from portal_sessions s where s.token_hash = hash and s.ended_at is null and s.expires_at > now()
    ) credential
    join portal_links l on l.org_id = credential.org_id and l.id = credential.link_id
        and l.generation = credential.generation
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(case when l.own_start then l.starts_at else p.starts_at end, '-infinity') <= now()
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
$$;
comment on function live_doorways(bytea) is 'The doorway that a link''s or a portal session''s hash leads to now (LINK-4, LINK-5), its access code not yet asked.';

-- The gates of REC-10 that lie at the type and the record. `assumed` counts as switched on.
create function visible_records(org uuid, company uuid, only_record uuid, assumed uuid)
returns table (id uuid, type_id uuid, show_stage_names boolean, shared_fields text[], show_files boolean, show_comments boolean)
language sql stable
as $$
    select r.id, t.id, t.show_stage_names, t.shared_fields, t.show_files, t.show_comments
    from records r
    join record_types t on t.org_id = r.org_id and t.id = r.type_id
    where r.org_id = org and r.company_id = company and (only_record is null or r.id = only_record)
        and (r.portal_enabled or r.id = assumed) and r.archived_at is null and t.shared and t.archived_at is null
$$;
comment on function visible_records(uuid, uuid, uuid, uuid) is 'The records of a company, or the one, that clients may see (REC-5, REC-10), and what their types share.';

create function open_scope(org uuid, company uuid, only_record uuid, modes text[], assumed uuid) returns boolean
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
        coalesce(array_agg(v.id) filter (where v.show_comments), '{}') as message_records,
        coalesce(array_agg(v.id) filter (where 'MILESTONES' = any (v.shared_fields)), '{}') as milestone_records
    into seen
    from visible_records(org, company, only_record, assumed) v;
    if only_record is not null and seen.records = '{}' then
        perform set_config('app.org', '', true);
        return false;
    end if;
    perform set_config('app.company', company::text, true);
    if 'RECORDS' = any (modes) then
        perform set_config('app.records', seen.records::text, true),
            set_config('app.types', seen.types::text, true),
            set_config('app.stage_types', seen.stage_types::text, true),
            set_config('app.milestone_records', seen.milestone_records::text, true);
    end if;
    if 'FILES' = any (modes) then
        perform set_config('app.file_records', seen.file_records::text, true);
    end if;
    if 'MESSAGES' = any (modes) then
        perform set_config('app.message_records', seen.message_records::text, true);
    end if;
    return true;
end $$;
comment on function open_scope(uuid, uuid, uuid, text[], uuid) is 'Sets what a portal shows, computed through every gate (REC-10); false, and nothing set, if it shows nothing at all. Called by doors only.';

create function close_scope() returns void
language sql set search_path = public, pg_temp
as $$
    select set_config(name, '', true)
    from unnest(array['app.org', 'app.company', 'app.records', 'app.types', 'app.stage_types', 'app.milestone_records',
        'app.file_records', 'app.message_records']) name
$$;
comment on function close_scope() is 'Undoes open_scope, for a door that only asked whether there is something behind it.';

drop function enter_portal(bytea);
create function enter_portal(hash bytea, visit bytea default null, passed bytea default null) returns void
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
end $$;
comment on function enter_portal(bytea, bytea, bytea) is 'Enters what a live link or portal session opens (LINK-4, LINK-5). visit: hash of the cookie that came with a link. passed: the mark of who passed the access code; without the right one a coded door enters nothing (DOOR-1).';

create function find_door(hash bytea) returns table (org_id uuid, link_id uuid, organization_name text,
    accent_color text, ends_at timestamptz, code_salt uuid, code_key text, code_hash bytea, mark bytea)
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select d.*, o.name, o.accent_color as color into doorway
    from live_doorways(hash) d join organizations o on o.org_id = d.org_id
    where app_org() is null;
    if doorway.org_id is null
        or not open_scope(doorway.org_id, doorway.company_id, doorway.record_id, doorway.modes, null) then
        return;
    end if;
    perform close_scope();
    return query select doorway.org_id, doorway.link_id, doorway.name, doorway.color, doorway.ends_at,
        doorway.code_salt, doorway.code_key, doorway.code_hash, doorway.mark;
end $$;
comment on function find_door(bytea) is 'What stands before a live door: whose it is, and the keyed hash to check its access code against. Enters nothing.';

create function start_portal_session(link bytea, session uuid, token bytea, session_kind text, expires timestamptz, passed bytea)
returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select d.* into doorway
    from live_doorways(link) d
    where app_org() is null and d.session_id is null and (d.mark is null or d.mark = passed);
    if doorway.org_id is null then
        return;
    end if;
    insert into portal_sessions (org_id, id, link_id, generation, token_hash, kind, expires_at)
    values (doorway.org_id, session, doorway.link_id, doorway.generation, token, session_kind,
        least(expires, doorway.ends_at));
    perform enter_portal(token, null, passed);
end $$;
comment on function start_portal_session(bytea, uuid, bytea, text, timestamptz, bytea) is 'Stores a session of a live link and enters it (DOOR-2, DOOR-4). passed: the mark, from who checked the access code.';

create function request_bypass(hash bytea, entry uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
begin
    select d.org_id, d.link_id into doorway
    from live_doorways(hash) d
    join portal_links l on l.org_id = d.org_id and l.id = d.link_id
    where app_org() is null and d.session_id is null and d.mark is not null
        and (l.recipient_contact_id is not null or l.recipient_email is not null);
    if doorway.org_id is null then
        return;
    end if;
    perform set_config('app.org', doorway.org_id::text, true);
    insert into outbox (org_id, id, kind, subject_id)
    select doorway.org_id, entry, 'mail.door_bypass', doorway.link_id
    where not exists (
        select from outbox q
        where q.org_id = doorway.org_id and q.subject_id = doorway.link_id and q.kind = 'mail.door_bypass'
            and q.due_at > now() - interval '15 minutes'
    );
    perform set_config('app.org', '', true);
end $$;
comment on function request_bypass(bytea, uuid) is 'Queues a bypass for the recipient on record of a coded link, once in 15 minutes; says nothing (DOOR-3).';

create function find_bypass(link uuid, hash bytea) returns uuid
language sql stable security definer set search_path = public, pg_temp
as $$
    select b.id from door_bypasses b
    where b.token_hash = hash and b.link_id = link and b.used_at is null and b.expires_at > now() and app_org() is null
$$;
comment on function find_bypass(uuid, bytea) is 'The bypass of a link that a token stands for, if it still helps.';

create function use_bypass(bypass uuid) returns void
language sql security definer set search_path = public, pg_temp
as $$ update door_bypasses set used_at = now() where id = bypass and used_at is null and app_org() is not null and org_id = app_org() $$;
comment on function use_bypass(uuid) is 'Uses a bypass up, in the transaction that the code was passed in.';

create function enter_preview(hash bytea) returns void
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
end $$;
comment on function enter_preview(bytea) is 'Enters what a portal''s holder sees, for staff who hold a preview (LINK-9). No link and no session: nothing counts it.';

create function enter_exposure(hash bytea, company uuid, only_record uuid, modes text[]) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    org uuid;
begin
    select s.org_id into org
    from staff_sessions s
    join members m on m.org_id = s.org_id and m.id = s.member_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > now() and m.ended_at is null
        and app_org() is null;
    if org is not null then
        perform open_scope(org, company, only_record, modes, only_record);
    end if;
end $$;
comment on function enter_exposure(bytea, uuid, uuid, text[]) is 'Enters what a portal that is not made yet would show, for staff (LINK-9). The record counts as switched on: the portal would do so (REC-5).';

create function enter_organization(org uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if app_org() is null and exists (select from organizations o where o.org_id = org) then
        perform set_config('app.org', org::text, true);
    end if;
end $$;
comment on function enter_organization(uuid) is 'Enters the organisation whose queued work the worker does. Not from within another.';

revoke execute on function live_doorways(bytea), visible_records(uuid, uuid, uuid, uuid), close_scope(),
    open_scope(uuid, uuid, uuid, text[], uuid), enter_portal(bytea, bytea, bytea), find_door(bytea),
    start_portal_session(bytea, uuid, bytea, text, timestamptz, bytea), request_bypass(bytea, uuid),
    find_bypass(uuid, bytea), use_bypass(uuid), enter_preview(bytea),
    enter_exposure(bytea, uuid, uuid, text[]), enter_organization(uuid) from public;
grant execute on function live_doorways(bytea), visible_records(uuid, uuid, uuid, uuid), close_scope(),
    open_scope(uuid, uuid, uuid, text[], uuid) to door;
grant execute on function visible_records(uuid, uuid, uuid, uuid) to app_staff;
grant execute on function enter_portal(bytea, bytea, bytea), find_door(bytea),
    start_portal_session(bytea, uuid, bytea, text, timestamptz, bytea), request_bypass(bytea, uuid),
    find_bypass(uuid, bytea), use_bypass(uuid), enter_preview(bytea),
    enter_exposure(bytea, uuid, uuid, text[]) to app_portal;
grant execute on function enter_organization(uuid) to app_system;

grant create on schema public to door;
do $$
declare
    door_function regprocedure;
begin
    foreach door_function in array array[
        'enter_portal(bytea, bytea, bytea)', 'find_door(bytea)',
        'start_portal_session(bytea, uuid, bytea, text, timestamptz, bytea)', 'request_bypass(bytea, uuid)',
        'find_bypass(uuid, bytea)', 'use_bypass(uuid)', 'enter_preview(bytea)',
        'enter_exposure(bytea, uuid, uuid, text[])', 'enter_organization(uuid)']::regprocedure[]
    loop
        execute format('alter function %s owner to door', door_function);
    end loop;
end $$;
revoke create on schema public from door;

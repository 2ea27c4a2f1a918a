-- The only ways into a scope. Each takes a credential's hash, checks that it lives, and sets what
-- the policies read, for this transaction only. A dead credential sets nothing, and without
-- settings every policy yields zero rows. No EXCEPTION blocks: one would undo the settings.

create function enter_staff(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    caller record;
begin
    select s.org_id, s.id, s.member_id into caller
    from staff_sessions s
    join members m on m.org_id = s.org_id and m.id = s.member_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > now() and m.ended_at is null;
    if caller.org_id is null then
        return;
    end if;
    perform set_config('app.org', caller.org_id::text, true),
        set_config('app.member', caller.member_id::text, true),
        set_config('app.session', caller.id::text, true);
end $$;
comment on function enter_staff(bytea) is 'Enters the organisation of a live staff session (ORG-2).';

create function enter_portal(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    doorway record;
    seen record;
begin
    select l.org_id, l.id as link_id, l.generation, p.id as portal_id, p.company_id, p.record_id, p.modes,
        credential.session_id
    into doorway
    from (
        select org_id, id as link_id, generation, null::uuid as session_id from portal_links where token_hash = hash
        union all
        select org_id, link_id, generation, id from portal_sessions
        where token_hash = hash and ended_at is null and expires_at > now()
    ) credential
    join portal_links l on l.org_id = credential.org_id and l.id = credential.link_id
        and l.generation = credential.generation
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(case when l.own_start then l.starts_at else p.starts_at end, '-infinity') <= now()
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now();
    if doorway.org_id is null then
        return;
    end if;
    perform set_config('app.org', doorway.org_id::text, true);
    if not exists (
        select from companies c
        where c.org_id = doorway.org_id and c.id = doorway.company_id and not c.internal and c.archived_at is null
    ) then
        perform set_config('app.org', '', true);
        return;
    end if;
    select coalesce(array_agg(r.id), '{}') as records,
        coalesce(array_agg(distinct t.id), '{}') as types,
        coalesce(array_agg(distinct t.id) filter (where t.show_stage_names and 'PHASE' = any (t.shared_fields)), '{}') as stage_types,
        coalesce(array_agg(r.id) filter (where t.show_files), '{}') as file_records,
        coalesce(array_agg(r.id) filter (where t.show_comments), '{}') as message_records,
        coalesce(array_agg(r.id) filter (where 'MILESTONES' = any (t.shared_fields)), '{}') as milestone_records
    into seen
    from records r
    join record_types t on t.org_id = r.org_id and t.id = r.type_id
    where r.org_id = doorway.org_id and r.company_id = doorway.company_id
        and (doorway.record_id is null or r.id = doorway.record_id)
        and r.portal_enabled and r.archived_at is null and t.shared and t.archived_at is null;
    if doorway.record_id is not null and seen.records = '{}' then
        perform set_config('app.org', '', true);
        return;
    end if;
    perform set_config('app.company', doorway.company_id::text, true),
        set_config('app.portal', doorway.portal_id::text, true),
        set_config('app.link', doorway.link_id::text, true),
        set_config('app.session', coalesce(doorway.session_id::text, ''), true),
        set_config('app.generation', doorway.generation::text, true);
    if 'RECORDS' = any (doorway.modes) then
        perform set_config('app.records', seen.records::text, true),
            set_config('app.types', seen.types::text, true),
            set_config('app.stage_types', seen.stage_types::text, true),
            set_config('app.milestone_records', seen.milestone_records::text, true);
    end if;
    if 'FILES' = any (doorway.modes) then
        perform set_config('app.file_records', seen.file_records::text, true);
    end if;
    if 'MESSAGES' = any (doorway.modes) then
        perform set_config('app.message_records', seen.message_records::text, true);
    end if;
end $$;
comment on function enter_portal(bytea) is 'Enters what a live link or portal session opens: computes the visible records through every gate (REC-10, LINK-4, LINK-5).';

create function find_person(address text) returns table (person_id uuid, password_hash text)
language sql stable security definer set search_path = public, pg_temp
as $$ select p.id, p.password_hash from people p where p.email = address and app_org() is null $$;
comment on function find_person(text) is 'Who signs in with an address, and the hash to check the password against. Not from within an organisation.';

create function find_memberships(person uuid) returns table (org_id uuid, slug text, name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.org_id, o.slug, o.name
    from members m join organizations o on o.org_id = m.org_id
    where m.person_id = person and m.ended_at is null and app_org() is null
    order by o.slug
$$;
comment on function find_memberships(uuid) is 'The organisations a person can sign in to.';

create function register_person(person uuid, address text, password text) returns void
language sql security definer set search_path = public, pg_temp
as $$ insert into people (id, email, password_hash) select person, address, password where app_org() is null $$;
comment on function register_person(uuid, text, text) is 'Adds a person at sign-up (ORG-1).';

create function found_organization(org uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if app_org() is null and not exists (select from organizations o where o.org_id = org) then
        perform set_config('app.org', org::text, true);
    end if;
end $$;
comment on function found_organization(uuid) is 'Enters an organisation that does not exist yet, for sign-up (ORG-1). Not from within another.';

create function start_staff_session(org uuid, person uuid, session uuid, hash bytea, agent text, expires timestamptz)
returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    member uuid;
begin
    select m.id into member
    from members m
    where m.org_id = org and m.person_id = person and m.ended_at is null and org = coalesce(app_org(), org);
    if member is null then
        return;
    end if;
    insert into staff_sessions (org_id, id, member_id, token_hash, user_agent, expires_at)
    values (org, session, member, hash, agent, expires);
    perform set_config('app.org', org::text, true),
        set_config('app.member', member::text, true),
        set_config('app.session', session::text, true);
end $$;
comment on function start_staff_session(uuid, uuid, uuid, bytea, text, timestamptz) is 'Stores a staff session for a person who proved who they are, and enters it, so that the sign-in is audited in its own transaction (ORG-2, ORG-5). Not into another organisation.';

create function origin_is_listed(origin text) returns boolean
language sql stable security definer set search_path = public, pg_temp
as $$
    select exists (
        select from organizations o
        where o.allowed_origins @> array[origin] and (app_org() is null or o.org_id = app_org())
    )
$$;
comment on function origin_is_listed(text) is 'Whether the organisation that was entered lists an origin; outside any, whether some organisation does (API-7).';

revoke execute on all functions in schema public from public;
grant execute on function app_setting(text), app_id(text), app_number(text), app_ids(text), app_org() to door, app_staff, app_portal, app_system;
grant execute on function append_events(jsonb), enter_staff(bytea), find_person(text), find_memberships(uuid),
    register_person(uuid, text, text), found_organization(uuid),
    start_staff_session(uuid, uuid, uuid, bytea, text, timestamptz) to app_staff;
grant execute on function enter_portal(bytea) to app_portal;
grant execute on function origin_is_listed(text) to app_staff, app_portal;

do $$
declare
    door_function regprocedure;
begin
    foreach door_function in array array[
        'origin_is_listed(text)',
        'enter_staff(bytea)', 'enter_portal(bytea)', 'find_person(text)', 'find_memberships(uuid)',
        'register_person(uuid, text, text)', 'found_organization(uuid)',
        'start_staff_session(uuid, uuid, uuid, bytea, text, timestamptz)']::regprocedure[]
    loop
        execute format('alter function %s owner to door', door_function);
    end loop;
end $$;
revoke create on schema public from door;

drop function enter_organization(uuid);
drop function enter_exposure(bytea, uuid, uuid, text[]);
drop function enter_preview(bytea);
drop function use_bypass(uuid);
drop function find_bypass(uuid, bytea);
drop function request_bypass(bytea, uuid);
drop function start_portal_session(bytea, uuid, bytea, text, timestamptz, bytea);
drop function find_door(bytea);
drop function enter_portal(bytea, bytea, bytea);
drop function close_scope();
drop function open_scope(uuid, uuid, uuid, text[], uuid);
drop function visible_records(uuid, uuid, uuid, uuid);
drop function live_doorways(bytea);
drop table portal_previews;
drop table door_bypasses;
drop index outbox_subject;
drop policy door_insert on outbox;
drop policy door_select on outbox;
revoke select (org_id, kind, due_at), insert (org_id, id, kind) on outbox from door;
alter table outbox drop column subject_id;
create function app_number(name text) returns integer
language sql stable parallel safe
as $$ select app_setting(name)::integer $$;
comment on function app_number(text) is 'A transaction-local number, null when it is unset.';
revoke execute on function app_number(text) from public;
grant execute on function app_number(text) to door, app_staff, app_portal, app_system;
drop policy door_insert on portal_sessions;
revoke insert (org_id, id, link_id, generation, token_hash, kind, expires_at) on portal_sessions from door;
alter table portal_sessions drop column kind;
create policy app_portal_insert on portal_sessions for insert to app_portal
    with check (org_id = (select app_org())
        and link_id = (select app_id('app.link'))
        and generation = (select app_number('app.generation')));
grant insert (org_id, id, link_id, generation, token_hash, expires_at) on portal_sessions to app_portal;
revoke select (recipient_contact_id, recipient_email) on portal_links from door;
alter table portal_links drop column has_code, drop column code_version, drop column code_key, drop column code_hash,
    drop column own_code;
revoke select (accent_color) on organizations from door;
alter table portals drop column has_code, drop column code_version, drop column code_key, drop column code_hash;
grant select on portals to app_staff;

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

revoke execute on function enter_portal(bytea) from public;
grant execute on function enter_portal(bytea) to app_portal;
grant create on schema public to door;
alter function enter_portal(bytea) owner to door;
revoke create on schema public from door;

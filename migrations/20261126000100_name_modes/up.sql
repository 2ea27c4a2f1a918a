-- What a portal's policies need to know besides its records: its modes, for what hangs on a company or on
-- no record's flag, and the records whose type lets clients upload (FILE-2).

create function app_modes() returns text[]
language sql stable parallel safe
as $$ select coalesce(app_setting('app.modes')::text[], '{}') $$;
comment on function app_modes() is 'The modes of the portal that was entered (LINK-1), empty without one.';
revoke execute on function app_modes() from public;
grant execute on function app_modes() to door, app_portal;

grant select (allow_uploads) on record_types to door;

drop function visible_records(uuid, uuid, uuid, uuid);
create function visible_records(org uuid, company uuid, only_record uuid, assumed uuid)
returns table (id uuid, type_id uuid, show_stage_names boolean, shared_fields text[], show_files boolean, show_comments boolean, allow_uploads boolean)
language sql stable
as $$
    select r.id, t.id, t.show_stage_names, t.shared_fields, t.show_files, t.show_comments, t.allow_uploads
    from records r
    join record_types t on t.org_id = r.org_id and t.id = r.type_id
    where r.org_id = org and r.company_id = company and (only_record is null or r.id = only_record)
        and (r.portal_enabled or r.id = assumed) and r.archived_at is null and t.shared and t.archived_at is null
$$;
comment on function visible_records(uuid, uuid, uuid, uuid) is 'The records of a company, or the one, that clients may see (REC-5, REC-10), and what their types share.';
revoke execute on function visible_records(uuid, uuid, uuid, uuid) from public;
grant execute on function visible_records(uuid, uuid, uuid, uuid) to door, app_staff;

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
        set_config('app.shown_records', seen.records::text, true),
        set_config('app.modes', modes::text, true);
    if 'RECORDS' = any (modes) then
        perform set_config('app.records', seen.records::text, true),
            set_config('app.types', seen.types::text, true),
            set_config('app.stage_types', seen.stage_types::text, true),
            set_config('app.milestone_records', seen.milestone_records::text, true);
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
    from unnest(array['app.org', 'app.company', 'app.modes', 'app.shown_records', 'app.records', 'app.types', 'app.stage_types',
        'app.milestone_records', 'app.file_records', 'app.upload_records', 'app.message_records']) name
$$;

drop function subscribe_to_calendar(uuid, bytea), enter_calendar(bytea);
alter policy app_portal_select on events
    using (org_id = (select app_org()) and client_visible and company_id = (select app_id('app.company'))
        and case when record_id is null
            then kind like 'activity.%' and 'ACTIVITY' = any ((select app_modes())::text[]) and (select in_company_portal())
            else record_id = any (case split_part(kind, '.', 1)
                when 'milestone' then (select app_ids('app.milestone_records'))::uuid[]
                when 'message' then (select app_ids('app.message_records'))::uuid[]
                when 'file' then (select app_ids('app.file_records'))::uuid[]
                when 'deliverable' then (select app_ids('app.records'))::uuid[]
                else case
                    when 'ACTIVITY' = any ((select app_modes())::text[]) then (select app_ids('app.shown_records'))::uuid[]
                    when split_part(kind, '.', 1) = 'activity' then '{}'
                    else (select app_ids('app.records'))::uuid[] end end) end);

create or replace function scope_fingerprint() returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(string_agg(
        (select coalesce(string_agg(id::text, ',' order by id), '') from unnest(app_ids(name)) id), '/' order by name), 'UTF8'))
    from unnest(array['app.records', 'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records',
        'app.message_records']) name
$$;

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

drop table calendar_subscriptions, calendar_events;

drop function journal_visit(jsonb, text, text);
drop function visitor();
drop function act_in_portal(bytea, bytea, bytea, uuid);

create or replace function close_scope() returns void
language sql set search_path = public, pg_temp
as $$
    select set_config(name, '', true)
    from unnest(array['app.org', 'app.company', 'app.records', 'app.types', 'app.stage_types', 'app.milestone_records',
        'app.file_records', 'app.message_records']) name
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

drop table portal_idempotency_keys;

revoke execute on function append_events(jsonb) from door;
revoke insert (org_id, id, action, actor_session_id, subject_id, address, request_id, occurred_at)
    on audit_entries from door;
drop policy door_insert on audit_entries;
revoke insert (org_id, seq, id, kind, actor_member_id, actor_session_id, company_id, record_id, client_visible, payload, occurred_at)
    on events from door;
drop policy door_insert on events;
revoke update (last_seq) on event_counters from door;
drop policy door_update on event_counters;

create or replace function append_events(entries jsonb) returns void
language sql
as $$
    with counter as (
        update event_counters set last_seq = last_seq + jsonb_array_length(entries)
        where org_id = app_org()
        returning org_id, last_seq - jsonb_array_length(entries) as before
    )
    insert into events (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
    select c.org_id, c.before + e.n, (e.v ->> 'id')::uuid, e.v ->> 'kind', (e.v ->> 'actorMemberId')::uuid,
        (e.v ->> 'companyId')::uuid, (e.v ->> 'recordId')::uuid, (e.v ->> 'clientVisible')::boolean,
        e.v -> 'payload', (e.v ->> 'occurredAt')::timestamptz
    from counter c, jsonb_array_elements(entries) with ordinality as e (v, n)
$$;

comment on column audit_entries.actor_member_id is 'The member who did it.';
alter table audit_entries drop column actor_session_id;
alter table events drop column actor_session_id;

revoke select (org_id, id, company_id, name, archived_at) on contacts from door;
drop policy door_select on contacts;
alter table portal_sessions drop column given_name;

drop function journal_key(jsonb, text, text), find_metric_subjects(uuid[], uuid[]);
alter table audit_entries drop column actor_key_id;
delete from api_keys where 'METRICS_WRITE' = any (scopes);
alter table api_keys drop constraint api_keys_scopes_check,
    add constraint api_keys_scopes_check check (scopes <@ '{EVENTS_READ,RECORDS_READ}' and cardinality(scopes) >= 1);

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

create or replace function scope_fingerprint() returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(string_agg(
        (select coalesce(string_agg(id::text, ',' order by id), '') from unnest(app_ids(name)) id), '/' order by name)
        || '/' || app_modes()::text, 'UTF8'))
    from unnest(array['app.records', 'app.types', 'app.stage_types', 'app.milestone_records', 'app.file_records',
        'app.upload_records', 'app.message_records', 'app.shown_records']) name
$$;


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
end $$;

drop function choose_dashboards(uuid);
drop table portal_dashboards, dashboard_widgets, dashboards, metric_points, metrics;

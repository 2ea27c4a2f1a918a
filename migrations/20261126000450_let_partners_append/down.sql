create or replace function journal_key(entries jsonb, address text, request text) returns void
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

alter function find_subjects(uuid[], uuid[]) rename to find_metric_subjects;
create or replace function find_metric_subjects(companies uuid[], records uuid[]) returns table (company_id uuid, record_id uuid)
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

drop table partner_idempotency_keys;
revoke select, insert (org_id, id, company_id, record_id, title, body, url, created_at) on activity_entries from app_partner;
drop policy app_partner_insert on activity_entries;
drop policy app_partner_select on activity_entries;
delete from api_keys where 'ACTIVITY_WRITE' = any (scopes);
alter table api_keys drop constraint api_keys_scopes_check,
    add constraint api_keys_scopes_check
        check (scopes <@ '{EVENTS_READ,RECORDS_READ,METRICS_WRITE}' and cardinality(scopes) >= 1);

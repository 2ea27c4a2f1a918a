-- Partners tell clients things themselves (EVT-8): keys with ACTIVITY_WRITE append to clients' activity.

alter table api_keys drop constraint api_keys_scopes_check,
    add constraint api_keys_scopes_check
        check (scopes <@ '{EVENTS_READ,RECORDS_READ,METRICS_WRITE,ACTIVITY_WRITE}' and cardinality(scopes) >= 1);

create policy app_partner_select on activity_entries for select to app_partner
    using (org_id = (select app_org()) and 'ACTIVITY_WRITE' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
create policy app_partner_insert on activity_entries for insert to app_partner
    with check (org_id = (select app_org()) and 'ACTIVITY_WRITE' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true
            when company_id <> (select app_id('app.company')) then false
            when record_id is null then true
            else record_id = any ((select app_ids('app.records'))::uuid[]) end);
grant select, insert (org_id, id, company_id, record_id, title, body, url, created_at) on activity_entries to app_partner;

create table partner_idempotency_keys (
    org_id uuid not null,
    api_key_id uuid not null,
    key text not null check (char_length(key) between 1 and 200),
    operation text not null,
    input_hash bytea not null check (octet_length(input_hash) = 32),
    subject_id uuid,
    created_at timestamptz not null default now(),
    primary key (org_id, api_key_id, key),
    foreign key (org_id, api_key_id) references api_keys (org_id, id) on delete cascade
);
create index partner_idempotency_keys_created on partner_idempotency_keys (org_id, api_key_id, created_at);
comment on table partner_idempotency_keys is 'What partners'' programs must not do twice (API-8); kept for 24 hours, and until the API key does something again.';
comment on column partner_idempotency_keys.org_id is 'The tenant.';
comment on column partner_idempotency_keys.api_key_id is 'The API key that was used.';
comment on column partner_idempotency_keys.key is 'Chosen by the caller.';
comment on column partner_idempotency_keys.operation is 'The mutation it was used for.';
comment on column partner_idempotency_keys.input_hash is 'SHA-256 of the input, so that another input is refused.';
comment on column partner_idempotency_keys.subject_id is 'What the mutation made; the answer is read anew from it.';
comment on column partner_idempotency_keys.created_at is 'When it was first used.';

alter table partner_idempotency_keys enable row level security;
alter table partner_idempotency_keys force row level security;
create policy owner_all on partner_idempotency_keys to owner using (true) with check (true);
create policy app_partner_select on partner_idempotency_keys for select to app_partner
    using (org_id = (select app_org()) and api_key_id = (select app_id('app.key')));
create policy app_partner_insert on partner_idempotency_keys for insert to app_partner
    with check (org_id = (select app_org()) and api_key_id = (select app_id('app.key')));
create policy app_partner_update on partner_idempotency_keys for update to app_partner
    using (org_id = (select app_org()) and api_key_id = (select app_id('app.key')));
create policy app_partner_delete on partner_idempotency_keys for delete to app_partner
    using (org_id = (select app_org()) and api_key_id = (select app_id('app.key')));
grant select (org_id, api_key_id, key, operation, input_hash, subject_id, created_at),
    insert (org_id, api_key_id, key, operation, input_hash), update (subject_id), delete
    on partner_idempotency_keys to app_partner;

alter function find_metric_subjects(uuid[], uuid[]) rename to find_subjects;
create or replace function find_subjects(companies uuid[], records uuid[]) returns table (company_id uuid, record_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select c.id, null::uuid from companies c
    where c.org_id = app_org() and c.id = any (find_subjects.companies)
        and case when app_id('app.key') is null or app_id('app.company') is null then true else c.id = app_id('app.company') end
    union all
    select r.company_id, r.id from records r
    where r.org_id = app_org() and r.id = any (find_subjects.records)
        and case when app_id('app.key') is null or app_id('app.company') is null then true else r.company_id = app_id('app.company') end
$$;
comment on function find_subjects(uuid[], uuid[]) is 'Which of these companies and records the organisation has that was entered, and a key may speak of: a key that writes need not read them.';

create or replace function journal_key(entries jsonb, address text, request text) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    entry jsonb;
    scope text;
begin
    for entry in select jsonb_array_elements(entries) loop
        scope := case when entry ->> 'kind' = 'metric.recorded' then 'METRICS_WRITE'
            when entry ->> 'kind' = 'activity.appended' then 'ACTIVITY_WRITE' end;
        if app_id('app.key') is null or not coalesce(scope = any (app_setting('app.scopes')::text[])
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
comment on function journal_key(jsonb, text, text) is 'Writes what an API key''s holder did into both logs, as far as the key''s scopes go and in the company that it is about. Must be the last statement before COMMIT: it locks the counter.';

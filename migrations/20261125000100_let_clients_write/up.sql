-- Clients write: who of them it was stands in both logs, and what their login adds to those goes through
-- a door that knows which company and which records were entered.

alter table portal_sessions add column given_name text check (char_length(given_name) between 1 and 120);
comment on column portal_sessions.given_name is 'MSG-1: how a visitor who came by a link without a recipient contact calls themselves. Verified by nobody.';
grant select (given_name) on portal_sessions to door;
grant select (given_name) on portal_sessions to app_staff;
grant update (given_name) on portal_sessions to app_portal;

create policy door_select on contacts for select to door using (true);
grant select (org_id, id, company_id, name, archived_at) on contacts to door;

alter table events add column actor_session_id uuid,
    add foreign key (org_id, actor_session_id) references portal_sessions (org_id, id) on delete set null (actor_session_id);
create index events_actor_session on events (org_id, actor_session_id) where actor_session_id is not null;
comment on column events.actor_session_id is 'The portal session whose holder did it; null for staff and the service.';
grant select (actor_session_id), insert (actor_session_id) on events to app_system;

alter table audit_entries add column actor_session_id uuid,
    add foreign key (org_id, actor_session_id) references portal_sessions (org_id, id) on delete set null (actor_session_id);
create index audit_entries_actor_session on audit_entries (org_id, actor_session_id) where actor_session_id is not null;
comment on column audit_entries.actor_member_id is 'The member who did it; null for clients.';
comment on column audit_entries.actor_session_id is 'The portal session whose holder did it; null for staff.';

create or replace function append_events(entries jsonb) returns void
language sql
as $$
    with counter as (
        update event_counters set last_seq = last_seq + jsonb_array_length(entries)
        where org_id = app_org()
        returning org_id, last_seq - jsonb_array_length(entries) as before
    )
    insert into events (org_id, seq, id, kind, actor_member_id, actor_session_id, company_id, record_id, client_visible, payload, occurred_at)
    select c.org_id, c.before + e.n, (e.v ->> 'id')::uuid, e.v ->> 'kind', (e.v ->> 'actorMemberId')::uuid,
        (e.v ->> 'actorSessionId')::uuid, (e.v ->> 'companyId')::uuid, (e.v ->> 'recordId')::uuid,
        (e.v ->> 'clientVisible')::boolean, e.v -> 'payload', (e.v ->> 'occurredAt')::timestamptz
    from counter c, jsonb_array_elements(entries) with ordinality as e (v, n)
$$;

create policy door_update on event_counters for update to door using (org_id = (select app_org()));
grant update (last_seq) on event_counters to door;
create policy door_insert on events for insert to door with check (org_id = (select app_org()));
grant insert (org_id, seq, id, kind, actor_member_id, actor_session_id, company_id, record_id, client_visible, payload, occurred_at)
    on events to door;
create policy door_insert on audit_entries for insert to door with check (org_id = (select app_org()));
grant insert (org_id, id, action, actor_session_id, subject_id, address, request_id, occurred_at)
    on audit_entries to door;
grant execute on function append_events(jsonb) to door;

create table portal_idempotency_keys (
    org_id uuid not null,
    session_id uuid not null,
    key text not null check (char_length(key) between 1 and 200),
    operation text not null,
    input_hash bytea not null check (octet_length(input_hash) = 32),
    subject_id uuid,
    created_at timestamptz not null default now(),
    primary key (org_id, session_id, key),
    foreign key (org_id, session_id) references portal_sessions (org_id, id) on delete cascade
);
create index portal_idempotency_keys_created on portal_idempotency_keys (org_id, session_id, created_at);
comment on table portal_idempotency_keys is 'What a portal''s visitors must not do twice (API-8); kept for 24 hours, and until the session does something again.';
comment on column portal_idempotency_keys.org_id is 'The tenant.';
comment on column portal_idempotency_keys.session_id is 'Whose key it is.';
comment on column portal_idempotency_keys.key is 'Chosen by the caller.';
comment on column portal_idempotency_keys.operation is 'The mutation it was used for.';
comment on column portal_idempotency_keys.input_hash is 'SHA-256 of the input, so that another input is refused.';
comment on column portal_idempotency_keys.subject_id is 'What the mutation made; the answer is read anew from it.';
comment on column portal_idempotency_keys.created_at is 'When it was first used.';

alter table portal_idempotency_keys enable row level security;
alter table portal_idempotency_keys force row level security;
create policy owner_all on portal_idempotency_keys to owner using (true) with check (true);
create policy app_portal_select on portal_idempotency_keys for select to app_portal
    using (org_id = (select app_org()) and session_id = (select app_id('app.session')));
create policy app_portal_insert on portal_idempotency_keys for insert to app_portal
    with check (org_id = (select app_org()) and session_id = (select app_id('app.session')));
create policy app_portal_update on portal_idempotency_keys for update to app_portal
    using (org_id = (select app_org()) and session_id = (select app_id('app.session')));
create policy app_portal_delete on portal_idempotency_keys for delete to app_portal
    using (org_id = (select app_org()) and session_id = (select app_id('app.session')));
grant select (org_id, session_id, key, operation, input_hash, subject_id, created_at),
    insert (org_id, session_id, key, operation, input_hash), update (subject_id), delete
    on portal_idempotency_keys to app_portal;

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
    perform set_config('app.company', company::text, true),
        set_config('app.shown_records', seen.records::text, true);
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

create or replace function close_scope() returns void
language sql set search_path = public, pg_temp
as $$
    select set_config(name, '', true)
    from unnest(array['app.org', 'app.company', 'app.shown_records', 'app.records', 'app.types', 'app.stage_types',
        'app.milestone_records', 'app.file_records', 'app.message_records']) name
$$;

create function act_in_portal(hash bytea, visit bytea, passed bytea, session uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform enter_portal(hash, visit, passed);
    if app_id('app.link') is not null and app_id('app.session') is null and visit is not null then
        insert into portal_sessions (org_id, id, link_id, generation, token_hash, kind, expires_at)
        select d.org_id, session, d.link_id, d.generation, visit, 'PAGE', least(now() + interval '30 days', d.ends_at)
        from live_doorways(hash) d
        where d.session_id is null and d.mark is null
        on conflict do nothing;
        perform enter_portal(hash, visit, passed);
    end if;
end $$;
comment on function act_in_portal(bytea, bytea, bytea, uuid) is 'Enters as enter_portal does, for a visitor who does something: the session of a browser that comes with its cookie for the first time is stored, under the id given (DOOR-4).';

create function visitor() returns table (session_id uuid, contact_id uuid, name text, verified boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select s.id, c.id, coalesce(c.name, s.given_name), c.id is not null
    from portal_sessions s
    join portal_links l on l.org_id = s.org_id and l.id = s.link_id
    left join contacts c on c.org_id = l.org_id and c.id = l.recipient_contact_id and c.archived_at is null
    where s.org_id = app_org() and s.id = app_id('app.session') and app_id('app.portal') is not null
$$;
comment on function visitor() is 'Who holds the portal session that was entered (MSG-1): the recipient of its link, verified by that, or who they say they are, if they have said so.';

create function journal_visit(entries jsonb, address text, request text) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    session uuid := app_id('app.session');
    entry jsonb;
begin
    if app_id('app.portal') is null or session is null then
        raise exception 'no visitor with a session has entered' using errcode = 'insufficient_privilege';
    end if;
    for entry in select jsonb_array_elements(entries) loop
        if not coalesce((entry ->> 'companyId')::uuid = app_id('app.company')
            and (entry ->> 'recordId' is null or (entry ->> 'recordId')::uuid = any (app_ids('app.shown_records')))
            and split_part(entry ->> 'kind', '.', 1) = any ('{portal_session,message,feedback,deliverable,file,upload,subscription}'), false)
        then
            raise exception 'a visitor does not do this here' using errcode = 'insufficient_privilege';
        end if;
    end loop;
    insert into audit_entries (org_id, id, action, actor_session_id, subject_id, address, request_id, occurred_at)
    select app_org(), (v ->> 'auditId')::uuid, v ->> 'kind', session, (v -> 'payload' ->> 'id')::uuid,
        journal_visit.address, request, (v ->> 'occurredAt')::timestamptz
    from jsonb_array_elements(entries) v;
    perform append_events((
        select jsonb_agg(v || jsonb_build_object('actorMemberId', null, 'actorSessionId', session) order by n)
        from jsonb_array_elements(entries) with ordinality as e (v, n)));
end $$;
comment on function journal_visit(jsonb, text, text) is 'Writes what a portal''s visitor did into both logs, as done by the session that was entered, in the company and the records that it sees, and of the nouns that clients act on. Must be the last statement before COMMIT: it locks the counter.';

revoke execute on function act_in_portal(bytea, bytea, bytea, uuid), visitor(), journal_visit(jsonb, text, text) from public;
grant execute on function act_in_portal(bytea, bytea, bytea, uuid), visitor(), journal_visit(jsonb, text, text) to app_portal;
grant create on schema public to door;
alter function act_in_portal(bytea, bytea, bytea, uuid) owner to door;
alter function visitor() owner to door;
alter function journal_visit(jsonb, text, text) owner to door;
revoke create on schema public from door;

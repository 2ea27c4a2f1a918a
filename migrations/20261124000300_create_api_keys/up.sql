-- Keys that partners' programs hold (EVT-6). They come in through a door and a login of their own, which
-- reads little and writes nothing; the key's scopes and its company are the policies' to hold to.

grant usage on schema public to app_partner;
grant select on __diesel_schema_migrations to app_partner;
grant execute on function app_setting(text), app_id(text), app_ids(text), app_org(),
    origin_is_listed(text), newest_event(), oldest_event() to app_partner;

create table api_keys (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    name text not null check (char_length(name) between 1 and 100),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    hint text not null check (char_length(hint) = 4),
    scopes text[] not null check (scopes <@ '{EVENTS_READ,RECORDS_READ}' and cardinality(scopes) >= 1),
    company_id uuid,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict
);
create index api_keys_company on api_keys (org_id, company_id) where company_id is not null;
create index api_keys_creator on api_keys (org_id, created_by);
comment on table api_keys is 'Keys that partners'' programs hold (EVT-6).';
comment on column api_keys.org_id is 'The tenant.';
comment on column api_keys.id is 'UUIDv7, made by the service.';
comment on column api_keys.name is 'What it is for, in staff''s words.';
comment on column api_keys.token_hash is 'SHA-256 of the key; the key itself is kept nowhere.';
comment on column api_keys.hint is 'The key''s last four characters, to tell keys apart.';
comment on column api_keys.scopes is 'What it may do.';
comment on column api_keys.company_id is 'The one company it is about; null is all.';
comment on column api_keys.created_by is 'Who made it.';
comment on column api_keys.created_at is 'When it was made.';
comment on column api_keys.expires_at is 'From then on it opens nothing; null is never.';
comment on column api_keys.last_used_at is 'When it was last used, to the minute or so.';
comment on column api_keys.revoked_at is 'When it was revoked.';

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy owner_all on api_keys to owner using (true) with check (true);
create policy door_select on api_keys for select to door using (true);
create policy door_update on api_keys for update to door using (true);
create policy app_staff_select on api_keys for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on api_keys for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on api_keys for update to app_staff using (org_id = (select app_org()));
create policy app_partner_select on api_keys for select to app_partner
    using (org_id = (select app_org()) and id = (select app_id('app.key')));
grant select (org_id, id, token_hash, scopes, company_id, expires_at, last_used_at, revoked_at),
    update (last_used_at) on api_keys to door;
grant select (org_id, id, name, hint, scopes, company_id, created_by, created_at, expires_at, last_used_at, revoked_at),
    insert (org_id, id, name, token_hash, hint, scopes, company_id, created_by, expires_at),
    update (revoked_at) on api_keys to app_staff;
grant select (org_id, id, scopes, company_id) on api_keys to app_partner;

-- What keys read. A key about one company sees that company, its records and its events, and of the
-- events those that name it.
create policy app_partner_select on organizations for select to app_partner using (org_id = (select app_org()));
grant select (org_id, time_zone) on organizations to app_partner;

create policy app_partner_select on companies for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true else id = (select app_id('app.company')) end);
create policy app_partner_select on record_types for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[]));
create policy app_partner_select on stages for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[]));
create policy app_partner_select on field_definitions for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[]));
create policy app_partner_select on records for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
create policy app_partner_select on milestones for select to app_partner
    using (org_id = (select app_org()) and 'RECORDS_READ' = any ((select app_setting('app.scopes'))::text[])
        and case when (select app_id('app.company')) is null then true
            else record_id = any ((select app_ids('app.records'))::uuid[]) end);
create policy app_partner_select on events for select to app_partner
    using (org_id = (select app_org()) and 'EVENTS_READ' = any ((select app_setting('app.scopes'))::text[])
        and kind not like 'staff\_session.%' and kind not like 'api\_key.%'
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
grant select on companies, record_types, stages, field_definitions, records, milestones, events to app_partner;

create function enter_key(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    caller record;
begin
    select k.org_id, k.id, k.scopes, k.company_id into caller
    from api_keys k
    where k.token_hash = hash and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now();
    if caller.org_id is null then
        return;
    end if;
    perform set_config('app.org', caller.org_id::text, true),
        set_config('app.key', caller.id::text, true),
        set_config('app.scopes', caller.scopes::text, true);
    if caller.company_id is not null then
        perform set_config('app.company', caller.company_id::text, true),
            set_config('app.records', (
                select coalesce(array_agg(r.id), '{}') from records r
                where r.org_id = caller.org_id and r.company_id = caller.company_id)::text, true);
    end if;
end $$;
comment on function enter_key(bytea) is 'Enters the organisation of a live API key, held to its scopes and its company (EVT-6).';

create function note_key_uses(hashes bytea[], moments timestamptz[]) returns void
language sql security definer set search_path = public, pg_temp
as $$
    update api_keys k set last_used_at = greatest(k.last_used_at, u.moment)
    from unnest(hashes, moments) as u (hash, moment)
    where k.token_hash = u.hash and app_org() is null
$$;
comment on function note_key_uses(bytea[], timestamptz[]) is 'When keys were last used, as an instance gathered it. Not from within an organisation.';

create function dead_keys(hashes bytea[]) returns bytea[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(array_agg(h), '{}') from unnest(hashes) h
    where app_org() is null and not exists (
        select from api_keys k
        where k.token_hash = h and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now())
$$;
comment on function dead_keys(bytea[]) is 'Which of these hashes of keys open nothing any more, for an instance that holds subscriptions of their holders (EVT-5). Not from within an organisation.';

revoke execute on function enter_key(bytea), note_key_uses(bytea[], timestamptz[]), dead_keys(bytea[]) from public;
grant execute on function enter_key(bytea) to app_partner;
grant execute on function note_key_uses(bytea[], timestamptz[]), dead_keys(bytea[]) to app_system;
grant create on schema public to door;
alter function enter_key(bytea) owner to door;
alter function note_key_uses(bytea[], timestamptz[]) owner to door;
alter function dead_keys(bytea[]) owner to door;
revoke create on schema public from door;

-- Signing in through the organisation's OpenID Connect provider (ORG-2).

create table sign_in_providers (
    org_id uuid primary key references organizations (org_id) on delete cascade,
    issuer text not null check (char_length(issuer) between 1 and 500),
    client_id text not null check (char_length(client_id) between 1 and 200),
    client_secret bytea not null,
    client_secret_key text not null,
    redirect_url text not null check (char_length(redirect_url) between 1 and 500),
    version integer not null default 1,
    configured_by uuid not null,
    updated_at timestamptz not null default now(),
    foreign key (org_id, configured_by) references members (org_id, id) on delete restrict
);
create index sign_in_providers_configurer on sign_in_providers (org_id, configured_by);
comment on table sign_in_providers is 'Where an organisation''s members sign in without a password: its OpenID Connect provider (ORG-2).';
comment on column sign_in_providers.org_id is 'The tenant; it has one provider or none.';
comment on column sign_in_providers.issuer is 'The provider''s issuer identifier, below which it describes itself.';
comment on column sign_in_providers.client_id is 'What the provider calls this service.';
comment on column sign_in_providers.client_secret is 'What this service proves that to the provider with, sealed.';
comment on column sign_in_providers.client_secret_key is 'Which sealing key it is sealed with.';
comment on column sign_in_providers.redirect_url is 'The page of the organisation''s own that the provider sends members back to.';
comment on column sign_in_providers.version is 'Raised by every update (API-8); a sign-in that was begun before is not finished.';
comment on column sign_in_providers.configured_by is 'Who set it last. Owners sign in through it only if that is an owner.';
comment on column sign_in_providers.updated_at is 'When it was set last.';

alter table sign_in_providers enable row level security;
alter table sign_in_providers force row level security;
create policy owner_all on sign_in_providers to owner using (true) with check (true);
create policy door_select on sign_in_providers for select to door using (true);
create policy app_staff_select on sign_in_providers for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on sign_in_providers for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on sign_in_providers for update to app_staff using (org_id = (select app_org()));
create policy app_staff_delete on sign_in_providers for delete to app_staff using (org_id = (select app_org()));
grant select (org_id, issuer, client_id, client_secret, client_secret_key, redirect_url, version, configured_by)
    on sign_in_providers to door;
grant select (org_id, issuer, client_id, redirect_url, version, configured_by, updated_at),
    insert (org_id, issuer, client_id, client_secret, client_secret_key, redirect_url, configured_by),
    update (issuer, client_id, client_secret, client_secret_key, redirect_url, version, configured_by, updated_at),
    delete on sign_in_providers to app_staff;

create table member_identities (
    org_id uuid not null,
    issuer text not null check (char_length(issuer) between 1 and 500),
    subject text not null check (char_length(subject) between 1 and 255),
    member_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (org_id, issuer, subject),
    unique (org_id, member_id, issuer),
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
comment on table member_identities is 'Who a member is to a provider, learnt when they first signed in through it. Read and written by the door only.';
comment on column member_identities.org_id is 'The tenant.';
comment on column member_identities.issuer is 'The provider''s issuer identifier.';
comment on column member_identities.subject is 'The provider''s name for the person, which it gives to nobody else.';
comment on column member_identities.member_id is 'Which member that is.';
comment on column member_identities.created_at is 'When the member first signed in through it.';

alter table member_identities enable row level security;
alter table member_identities force row level security;
create policy owner_all on member_identities to owner using (true) with check (true);
create policy door_select on member_identities for select to door using (true);
create policy door_insert on member_identities for insert to door with check (true);
grant select (org_id, issuer, subject, member_id), insert (org_id, issuer, subject, member_id) on member_identities to door;
grant select (email) on members to door;

create function find_sign_in_provider(organization text) returns table (org_id uuid, issuer text, client_id text,
    client_secret bytea, client_secret_key text, redirect_url text, version integer)
language sql stable security definer set search_path = public, pg_temp
as $$
    select p.org_id, p.issuer, p.client_id, p.client_secret, p.client_secret_key, p.redirect_url, p.version
    from organizations o join sign_in_providers p on p.org_id = o.org_id
    where o.slug = organization and app_org() is null
$$;
comment on function find_sign_in_provider(text) is 'The provider of the organisation with a slug, its secret sealed (ORG-2). Not from within an organisation.';

create function start_provider_session(org uuid, provider_version integer, person text, address text, session uuid,
    hash bytea, agent text, expires timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    provider record;
    arriving record;
begin
    select p.issuer, c.role = 'OWNER' and c.ended_at is null as by_owner into provider
    from sign_in_providers p
    join members c on c.org_id = p.org_id and c.id = p.configured_by
    where p.org_id = org and p.version = provider_version and app_org() is null;
    if provider.issuer is null then
        return;
    end if;
    select m.id, m.role, true as known into arriving
    from member_identities i
    join members m on m.org_id = i.org_id and m.id = i.member_id
    where i.org_id = org and i.issuer = provider.issuer and i.subject = person and m.ended_at is null;
    if arriving.id is null then
        select m.id, m.role, false as known into arriving
        from members m
        where m.org_id = org and lower(m.email) = lower(address) and m.ended_at is null
            and not exists (
                select from member_identities i
                where i.org_id = org and i.issuer = provider.issuer and (i.member_id = m.id or i.subject = person)
            );
    end if;
    if arriving.id is null or (arriving.role = 'OWNER' and not provider.by_owner) then
        return;
    end if;
    if not arriving.known then
        insert into member_identities (org_id, issuer, subject, member_id)
        values (org, provider.issuer, person, arriving.id);
    end if;
    insert into staff_sessions (org_id, id, member_id, token_hash, user_agent, expires_at)
    values (org, session, arriving.id, hash, agent, expires);
    perform set_config('app.org', org::text, true),
        set_config('app.member', arriving.id::text, true),
        set_config('app.session', session::text, true);
end $$;
comment on function start_provider_session(uuid, integer, text, text, uuid, bytea, text, timestamptz) is 'Stores a staff session for whom the organisation''s provider vouched for, and enters it (ORG-2). person: the provider''s name for them. address: theirs if the provider verified it, else null; counts the first time only. Owners come in this way only if an owner set the provider. Not into another organisation.';

revoke execute on function find_sign_in_provider(text),
    start_provider_session(uuid, integer, text, text, uuid, bytea, text, timestamptz) from public;
grant execute on function find_sign_in_provider(text),
    start_provider_session(uuid, integer, text, text, uuid, bytea, text, timestamptz) to app_staff;
grant create on schema public to door;
alter function find_sign_in_provider(text) owner to door;
alter function start_provider_session(uuid, integer, text, text, uuid, bytea, text, timestamptz) owner to door;
revoke create on schema public from door;

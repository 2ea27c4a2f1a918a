-- Coming in without a password known already: invited colleagues (ORG-2), forgotten passwords, mailed
-- sign-in links, and visitors who proved their address (DOOR-6, DOOR-7). CLIENT is the role of a contact
-- with an account: nothing of staff can be reached with it.

alter table people alter column password_hash drop not null;
comment on column people.password_hash is 'Argon2id in PHC form; null: the person comes in by mailed links only.';
create policy door_update on people for update to door using (true);
alter table people add column password_proved boolean not null default false;
comment on column people.password_proved is 'Whether who chose the password had proved the address, by what was mailed to it. Who signs up has not: such a password opens no portals, and one that is chosen with an accepted invitation takes its place.';
grant select (password_proved), insert (password_proved), update (password_hash, password_proved) on people to door;

alter table members drop constraint members_role_check,
    add constraint members_role_check check (role in ('OWNER', 'ADMIN', 'MEMBER', 'CLIENT')),
    add constraint members_client_plain check (role <> 'CLIENT' or permissions = '{}'),
    drop constraint members_org_id_person_id_key;
create unique index members_staff_person on members (org_id, person_id) where role <> 'CLIENT';
comment on column members.role is 'OWNER and ADMIN hold every permission. CLIENT is a contact with an account: it opens no staff session, and staff neither see nor make nor change its row.';
alter policy app_staff_select on members using (org_id = (select app_org()) and role <> 'CLIENT');
alter policy app_staff_insert on members with check (org_id = (select app_org()) and coalesce(role, '') <> 'CLIENT');
alter policy app_staff_update on members using (org_id = (select app_org()) and role <> 'CLIENT');
create policy door_insert on members for insert to door with check (org_id = (select app_org()));
create policy door_update on members for update to door using (org_id = (select app_org()));
grant insert (org_id, id, person_id, role, permissions, name, email),
    select (version), update (role, permissions, name, ended_at, version) on members to door;
create policy door_update on staff_sessions for update to door using (true);
grant update (ended_at) on staff_sessions to door;

create table member_invitations (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    email text not null check (email = lower(email) and char_length(email) between 3 and 254),
    role text not null check (role in ('OWNER', 'ADMIN', 'MEMBER')),
    permissions text[] not null default '{}' check (
        permissions <@ array['CLIENTS_INVITE', 'BILLING_MANAGE', 'SETTINGS_MANAGE', 'RECORDS_WRITE']),
    invited_by uuid not null,
    token_hash bytea unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, invited_by) references members (org_id, id) on delete restrict,
    check (accepted_at is null or revoked_at is null)
);
create unique index member_invitations_pending on member_invitations (org_id, email)
    where accepted_at is null and revoked_at is null;
create index member_invitations_inviter on member_invitations (org_id, invited_by);
comment on table member_invitations is 'A colleague who was asked to join the organisation (ORG-3). Pending until accepted or revoked; of no use once expired.';
comment on column member_invitations.org_id is 'The tenant.';
comment on column member_invitations.id is 'UUIDv7, made by the service.';
comment on column member_invitations.email is 'Lower-cased address that is invited.';
comment on column member_invitations.role is 'What they will be.';
comment on column member_invitations.permissions is 'What they will be granted, as a MEMBER.';
comment on column member_invitations.invited_by is 'The member who invited.';
comment on column member_invitations.token_hash is 'SHA-256 of the token that was mailed last; the worker makes one as it sends. Null until then.';
comment on column member_invitations.created_at is 'When they were invited.';
comment on column member_invitations.expires_at is 'From then on it cannot be accepted.';
comment on column member_invitations.accepted_at is 'When it was accepted.';
comment on column member_invitations.revoked_at is 'When it was taken back, or a newer one took its place.';

alter table member_invitations enable row level security;
alter table member_invitations force row level security;
create policy owner_all on member_invitations to owner using (true) with check (true);
create policy door_select on member_invitations for select to door using (true);
create policy door_update on member_invitations for update to door using (true);
create policy app_staff_select on member_invitations for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on member_invitations for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on member_invitations for update to app_staff using (org_id = (select app_org()));
create policy app_system_select on member_invitations for select to app_system using (org_id = (select app_org()));
create policy app_system_update on member_invitations for update to app_system using (org_id = (select app_org()));
grant select (org_id, id, email, role, permissions, token_hash, expires_at, accepted_at, revoked_at), update (accepted_at)
    on member_invitations to door;
grant select (org_id, id, email, role, permissions, invited_by, created_at, expires_at, accepted_at, revoked_at),
    insert (org_id, id, email, role, permissions, invited_by, expires_at), update (expires_at, revoked_at)
    on member_invitations to app_staff;
grant select (org_id, id, email, invited_by, expires_at, accepted_at, revoked_at), update (token_hash)
    on member_invitations to app_system;

create table address_proofs (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    kind text not null check (kind in ('PASSWORD_RESET', 'SIGN_IN')),
    address text not null check (address = lower(address) and char_length(address) between 3 and 254),
    ask_hash bytea check (octet_length(ask_hash) = 32),
    token_hash bytea unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (org_id, id),
    check ((kind = 'SIGN_IN') = (ask_hash is not null))
);
create index address_proofs_created on address_proofs (org_id, created_at);
comment on table address_proofs is 'A mail that somebody asked for to prove that an address is theirs. Good once.';
comment on column address_proofs.org_id is 'The tenant in whose name it is mailed: one where the address means something.';
comment on column address_proofs.id is 'UUIDv7, made by the service.';
comment on column address_proofs.kind is 'PASSWORD_RESET: to choose a new password. SIGN_IN: to come in as a visitor.';
comment on column address_proofs.address is 'Lower-cased address that is mailed.';
comment on column address_proofs.ask_hash is 'With SIGN_IN: SHA-256 of what the browser keeps that asked; it works there only.';
comment on column address_proofs.token_hash is 'SHA-256 of the token that was mailed last; the worker makes one as it sends. Null until then.';
comment on column address_proofs.created_at is 'When it was asked for.';
comment on column address_proofs.expires_at is 'From then on it proves nothing.';
comment on column address_proofs.used_at is 'When it was used.';

alter table address_proofs enable row level security;
alter table address_proofs force row level security;
create policy owner_all on address_proofs to owner using (true) with check (true);
create policy door_select on address_proofs for select to door using (true);
create policy door_insert on address_proofs for insert to door with check (org_id = (select app_org()));
create policy door_update on address_proofs for update to door using (true);
create policy app_system_select on address_proofs for select to app_system using (org_id = (select app_org()));
create policy app_system_update on address_proofs for update to app_system using (org_id = (select app_org()));
grant select (org_id, id, kind, address, ask_hash, token_hash, expires_at, used_at),
    insert (org_id, id, kind, address, ask_hash, expires_at), update (used_at) on address_proofs to door;
grant select (org_id, id, kind, address, expires_at, used_at), update (token_hash) on address_proofs to app_system;

create table visitor_sessions (
    id uuid primary key,
    address text not null check (address = lower(address) and char_length(address) between 3 and 254),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_agent text check (char_length(user_agent) <= 300),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index visitor_sessions_address on visitor_sessions (address) where ended_at is null;
comment on table visitor_sessions is 'Somebody who proved that an address is theirs, across organisations (DOOR-7). Opens nothing by itself. Read and written by the door functions only.';
comment on column visitor_sessions.id is 'UUIDv7, made by the service.';
comment on column visitor_sessions.address is 'Lower-cased address that was proved.';
comment on column visitor_sessions.token_hash is 'SHA-256 of the va_ token; the token itself is kept nowhere.';
comment on column visitor_sessions.user_agent is 'The browser or client, cut to 300 characters.';
comment on column visitor_sessions.created_at is 'When it was proved.';
comment on column visitor_sessions.expires_at is 'From then on the token shows nothing.';
comment on column visitor_sessions.ended_at is 'Set by signing out, and by a new password.';

alter table visitor_sessions enable row level security;
alter table visitor_sessions force row level security;
create policy owner_all on visitor_sessions to owner using (true) with check (true);
create policy door_select on visitor_sessions for select to door using (true);
create policy door_insert on visitor_sessions for insert to door with check (true);
create policy door_update on visitor_sessions for update to door using (true);
grant select (address, token_hash, expires_at, ended_at), insert (id, address, token_hash, user_agent, expires_at),
    update (ended_at) on visitor_sessions to door;

create table portal_accounts (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    contact_id uuid not null,
    ends_at timestamptz,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, id) references members (org_id, id) on delete cascade,
    foreign key (org_id, company_id, contact_id) references contacts (org_id, company_id, id) on delete cascade
);
create index portal_accounts_contact on portal_accounts (org_id, company_id, contact_id);
create unique index portal_accounts_living on portal_accounts (org_id, contact_id) where ended_at is null;
comment on table portal_accounts is 'A contact''s access (DOOR-6), made when an invitation is accepted. What it opens are portals of its own.';
comment on column portal_accounts.org_id is 'The tenant.';
comment on column portal_accounts.id is 'The id of its CLIENT member.';
comment on column portal_accounts.company_id is 'The contact''s company.';
comment on column portal_accounts.contact_id is 'Whose access it is.';
comment on column portal_accounts.ends_at is 'When the access ends by itself, to the second; null is never. Its portals end then.';
comment on column portal_accounts.created_at is 'When the invitation was accepted.';
comment on column portal_accounts.ended_at is 'When staff ended it (INV-1).';

alter table portal_accounts enable row level security;
alter table portal_accounts force row level security;
create policy owner_all on portal_accounts to owner using (true) with check (true);
create policy door_select on portal_accounts for select to door using (true);
create policy door_insert on portal_accounts for insert to door with check (org_id = (select app_org()));
create policy door_update on portal_accounts for update to door using (org_id = (select app_org()));
create policy app_staff_select on portal_accounts for select to app_staff using (org_id = (select app_org()));
grant select (org_id, id, contact_id, ended_at), insert (org_id, id, company_id, contact_id, ends_at), update (ended_at)
    on portal_accounts to door;
grant select on portal_accounts to app_staff;

alter table portals add column account_id uuid,
    add constraint portals_account_fkey foreign key (org_id, account_id) references portal_accounts (org_id, id) on delete cascade;
create index portals_account on portals (org_id, account_id) where account_id is not null;
comment on column portals.account_id is 'The account whose access it is; null for portals that staff made. No address leads to it: its holder signs in.';
create policy door_insert on portals for insert to door with check (org_id = (select app_org()));
create policy door_update on portals for update to door using (org_id = (select app_org()));
create policy door_insert on portal_links for insert to door with check (org_id = (select app_org()));
grant select (title, account_id, version), insert (org_id, id, label, title, company_id, record_id, modes, expires_at, created_by, account_id),
    update (revoked_at, version) on portals to door;
grant select (account_id) on portals to app_staff;
grant insert (org_id, id, portal_id, company_id, token_hash, recipient_contact_id) on portal_links to door;

create index portal_links_recipient_address on portal_links (recipient_email) where recipient_email is not null;
create index contacts_email on contacts (email);
create policy door_update on contacts for update to door using (org_id = (select app_org()));
grant select (email), update (status) on contacts to door;
grant select (name) on companies to door;
grant select (name) on records to door;

create or replace function enter_staff(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    caller record;
begin
    select s.org_id, s.id, s.member_id into caller
    from staff_sessions s
    join members m on m.org_id = s.org_id and m.id = s.member_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > now() and m.ended_at is null
        and m.role <> 'CLIENT';
    if caller.org_id is null then
        return;
    end if;
    perform set_config('app.org', caller.org_id::text, true),
        set_config('app.member', caller.member_id::text, true),
        set_config('app.session', caller.id::text, true);
end $$;

create or replace function find_memberships(person uuid) returns table (org_id uuid, slug text, name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.org_id, o.slug, o.name
    from members m join organizations o on o.org_id = m.org_id
    where m.person_id = person and m.ended_at is null and m.role <> 'CLIENT' and app_org() is null
    order by o.slug
$$;

create or replace function start_staff_session(org uuid, person uuid, session uuid, hash bytea, agent text, expires timestamptz)
returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    member uuid;
begin
    select m.id into member
    from members m
    where m.org_id = org and m.person_id = person and m.ended_at is null and m.role <> 'CLIENT'
        and org = coalesce(app_org(), org);
    if member is null then
        return;
    end if;
    insert into staff_sessions (org_id, id, member_id, token_hash, user_agent, expires_at)
    values (org, session, member, hash, agent, expires);
    perform set_config('app.org', org::text, true),
        set_config('app.member', member::text, true),
        set_config('app.session', session::text, true);
end $$;

create or replace function start_provider_session(org uuid, provider_version integer, person text, address text, session uuid,
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
    where i.org_id = org and i.issuer = provider.issuer and i.subject = person and m.ended_at is null
        and m.role <> 'CLIENT';
    if arriving.id is null then
        select m.id, m.role, false as known into arriving
        from members m
        where m.org_id = org and lower(m.email) = lower(address) and m.ended_at is null and m.role <> 'CLIENT'
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

create function find_member_invitation(hash bytea) returns table (org_id uuid, known boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select i.org_id, exists (select from people p where p.email = i.email and p.password_proved)
    from member_invitations i
    where i.token_hash = hash and i.accepted_at is null and i.revoked_at is null and i.expires_at > now() and app_org() is null
$$;
comment on function find_member_invitation(bytea) is 'The pending invitation that a mailed token stands for, and whether the invited person has a password that they keep. Not from within an organisation.';

create function accept_member_invitation(hash bytea, person uuid, password text, member uuid, person_name text,
    session uuid, token bytea, agent text, expires timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    invitation record;
    someone record;
    former record;
begin
    select i.* into invitation
    from (
        select v.org_id, v.id, v.email, v.role, v.permissions from member_invitations v
        where v.token_hash = hash and v.accepted_at is null and v.revoked_at is null and v.expires_at > now()
            and app_org() is null
        for update of v
    ) i;
    if invitation.org_id is null then
        return;
    end if;
    select p.id, p.password_proved into someone from people p where p.email = invitation.email;
    if someone.id is null then
        insert into people (id, email, password_hash, password_proved) values (person, invitation.email, password, true);
    elsif not someone.password_proved then
        update people set password_hash = password, password_proved = true where id = someone.id;
    end if;
    perform set_config('app.org', invitation.org_id::text, true);
    select m.id, m.ended_at into former
    from members m
    where m.org_id = invitation.org_id and m.person_id = coalesce(someone.id, person) and m.role <> 'CLIENT';
    if former.id is null then
        insert into members (org_id, id, person_id, role, permissions, name, email)
        values (invitation.org_id, member, coalesce(someone.id, person), invitation.role, invitation.permissions,
            person_name, invitation.email);
    elsif former.ended_at is null then
        perform set_config('app.org', '', true);
        return;
    else
        update members set role = invitation.role, permissions = invitation.permissions, name = person_name,
            ended_at = null, version = version + 1
        where org_id = invitation.org_id and id = former.id;
    end if;
    update member_invitations set accepted_at = now() where org_id = invitation.org_id and id = invitation.id;
    insert into staff_sessions (org_id, id, member_id, token_hash, user_agent, expires_at)
    values (invitation.org_id, session, coalesce(former.id, member), token, agent, expires);
    perform set_config('app.member', coalesce(former.id, member)::text, true),
        set_config('app.session', session::text, true);
end $$;
comment on function accept_member_invitation(bytea, uuid, text, uuid, text, uuid, bytea, text, timestamptz) is 'Makes who holds a mailed token a member, uses the invitation up, starts a session and enters it. A person who has a password that they chose with the address proved keeps it; one that was only signed up with is replaced, for anybody can sign up with an address. Not from within an organisation.';

create function addressed_links(who text) returns table (org_id uuid, link_id uuid, portal_id uuid, token_hash bytea)
language sql stable
as $$
    select l.org_id, l.id, l.portal_id, l.token_hash
    from portal_links l
    where l.recipient_email = who and l.revoked_at is null
    union
    select l.org_id, l.id, l.portal_id, l.token_hash
    from contacts c
    join portal_links l on l.org_id = c.org_id and l.company_id = c.company_id and l.recipient_contact_id = c.id
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    where c.email = who and c.archived_at is null and l.revoked_at is null and p.account_id is null
    union
    select l.org_id, l.id, l.portal_id, l.token_hash
    from people h
    join members m on m.person_id = h.id and m.role = 'CLIENT' and m.ended_at is null
    join portals p on p.org_id = m.org_id and p.account_id = m.id and p.revoked_at is null
    join portal_links l on l.org_id = p.org_id and l.portal_id = p.id and l.revoked_at is null
    where h.email = who
$$;
comment on function addressed_links(text) is 'The links that are meant for an address: by recipient, or by the account of the person who has it. Whether they open, a door says.';
grant select (company_id) on portal_links to door;

create function request_address_proof(proof_kind text, who text, organization text, ask bytea, proof uuid, entry uuid, expires timestamptz)
returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    host uuid;
begin
    select known.org_id into host
    from (
        select m.org_id, m.id from people h join members m on m.person_id = h.id
        where h.email = who and m.ended_at is null and (proof_kind = 'PASSWORD_RESET' or m.role = 'CLIENT')
        union all
        select l.org_id, l.link_id from addressed_links(who) l where proof_kind = 'SIGN_IN'
    ) known
    join organizations o on o.org_id = known.org_id
    where app_org() is null
    order by coalesce(o.slug = organization, false) desc, known.id desc
    limit 1;
    if host is null then
        return;
    end if;
    perform set_config('app.org', host::text, true);
    insert into address_proofs (org_id, id, kind, address, ask_hash, expires_at)
    values (host, proof, proof_kind, who, ask, expires);
    insert into outbox (org_id, id, kind, subject_id)
    values (host, entry, case proof_kind when 'SIGN_IN' then 'mail.sign_in_link' else 'mail.password_reset' end, proof);
    perform set_config('app.org', '', true);
end $$;
comment on function request_address_proof(text, text, text, bytea, uuid, uuid, timestamptz) is 'Queues a mail with which an address can be proved, if the address means something here; says nothing. Not from within an organisation.';

create function use_address_proof(proof_kind text, token bytea, ask bytea) returns text
language sql security definer set search_path = public, pg_temp
as $$
    update address_proofs set used_at = now()
    where token_hash = token and kind = proof_kind and used_at is null and expires_at > now()
        and (ask_hash is null or ask_hash = ask) and app_org() is null
    returning address
$$;
comment on function use_address_proof(text, bytea, bytea) is 'Uses a mailed token up: the address that it proves. Of a sign-in link only for the browser that asked. Not from within an organisation.';

create function reset_password(token bytea, password text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    who text;
    someone uuid;
    host record;
begin
    who := use_address_proof('PASSWORD_RESET', token, null);
    if who is null then
        return false;
    end if;
    update people set password_hash = password, password_proved = true where email = who returning id into someone;
    update staff_sessions s set ended_at = now()
    from members m
    where m.person_id = someone and s.org_id = m.org_id and s.member_id = m.id and s.ended_at is null;
    update visitor_sessions set ended_at = now() where address = who and ended_at is null;
    for host in
        select l.org_id, array_agg(l.link_id) as links from addressed_links(who) l group by l.org_id
    loop
        perform set_config('app.org', host.org_id::text, true);
        update portal_sessions s set ended_at = now()
        where s.org_id = host.org_id and s.link_id = any (host.links) and s.ended_at is null;
    end loop;
    perform set_config('app.org', '', true);
    return someone is not null;
end $$;
comment on function reset_password(bytea, text) is 'Gives who holds a mailed token a new password, and ends every session they had, in portals that are meant for their address too. Not from within an organisation.';

create function proved_address(person uuid) returns text
language sql stable security definer set search_path = public, pg_temp
as $$ select p.email from people p where p.id = person and p.password_proved and app_org() is null $$;
comment on function proved_address(uuid) is 'The address that a person proves with their password; null if they signed up with it and proved nothing. Not from within an organisation.';

create function start_visitor(who text, session uuid, token bytea, agent text, expires timestamptz) returns void
language sql security definer set search_path = public, pg_temp
as $$
    insert into visitor_sessions (id, address, token_hash, user_agent, expires_at)
    select session, who, token, agent, expires where app_org() is null
$$;
comment on function start_visitor(text, uuid, bytea, text, timestamptz) is 'Stores that somebody proved an address (DOOR-7).';

create function end_visitor(token bytea) returns void
language sql security definer set search_path = public, pg_temp
as $$ update visitor_sessions set ended_at = now() where token_hash = token and ended_at is null and app_org() is null $$;
comment on function end_visitor(bytea) is 'Signs a visitor out; the portal sessions that they opened end by themselves.';

create function visitor_links(token bytea) returns table (org_id uuid, link_id uuid, portal_id uuid, token_hash bytea)
language sql stable
as $$
    select l.* from visitor_sessions v, addressed_links(v.address) l
    where v.token_hash = token and v.ended_at is null and v.expires_at > now() and app_org() is null
$$;
comment on function visitor_links(bytea) is 'The links that are meant for a visitor who proved their address. Called by doors only.';

create function visitor_is_known(token bytea) returns boolean
language sql stable security definer set search_path = public, pg_temp
as $$
    select exists (select from visitor_sessions v
        where v.token_hash = token and v.ended_at is null and v.expires_at > now() and app_org() is null)
$$;
comment on function visitor_is_known(bytea) is 'Whether a visitor''s token lives.';

create function find_doors(token bytea) returns table (link_id uuid, organization_name text, accent_color text,
    title text, coded boolean, ends_at timestamptz)
language sql security definer set search_path = public, pg_temp
as $$
    select l.link_id, d.organization_name, d.accent_color, p.title, d.code_hash is not null, d.ends_at
    from visitor_links(token) l
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    cross join lateral find_door(l.token_hash) d
    order by d.organization_name, p.title, l.link_id
    limit 100
$$;
comment on function find_doors(bytea) is 'The live doors that are meant for a visitor who proved their address, in every organisation (DOOR-7). Enters none of them.';

create function find_visitors_link(token bytea, link uuid) returns bytea
language sql stable security definer set search_path = public, pg_temp
as $$ select l.token_hash from visitor_links(token) l where l.link_id = link $$;
comment on function find_visitors_link(bytea, uuid) is 'The hash by which a link is opened that is meant for a visitor who proved their address; its code is still asked.';

create function end_portal_account(contact uuid) returns uuid
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    account uuid;
begin
    update portal_accounts set ended_at = now()
    where org_id = app_org() and contact_id = contact and ended_at is null
    returning id into account;
    if account is null then
        return null;
    end if;
    update members set ended_at = now(), version = version + 1 where org_id = app_org() and id = account;
    update portals set revoked_at = now(), version = version + 1
    where org_id = app_org() and account_id = account and revoked_at is null;
    update contacts set status = 'NOT_INVITED' where org_id = app_org() and id = contact;
    return account;
end $$;
comment on function end_portal_account(uuid) is 'Ends a contact''s access in the organisation that was entered: the account, and its portals with every session (INV-1).';

revoke execute on function find_member_invitation(bytea),
    accept_member_invitation(bytea, uuid, text, uuid, text, uuid, bytea, text, timestamptz), addressed_links(text),
    request_address_proof(text, text, text, bytea, uuid, uuid, timestamptz), use_address_proof(text, bytea, bytea),
    reset_password(bytea, text), proved_address(uuid), start_visitor(text, uuid, bytea, text, timestamptz), end_visitor(bytea),
    visitor_links(bytea), visitor_is_known(bytea), find_doors(bytea), find_visitors_link(bytea, uuid),
    end_portal_account(uuid) from public;
grant execute on function addressed_links(text), visitor_links(bytea) to door;
grant execute on function find_member_invitation(bytea),
    accept_member_invitation(bytea, uuid, text, uuid, text, uuid, bytea, text, timestamptz),
    request_address_proof(text, text, text, bytea, uuid, uuid, timestamptz), use_address_proof(text, bytea, bytea),
    reset_password(bytea, text), proved_address(uuid), start_visitor(text, uuid, bytea, text, timestamptz), end_visitor(bytea),
    visitor_is_known(bytea), find_doors(bytea), find_visitors_link(bytea, uuid), end_portal_account(uuid) to app_staff;

grant create on schema public to door;
do $$
declare
    door_function regprocedure;
begin
    foreach door_function in array array[
        'find_member_invitation(bytea)',
        'accept_member_invitation(bytea, uuid, text, uuid, text, uuid, bytea, text, timestamptz)',
        'request_address_proof(text, text, text, bytea, uuid, uuid, timestamptz)', 'use_address_proof(text, bytea, bytea)',
        'reset_password(bytea, text)', 'proved_address(uuid)', 'start_visitor(text, uuid, bytea, text, timestamptz)', 'end_visitor(bytea)',
        'visitor_is_known(bytea)', 'find_doors(bytea)', 'find_visitors_link(bytea, uuid)',
        'end_portal_account(uuid)']::regprocedure[]
    loop
        execute format('alter function %s owner to door', door_function);
    end loop;
end $$;
revoke create on schema public from door;

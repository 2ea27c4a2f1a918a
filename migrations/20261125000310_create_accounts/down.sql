drop function end_portal_account(uuid);
drop function find_visitors_link(bytea, uuid);
drop function find_doors(bytea);
drop function visitor_is_known(bytea);
drop function visitor_links(bytea);
drop function end_visitor(bytea);
drop function start_visitor(text, uuid, bytea, text, timestamptz);
drop function proved_address(uuid);
drop function reset_password(bytea, text);
drop function use_address_proof(text, bytea, bytea);
drop function request_address_proof(text, text, text, bytea, uuid, uuid, timestamptz);
drop function addressed_links(text);
drop function accept_member_invitation(bytea, uuid, text, uuid, text, uuid, bytea, text, timestamptz);
drop function find_member_invitation(bytea);

create or replace function enter_staff(hash bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    caller record;
begin
    select s.org_id, s.id, s.member_id into caller
    from staff_sessions s
    join members m on m.org_id = s.org_id and m.id = s.member_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > now() and m.ended_at is null;
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
    where m.person_id = person and m.ended_at is null and app_org() is null
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
    where m.org_id = org and m.person_id = person and m.ended_at is null and org = coalesce(app_org(), org);
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

revoke select (name) on records from door;
revoke select (name) on companies from door;
revoke select (email), update (status) on contacts from door;
drop policy door_update on contacts;
drop index contacts_email;
drop index portal_links_recipient_address;
revoke insert (org_id, id, portal_id, company_id, token_hash, recipient_contact_id), select (company_id) on portal_links from door;
drop policy door_insert on portal_links;
revoke select (title, version), insert (org_id, id, label, title, company_id, record_id, modes, expires_at, created_by),
    update (revoked_at, version) on portals from door;
drop policy door_update on portals;
drop policy door_insert on portals;
alter table portals drop column account_id;
drop table portal_accounts;
drop table visitor_sessions;
drop table address_proofs;
drop table member_invitations;
revoke update (ended_at) on staff_sessions from door;
drop policy door_update on staff_sessions;
revoke insert (org_id, id, person_id, role, permissions, name, email),
    select (version), update (role, permissions, name, ended_at, version) on members from door;
drop policy door_update on members;
drop policy door_insert on members;
alter policy app_staff_select on members using (org_id = (select app_org()));
alter policy app_staff_insert on members with check (org_id = (select app_org()));
alter policy app_staff_update on members using (org_id = (select app_org()));
delete from members where role = 'CLIENT';
drop index members_staff_person;
alter table members drop constraint members_client_plain,
    drop constraint members_role_check,
    add constraint members_role_check check (role in ('OWNER', 'ADMIN', 'MEMBER')),
    add constraint members_org_id_person_id_key unique (org_id, person_id);
comment on column members.role is 'OWNER and ADMIN hold every permission.';
revoke update (password_hash) on people from door;
drop policy door_update on people;
delete from people where password_hash is null;
alter table people drop column password_proved, alter column password_hash set not null;
comment on column people.password_hash is 'Argon2id in PHC form.';

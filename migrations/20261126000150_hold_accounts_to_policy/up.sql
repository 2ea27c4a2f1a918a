-- LINK-11 binds what an account opens as it binds every other doorway: an invitation keeps to the policy as
-- it is made, and again as it is accepted, when its portals are made. Where codes are wanted it brings one.

alter table invitations
    add column code_key text,
    add column code_sealed bytea,
    add column has_code boolean generated always as (code_sealed is not null) stored not null,
    add constraint invitations_code_whole check ((code_sealed is null) = (code_key is null));
comment on column invitations.code_key is 'Id of the sealing key of code_sealed.';
comment on column invitations.code_sealed is 'The access code that its portals will ask for, sealed for this invitation; null is none. Its keyed hash needs the ids of portals that are made when it is accepted.';
comment on column invitations.has_code is 'Whether it brings an access code.';
revoke select on invitations from app_staff;
grant select (org_id, id, company_id, contact_id, round, limited, access_ends_at, invited_by, mail_id, created_at, expires_at,
    accepted_at, revoked_at, has_code), insert (code_key, code_sealed) on invitations to app_staff;
grant select (code_key, code_sealed, has_code) on invitations to door;
grant select (time_zone, longest_expiry_days, code_required, allowed_email_domains) on organizations to door;
grant insert (code_key, code_hash) on portals to door;

create function keeps_to_policy(org uuid, ends timestamptz, coded boolean, address text) returns boolean
language sql stable
as $$
    select (o.longest_expiry_days is null or coalesce(ends, 'infinity') <= (
            ((now() + make_interval(hours => 24 * o.longest_expiry_days)) at time zone o.time_zone)::date + 1
        )::timestamp at time zone o.time_zone)
        and (coded or not o.code_required)
        and (cardinality(o.allowed_email_domains) = 0
            or substring(address from '[^@]*$') = any (o.allowed_email_domains))
    from organizations o where o.org_id = org
$$;
comment on function keeps_to_policy(uuid, timestamptz, boolean, text) is 'Whether a doorway that is made now keeps to the organisation''s sharing policy (LINK-11). Called by doors only; the verbs of staff ask `domain/portals/policy.rs`.';
revoke execute on function keeps_to_policy(uuid, timestamptz, boolean, text) from public;
grant execute on function keeps_to_policy(uuid, timestamptz, boolean, text) to door;

drop function find_invitation(bytea);
create function find_invitation(hash bytea) returns table (org_id uuid, invitation_id uuid, organization_name text, accent_color text,
    company_name text, email text, doors integer, known boolean, code_key text, code_sealed bytea)
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    invitation record;
begin
    select i.org_id, i.id, i.company_id, i.limited, i.code_key, i.code_sealed, c.email, o.name, o.accent_color into invitation
    from invitation_tokens t
    join invitations i on i.org_id = t.org_id and i.id = t.invitation_id and i.round = t.round
    join contacts c on c.org_id = i.org_id and c.id = i.contact_id and c.archived_at is null
    join organizations o on o.org_id = i.org_id
    where t.token_hash = hash and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
        and coalesce(i.access_ends_at, 'infinity') > now() and app_org() is null
        and keeps_to_policy(i.org_id, i.access_ends_at, i.has_code, c.email);
    if invitation.org_id is null then
        return;
    end if;
    perform set_config('app.org', invitation.org_id::text, true);
    return query
        select invitation.org_id, invitation.id, invitation.name, invitation.accent_color, k.name::text, invitation.email,
            case when invitation.limited then (
                select count(*)::integer from invitation_records r
                where r.org_id = invitation.org_id and r.invitation_id = invitation.id) else 1 end,
            exists (select from people p where p.email = invitation.email and p.password_proved),
            invitation.code_key, invitation.code_sealed
        from companies k
        where k.org_id = invitation.org_id and k.id = invitation.company_id and not k.internal and k.archived_at is null;
    perform set_config('app.org', '', true);
end $$;
comment on function find_invitation(bytea) is 'The pending invitation that a mailed token stands for: whose it is, how many portals it opens, and whether the contact has a password that they keep, and the sealed access code that its portals will ask for. Not from within an organisation.';

drop function accept_invitation(bytea, uuid, text, uuid, uuid[], uuid, text, text);
create function accept_invitation(hash bytea, person uuid, password text, member uuid, ids uuid[],
    codes_key text, codes bytea[], entry uuid, address text, request text) returns text
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    invitation record;
    guest record;
    someone record;
    door record;
    made integer := 0;
begin
    select i.* into invitation
    from (
        select v.org_id, v.id, v.company_id, v.contact_id, v.limited, v.access_ends_at, v.invited_by, v.has_code
        from invitation_tokens t
        join invitations v on v.org_id = t.org_id and v.id = t.invitation_id and v.round = t.round
        where t.token_hash = hash and v.accepted_at is null and v.revoked_at is null and v.expires_at > now()
            and coalesce(v.access_ends_at, 'infinity') > now() and app_org() is null
            and v.has_code = (codes is not null)
        for update of v
    ) i;
    if invitation.org_id is null then
        return null;
    end if;
    perform set_config('app.org', invitation.org_id::text, true);
    select c.name, c.email, k.name as company into guest
    from contacts c join companies k on k.org_id = c.org_id and k.id = c.company_id
    where c.org_id = invitation.org_id and c.id = invitation.contact_id and c.archived_at is null
        and not k.internal and k.archived_at is null
        and keeps_to_policy(invitation.org_id, invitation.access_ends_at, invitation.has_code, c.email);
    if guest.email is null then
        perform set_config('app.org', '', true);
        return null;
    end if;
    select p.id, p.password_proved into someone from people p where p.email = guest.email;
    if someone.id is null then
        insert into people (id, email, password_hash, password_proved)
        values (person, guest.email, password, password is not null);
    elsif not someone.password_proved and password is not null then
        update people set password_hash = password, password_proved = true where id = someone.id;
    end if;
    insert into members (org_id, id, person_id, role, name, email)
    values (invitation.org_id, member, coalesce(someone.id, person), 'CLIENT', guest.name, guest.email);
    insert into portal_accounts (org_id, id, company_id, contact_id, ends_at)
    values (invitation.org_id, member, invitation.company_id, invitation.contact_id, invitation.access_ends_at);
    for door in
        select null::uuid as record_id, guest.company as title where not invitation.limited
        union all
        select r.id, r.name from invitation_records x
        join records r on r.org_id = x.org_id and r.id = x.record_id
        where invitation.limited and x.org_id = invitation.org_id and x.invitation_id = invitation.id
    loop
        made := made + 1;
        insert into portals (org_id, id, label, title, company_id, record_id, modes, expires_at, created_by, account_id,
            code_key, code_hash)
        values (invitation.org_id, ids[2 * made - 1], left('Account of ' || guest.name, 120), left(door.title, 120),
            invitation.company_id, door.record_id,
            '{DASHBOARD,FILES,ACTIVITY,RECORDS,MESSAGES,BILLING,CALENDAR,FEEDBACK}',
            invitation.access_ends_at, invitation.invited_by, member, codes_key, codes[made]);
        insert into portal_links (org_id, id, portal_id, company_id, token_hash, recipient_contact_id)
        values (invitation.org_id, ids[2 * made], ids[2 * made - 1], invitation.company_id,
            sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), invitation.contact_id);
    end loop;
    update invitations set accepted_at = now() where org_id = invitation.org_id and id = invitation.id;
    update contacts set status = 'ONBOARDED' where org_id = invitation.org_id and id = invitation.contact_id;
    insert into audit_entries (org_id, id, action, subject_id, address, request_id, occurred_at)
    values (invitation.org_id, entry, 'invitation.accepted', invitation.id, accept_invitation.address, request, now());
    perform append_events(jsonb_build_array(jsonb_build_object('id', entry, 'kind', 'invitation.accepted',
        'companyId', invitation.company_id, 'clientVisible', false,
        'payload', jsonb_build_object('id', invitation.id, 'contactId', invitation.contact_id), 'occurredAt', now())));
    perform set_config('app.org', '', true);
    return guest.email;
end $$;
comment on function accept_invitation(bytea, uuid, text, uuid, uuid[], text, bytea[], uuid, text, text) is 'Makes the contact who holds a mailed token a CLIENT member with an account, uses the invitation up, and answers with the address that is proved by it; null if it is no longer good, or no longer keeps to the organisation''s sharing policy (LINK-11). ids: of the portals and links to make, a pair each; codes: what is kept of its access code for each of the portals, made with codes_key, null if it has none; entry: of what it leaves in both logs, which it writes last, since that locks the counter. A person who has a password that they chose with the address proved keeps it. Not from within an organisation.';

revoke execute on function find_invitation(bytea), accept_invitation(bytea, uuid, text, uuid, uuid[], text, bytea[], uuid, text, text) from public;
grant execute on function find_invitation(bytea), accept_invitation(bytea, uuid, text, uuid, uuid[], text, bytea[], uuid, text, text) to app_staff;
grant create on schema public to door;
alter function find_invitation(bytea) owner to door;
alter function accept_invitation(bytea, uuid, text, uuid, uuid[], text, bytea[], uuid, text, text) owner to door;
revoke create on schema public from door;

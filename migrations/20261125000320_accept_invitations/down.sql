drop function forget_visitors(timestamptz, integer);
revoke delete on visitor_sessions from door;
drop policy door_delete on visitor_sessions;
revoke delete on address_proofs from app_system;
drop policy app_system_delete on address_proofs;
drop function accept_invitation(bytea, uuid, text, uuid, uuid[], uuid, text, text);
drop function find_invitation(bytea);
drop trigger portal_accounts_external on portal_accounts;

create or replace function company_is_reachable(org uuid, company uuid) returns boolean
language sql stable
as $$
    select exists (select from invitations i where i.org_id = org and i.company_id = company
            and i.accepted_at is null and i.revoked_at is null and i.expires_at > now())
        or exists (select from portals p where p.org_id = org and p.company_id = company
            and p.revoked_at is null and coalesce(p.expires_at, 'infinity') > now())
$$;

revoke select (company_id, ends_at) on portal_accounts from door;

-- Invitations (INV-1 to INV-3), and the wall between internal companies and everything that clients
-- can reach (INV-5).

create table invitations (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    contact_id uuid not null,
    round integer not null default 1,
    limited boolean not null default false,
    access_ends_at timestamptz,
    invited_by uuid not null,
    mail_id uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, company_id, contact_id) references contacts (org_id, company_id, id) on delete cascade,
    foreign key (org_id, invited_by) references members (org_id, id) on delete restrict,
    check (accepted_at is null or revoked_at is null)
);
create unique index invitations_pending on invitations (org_id, contact_id) where accepted_at is null and revoked_at is null;
create index invitations_contact on invitations (org_id, company_id, contact_id, id);
create index invitations_inviter on invitations (org_id, invited_by);
comment on table invitations is 'A contact who was asked to become a portal account (INV-3). Pending until accepted or revoked; of no use once expired.';
comment on column invitations.org_id is 'The tenant.';
comment on column invitations.id is 'UUIDv7, made by the service.';
comment on column invitations.company_id is 'The contact''s company.';
comment on column invitations.contact_id is 'Who is invited.';
comment on column invitations.round is 'Raised each time it is sent again by staff; only tokens of the newest round are good.';
comment on column invitations.limited is 'True: the account sees only invitation_records. False: the whole company.';
comment on column invitations.access_ends_at is 'When the access ends that it gives; null is never.';
comment on column invitations.invited_by is 'The member who invited.';
comment on column invitations.mail_id is 'The newest mail about it, a row of the outbox while that is kept.';
comment on column invitations.created_at is 'When the contact was invited.';
comment on column invitations.expires_at is 'From then on it cannot be accepted.';
comment on column invitations.accepted_at is 'When it was accepted.';
comment on column invitations.revoked_at is 'When staff took it back, or a newer one took its place.';

alter table invitations enable row level security;
alter table invitations force row level security;
create policy owner_all on invitations to owner using (true) with check (true);
create policy door_select on invitations for select to door using (true);
create policy door_update on invitations for update to door using (true);
create policy app_staff_select on invitations for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on invitations for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on invitations for update to app_staff using (org_id = (select app_org()));
create policy app_system_select on invitations for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, company_id, contact_id, round, limited, access_ends_at, invited_by, expires_at, accepted_at, revoked_at),
    update (accepted_at) on invitations to door;
grant select, insert (org_id, id, company_id, contact_id, limited, access_ends_at, invited_by, mail_id, expires_at),
    update (round, mail_id, expires_at, revoked_at) on invitations to app_staff;
grant select (org_id, id, company_id, contact_id, round, invited_by, expires_at, accepted_at, revoked_at)
    on invitations to app_system;

create table invitation_records (
    org_id uuid not null,
    invitation_id uuid not null,
    record_id uuid not null,
    primary key (org_id, invitation_id, record_id),
    foreign key (org_id, invitation_id) references invitations (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index invitation_records_record on invitation_records (org_id, record_id);
comment on table invitation_records is 'The records that a limited invitation gives access to (INV-3).';
comment on column invitation_records.org_id is 'The tenant.';
comment on column invitation_records.invitation_id is 'The invitation.';
comment on column invitation_records.record_id is 'A record of the contact''s company.';

alter table invitation_records enable row level security;
alter table invitation_records force row level security;
create policy owner_all on invitation_records to owner using (true) with check (true);
create policy door_select on invitation_records for select to door using (true);
create policy app_staff_select on invitation_records for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on invitation_records for insert to app_staff with check (org_id = (select app_org()));
grant select on invitation_records to door;
grant select, insert on invitation_records to app_staff;

create table invitation_tokens (
    org_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    invitation_id uuid not null,
    round integer not null,
    created_at timestamptz not null default now(),
    primary key (org_id, token_hash),
    foreign key (org_id, invitation_id) references invitations (org_id, id) on delete cascade
);
create index invitation_tokens_invitation on invitation_tokens (org_id, invitation_id);
comment on table invitation_tokens is 'What was mailed for an invitation: the worker makes one as it sends (INV-3). Good while the invitation is pending in the same round.';
comment on column invitation_tokens.org_id is 'The tenant.';
comment on column invitation_tokens.token_hash is 'SHA-256 of the token; the token itself is kept nowhere.';
comment on column invitation_tokens.invitation_id is 'The invitation that it accepts.';
comment on column invitation_tokens.round is 'The invitation''s round when it was mailed.';
comment on column invitation_tokens.created_at is 'When it was made, which is when it was mailed.';

alter table invitation_tokens enable row level security;
alter table invitation_tokens force row level security;
create policy owner_all on invitation_tokens to owner using (true) with check (true);
create policy door_select on invitation_tokens for select to door using (true);
create policy app_system_insert on invitation_tokens for insert to app_system with check (org_id = (select app_org()));
grant select (org_id, token_hash, invitation_id, round) on invitation_tokens to door;
grant insert (org_id, token_hash, invitation_id, round) on invitation_tokens to app_system;

-- INV-5. Both sides lock the company's row, so of two at once one sees what the other did.
create policy door_update on companies for update to door using (org_id = (select app_org()));
grant update (internal) on companies to door;

create function company_is_reachable(org uuid, company uuid) returns boolean
language sql stable
as $$
    select exists (select from invitations i where i.org_id = org and i.company_id = company
            and i.accepted_at is null and i.revoked_at is null and i.expires_at > now())
        or exists (select from portals p where p.org_id = org and p.company_id = company
            and p.revoked_at is null and coalesce(p.expires_at, 'infinity') > now())
$$;
comment on function company_is_reachable(uuid, uuid) is 'Whether clients of a company have a pending invitation, a live portal or active access (INV-5).';

create function keep_internal_unreachable() returns trigger
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if app_org() is not null and company_is_reachable(new.org_id, new.id) then
        raise exception 'the company is reachable' using errcode = 'check_violation', constraint = 'internal_or_reachable';
    end if;
    return null;
end $$;
comment on function keep_internal_unreachable() is 'Trigger: refuses to mark a company internal that clients can reach (INV-5).';
create trigger companies_internal after update of internal on companies
    for each row when (new.internal and not old.internal) execute function keep_internal_unreachable();

create function keep_reachable_external() returns trigger
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    apart boolean;
begin
    select c.internal into apart from companies c where c.org_id = new.org_id and c.id = new.company_id for share;
    if apart then
        raise exception 'the company is internal' using errcode = 'check_violation', constraint = 'internal_or_reachable';
    end if;
    return null;
end $$;
comment on function keep_reachable_external() is 'Trigger: refuses anything through which clients would reach an internal company (INV-5).';
create trigger invitations_external after insert or update of expires_at on invitations
    for each row when (new.revoked_at is null and new.accepted_at is null) execute function keep_reachable_external();
create trigger portals_external after insert or update of expires_at on portals
    for each row when (new.revoked_at is null) execute function keep_reachable_external();

revoke execute on function company_is_reachable(uuid, uuid), keep_internal_unreachable(), keep_reachable_external() from public;
grant execute on function company_is_reachable(uuid, uuid) to door, app_staff;
grant create on schema public to door;
alter function keep_internal_unreachable() owner to door;
alter function keep_reachable_external() owner to door;
revoke create on schema public from door;

-- Mails (NOTE-4): what became of each row of the queue, why a try failed, and what the worker reads to
-- write a letter. Every earlier token of a link, so that a letter that was sent twice opens the door
-- both times, and so that an old URL finds whose fresh link it asks for (LINK-10).

drop index outbox_due;
alter table outbox drop column parked_at,
    add column state text not null default 'WAITING' check (state in ('WAITING', 'SENT', 'DROPPED', 'PARKED')),
    add column ended_at timestamptz,
    add constraint outbox_ended check ((state = 'WAITING') = (ended_at is null));
create index outbox_due on outbox (due_at) where state = 'WAITING';
create index outbox_ended on outbox (org_id, ended_at) where ended_at is not null;
comment on column outbox.due_at is 'When to try next. Whoever takes a row moves this ahead, so that nobody else takes it meanwhile.';
comment on column outbox.attempts is 'How often it was taken; tells a worker whether a row is still the one that it took.';
comment on column outbox.state is 'WAITING; SENT: handed over; DROPPED: no longer to be sent when its turn came; PARKED: given up.';
comment on column outbox.ended_at is 'When it was sent, dropped or given up.';
create policy app_staff_select on outbox for select to app_staff using (org_id = (select app_org()));
create policy app_staff_update on outbox for update to app_staff using (org_id = (select app_org()));
create policy app_portal_insert on outbox for insert to app_portal with check (org_id = (select app_org()));
grant select, update (state, due_at, attempts, ended_at) on outbox to app_staff;
grant insert (org_id, id, kind, subject_id) on outbox to app_portal;
grant select (state, ended_at), update (state, ended_at) on outbox to app_system;

create table mail_attempts (
    org_id uuid not null,
    id uuid not null,
    mail_id uuid not null,
    attempted_at timestamptz not null,
    failure text not null check (char_length(failure) <= 500),
    primary key (org_id, id),
    foreign key (org_id, mail_id) references outbox (org_id, id) on delete cascade
);
create index mail_attempts_mail on mail_attempts (org_id, mail_id, id);
comment on table mail_attempts is 'A try to send a mail that did not succeed, and why.';
comment on column mail_attempts.org_id is 'The tenant.';
comment on column mail_attempts.id is 'UUIDv7, made by the service.';
comment on column mail_attempts.mail_id is 'The row of the outbox.';
comment on column mail_attempts.attempted_at is 'When it was tried.';
comment on column mail_attempts.failure is 'Why it failed, in words: what the mail server said, if it said something.';

alter table mail_attempts enable row level security;
alter table mail_attempts force row level security;
create policy owner_all on mail_attempts to owner using (true) with check (true);
create policy app_staff_select on mail_attempts for select to app_staff using (org_id = (select app_org()));
create policy app_system_insert on mail_attempts for insert to app_system with check (org_id = (select app_org()));
grant select on mail_attempts to app_staff;
grant insert (org_id, id, mail_id, attempted_at, failure) on mail_attempts to app_system;

alter table organizations
    add column language text not null default 'EN' check (language in ('EN', 'DE')),
    add column postal_address text check (char_length(postal_address) <= 500);
comment on column organizations.language is 'Of mails to people whose own language is not known.';
comment on column organizations.postal_address is 'BRAND-1: where letters on paper reach the organisation; stands below every mail.';
grant update (language, postal_address) on organizations to app_staff;
create policy app_system_select on organizations for select to app_system using (org_id = (select app_org()));
grant select (org_id, name, time_zone, portal_enabled, accent_color, website, support_email, language, postal_address)
    on organizations to app_system;

alter table contacts add column language text check (language in ('EN', 'DE'));
comment on column contacts.language is 'Which language the person reads; null is the organisation''s.';
grant insert (language), update (language) on contacts to app_staff;
create policy app_system_select on contacts for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, company_id, name, email, language, status, archived_at) on contacts to app_system;

create policy app_system_select on companies for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, name, internal, archived_at) on companies to app_system;
create policy app_system_select on members for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, name, email, role, ended_at) on members to app_system;
create policy app_system_select on portals for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, label, title, company_id, record_id, starts_at, expires_at, notifications, created_by, revoked_at)
    on portals to app_system;

create table portal_link_tokens (
    org_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    link_id uuid not null,
    generation integer not null,
    ended_at timestamptz not null default now(),
    primary key (org_id, token_hash),
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade
);
create index portal_link_tokens_link on portal_link_tokens (org_id, link_id);
comment on table portal_link_tokens is 'Tokens that a link had before its newest. One of the link''s own generation opens it all the same: it was mailed, and perhaps arrived, before the mail was sent again.';
comment on column portal_link_tokens.org_id is 'The tenant.';
comment on column portal_link_tokens.token_hash is 'SHA-256 of the token; the token itself is kept nowhere.';
comment on column portal_link_tokens.link_id is 'The link it belonged to.';
comment on column portal_link_tokens.generation is 'The link''s generation then.';
comment on column portal_link_tokens.ended_at is 'When a newer token took its place.';

alter table portal_link_tokens enable row level security;
alter table portal_link_tokens force row level security;
create policy owner_all on portal_link_tokens to owner using (true) with check (true);
create policy door_select on portal_link_tokens for select to door using (true);
create policy door_insert on portal_link_tokens for insert to door with check (true);
grant select (org_id, token_hash, link_id, generation), insert (org_id, token_hash, link_id, generation)
    on portal_link_tokens to door;

create function keep_former_token() returns trigger
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into portal_link_tokens (org_id, token_hash, link_id, generation)
    values (old.org_id, old.token_hash, old.id, old.generation);
    return null;
end $$;
comment on function keep_former_token() is 'Trigger: remembers the token that a link''s newest one replaces.';
create trigger portal_links_former_token after update of token_hash on portal_links
    for each row when (old.token_hash is distinct from new.token_hash) execute function keep_former_token();

create policy app_system_update on portal_links for update to app_system using (org_id = (select app_org()));
grant select (generation, recipient_contact_id, recipient_email, own_start, starts_at, own_expiry, expires_at, notifications, revoked_at),
    update (token_hash) on portal_links to app_system;

create or replace function live_doorways(hash bytea) returns table (org_id uuid, link_id uuid, generation integer,
    portal_id uuid, company_id uuid, record_id uuid, modes text[], session_id uuid, ends_at timestamptz,
    code_salt uuid, code_key text, code_hash bytea, mark bytea)
language sql stable
as $$
    select l.org_id, l.id, l.generation, p.id, p.company_id, p.record_id, p.modes, credential.session_id,
        least(p.expires_at, case when l.own_expiry then l.expires_at end),
        case when l.own_code then l.id else p.id end,
        case when l.own_code then l.code_key else p.code_key end,
        case when l.own_code then l.code_hash else p.code_hash end,
        case when case when l.own_code then l.code_hash else p.code_hash end is not null then
            sha256(convert_to(concat_ws('/', l.id, l.generation, p.code_version, l.code_version), 'UTF8'))
        end
    from (
        select k.org_id, k.id as link_id, k.generation, null::uuid as session_id
        from portal_links k where k.token_hash = hash
        union all
        select t.org_id, t.link_id, t.generation, null::uuid
        from portal_link_tokens t where t.token_hash = hash
        union all
        select s.org_id, s.link_id, s.generation, s.id
        from portal_sessions s where s.token_hash = hash and s.ended_at is null and s.expires_at > now()
    ) credential
    join portal_links l on l.org_id = credential.org_id and l.id = credential.link_id
        and l.generation = credential.generation
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(case when l.own_start then l.starts_at else p.starts_at end, '-infinity') <= now()
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
$$;

revoke execute on function keep_former_token() from public;
grant create on schema public to door;
alter function keep_former_token() owner to door;
revoke create on schema public from door;

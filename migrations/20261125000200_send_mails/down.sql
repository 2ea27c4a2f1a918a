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

revoke select (generation, recipient_contact_id, recipient_email, own_start, starts_at, own_expiry, expires_at, notifications, revoked_at),
    update (token_hash) on portal_links from app_system;
drop policy app_system_update on portal_links;
drop trigger portal_links_former_token on portal_links;
drop function keep_former_token();
drop table portal_link_tokens;

revoke select (org_id, id, label, title, company_id, record_id, starts_at, expires_at, notifications, created_by, revoked_at)
    on portals from app_system;
drop policy app_system_select on portals;
revoke select (org_id, id, name, email, role, ended_at) on members from app_system;
drop policy app_system_select on members;
revoke select (org_id, id, name, internal, archived_at) on companies from app_system;
drop policy app_system_select on companies;
revoke select (org_id, id, company_id, name, email, language, status, archived_at) on contacts from app_system;
drop policy app_system_select on contacts;
alter table contacts drop column language;
revoke select (org_id, name, time_zone, portal_enabled, accent_color, website, support_email, language, postal_address)
    on organizations from app_system;
drop policy app_system_select on organizations;
alter table organizations drop column language, drop column postal_address;

drop table mail_attempts;
revoke select, update (due_at, attempts) on outbox from app_staff;
revoke insert (org_id, id, kind, subject_id) on outbox from app_portal;
drop policy app_portal_insert on outbox;
drop policy app_staff_select on outbox;
drop policy app_staff_update on outbox;
alter table outbox drop column state, drop column ended_at, add column parked_at timestamptz;
create index outbox_due on outbox (due_at) where parked_at is null;
comment on column outbox.due_at is 'When to try next.';
comment on column outbox.attempts is 'How often it was tried.';
comment on column outbox.parked_at is 'When the worker gave up.';
grant select (parked_at), update (parked_at) on outbox to app_system;

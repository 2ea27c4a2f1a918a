-- Mail that clients asked for (NOTE-1 to NOTE-3): who consented to what, what they are to be told, and
-- addresses that mail no longer goes to.

create table consents (
    org_id uuid not null,
    id uuid not null,
    portal_id uuid not null,
    link_id uuid not null,
    generation integer not null,
    session_id uuid,
    email text not null check (email = lower(email) and char_length(email) between 3 and 254),
    language text not null check (language in ('EN', 'DE')),
    topics text[] not null check (topics <@ array['STATUS', 'REPLIES', 'REVIEWS', 'INVOICES']),
    requested_at timestamptz not null default now(),
    confirmed_at timestamptz,
    withdrawn_at timestamptz,
    primary key (org_id, id),
    unique (org_id, portal_id, email),
    foreign key (org_id, portal_id) references portals (org_id, id) on delete cascade,
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade,
    foreign key (org_id, session_id) references portal_sessions (org_id, id) on delete set null (session_id)
);
create index consents_link on consents (org_id, link_id);
create index consents_session on consents (org_id, session_id) where session_id is not null;
create index consents_email on consents (org_id, email);
comment on table consents is 'An address that is mailed about what a portal shows, and what it consented to (NOTE-1).';
comment on column consents.org_id is 'The tenant.';
comment on column consents.id is 'UUIDv7, made by the service.';
comment on column consents.portal_id is 'Through which portal it was asked for; nothing is mailed once that has ended.';
comment on column consents.link_id is 'Through which link; nothing is mailed once that has ended.';
comment on column consents.generation is 'Of the link: one that was rotated away no longer carries mail (LINK-4).';
comment on column consents.session_id is 'The visitor who asked, who may change it there; null if no session was kept.';
comment on column consents.email is 'Lower-cased address.';
comment on column consents.language is 'What the visitor''s browser preferred.';
comment on column consents.topics is 'What to be mailed about.';
comment on column consents.requested_at is 'When it was last asked for; can be confirmed for 7 days.';
comment on column consents.confirmed_at is 'When the reader of the address confirmed; before that nothing is mailed but the question.';
comment on column consents.withdrawn_at is 'From then on nothing is mailed.';

alter table consents enable row level security;
alter table consents force row level security;
create policy owner_all on consents to owner using (true) with check (true);
create policy door_select on consents for select to door using (true);
create policy door_insert on consents for insert to door with check (org_id = (select app_org()));
create policy door_update on consents for update to door using (org_id = (select app_org()));
create policy door_delete on consents for delete to door using (org_id = (select app_org()));
create policy app_staff_select on consents for select to app_staff using (org_id = (select app_org()));
create policy app_portal_select on consents for select to app_portal
    using (org_id = (select app_org()) and portal_id = (select app_id('app.portal'))
        and session_id = (select app_id('app.session')) and confirmed_at is not null);
create policy app_portal_update on consents for update to app_portal
    using (org_id = (select app_org()) and portal_id = (select app_id('app.portal'))
        and session_id = (select app_id('app.session')) and confirmed_at is not null);
create policy app_system_select on consents for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on consents for delete to app_system using (org_id = (select app_org()));
grant select, insert, delete,
    update (link_id, generation, session_id, language, topics, requested_at, confirmed_at, withdrawn_at)
    on consents to door;
grant select (org_id, id, portal_id, email, language, topics, requested_at, confirmed_at, withdrawn_at)
    on consents to app_staff;
grant select (org_id, id, email, topics, withdrawn_at), update (topics, withdrawn_at) on consents to app_portal;
grant select (org_id, id, email, language, requested_at, confirmed_at, withdrawn_at), delete on consents to app_system;

create table consent_tokens (
    org_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    consent_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (org_id, token_hash),
    foreign key (org_id, consent_id) references consents (org_id, id) on delete cascade
);
create index consent_tokens_consent on consent_tokens (org_id, consent_id);
comment on table consent_tokens is 'What the links of mails prove: that one reads the address of a consent. They open no portal.';
comment on column consent_tokens.org_id is 'The tenant.';
comment on column consent_tokens.token_hash is 'SHA-256 of the token, which is made anew from a sealing key for each mail and kept nowhere.';
comment on column consent_tokens.consent_id is 'Whose it is; one for each sealing key that mails were sent with.';
comment on column consent_tokens.created_at is 'When it was first mailed.';

alter table consent_tokens enable row level security;
alter table consent_tokens force row level security;
create policy owner_all on consent_tokens to owner using (true) with check (true);
create policy door_select on consent_tokens for select to door using (true);
create policy app_system_insert on consent_tokens for insert to app_system with check (org_id = (select app_org()));
grant select on consent_tokens to door;
grant insert (org_id, token_hash, consent_id) on consent_tokens to app_system;

create table suppressions (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    email text not null check (email = lower(email) and char_length(email) between 3 and 254),
    reason text not null check (reason in ('BOUNCE', 'COMPLAINT')),
    detail text check (char_length(detail) <= 500),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, email)
);
comment on table suppressions is 'Addresses that notifications of an organisation no longer go to (NOTE-2). Lifting one deletes it.';
comment on column suppressions.org_id is 'The tenant.';
comment on column suppressions.id is 'UUIDv7, made by the service.';
comment on column suppressions.email is 'Lower-cased address.';
comment on column suppressions.reason is 'BOUNCE: mail to it came back for good. COMPLAINT: its reader called it spam.';
comment on column suppressions.detail is 'What the other server said, cut to 500 characters.';
comment on column suppressions.created_at is 'When it was reported.';

alter table suppressions enable row level security;
alter table suppressions force row level security;
create policy owner_all on suppressions to owner using (true) with check (true);
create policy door_select on suppressions for select to door using (org_id = (select app_org()));
create policy app_staff_select on suppressions for select to app_staff using (org_id = (select app_org()));
create policy app_staff_delete on suppressions for delete to app_staff using (org_id = (select app_org()));
create policy app_system_select on suppressions for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on suppressions for insert to app_system with check (org_id = (select app_org()));
grant select (org_id, email) on suppressions to door;
grant select, delete on suppressions to app_staff;
grant select (org_id, email), insert (org_id, id, email, reason, detail) on suppressions to app_system;

create table notifications (
    org_id uuid not null,
    id uuid not null,
    change_id uuid not null,
    topic text not null check (topic in ('STATUS', 'REPLIES', 'REVIEWS', 'INVOICES')),
    company_id uuid not null,
    record_id uuid,
    email text not null check (email = lower(email) and char_length(email) between 3 and 254),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, change_id, email),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index notifications_company on notifications (org_id, company_id);
create index notifications_record on notifications (org_id, record_id) where record_id is not null;
create index notifications_created on notifications (org_id, created_at);
comment on table notifications is 'What one person is to be told of one change: queued once (NOTE-4), and asked about again as it is sent. Kept for 30 days.';
comment on column notifications.org_id is 'The tenant.';
comment on column notifications.id is 'UUIDv7, made by the service; the subject of its outbox row.';
comment on column notifications.change_id is 'What happened: the id of a message, a deliverable''s version, an invoice; of a move, one of its own.';
comment on column notifications.topic is 'What it is about.';
comment on column notifications.company_id is 'The company it concerns.';
comment on column notifications.record_id is 'The record it concerns, if one.';
comment on column notifications.email is 'Who is to be told. Which consent lets us is decided as it is sent.';
comment on column notifications.created_at is 'When it was queued.';

alter table notifications enable row level security;
alter table notifications force row level security;
create policy owner_all on notifications to owner using (true) with check (true);
create policy door_select on notifications for select to door using (org_id = (select app_org()));
create policy app_staff_select on notifications for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on notifications for insert to app_staff with check (org_id = (select app_org()));
create policy app_system_select on notifications for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on notifications for delete to app_system using (org_id = (select app_org()));
grant select on notifications to door;
grant select (org_id, id), insert (org_id, id, change_id, topic, company_id, record_id, email)
    on notifications to app_staff;
grant select (org_id, id, email, created_at), delete on notifications to app_system;

-- What the doors need to know to decide whom to tell, and what they may say of a record: shared columns only.
create policy door_select on stages for select to door using (org_id = (select app_org()));
grant select (org_id, id, name) on stages to door;
grant select (notifications, title) on portals to door;
grant select (notifications) on portals to app_portal;
grant select (notifications) on portal_links to door;
grant select (email_on_reply) on record_types to door;
grant select (name, shared_phase, shared_stage_id, shared_status) on records to door;

create function offered_topics(modes text[]) returns text[]
language sql immutable parallel safe
as $$
    select array_remove(array[
        case when 'RECORDS' = any (modes) then 'STATUS' end,
        case when 'MESSAGES' = any (modes) then 'REPLIES' end,
        case when 'RECORDS' = any (modes) then 'REVIEWS' end,
        case when 'BILLING' = any (modes) then 'INVOICES' end], null)
$$;
comment on function offered_topics(text[]) is 'The topics that can come up in a portal with these modes.';

create function consent_state(requested timestamptz, confirmed timestamptz, withdrawn timestamptz) returns text
language sql stable parallel safe
as $$
    select case
        when withdrawn is not null then 'WITHDRAWN'
        when confirmed is not null then 'CONFIRMED'
        when requested > now() - interval '7 days' then 'REQUESTED'
        else 'LAPSED'
    end
$$;
comment on function consent_state(timestamptz, timestamptz, timestamptz) is 'How far a consent has come.';

create function link_carries_mail(org uuid, link uuid, of_generation integer) returns boolean
language sql stable
as $$
    select exists (
        select from portal_links l
        join portals p on p.org_id = l.org_id and p.id = l.portal_id
        join organizations o on o.org_id = l.org_id
        where l.org_id = org and l.id = link and l.generation = of_generation
            and o.portal_enabled and p.revoked_at is null and l.revoked_at is null
            and coalesce(l.notifications, p.notifications)
            and coalesce(case when l.own_start then l.starts_at else p.starts_at end, '-infinity') <= now()
            and coalesce(p.expires_at, 'infinity') > now()
            and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
    )
$$;
comment on function link_carries_mail(uuid, uuid, integer) is 'Whether a link lives, unrotated, in a live portal, and notifications are on for it (LINK-1, LINK-4, NOTE-2).';

create function portal_topics() returns text[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce((
        select offered_topics(p.modes)
        from portals p
        left join portal_links l on l.org_id = p.org_id and l.id = app_id('app.link')
        where p.org_id = app_org() and p.id = app_id('app.portal') and coalesce(l.notifications, p.notifications)
    ), '{}')
$$;
comment on function portal_topics() is 'What visitors of the entered portal can ask to be mailed about; nothing where notifications are off.';

create function request_notifications(consent uuid, entry uuid, address text, wanted text[], tongue text) returns uuid
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    portal uuid := app_id('app.portal');
    link record;
    asked uuid;
begin
    select l.id, l.generation into link from portal_links l
    where l.org_id = app_org() and l.id = app_id('app.link');
    if link.id is null or not link_carries_mail(app_org(), link.id, link.generation) then
        return null;
    end if;
    -- Of those who fill a portal with strangers' addresses, the oldest that nobody confirmed make room.
    delete from consents c
    where c.org_id = app_org() and c.portal_id = portal and c.confirmed_at is null
        and c.id in (select x.id from consents x where x.org_id = app_org() and x.portal_id = portal
            and x.confirmed_at is null order by x.requested_at desc offset 200);
    insert into consents as c (org_id, id, portal_id, link_id, generation, session_id, email, language, topics)
    values (app_org(), consent, portal, link.id, link.generation, app_id('app.session'), address, tongue, wanted)
    on conflict (org_id, portal_id, email) do update
    set link_id = excluded.link_id, generation = excluded.generation, session_id = excluded.session_id,
        language = excluded.language, topics = excluded.topics, requested_at = now(), confirmed_at = null,
        withdrawn_at = null
    where c.confirmed_at is null or c.withdrawn_at is not null
        or not link_carries_mail(c.org_id, c.link_id, c.generation);
    select c.id into asked from consents c
    where c.org_id = app_org() and c.portal_id = portal and c.email = address;
    insert into outbox (org_id, id, kind, subject_id) values (app_org(), entry, 'mail.consent', asked);
    return asked;
end $$;
comment on function request_notifications(uuid, uuid, text, text[], text) is 'Notes what a visitor of the entered portal asks to be mailed about, and queues the mail that asks the address (NOTE-1). A consent that stands is not touched: its holder is mailed the way to it. Null where notifications are off.';

create function find_consent(hash bytea) returns table (organization_name text, accent_color text, email text,
    topics text[], offered text[], state text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.name, o.accent_color, c.email, c.topics, offered_topics(p.modes),
        consent_state(c.requested_at, c.confirmed_at, c.withdrawn_at)
    from consent_tokens t
    join consents c on c.org_id = t.org_id and c.id = t.consent_id
    join portals p on p.org_id = c.org_id and p.id = c.portal_id
    join organizations o on o.org_id = c.org_id
    where t.token_hash = hash and app_org() is null
$$;
comment on function find_consent(bytea) is 'What a mail''s token is about, for its reader: also after the portal has ended, of which it says nothing (NOTE-3).';

create function enter_consent(hash bytea) returns uuid
language plpgsql set search_path = public, pg_temp
as $$
declare
    found record;
begin
    select t.org_id, t.consent_id into found from consent_tokens t where t.token_hash = hash and app_org() is null;
    if found.org_id is not null then
        perform set_config('app.org', found.org_id::text, true);
    end if;
    return found.consent_id;
end $$;
comment on function enter_consent(bytea) is 'Enters the organisation of a mail''s token, for the doors below, which leave it again.';

create function note_consent(consent uuid, kind text, entry uuid, address text, request text) returns void
language plpgsql set search_path = public, pg_temp
as $$
begin
    insert into audit_entries (org_id, id, action, subject_id, address, request_id, occurred_at)
    values (app_org(), entry, kind, consent, address, request, now());
    perform append_events(jsonb_build_array(jsonb_build_object('id', entry, 'kind', kind,
        'companyId', p.company_id, 'clientVisible', false, 'payload', jsonb_build_object('id', consent), 'occurredAt', now())))
    from consents c join portals p on p.org_id = c.org_id and p.id = c.portal_id
    where c.org_id = app_org() and c.id = consent;
end $$;
comment on function note_consent(uuid, text, uuid, text, text) is 'Writes what the reader of a mail did into both logs, for the doors below. Their last statement: it locks the counter.';

create function confirm_consent(hash bytea, entry uuid, address text, request text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    consent uuid := enter_consent(hash);
begin
    update consents c set confirmed_at = now()
    where c.org_id = app_org() and c.id = consent
        and consent_state(c.requested_at, c.confirmed_at, c.withdrawn_at) = 'REQUESTED';
    if found then
        perform note_consent(consent, 'consent.confirmed', entry, address, request);
    end if;
    perform set_config('app.org', '', true);
    return consent is not null;
end $$;
comment on function confirm_consent(bytea, uuid, text, text) is 'Confirms what was requested within 7 days; false if the token is nobody''s (NOTE-1).';

create function change_consent(hash bytea, wanted text[], entry uuid, address text, request text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    consent uuid := enter_consent(hash);
begin
    update consents c set topics = wanted
    where c.org_id = app_org() and c.id = consent and c.confirmed_at is not null and c.withdrawn_at is null;
    if found then
        perform note_consent(consent, 'consent.changed', entry, address, request);
    end if;
    perform set_config('app.org', '', true);
    return consent is not null;
end $$;
comment on function change_consent(bytea, text[], uuid, text, text) is 'Changes the topics of a consent that stands; false if the token is nobody''s.';

create function withdraw_consent(hash bytea, entry uuid, address text, request text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    consent uuid := enter_consent(hash);
begin
    update consents c set withdrawn_at = now()
    from consents own
    where own.org_id = app_org() and own.id = consent and c.org_id = own.org_id and c.email = own.email
        and c.withdrawn_at is null;
    if found then
        perform note_consent(consent, 'consent.withdrawn', entry, address, request);
    end if;
    perform set_config('app.org', '', true);
    return consent is not null;
end $$;
comment on function withdraw_consent(bytea, uuid, text, text) is 'Stops every notification of the organisation to the address (NOTE-3); false if the token is nobody''s.';

create function renew_consent(hash bytea, entry uuid, address text, request text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    consent uuid := enter_consent(hash);
begin
    update consents c set withdrawn_at = null, confirmed_at = coalesce(c.confirmed_at, now())
    where c.org_id = app_org() and c.id = consent and c.withdrawn_at is not null;
    if found then
        perform note_consent(consent, 'consent.renewed', entry, address, request);
    end if;
    perform set_config('app.org', '', true);
    return consent is not null;
end $$;
comment on function renew_consent(bytea, uuid, text, text) is 'Takes a withdrawal back, for the one consent that the token is of (NOTE-3).';

create function whom_to_notify(about text, company uuid, record uuid, only_email text) returns table (email text, consent_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select distinct on (c.email) c.email, c.id
    from portals p
    join companies k on k.org_id = p.org_id and k.id = p.company_id
    join consents c on c.org_id = p.org_id and c.portal_id = p.id
    where p.org_id = app_org() and p.company_id = company and (p.record_id is null or p.record_id = record)
        and not k.internal and k.archived_at is null
        and (only_email is null or c.email = only_email)
        and about = any (offered_topics(p.modes)) and about = any (c.topics)
        and c.confirmed_at is not null and c.withdrawn_at is null
        and link_carries_mail(c.org_id, c.link_id, c.generation)
        and not exists (select from suppressions s where s.org_id = c.org_id and s.email = c.email)
        and (record is null or exists (
            select from visible_records(p.org_id, company, record, null) v
            join record_types t on t.org_id = p.org_id and t.id = v.type_id
            where about <> 'REPLIES' or (v.show_comments and t.email_on_reply)))
    order by c.email, c.id
$$;
comment on function whom_to_notify(text, uuid, uuid, text) is 'Who is to be told of something now, or whether one address is, and by which consent: every gate of NOTE-2 and REC-10, asked as it is queued and again as it is sent.';

create function notification_to_send(notification uuid) returns table (consent_id uuid, email text, language text,
    topic text, portal_title text, record_name text, phase text, stage_name text, client_status text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select c.id, c.email, c.language, n.topic, p.title, r.name, r.shared_phase, s.name, r.shared_status
    from notifications n
    join whom_to_notify(n.topic, n.company_id, n.record_id, n.email) w on true
    join consents c on c.org_id = n.org_id and c.id = w.consent_id
    join portals p on p.org_id = c.org_id and p.id = c.portal_id
    left join records r on r.org_id = n.org_id and r.id = n.record_id
    left join stages s on s.org_id = r.org_id and s.id = r.shared_stage_id
    where n.org_id = app_org() and n.id = notification
$$;
comment on function notification_to_send(uuid) is 'What a queued notification says, in shared words only (REC-4); nothing if it is no longer to be sent.';

create function mail_went_to(mail uuid, address text) returns boolean
language sql stable
as $$
    select exists (
        select from outbox q
        where q.org_id = app_org() and q.id = mail and (
            exists (select from notifications n where n.org_id = q.org_id and n.id = q.subject_id and n.email = address)
            or exists (select from consents c where c.org_id = q.org_id and c.id = q.subject_id and c.email = address)
            or exists (select from contacts k where k.org_id = q.org_id and k.email = address)
            or exists (select from portal_links l where l.org_id = q.org_id and l.recipient_email = address))
    )
$$;
comment on function mail_went_to(uuid, text) is 'Whether a mail of the entered organisation can have gone to an address: to its subject''s own, or to that of somebody whom the organisation mails.';

create or replace function request_fresh_link(hash bytea, entry uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    known record;
begin
    select l.org_id, l.id into known
    from (
        select k.org_id, k.id from portal_links k where k.token_hash = hash
        union all
        select t.org_id, t.link_id from portal_link_tokens t where t.token_hash = hash
        union all
        select m.org_id, m.link_id
        from consent_tokens t join consents m on m.org_id = t.org_id and m.id = t.consent_id
        where t.token_hash = hash
    ) c
    join portal_links l on l.org_id = c.org_id and l.id = c.id
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where app_org() is null and o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
        and (l.recipient_contact_id is not null or l.recipient_email is not null);
    if known.org_id is null then
        return;
    end if;
    perform set_config('app.org', known.org_id::text, true);
    insert into outbox (org_id, id, kind, subject_id)
    select known.org_id, entry, 'mail.fresh_link', known.id
    where not exists (
        select from outbox q
        where q.org_id = known.org_id and q.subject_id = known.id and q.kind = 'mail.fresh_link'
            and q.due_at > now() - interval '15 minutes'
    );
    perform set_config('app.org', '', true);
end $$;
comment on function request_fresh_link(bytea, uuid) is 'Queues a fresh link for the recipient on record of a link whose present or earlier token this is, or that of a mail about its portal, once in 15 minutes, if its portal is open; says nothing (LINK-10).';

create or replace function journal_visit(entries jsonb, address text, request text) returns void
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
            and split_part(entry ->> 'kind', '.', 1) = any ('{portal_session,message,feedback,deliverable,file,upload,subscription,consent}'), false)
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

revoke execute on function offered_topics(text[]), consent_state(timestamptz, timestamptz, timestamptz),
    link_carries_mail(uuid, uuid, integer), portal_topics(), request_notifications(uuid, uuid, text, text[], text),
    find_consent(bytea), enter_consent(bytea), note_consent(uuid, text, uuid, text, text), confirm_consent(bytea, uuid, text, text), change_consent(bytea, text[], uuid, text, text),
    withdraw_consent(bytea, uuid, text, text), renew_consent(bytea, uuid, text, text), whom_to_notify(text, uuid, uuid, text), notification_to_send(uuid),
    mail_went_to(uuid, text) from public;
grant execute on function offered_topics(text[]), link_carries_mail(uuid, uuid, integer), enter_consent(bytea),
    note_consent(uuid, text, uuid, text, text) to door;
grant execute on function consent_state(timestamptz, timestamptz, timestamptz) to door, app_staff, app_system;
grant execute on function portal_topics(), request_notifications(uuid, uuid, text, text[], text), find_consent(bytea),
    confirm_consent(bytea, uuid, text, text), change_consent(bytea, text[], uuid, text, text), withdraw_consent(bytea, uuid, text, text), renew_consent(bytea, uuid, text, text) to app_portal;
grant execute on function whom_to_notify(text, uuid, uuid, text) to app_staff;
grant execute on function notification_to_send(uuid), mail_went_to(uuid, text) to app_system;

grant create on schema public to door;
do $$
declare
    door_function regprocedure;
begin
    foreach door_function in array array[
        'portal_topics()', 'request_notifications(uuid, uuid, text, text[], text)', 'find_consent(bytea)',
        'confirm_consent(bytea, uuid, text, text)', 'change_consent(bytea, text[], uuid, text, text)', 'withdraw_consent(bytea, uuid, text, text)', 'renew_consent(bytea, uuid, text, text)',
        'whom_to_notify(text, uuid, uuid, text)', 'notification_to_send(uuid)']::regprocedure[]
    loop
        execute format('alter function %s owner to door', door_function);
    end loop;
end $$;
revoke create on schema public from door;

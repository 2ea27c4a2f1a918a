-- Messages of clients and staff (MSG-1, MSG-2), comments that clients never see, feedback that becomes a
-- task (MSG-3), and whom of the team is mailed about what clients did.

create function sibling_id(of uuid) returns uuid
language sql volatile
as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(uuid_send(of) from 1 for 6)
        from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;
comment on function sibling_id(uuid) is 'A new UUIDv7 of the moment of another: for rows that a function makes many of, from one id of the service''s.';
revoke execute on function sibling_id(uuid) from public;
grant execute on function sibling_id(uuid) to door;

alter table messages add column sender_session_id uuid,
    add column sender_verified boolean not null default true,
    add foreign key (org_id, sender_session_id) references portal_sessions (org_id, id) on delete set null (sender_session_id);
create index messages_session on messages (org_id, sender_session_id) where sender_session_id is not null;
comment on column messages.sender_session_id is 'The portal session whose holder wrote it, for CLIENT.';
comment on column messages.sender_verified is 'False where a client''s name is only what they said it is.';

create function sign_message() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
begin
    if app_id('app.portal') is not null then
        new.sender_type := 'CLIENT';
        new.sender_member_id := null;
        select v.session_id, v.name, v.verified into new.sender_session_id, new.sender_name, new.sender_verified
        from visitor() v;
    end if;
    return new;
end $$;
comment on function sign_message() is 'Whatever a portal''s visitor writes is theirs, under the name that is known of them.';
revoke execute on function sign_message() from public;
create trigger messages_sign before insert on messages for each row execute function sign_message();

create policy app_staff_insert on messages for insert to app_staff with check (org_id = (select app_org()));
create policy app_portal_insert on messages for insert to app_portal
    with check (org_id = (select app_org()) and sender_session_id = (select app_id('app.session'))
        and record_id = any ((select app_ids('app.message_records'))::uuid[]));
create policy door_select on messages for select to door using (true);
grant insert (org_id, id, record_id, sender_type, sender_name, sender_member_id, body, created_at) on messages to app_staff;
grant select (sender_verified), insert (org_id, id, record_id, sender_type, body, created_at) on messages to app_portal;
grant select (org_id, id, record_id, sender_name, sender_session_id, body) on messages to door;

create table comments (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    author_id uuid not null,
    body text not null check (char_length(body) between 1 and 10000),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, author_id) references members (org_id, id) on delete restrict
);
create index comments_record on comments (org_id, record_id, id desc);
create index comments_author on comments (org_id, author_id);
comment on table comments is 'What staff say to each other about a record (MSG-1). Not for clients: their login has no right here.';
comment on column comments.org_id is 'The tenant.';
comment on column comments.id is 'UUIDv7, made by the service; sorts by time.';
comment on column comments.record_id is 'What it is about.';
comment on column comments.author_id is 'Who wrote it.';
comment on column comments.body is 'Plain text.';
comment on column comments.created_at is 'When it was written.';

alter table comments enable row level security;
alter table comments force row level security;
create policy owner_all on comments to owner using (true) with check (true);
create policy app_staff_select on comments for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on comments for insert to app_staff with check (org_id = (select app_org()));
grant select, insert (org_id, id, record_id, author_id, body, created_at) on comments to app_staff;

create table tasks (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    record_id uuid,
    body text not null check (char_length(body) between 1 and 10000),
    sender_name text not null check (char_length(sender_name) between 1 and 120),
    sender_verified boolean not null,
    sender_session_id uuid,
    assignee_id uuid,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    closed_at timestamptz,
    closed_by uuid,
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, sender_session_id) references portal_sessions (org_id, id) on delete set null (sender_session_id),
    foreign key (org_id, assignee_id) references members (org_id, id) on delete set null (assignee_id),
    foreign key (org_id, closed_by) references members (org_id, id) on delete set null (closed_by)
);
create index tasks_company on tasks (org_id, company_id, id desc);
create index tasks_record on tasks (org_id, record_id, id desc) where record_id is not null;
create index tasks_session on tasks (org_id, sender_session_id) where sender_session_id is not null;
create index tasks_assignee on tasks (org_id, assignee_id, id desc) where assignee_id is not null;
create index tasks_closer on tasks (org_id, closed_by) where closed_by is not null;
create index tasks_open on tasks (org_id, id desc) where closed_at is null;
comment on table tasks is 'What somebody of the team is to look at: feedback of clients (MSG-3). Clients'' login has no right here.';
comment on column tasks.org_id is 'The tenant.';
comment on column tasks.id is 'UUIDv7, made by the service; sorts by time.';
comment on column tasks.company_id is 'Whose feedback it is.';
comment on column tasks.record_id is 'What it is about; null for the company as a whole.';
comment on column tasks.body is 'Plain text, the client''s words.';
comment on column tasks.sender_name is 'The client''s name as it was then.';
comment on column tasks.sender_verified is 'False where the name is only what they said it is.';
comment on column tasks.sender_session_id is 'The portal session whose holder wrote it.';
comment on column tasks.assignee_id is 'In whose inbox it lies; null is nobody''s yet.';
comment on column tasks.version is 'Raised by every change; an update names the one it read.';
comment on column tasks.created_at is 'When it came.';
comment on column tasks.closed_at is 'When it was closed; null while it is open.';
comment on column tasks.closed_by is 'Who closed it.';

alter table tasks enable row level security;
alter table tasks force row level security;
create policy owner_all on tasks to owner using (true) with check (true);
create policy door_select on tasks for select to door using (true);
create policy door_insert on tasks for insert to door with check (org_id = (select app_org()));
create policy app_staff_select on tasks for select to app_staff using (org_id = (select app_org()));
create policy app_staff_update on tasks for update to app_staff using (org_id = (select app_org()));
grant select (org_id, id, record_id, company_id, body, sender_name),
    insert (org_id, id, company_id, record_id, body, sender_name, sender_verified, sender_session_id, assignee_id) on tasks to door;
grant select, update (assignee_id, version, closed_at, closed_by) on tasks to app_staff;

create table team_notices (
    org_id uuid not null,
    id uuid not null,
    member_id uuid not null,
    about text not null check (about in ('MESSAGE', 'FEEDBACK', 'DECISION')),
    subject_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, member_id, subject_id),
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index team_notices_created on team_notices (org_id, created_at);
comment on table team_notices is 'What a member is mailed of what clients did: once each (MSG-2, NOTE-4).';
comment on column team_notices.org_id is 'The tenant.';
comment on column team_notices.id is 'UUIDv7; the subject of the mail''s row in the outbox.';
comment on column team_notices.member_id is 'Who is told.';
comment on column team_notices.about is 'What kind of thing happened.';
comment on column team_notices.subject_id is 'The message, the task, the decision.';
comment on column team_notices.created_at is 'When it was queued.';

alter table team_notices enable row level security;
alter table team_notices force row level security;
create policy owner_all on team_notices to owner using (true) with check (true);
create policy door_select on team_notices for select to door using (true);
create policy door_insert on team_notices for insert to door with check (org_id = (select app_org()));
create policy app_system_select on team_notices for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on team_notices for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, member_id, about, subject_id), insert (org_id, id, member_id, about, subject_id) on team_notices to door;
grant select (org_id, id, created_at), delete on team_notices to app_system;

do $$
begin
    if not exists (select from pg_policies where tablename = 'record_watchers' and policyname = 'door_select') then
        create policy door_select on record_watchers for select to door using (org_id = (select app_org()));
    end if;
end $$;
grant select (org_id, record_id, member_id) on record_watchers to door;
grant select (owner_id, lead_id) on records to door;
grant select (name) on members to door;

create function shown_names() returns table (id uuid, name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name from records r
    where r.org_id = app_org() and r.id = any (app_ids('app.shown_records'))
        and app_modes() && '{RECORDS,FILES,MESSAGES,ACTIVITY,CALENDAR,FEEDBACK}'
$$;
comment on function shown_names() is 'What the records of the entered portal are called, where it shows something of them: also without RECORDS, which shows the records themselves.';

create function notify_member(member uuid, what text, subject uuid) returns void
language sql set search_path = public, pg_temp
as $$
    with told as (
        insert into team_notices (org_id, id, member_id, about, subject_id)
        select app_org(), sibling_id(subject), m.id, what, subject
        from members m
        where m.org_id = app_org() and m.id = member and m.ended_at is null and m.role <> 'CLIENT'
        on conflict do nothing
        returning id
    )
    insert into outbox (org_id, id, kind, subject_id)
    select app_org(), sibling_id(subject), 'mail.team_notice', told.id from told
$$;
comment on function notify_member(uuid, text, uuid) is 'Queues the mail that tells one member of something, once, for the doors below.';

create function notify_team(record uuid, what text, subject uuid) returns void
language sql set search_path = public, pg_temp
as $$
    select notify_member(t.member, what, subject)
    from (
        select r.owner_id as member from records r where r.org_id = app_org() and r.id = record
        union
        select w.member_id from record_watchers w where w.org_id = app_org() and w.record_id = record
    ) t
$$;
comment on function notify_team(uuid, text, uuid) is 'Queues mails to a record''s owner and watchers, for the doors below (MSG-2).';

create function tell_team_of_message(message uuid) returns void
language sql security definer set search_path = public, pg_temp
as $$
    select notify_team(m.record_id, 'MESSAGE', m.id) from messages m
    where m.org_id = app_org() and m.id = message and m.sender_session_id = app_id('app.session')
        and app_id('app.portal') is not null
$$;
comment on function tell_team_of_message(uuid) is 'Queues the mails about a message that the visitor of the entered portal has just written (MSG-2).';

create function give_feedback(task uuid, record uuid, words text) returns boolean
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    who record;
    inbox uuid;
begin
    if app_id('app.portal') is null or not 'FEEDBACK' = any (app_modes())
        or (record is not null and not record = any (app_ids('app.shown_records')))
    then
        return false;
    end if;
    select v.session_id, v.name, v.verified into who from visitor() v;
    select m.id into inbox
    from records r
    join members m on m.org_id = r.org_id and m.id in (r.lead_id, r.owner_id) and m.ended_at is null
    where r.org_id = app_org() and r.id = record
    order by m.id is not distinct from r.lead_id desc limit 1;
    insert into tasks (org_id, id, company_id, record_id, body, sender_name, sender_verified, sender_session_id, assignee_id)
    values (app_org(), task, app_id('app.company'), record, words, who.name, who.verified, who.session_id, inbox);
    perform notify_member(inbox, 'FEEDBACK', task);
    return true;
end $$;
comment on function give_feedback(uuid, uuid, text) is 'Makes what a visitor of the entered portal says a task in the inbox of the record''s lead, else of its owner (MSG-3). False where the portal takes no feedback, or none about that record.';

create function team_notice_to_send(notice uuid) returns table (email text, name text, about text, company_name text,
    record_name text, sender_name text, words text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, n.about, k.name, r.name, coalesce(x.sender_name, t.sender_name), coalesce(x.body, t.body)
    from team_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    left join messages x on n.about = 'MESSAGE' and x.org_id = n.org_id and x.id = n.subject_id
    left join tasks t on n.about = 'FEEDBACK' and t.org_id = n.org_id and t.id = n.subject_id
    left join records r on r.org_id = n.org_id and r.id = coalesce(x.record_id, t.record_id)
    join companies k on k.org_id = n.org_id and k.id = coalesce(r.company_id, t.company_id)
    where n.org_id = app_org() and n.id = notice
$$;
comment on function team_notice_to_send(uuid) is 'What a queued mail to a member says; nothing if they have left.';

create function in_company_portal() returns boolean
language sql stable
as $$ select exists (select from portals p where p.record_id is null) $$;
comment on function in_company_portal() is 'Whether the portal that was entered is of a company, not of one record: for what is about the company as a whole.';

-- What happened shows where the thing itself does; what is called activity, where ACTIVITY does (EVT-8).
drop policy app_portal_select on events;
create policy app_portal_select on events for select to app_portal
    using (org_id = (select app_org()) and client_visible and company_id = (select app_id('app.company'))
        and case when record_id is null
            then kind like 'activity.%' and 'ACTIVITY' = any ((select app_modes())::text[]) and (select in_company_portal())
            else record_id = any (case split_part(kind, '.', 1)
                when 'milestone' then (select app_ids('app.milestone_records'))::uuid[]
                when 'message' then (select app_ids('app.message_records'))::uuid[]
                when 'file' then (select app_ids('app.file_records'))::uuid[]
                when 'deliverable' then (select app_ids('app.records'))::uuid[]
                else case
                    when 'ACTIVITY' = any ((select app_modes())::text[]) then (select app_ids('app.shown_records'))::uuid[]
                    when split_part(kind, '.', 1) = 'activity' then '{}'
                    else (select app_ids('app.records'))::uuid[] end end) end);

revoke execute on function shown_names(), notify_member(uuid, text, uuid), notify_team(uuid, text, uuid),
    tell_team_of_message(uuid), give_feedback(uuid, uuid, text), team_notice_to_send(uuid), in_company_portal() from public;
grant execute on function notify_member(uuid, text, uuid), notify_team(uuid, text, uuid) to door;
grant execute on function shown_names(), tell_team_of_message(uuid), give_feedback(uuid, uuid, text), in_company_portal() to app_portal;
grant execute on function team_notice_to_send(uuid) to app_system;
grant create on schema public to door;
do $$
declare
    door_function regprocedure;
begin
    foreach door_function in array array['shown_names()', 'tell_team_of_message(uuid)',
        'give_feedback(uuid, uuid, text)', 'team_notice_to_send(uuid)']::regprocedure[]
    loop
        execute format('alter function %s owner to door', door_function);
    end loop;
end $$;
revoke create on schema public from door;

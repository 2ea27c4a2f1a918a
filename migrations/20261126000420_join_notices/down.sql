drop function tell_team_of_upload(uuid);
revoke select (uploader_session_id) on files from door;

create or replace function team_notice_to_send(notice uuid) returns table (email text, name text, about text, company_name text,
    record_name text, sender_name text, words text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, coalesce(d.verdict, n.about), k.name, coalesce(i.title, r.name),
        coalesce(x.sender_name, t.sender_name, d.decided_by), coalesce(x.body, t.body, d.reason)
    from team_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    left join messages x on n.about = 'MESSAGE' and x.org_id = n.org_id and x.id = n.subject_id
    left join tasks t on n.about = 'FEEDBACK' and t.org_id = n.org_id and t.id = n.subject_id
    left join deliverable_decisions d on n.about = 'DECISION' and d.org_id = n.org_id and d.id = n.subject_id
    left join deliverables i on i.org_id = d.org_id and i.id = d.deliverable_id
    left join records r on r.org_id = n.org_id and r.id = coalesce(x.record_id, t.record_id, d.record_id)
    join companies k on k.org_id = n.org_id and k.id = coalesce(r.company_id, t.company_id)
    where n.org_id = app_org() and n.id = notice
$$;

create table upload_notices (
    org_id uuid not null,
    id uuid not null,
    file_id uuid not null,
    member_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, file_id) references files (org_id, id) on delete cascade,
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index upload_notices_file on upload_notices (org_id, file_id);
create index upload_notices_member on upload_notices (org_id, member_id);
create index upload_notices_created on upload_notices (org_id, created_at);
comment on table upload_notices is 'Whom of the team a mail tells of a client''s upload (FILE-2).';
comment on column upload_notices.org_id is 'The tenant.';
comment on column upload_notices.id is 'UUIDv7, made by the service; also the mail''s id.';
comment on column upload_notices.file_id is 'What was sent.';
comment on column upload_notices.member_id is 'Who is told.';
comment on column upload_notices.created_at is 'When it was queued.';

alter table upload_notices enable row level security;
alter table upload_notices force row level security;
create policy owner_all on upload_notices to owner using (true) with check (true);
create policy door_select on upload_notices for select to door using (org_id = (select app_org()));
create policy door_insert on upload_notices for insert to door with check (org_id = (select app_org()));
create policy app_system_select on upload_notices for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on upload_notices for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, file_id, member_id), insert (org_id, id, file_id, member_id) on upload_notices to door;
grant select (org_id, id, created_at), delete on upload_notices to app_system;

insert into upload_notices (org_id, id, file_id, member_id, created_at)
select n.org_id, n.id, n.subject_id, n.member_id, n.created_at from team_notices n
join files f on f.org_id = n.org_id and f.id = n.subject_id
where n.about = 'UPLOAD';
delete from team_notices where about = 'UPLOAD';
alter table team_notices drop constraint team_notices_about_check,
    add constraint team_notices_about_check check (about in ('MESSAGE', 'FEEDBACK', 'DECISION'));
comment on column team_notices.subject_id is 'The message, the task, the decision.';

create function tell_of_upload(file uuid, ids uuid[]) returns void
language sql security definer set search_path = public, pg_temp
as $$
    with told as (
        select ids[row_number() over (order by m.id)] as id, m.id as member_id
        from files f
        join records r on r.org_id = f.org_id and r.id = f.record_id
        join members m on m.org_id = f.org_id and m.ended_at is null and m.role <> 'CLIENT'
            and (m.id = r.owner_id or exists (
                select from record_watchers w where w.org_id = r.org_id and w.record_id = r.id and w.member_id = m.id))
        where f.org_id = app_org() and f.id = file and f.record_id = any (app_ids('app.upload_records'))
    ), noted as (
        insert into upload_notices (org_id, id, file_id, member_id)
        select app_org(), t.id, file, t.member_id from told t where t.id is not null
    )
    insert into outbox (org_id, id, kind, subject_id)
    select app_org(), t.id, 'mail.file_uploaded', t.id from told t where t.id is not null
$$;
comment on function tell_of_upload(uuid, uuid[]) is 'Queues mails to the owner and the watchers of the record that a visitor sent a file to. ids: new ones, for as many mails at most.';

create function upload_notice_to_send(notice uuid)
returns table (email text, member_name text, record_name text, file_name text, uploader_name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, r.name, f.name, coalesce(f.uploader_name, '')
    from upload_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    join files f on f.org_id = n.org_id and f.id = n.file_id
    join records r on r.org_id = f.org_id and r.id = f.record_id
    where n.org_id = app_org() and n.id = notice
$$;
comment on function upload_notice_to_send(uuid) is 'What the mail of a notice says, and to whom; for the worker, within the organisation.';

revoke execute on function tell_of_upload(uuid, uuid[]), upload_notice_to_send(uuid) from public;
grant execute on function tell_of_upload(uuid, uuid[]) to app_portal;
grant execute on function upload_notice_to_send(uuid) to app_system;
grant create on schema public to door;
alter function tell_of_upload(uuid, uuid[]) owner to door;
alter function upload_notice_to_send(uuid) owner to door;
revoke create on schema public from door;

-- One table for what the team is mailed of clients: uploads stand in it as well (FILE-2, MSG-2).

alter table team_notices drop constraint team_notices_about_check,
    add constraint team_notices_about_check check (about in ('MESSAGE', 'FEEDBACK', 'DECISION', 'UPLOAD'));
comment on column team_notices.subject_id is 'The message, the task, the decision, the file.';

-- Under their ids: mails that wait in the outbox find them.
insert into team_notices (org_id, id, member_id, about, subject_id, created_at)
select org_id, id, member_id, 'UPLOAD', file_id, created_at from upload_notices
on conflict do nothing;

drop function upload_notice_to_send(uuid);
drop function tell_of_upload(uuid, uuid[]);
drop table upload_notices;

grant select (uploader_session_id) on files to door;

create function tell_team_of_upload(file uuid) returns void
language sql security definer set search_path = public, pg_temp
as $$
    select notify_team(f.record_id, 'UPLOAD', f.id) from files f
    where f.org_id = app_org() and f.id = file and f.uploader_session_id = app_id('app.session')
        and f.record_id = any (app_ids('app.upload_records'))
$$;
comment on function tell_team_of_upload(uuid) is 'Queues the mails about a file that the visitor of the entered portal has just sent (FILE-2).';

create or replace function team_notice_to_send(notice uuid) returns table (email text, name text, about text, company_name text,
    record_name text, sender_name text, words text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, coalesce(d.verdict, n.about), k.name, coalesce(i.title, r.name),
        coalesce(x.sender_name, t.sender_name, d.decided_by, f.uploader_name), coalesce(x.body, t.body, d.reason, f.name)
    from team_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    left join messages x on n.about = 'MESSAGE' and x.org_id = n.org_id and x.id = n.subject_id
    left join tasks t on n.about = 'FEEDBACK' and t.org_id = n.org_id and t.id = n.subject_id
    left join deliverable_decisions d on n.about = 'DECISION' and d.org_id = n.org_id and d.id = n.subject_id
    left join deliverables i on i.org_id = d.org_id and i.id = d.deliverable_id
    left join files f on n.about = 'UPLOAD' and f.org_id = n.org_id and f.id = n.subject_id
    left join records r on r.org_id = n.org_id and r.id = coalesce(x.record_id, t.record_id, d.record_id, f.record_id)
    join companies k on k.org_id = n.org_id and k.id = coalesce(r.company_id, t.company_id)
    where n.org_id = app_org() and n.id = notice
$$;

revoke execute on function tell_team_of_upload(uuid) from public;
grant execute on function tell_team_of_upload(uuid) to app_portal;
grant create on schema public to door;
alter function tell_team_of_upload(uuid) owner to door;
revoke create on schema public from door;

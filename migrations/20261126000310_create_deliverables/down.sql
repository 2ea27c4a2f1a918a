drop function decide_version(uuid, uuid, text, text, uuid, timestamptz, bytea, text, text, bytea, bytea);
drop function version_to_decide(uuid);
drop function version_files_hash(uuid, uuid);
create or replace function team_notice_to_send(notice uuid) returns table (email text, name text, about text, company_name text,
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
drop trigger files_keep on files;
drop function keep_version_bytes();
revoke insert (org_id, id, record_id, sender_type, sender_name, body, created_at) on messages from door;
drop policy door_insert on messages;
drop table deliverable_decisions;
drop table deliverable_version_files;
drop table deliverable_versions;
drop table deliverables;
drop function mark_version();
drop function mark_deliverable();
drop function keep_decision();
drop function keep_version_files();
drop function keep_version();

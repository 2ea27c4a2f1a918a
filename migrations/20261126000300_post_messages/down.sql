drop policy app_portal_select on events;
create policy app_portal_select on events for select to app_portal
    using (org_id = (select app_org()) and client_visible and record_id = any (
        case when kind like 'milestone.%' then (select app_ids('app.milestone_records'))::uuid[]
            else (select app_ids('app.records'))::uuid[] end));
drop function in_company_portal();
drop function team_notice_to_send(uuid);
drop function give_feedback(uuid, uuid, text);
drop function tell_team_of_message(uuid);
drop function notify_team(uuid, text, uuid);
drop function notify_member(uuid, text, uuid);
drop function shown_names();
revoke select (name) on members from door;
revoke select (owner_id, lead_id) on records from door;
drop table team_notices;
drop table tasks;
drop table comments;
revoke select (org_id, id, record_id, sender_name, sender_session_id, body) on messages from door;
revoke insert (org_id, id, record_id, sender_type, body, created_at), select (sender_verified) on messages from app_portal;
revoke insert (org_id, id, record_id, sender_type, sender_name, sender_member_id, body, created_at) on messages from app_staff;
drop policy door_select on messages;
drop policy app_portal_insert on messages;
drop policy app_staff_insert on messages;
drop trigger messages_sign on messages;
drop function sign_message();
alter table messages drop column sender_verified, drop column sender_session_id;
drop function sibling_id(uuid);

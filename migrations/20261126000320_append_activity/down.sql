drop function shared_subjects(bigint[]);
revoke select (org_id, seq, kind, client_visible, company_id, record_id, payload) on events from door;
drop policy door_select on events;
drop table activity_entries;

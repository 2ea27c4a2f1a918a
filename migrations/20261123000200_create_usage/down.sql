drop function keep_portal_session(bytea, uuid, bytea, timestamptz, boolean);
drop policy door_update on portal_sessions;
revoke update (ended_at) on portal_sessions from door;
drop policy app_system_select on portal_links;
revoke select (org_id, id) on portal_links from app_system;
drop table usage_batches;
drop table portal_section_views;
drop table portal_usage;

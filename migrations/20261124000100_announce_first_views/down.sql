revoke select (portal_id, company_id) on portal_links from app_system;
revoke execute on function append_events(jsonb) from app_system;
revoke insert (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
    on events from app_system;
drop policy app_system_insert on events;
revoke select, update (last_seq) on event_counters from app_system;
drop policy app_system_update on event_counters;
drop policy app_system_select on event_counters;

-- LINK-6: the drain tells staff when a link is viewed for the first time, by an event.

create policy app_system_select on event_counters for select to app_system using (org_id = (select app_org()));
create policy app_system_update on event_counters for update to app_system using (org_id = (select app_org()));
grant select, update (last_seq) on event_counters to app_system;

create policy app_system_insert on events for insert to app_system with check (org_id = (select app_org()));
grant insert (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
    on events to app_system;
grant execute on function append_events(jsonb) to app_system;

grant select (portal_id, company_id) on portal_links to app_system;

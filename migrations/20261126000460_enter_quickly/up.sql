-- What every entrance into a portal does is planned once a connection: the body of a function in SQL is planned
-- at each call, which took longer than all the rest of entering.
create or replace function choose_dashboards(portal uuid) returns void
language plpgsql set search_path = public, pg_temp
as $$
declare
    chosen uuid[] := '{}';
    measured uuid[] := '{}';
begin
    if 'DASHBOARD' = any (app_modes()) then
        select coalesce(array_agg(d.id), '{}') into chosen
        from portal_dashboards c
        join dashboards d on d.org_id = c.org_id and d.id = c.dashboard_id
        where c.org_id = app_org() and c.portal_id = portal and d.archived_at is null
            and (d.record_id is null or d.record_id = any (app_ids('app.shown_records')));
        select coalesce(array_agg(distinct w.metric_id), '{}') into measured
        from dashboard_widgets w
        where w.org_id = app_org() and w.dashboard_id = any (chosen) and w.metric_id is not null;
    end if;
    perform set_config('app.dashboards', chosen::text, true), set_config('app.metrics', measured::text, true);
end $$;

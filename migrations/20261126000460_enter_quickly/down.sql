create or replace function choose_dashboards(portal uuid) returns void
language sql set search_path = public, pg_temp
as $$
    with chosen as (
        select d.id from portal_dashboards c
        join dashboards d on d.org_id = c.org_id and d.id = c.dashboard_id
        where c.org_id = app_org() and c.portal_id = portal and d.archived_at is null
            and (d.record_id is null or d.record_id = any (app_ids('app.shown_records')))
            and 'DASHBOARD' = any (app_modes())
    )
    select set_config('app.dashboards', (select coalesce(array_agg(id), '{}') from chosen)::text, true),
        set_config('app.metrics', (select coalesce(array_agg(distinct w.metric_id), '{}')
            from dashboard_widgets w join chosen c on c.id = w.dashboard_id
            where w.org_id = app_org() and w.metric_id is not null)::text, true)
$$;

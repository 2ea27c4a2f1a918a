-- A portal that is not made yet has no dashboards chosen: staff say which they would choose (LINK-9).
create function expose_dashboards(chosen uuid[]) returns void
language sql security definer set search_path = public, pg_temp
as $$
    select set_config('app.dashboards', coalesce(array_agg(d.id), '{}')::text, true)
    from dashboards d
    where d.org_id = app_org() and d.id = any (chosen) and d.archived_at is null
        and (d.record_id is null or d.record_id = any (app_ids('app.shown_records')))
        and 'DASHBOARD' = any (app_modes())
    having app_id('app.company') is not null and app_id('app.portal') is null
$$;
comment on function expose_dashboards(uuid[]) is 'Sets which dashboards a portal would show for which these were chosen, by the gates of choose_dashboards, once enter_exposure has opened its scope. Nothing in a portal, whose own choice stands.';

revoke execute on function expose_dashboards(uuid[]) from public;
grant execute on function expose_dashboards(uuid[]) to app_portal;
grant create on schema public to door;
alter function expose_dashboards(uuid[]) owner to door;
revoke create on schema public from door;

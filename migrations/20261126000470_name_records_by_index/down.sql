create or replace function file_places() returns table (id uuid, name text, takes_uploads boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name, r.id = any (app_ids('app.upload_records'))
    from records r
    where r.org_id = app_org() and r.id = any (app_ids('app.file_records'))
    order by r.name, r.id
$$;

create or replace function shown_names() returns table (id uuid, name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name from records r
    where r.org_id = app_org() and r.id = any (app_ids('app.shown_records'))
        and app_modes() && '{RECORDS,FILES,MESSAGES,ACTIVITY,CALENDAR,FEEDBACK}'
$$;

-- Which records a portal shows is read from a setting. Compared in a subquery, that is one value, by which the
-- primary key is asked; compared as it was, the planner held it too costly for the index, and read all records.
create or replace function shown_names() returns table (id uuid, name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name from records r
    where r.org_id = app_org() and r.id = any ((select app_ids('app.shown_records'))::uuid[])
        and app_modes() && '{RECORDS,FILES,MESSAGES,ACTIVITY,CALENDAR,FEEDBACK}'
$$;

create or replace function file_places() returns table (id uuid, name text, takes_uploads boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name, r.id = any (app_ids('app.upload_records'))
    from records r
    where r.org_id = app_org() and r.id = any ((select app_ids('app.file_records'))::uuid[])
    order by r.name, r.id
$$;

create or replace function in_company_portal() returns boolean
language sql stable
as $$ select exists (select from portals p where p.record_id is null) $$;

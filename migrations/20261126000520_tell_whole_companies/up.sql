-- Said by the scope that was opened, as for calendars and metrics: what is asked before a portal is made has
-- no portal to look at, and shows the company's activity all the same (LINK-9).
create or replace function in_company_portal() returns boolean
language sql stable
as $$ select app_setting('app.whole_company') is not null $$;

revoke select on __diesel_schema_migrations from app_staff, app_portal, app_system;
revoke create on schema public from door;
revoke usage on schema public from door, app_staff, app_portal, app_system;
grant usage on schema public to public;
drop function app_org();
drop function app_ids(text);
drop function app_number(text);
drop function app_id(text);
drop function app_setting(text);

drop function dead_keys(bytea[]);
drop function note_key_uses(bytea[], timestamptz[]);
drop function enter_key(bytea);
revoke select on companies, record_types, stages, field_definitions, records, milestones, events from app_partner;
drop policy app_partner_select on events;
drop policy app_partner_select on milestones;
drop policy app_partner_select on records;
drop policy app_partner_select on field_definitions;
drop policy app_partner_select on stages;
drop policy app_partner_select on record_types;
drop policy app_partner_select on companies;
revoke select (org_id, time_zone) on organizations from app_partner;
drop policy app_partner_select on organizations;
drop table api_keys;
revoke execute on function app_setting(text), app_id(text), app_ids(text), app_org(),
    origin_is_listed(text), newest_event(), oldest_event() from app_partner;
revoke select on __diesel_schema_migrations from app_partner;
revoke usage on schema public from app_partner;

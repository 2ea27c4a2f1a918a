revoke execute on function newest_event() from app_system;
drop function claim_webhooks(integer, timestamptz, timestamptz);
alter policy app_partner_select on events
    using (org_id = (select app_org()) and 'EVENTS_READ' = any ((select app_setting('app.scopes'))::text[])
        and kind not like 'staff\_session.%' and kind not like 'api\_key.%'
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);
revoke insert (org_id, id, kind, subject_id) on outbox from app_system;
drop policy app_system_insert on outbox;
revoke select on events from app_system;
drop policy app_system_select on events;
drop table webhook_attempts;
drop table webhook_deliveries;
drop table webhook_endpoints;

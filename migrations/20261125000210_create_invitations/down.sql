drop trigger portals_external on portals;
drop table invitation_tokens, invitation_records, invitations;
drop trigger companies_internal on companies;
drop function keep_reachable_external();
drop function keep_internal_unreachable();
drop function company_is_reachable(uuid, uuid);
revoke update (internal) on companies from door;
drop policy door_update on companies;

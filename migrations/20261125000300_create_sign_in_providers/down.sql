drop function start_provider_session(uuid, integer, text, text, uuid, bytea, text, timestamptz);
drop function find_sign_in_provider(text);
revoke select (email) on members from door;
drop table member_identities;
drop table sign_in_providers;

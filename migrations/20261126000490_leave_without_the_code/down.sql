drop function end_portal_session(bytea);

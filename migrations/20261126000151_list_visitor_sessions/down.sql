create or replace function end_visitor(token bytea) returns void
language sql security definer set search_path = public, pg_temp
as $$ update visitor_sessions set ended_at = now() where token_hash = token and ended_at is null and app_org() is null $$;
comment on function end_visitor(bytea) is 'Signs a visitor out; the portal sessions that they opened end by themselves.';
drop function tie_to_visitor(bytea), end_visitor_session(bytea, uuid), find_visitor_sessions(bytea), close_visits(uuid[]);
alter table portal_sessions drop column visitor_id;
revoke select (id, user_agent, created_at) on visitor_sessions from door;

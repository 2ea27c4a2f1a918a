drop table outbox;
drop table idempotency_keys;
drop table audit_entries;
drop function append_events(jsonb);
drop table events;
drop table event_counters;

create table event_counters (
    org_id uuid primary key references organizations (org_id) on delete cascade,
    last_seq bigint not null default 0
);
comment on table event_counters is 'The number of an organisation''s newest event. Locked last in a transaction, so commit order is number order.';
comment on column event_counters.org_id is 'The tenant.';
comment on column event_counters.last_seq is 'events.seq of the newest event; 0 before the first.';

alter table event_counters enable row level security;
alter table event_counters force row level security;
create policy owner_all on event_counters to owner using (true) with check (true);
create policy app_staff_select on event_counters for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on event_counters for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on event_counters for update to app_staff using (org_id = (select app_org()));
grant select, insert (org_id), update (last_seq) on event_counters to app_staff;

create table events (
    org_id uuid not null references organizations (org_id) on delete cascade,
    seq bigint not null,
    id uuid not null unique,
    kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
    actor_member_id uuid,
    company_id uuid,
    record_id uuid,
    client_visible boolean not null,
    payload jsonb not null default '{}',
    occurred_at timestamptz not null,
    primary key (org_id, seq),
    foreign key (org_id, actor_member_id) references members (org_id, id) on delete restrict,
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index events_actor on events (org_id, actor_member_id);
create index events_company on events (org_id, company_id, seq);
create index events_record on events (org_id, record_id, seq);
comment on table events is 'What happened, in commit order without gaps. Append only (EVT-1).';
comment on column events.org_id is 'The tenant.';
comment on column events.seq is 'Position in the organisation''s log, from 1.';
comment on column events.id is 'UUIDv7, made by the service.';
comment on column events.kind is 'noun.verb, for instance record.created.';
comment on column events.actor_member_id is 'The member who did it; null for clients and the service.';
comment on column events.company_id is 'The company it concerns, if one.';
comment on column events.record_id is 'The record it concerns, if one.';
comment on column events.client_visible is 'Whether portal callers of the record may learn of it.';
comment on column events.payload is 'Ids and shared values only; never a token or an address.';
comment on column events.occurred_at is 'When the change was made.';

alter table events enable row level security;
alter table events force row level security;
create policy owner_all on events to owner using (true) with check (true);
create policy app_staff_select on events for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on events for insert to app_staff with check (org_id = (select app_org()));
grant select, insert on events to app_staff;

create function append_events(entries jsonb) returns void
language sql
as $$
    with counter as (
        update event_counters set last_seq = last_seq + jsonb_array_length(entries)
        where org_id = app_org()
        returning org_id, last_seq - jsonb_array_length(entries) as before
    )
    insert into events (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
    select c.org_id, c.before + e.n, (e.v ->> 'id')::uuid, e.v ->> 'kind', (e.v ->> 'actorMemberId')::uuid,
        (e.v ->> 'companyId')::uuid, (e.v ->> 'recordId')::uuid, (e.v ->> 'clientVisible')::boolean,
        e.v -> 'payload', (e.v ->> 'occurredAt')::timestamptz
    from counter c, jsonb_array_elements(entries) with ordinality as e (v, n)
$$;
comment on function append_events(jsonb) is 'Numbers and appends events. Must be the last statement before COMMIT: it locks the counter.';

create table audit_entries (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
    actor_member_id uuid,
    subject_id uuid,
    address text check (char_length(address) <= 64),
    request_id text not null check (char_length(request_id) between 1 and 64),
    before jsonb,
    after jsonb,
    occurred_at timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, actor_member_id) references members (org_id, id) on delete restrict
);
create index audit_entries_actor on audit_entries (org_id, actor_member_id, id);
create index audit_entries_subject on audit_entries (org_id, subject_id, id);
comment on table audit_entries is 'Who changed what, when, from where. Append only (ORG-5).';
comment on column audit_entries.org_id is 'The tenant.';
comment on column audit_entries.id is 'UUIDv7, made by the service; sorts by time.';
comment on column audit_entries.action is 'noun.verb, for instance portal.created.';
comment on column audit_entries.actor_member_id is 'The member who did it.';
comment on column audit_entries.subject_id is 'What was changed.';
comment on column audit_entries.address is 'The caller''s address: IPv4, or the /64 of an IPv6 one.';
comment on column audit_entries.request_id is 'The request that did it, as in the logs.';
comment on column audit_entries.before is 'For settings: the changed values before.';
comment on column audit_entries.after is 'For settings: the changed values after.';
comment on column audit_entries.occurred_at is 'When the change was made.';

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy owner_all on audit_entries to owner using (true) with check (true);
create policy app_staff_select on audit_entries for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on audit_entries for insert to app_staff with check (org_id = (select app_org()));
grant select, insert on audit_entries to app_staff;

create table idempotency_keys (
    org_id uuid not null,
    member_id uuid not null,
    key text not null check (char_length(key) between 1 and 200),
    operation text not null,
    input_hash bytea not null check (octet_length(input_hash) = 32),
    subject_id uuid,
    created_at timestamptz not null default now(),
    primary key (org_id, member_id, key),
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index idempotency_keys_created on idempotency_keys (org_id, created_at);
comment on table idempotency_keys is 'Mutations that must not happen twice (API-8); kept for 24 hours.';
comment on column idempotency_keys.org_id is 'The tenant.';
comment on column idempotency_keys.member_id is 'Whose key it is.';
comment on column idempotency_keys.key is 'Chosen by the caller.';
comment on column idempotency_keys.operation is 'The mutation it was used for.';
comment on column idempotency_keys.input_hash is 'SHA-256 of the input, so that another input is refused.';
comment on column idempotency_keys.subject_id is 'What the mutation made; the answer is read anew from it.';
comment on column idempotency_keys.created_at is 'When it was first used.';

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy owner_all on idempotency_keys to owner using (true) with check (true);
create policy app_staff_select on idempotency_keys for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on idempotency_keys for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on idempotency_keys for update to app_staff using (org_id = (select app_org()));
create policy app_staff_delete on idempotency_keys for delete to app_staff using (org_id = (select app_org()));
grant select, insert (org_id, member_id, key, operation, input_hash), update (subject_id), delete
    on idempotency_keys to app_staff;

create table outbox (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
    due_at timestamptz not null default now(),
    attempts integer not null default 0 check (attempts >= 0),
    parked_at timestamptz,
    primary key (org_id, id)
);
create index outbox_due on outbox (due_at) where parked_at is null;
comment on table outbox is 'Effects to bring about after commit. The worker sees this queue across organisations, and no content.';
comment on column outbox.org_id is 'The tenant.';
comment on column outbox.id is 'UUIDv7, made by the service.';
comment on column outbox.kind is 'noun.verb, for instance mail.send.';
comment on column outbox.due_at is 'When to try next.';
comment on column outbox.attempts is 'How often it was tried.';
comment on column outbox.parked_at is 'When the worker gave up.';

alter table outbox enable row level security;
alter table outbox force row level security;
create policy owner_all on outbox to owner using (true) with check (true);
create policy app_staff_insert on outbox for insert to app_staff with check (org_id = (select app_org()));
create policy app_system_select on outbox for select to app_system using (true);
create policy app_system_update on outbox for update to app_system using (true);
create policy app_system_delete on outbox for delete to app_system using (true);
grant insert (org_id, id, kind, due_at) on outbox to app_staff;
grant select (org_id, id, kind, due_at, attempts, parked_at), update (due_at, attempts, parked_at), delete
    on outbox to app_system;

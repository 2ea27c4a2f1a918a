-- Webhooks (EVT-7): where a partner wants events sent, what is to be sent there, and how that went.

create table webhook_endpoints (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    url text not null check (char_length(url) between 1 and 500),
    description text check (char_length(description) between 1 and 200),
    kinds text[] check (cardinality(kinds) between 1 and 100),
    company_id uuid,
    in_order boolean not null default true,
    secret bytea not null,
    secret_key text not null,
    previous_secret bytea,
    previous_secret_key text,
    previous_until timestamptz,
    queued_to bigint not null,
    due_at timestamptz,
    claimed_until timestamptz,
    told_at timestamptz,
    disabled_at timestamptz,
    disabled_for text check (disabled_for in ('STAFF', 'GONE')),
    version integer not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict,
    check ((previous_secret is null) = (previous_secret_key is null) and (previous_secret is null) = (previous_until is null)),
    check ((disabled_at is null) = (disabled_for is null))
);
create index webhook_endpoints_company on webhook_endpoints (org_id, company_id) where company_id is not null;
create index webhook_endpoints_creator on webhook_endpoints (org_id, created_by);
create index webhook_endpoints_at_work on webhook_endpoints (claimed_until) where disabled_at is null;
comment on table webhook_endpoints is 'Where partners want events sent (EVT-7).';
comment on column webhook_endpoints.org_id is 'The tenant.';
comment on column webhook_endpoints.id is 'UUIDv7, made by the service.';
comment on column webhook_endpoints.url is 'Where to: http or https.';
comment on column webhook_endpoints.description is 'What it is for, in staff''s words.';
comment on column webhook_endpoints.kinds is 'Kinds of events that are wanted, as noun.verb; null is all.';
comment on column webhook_endpoints.company_id is 'Only events of this company; null is all.';
comment on column webhook_endpoints.in_order is 'Whether an event waits until the one before it has been delivered or parked.';
comment on column webhook_endpoints.secret is 'What deliveries are signed with, sealed.';
comment on column webhook_endpoints.secret_key is 'Which sealing key it is sealed with.';
comment on column webhook_endpoints.previous_secret is 'The one before it, sealed; signs too until previous_until.';
comment on column webhook_endpoints.previous_secret_key is 'Which sealing key that is sealed with.';
comment on column webhook_endpoints.previous_until is 'From then on the previous secret signs nothing.';
comment on column webhook_endpoints.queued_to is 'events.seq up to which deliveries have been queued.';
comment on column webhook_endpoints.due_at is 'When the worker has something to send there next; null is when events come.';
comment on column webhook_endpoints.claimed_until is 'Until then one instance of the worker is at it.';
comment on column webhook_endpoints.told_at is 'When the owner was last told that a delivery was given up.';
comment on column webhook_endpoints.disabled_at is 'From then on nothing is queued or sent.';
comment on column webhook_endpoints.disabled_for is 'STAFF switched it off, or it answered 410 (GONE).';
comment on column webhook_endpoints.version is 'Raised by every change of staff (API-8).';
comment on column webhook_endpoints.created_by is 'Who made it.';
comment on column webhook_endpoints.created_at is 'When it was made.';
comment on column webhook_endpoints.updated_at is 'When staff last changed it.';

alter table webhook_endpoints enable row level security;
alter table webhook_endpoints force row level security;
create policy owner_all on webhook_endpoints to owner using (true) with check (true);
create policy door_select on webhook_endpoints for select to door using (true);
create policy door_update on webhook_endpoints for update to door using (true);
create policy app_staff_select on webhook_endpoints for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on webhook_endpoints for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on webhook_endpoints for update to app_staff using (org_id = (select app_org()));
create policy app_staff_delete on webhook_endpoints for delete to app_staff using (org_id = (select app_org()));
create policy app_system_select on webhook_endpoints for select to app_system using (org_id = (select app_org()));
create policy app_system_update on webhook_endpoints for update to app_system using (org_id = (select app_org()));
grant select (org_id, id, queued_to, due_at, claimed_until, disabled_at), update (claimed_until) on webhook_endpoints to door;
grant select (org_id, id, url, description, kinds, company_id, in_order, secret, secret_key, previous_until, disabled_at,
        disabled_for, version, created_by, created_at, updated_at),
    insert (org_id, id, url, description, kinds, company_id, in_order, secret, secret_key, queued_to, created_by),
    update (url, description, kinds, in_order, secret, secret_key, previous_secret, previous_secret_key,
        previous_until, queued_to, due_at, disabled_at, disabled_for, version, updated_at),
    delete on webhook_endpoints to app_staff;
grant select (org_id, id, url, kinds, company_id, in_order, secret, secret_key, previous_secret, previous_secret_key,
        previous_until, queued_to, claimed_until, told_at, disabled_at, created_by),
    update (queued_to, due_at, claimed_until, told_at, disabled_at, disabled_for) on webhook_endpoints to app_system;

create table webhook_deliveries (
    org_id uuid not null,
    id uuid not null,
    endpoint_id uuid not null,
    event_seq bigint not null,
    event_id uuid not null,
    event_kind text not null,
    state text not null default 'PENDING' check (state in ('PENDING', 'DELIVERED', 'PARKED')),
    replay boolean not null default false,
    attempts integer not null default 0 check (attempts >= 0),
    due_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, endpoint_id) references webhook_endpoints (org_id, id) on delete cascade,
    check ((state = 'PENDING') = (ended_at is null))
);
create index webhook_deliveries_endpoint on webhook_deliveries (org_id, endpoint_id, id);
create index webhook_deliveries_pending on webhook_deliveries (org_id, endpoint_id, event_seq, id) where state = 'PENDING';
create index webhook_deliveries_ended on webhook_deliveries (org_id, ended_at);
comment on table webhook_deliveries is 'An event on its way to an endpoint (EVT-7).';
comment on column webhook_deliveries.org_id is 'The tenant.';
comment on column webhook_deliveries.id is 'UUIDv7, made by the service.';
comment on column webhook_deliveries.endpoint_id is 'Where to.';
comment on column webhook_deliveries.event_seq is 'The event''s place in the log: the order of sending.';
comment on column webhook_deliveries.event_id is 'The event''s id, which receivers see as webhook-id.';
comment on column webhook_deliveries.event_kind is 'noun.verb.';
comment on column webhook_deliveries.state is 'PENDING, DELIVERED, or PARKED: given up.';
comment on column webhook_deliveries.replay is 'Whether staff asked for it to be sent again.';
comment on column webhook_deliveries.attempts is 'How often it was tried.';
comment on column webhook_deliveries.due_at is 'When to try next.';
comment on column webhook_deliveries.created_at is 'When it was queued.';
comment on column webhook_deliveries.ended_at is 'When it was delivered or given up.';

alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;
create policy owner_all on webhook_deliveries to owner using (true) with check (true);
create policy app_staff_select on webhook_deliveries for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on webhook_deliveries for insert to app_staff with check (org_id = (select app_org()));
create policy app_system_select on webhook_deliveries for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on webhook_deliveries for insert to app_system with check (org_id = (select app_org()));
create policy app_system_update on webhook_deliveries for update to app_system using (org_id = (select app_org()));
create policy app_system_delete on webhook_deliveries for delete to app_system using (org_id = (select app_org()));
grant select, insert (org_id, id, endpoint_id, event_seq, event_id, event_kind, replay, due_at, created_at)
    on webhook_deliveries to app_staff;
grant select, insert (org_id, id, endpoint_id, event_seq, event_id, event_kind, due_at, created_at),
    update (state, attempts, due_at, ended_at), delete on webhook_deliveries to app_system;

create table webhook_attempts (
    org_id uuid not null,
    id uuid not null,
    delivery_id uuid not null,
    attempted_at timestamptz not null,
    duration_ms integer not null check (duration_ms >= 0),
    status integer check (status between 100 and 999),
    failure text,
    answer text check (char_length(answer) <= 1000),
    primary key (org_id, id),
    foreign key (org_id, delivery_id) references webhook_deliveries (org_id, id) on delete cascade
);
create index webhook_attempts_delivery on webhook_attempts (org_id, delivery_id, id);
comment on table webhook_attempts is 'One try to deliver an event, and how it went.';
comment on column webhook_attempts.org_id is 'The tenant.';
comment on column webhook_attempts.id is 'UUIDv7, made by the service.';
comment on column webhook_attempts.delivery_id is 'Of which delivery.';
comment on column webhook_attempts.attempted_at is 'When it was sent.';
comment on column webhook_attempts.duration_ms is 'How long it took, in milliseconds.';
comment on column webhook_attempts.status is 'HTTP status of the answer; null if none came.';
comment on column webhook_attempts.failure is 'Why no answer came, in words.';
comment on column webhook_attempts.answer is 'The first bytes of the answer''s body, as text.';

alter table webhook_attempts enable row level security;
alter table webhook_attempts force row level security;
create policy owner_all on webhook_attempts to owner using (true) with check (true);
create policy app_staff_select on webhook_attempts for select to app_staff using (org_id = (select app_org()));
create policy app_system_insert on webhook_attempts for insert to app_system with check (org_id = (select app_org()));
grant select on webhook_attempts to app_staff;
grant insert on webhook_attempts to app_system;

-- The worker reads the events it sends within the organisation that it entered, and tells the owner.
create policy app_system_select on events for select to app_system using (org_id = (select app_org()));
grant select on events to app_system;
create policy app_system_insert on outbox for insert to app_system with check (org_id = (select app_org()));
grant insert (org_id, id, kind, subject_id) on outbox to app_system;

-- Nor does a key hear of webhooks.
alter policy app_partner_select on events
    using (org_id = (select app_org()) and 'EVENTS_READ' = any ((select app_setting('app.scopes'))::text[])
        and kind not like 'staff\_session.%' and kind not like 'api\_key.%' and kind not like 'webhook\_%'
        and case when (select app_id('app.company')) is null then true else company_id = (select app_id('app.company')) end);

create function claim_webhooks(most integer, at timestamptz, until timestamptz) returns table (org_id uuid, endpoint_id uuid)
language sql security definer set search_path = public, pg_temp
as $$
    update webhook_endpoints e set claimed_until = until
    from (
        select w.org_id, w.id
        from webhook_endpoints w
        join event_counters c on c.org_id = w.org_id
        where w.disabled_at is null and coalesce(w.claimed_until, '-infinity') < at
            and (c.last_seq > w.queued_to or w.due_at <= at) and app_org() is null
        order by w.claimed_until nulls first
        limit most
        for update of w skip locked
    ) due
    where e.org_id = due.org_id and e.id = due.id
    returning e.org_id, e.id
$$;
comment on function claim_webhooks(integer, timestamptz, timestamptz) is 'Takes up to so many endpoints that have something to be sent at a moment, until another: nobody else takes them meanwhile. Not from within an organisation.';

revoke execute on function claim_webhooks(integer, timestamptz, timestamptz) from public;
grant execute on function claim_webhooks(integer, timestamptz, timestamptz) to app_system;
grant execute on function newest_event() to app_system;
grant create on schema public to door;
alter function claim_webhooks(integer, timestamptz, timestamptz) owner to door;
revoke create on schema public from door;

create table portals (
    org_id uuid not null,
    id uuid not null,
    label text collate "und-x-icu" not null check (char_length(label) between 1 and 120),
    title text not null check (char_length(title) between 1 and 120),
    company_id uuid not null,
    record_id uuid,
    modes text[] not null check (modes <@ array[
        'DASHBOARD', 'FILES', 'ACTIVITY', 'RECORDS', 'MESSAGES', 'BILLING', 'CALENDAR', 'FEEDBACK']
        and cardinality(modes) > 0),
    starts_at timestamptz,
    expires_at timestamptz,
    notifications boolean not null default true,
    attribution text check (char_length(attribution) between 1 and 200),
    created_by uuid not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, created_by) references members (org_id, id) on delete restrict,
    check (starts_at < expires_at)
);
create index portals_company on portals (org_id, company_id);
create index portals_record on portals (org_id, record_id) where record_id is not null;
create index portals_created_by on portals (org_id, created_by);
comment on table portals is 'A doorway to one company, or to one record of it (LINK-1).';
comment on column portals.org_id is 'The tenant.';
comment on column portals.id is 'UUIDv7, made by the service.';
comment on column portals.label is 'Name that staff read.';
comment on column portals.title is 'Name that clients read.';
comment on column portals.company_id is 'Whose doorway it is.';
comment on column portals.record_id is 'Null: the scope is the company; else this record only.';
comment on column portals.modes is 'What the doorway shows; each mode is one gate of REC-10.';
comment on column portals.starts_at is 'Null: at once.';
comment on column portals.expires_at is 'Null: never. From this instant on it is closed (LINK-4).';
comment on column portals.notifications is 'Whether clients can be mailed about it.';
comment on column portals.attribution is 'A line such as Managed by Example, shown in the header.';
comment on column portals.created_by is 'The member who made it.';
comment on column portals.version is 'Raised by every update (API-8).';
comment on column portals.created_at is 'When it was made.';
comment on column portals.revoked_at is 'From then on it is closed for good (LINK-4).';

alter table portals enable row level security;
alter table portals force row level security;
create policy owner_all on portals to owner using (true) with check (true);
create policy door_select on portals for select to door using (true);
create policy app_staff_select on portals for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on portals for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on portals for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on portals for select to app_portal
    using (org_id = (select app_org()) and id = (select app_id('app.portal')));
grant select (org_id, id, company_id, record_id, modes, starts_at, expires_at, revoked_at) on portals to door;
grant select, insert (org_id, id, label, title, company_id, record_id, modes, starts_at, expires_at,
        notifications, attribution, created_by),
    update (label, title, modes, starts_at, expires_at, notifications, attribution, version, revoked_at)
    on portals to app_staff;
grant select (org_id, id, title, company_id, record_id, modes, attribution) on portals to app_portal;

create table portal_links (
    org_id uuid not null,
    id uuid not null,
    portal_id uuid not null,
    company_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    generation integer not null default 1,
    recipient_contact_id uuid,
    recipient_email text check (recipient_email = lower(recipient_email) and char_length(recipient_email) between 3 and 254),
    own_start boolean not null default false,
    starts_at timestamptz,
    own_expiry boolean not null default false,
    expires_at timestamptz,
    notifications boolean,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, portal_id) references portals (org_id, id) on delete cascade,
    foreign key (org_id, company_id, recipient_contact_id) references contacts (org_id, company_id, id) on delete restrict,
    check (recipient_contact_id is null or recipient_email is null),
    check (own_start or starts_at is null),
    check (own_expiry or expires_at is null),
    check (starts_at < expires_at)
);
create index portal_links_portal on portal_links (org_id, portal_id, id);
create index portal_links_recipient on portal_links (org_id, company_id, recipient_contact_id)
    where recipient_contact_id is not null;
comment on table portal_links is 'One secret URL of a portal (LINK-1, LINK-2).';
comment on column portal_links.org_id is 'The tenant.';
comment on column portal_links.id is 'UUIDv7, made by the service; stays through rotation.';
comment on column portal_links.portal_id is 'The doorway it opens.';
comment on column portal_links.company_id is 'The portal''s company, so that a recipient can only be a contact of it.';
comment on column portal_links.token_hash is 'SHA-256 of the token; the token itself is kept nowhere.';
comment on column portal_links.generation is 'Raised by rotation; sessions of an earlier generation are dead.';
comment on column portal_links.recipient_contact_id is 'The contact it is meant for.';
comment on column portal_links.recipient_email is 'The address it is meant for, where there is no contact.';
comment on column portal_links.own_start is 'False: the portal''s start holds. True: starts_at does.';
comment on column portal_links.starts_at is 'With own_start: null is at once.';
comment on column portal_links.own_expiry is 'False: the portal''s expiry holds. True: expires_at does, and never past the portal''s.';
comment on column portal_links.expires_at is 'With own_expiry: null is as long as the portal.';
comment on column portal_links.notifications is 'Null: as the portal says.';
comment on column portal_links.version is 'Raised by every update (API-8).';
comment on column portal_links.created_at is 'When it was made.';
comment on column portal_links.revoked_at is 'From then on it is closed for good (LINK-4).';

alter table portal_links enable row level security;
alter table portal_links force row level security;
create policy owner_all on portal_links to owner using (true) with check (true);
create policy door_select on portal_links for select to door using (true);
create policy app_staff_select on portal_links for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on portal_links for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on portal_links for update to app_staff using (org_id = (select app_org()));
grant select (org_id, id, portal_id, token_hash, generation, own_start, starts_at, own_expiry, expires_at, revoked_at)
    on portal_links to door;
grant select (org_id, id, portal_id, company_id, generation, recipient_contact_id, recipient_email, own_start,
        starts_at, own_expiry, expires_at, notifications, version, created_at, revoked_at),
    insert (org_id, id, portal_id, company_id, token_hash, recipient_contact_id, recipient_email, own_start,
        starts_at, own_expiry, expires_at, notifications),
    update (token_hash, generation, own_start, starts_at, own_expiry, expires_at, notifications, version, revoked_at)
    on portal_links to app_staff;

create table portal_sessions (
    org_id uuid not null,
    id uuid not null,
    link_id uuid not null,
    generation integer not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, link_id) references portal_links (org_id, id) on delete cascade
);
create index portal_sessions_link on portal_sessions (org_id, link_id);
comment on table portal_sessions is 'A visitor who passed the door through the API (access.openPortal).';
comment on column portal_sessions.org_id is 'The tenant.';
comment on column portal_sessions.id is 'UUIDv7, made by the service.';
comment on column portal_sessions.link_id is 'The link that was opened.';
comment on column portal_sessions.generation is 'The link''s generation when it was opened.';
comment on column portal_sessions.token_hash is 'SHA-256 of the vp_ token; the token itself is kept nowhere.';
comment on column portal_sessions.created_at is 'When it was opened.';
comment on column portal_sessions.expires_at is 'From then on the token opens nothing.';
comment on column portal_sessions.ended_at is 'Set by sign-out or by staff.';

alter table portal_sessions enable row level security;
alter table portal_sessions force row level security;
create policy owner_all on portal_sessions to owner using (true) with check (true);
create policy door_select on portal_sessions for select to door using (true);
create policy app_staff_select on portal_sessions for select to app_staff using (org_id = (select app_org()));
create policy app_staff_update on portal_sessions for update to app_staff using (org_id = (select app_org()));
create policy app_portal_insert on portal_sessions for insert to app_portal
    with check (org_id = (select app_org())
        and link_id = (select app_id('app.link'))
        and generation = (select app_number('app.generation')));
create policy app_portal_select on portal_sessions for select to app_portal
    using (org_id = (select app_org()) and id = (select app_id('app.session')));
create policy app_portal_update on portal_sessions for update to app_portal
    using (org_id = (select app_org()) and id = (select app_id('app.session')));
grant select (org_id, id, link_id, generation, token_hash, expires_at, ended_at) on portal_sessions to door;
grant select (org_id, id, link_id, generation, created_at, expires_at, ended_at), update (ended_at)
    on portal_sessions to app_staff;
grant select (org_id, id, expires_at), insert (org_id, id, link_id, generation, token_hash, expires_at),
    update (ended_at) on portal_sessions to app_portal;

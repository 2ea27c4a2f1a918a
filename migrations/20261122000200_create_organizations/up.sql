create table people (
    id uuid primary key,
    email text not null unique check (email = lower(email) and char_length(email) between 3 and 254),
    password_hash text not null,
    created_at timestamptz not null default now()
);
comment on table people is 'A person who signs in, across organisations. Read and written by the door functions only.';
comment on column people.id is 'UUIDv7, made by the service.';
comment on column people.email is 'Lower-cased address the person signs in with.';
comment on column people.password_hash is 'Argon2id in PHC form.';
comment on column people.created_at is 'When the person first signed up.';

alter table people enable row level security;
alter table people force row level security;
create policy owner_all on people to owner using (true) with check (true);
create policy door_select on people for select to door using (true);
create policy door_insert on people for insert to door with check (true);
grant select (id, email, password_hash), insert (id, email, password_hash) on people to door;

create table organizations (
    org_id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null check (char_length(name) between 1 and 120),
    time_zone text not null default 'UTC' check (char_length(time_zone) between 1 and 64),
    plan text not null default 'SCALE' check (plan in ('STARTER', 'GROWTH', 'SCALE')),
    portal_enabled boolean not null default true,
    accent_color text not null default '#3454d1' check (accent_color ~ '^#[0-9a-f]{6}$'),
    welcome_message text check (char_length(welcome_message) <= 2000),
    website text check (char_length(website) <= 500),
    support_email text check (char_length(support_email) <= 254),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    allowed_origins text[] not null default '{}' check (cardinality(allowed_origins) <= 20)
);
create index organizations_allowed_origins on organizations using gin (allowed_origins);
comment on table organizations is 'The tenant: everything else belongs to one.';
comment on column organizations.org_id is 'UUIDv7, made by the service.';
comment on column organizations.slug is 'Name in addresses and at sign-in, unique in the installation.';
comment on column organizations.name is 'Name that staff and clients read.';
comment on column organizations.time_zone is 'IANA name; decides where a day ends.';
comment on column organizations.plan is 'PLAN-1.';
comment on column organizations.portal_enabled is 'BRAND-3: off closes every portal with the answer of LINK-5.';
comment on column organizations.accent_color is 'BRAND-1: #rrggbb, lower case.';
comment on column organizations.welcome_message is 'BRAND-1: plain text shown above the portal home.';
comment on column organizations.website is 'BRAND-1: absolute http or https address.';
comment on column organizations.support_email is 'BRAND-1: where clients write for help.';
comment on column organizations.version is 'Raised by every update (API-8).';
comment on column organizations.created_at is 'When the organisation signed up.';
comment on column organizations.allowed_origins is 'API-7: origins, as browsers send them, whose pages may call the API with a bearer token.';

alter table organizations enable row level security;
alter table organizations force row level security;
create policy owner_all on organizations to owner using (true) with check (true);
create policy door_select on organizations for select to door using (true);
create policy app_staff_select on organizations for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on organizations for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on organizations for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on organizations for select to app_portal using (org_id = (select app_org()));
grant select (org_id, slug, name, portal_enabled, allowed_origins) on organizations to door;
grant select, insert (org_id, slug, name, time_zone),
    update (name, time_zone, portal_enabled, accent_color, welcome_message, website, support_email, version,
        allowed_origins)
    on organizations to app_staff;
grant select (org_id, name, time_zone, accent_color, welcome_message, website, support_email) on organizations to app_portal;

create table members (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    person_id uuid not null references people (id) on delete restrict,
    role text not null check (role in ('OWNER', 'ADMIN', 'MEMBER')),
    permissions text[] not null default '{}' check (
        permissions <@ array['CLIENTS_INVITE', 'BILLING_MANAGE', 'SETTINGS_MANAGE', 'RECORDS_WRITE']),
    name text collate "und-x-icu" not null check (char_length(name) between 1 and 120),
    email text not null check (char_length(email) between 3 and 254),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (org_id, id),
    unique (org_id, person_id)
);
create index members_person_id on members (person_id);
comment on table members is 'A person with a role in an organisation (ORG-3).';
comment on column members.org_id is 'The tenant.';
comment on column members.id is 'UUIDv7, made by the service.';
comment on column members.person_id is 'Who signs in.';
comment on column members.role is 'OWNER and ADMIN hold every permission.';
comment on column members.permissions is 'What a MEMBER was granted; PORTALS_MANAGE cannot be (ORG-3).';
comment on column members.name is 'Name colleagues and clients read; sorted as people sort.';
comment on column members.email is 'Address at the organisation.';
comment on column members.version is 'Raised by every update (API-8).';
comment on column members.created_at is 'When the person joined.';
comment on column members.ended_at is 'When the membership ended; sessions end with it.';

alter table members enable row level security;
alter table members force row level security;
create policy owner_all on members to owner using (true) with check (true);
create policy door_select on members for select to door using (true);
create policy app_staff_select on members for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on members for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on members for update to app_staff using (org_id = (select app_org()));
grant select (org_id, id, person_id, role, permissions, ended_at) on members to door;
grant select, insert (org_id, id, person_id, role, permissions, name, email),
    update (role, permissions, name, ended_at, version) on members to app_staff;

create table staff_sessions (
    org_id uuid not null,
    id uuid not null,
    member_id uuid not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_agent text check (char_length(user_agent) <= 300),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index staff_sessions_member on staff_sessions (org_id, member_id);
comment on table staff_sessions is 'Signed-in staff (ORG-2).';
comment on column staff_sessions.org_id is 'The tenant.';
comment on column staff_sessions.id is 'UUIDv7, made by the service.';
comment on column staff_sessions.member_id is 'Whose session it is.';
comment on column staff_sessions.token_hash is 'SHA-256 of the vs_ token; the token itself is kept nowhere.';
comment on column staff_sessions.user_agent is 'The browser or client at sign-in, cut to 300 characters.';
comment on column staff_sessions.created_at is 'When the member signed in.';
comment on column staff_sessions.expires_at is 'From then on the token opens nothing.';
comment on column staff_sessions.ended_at is 'Set by sign-out, by an administrator, or with the membership.';

alter table staff_sessions enable row level security;
alter table staff_sessions force row level security;
create policy owner_all on staff_sessions to owner using (true) with check (true);
create policy door_select on staff_sessions for select to door using (true);
create policy door_insert on staff_sessions for insert to door with check (true);
create policy app_staff_select on staff_sessions for select to app_staff using (org_id = (select app_org()));
create policy app_staff_update on staff_sessions for update to app_staff using (org_id = (select app_org()));
grant select (org_id, id, member_id, token_hash, expires_at, ended_at),
    insert (org_id, id, member_id, token_hash, user_agent, expires_at) on staff_sessions to door;
grant select (org_id, id, member_id, user_agent, created_at, expires_at, ended_at), update (ended_at)
    on staff_sessions to app_staff;

create table companies (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    name text collate "und-x-icu" not null check (char_length(name) between 1 and 200),
    website text check (char_length(website) <= 500),
    notes text check (char_length(notes) <= 10000),
    internal boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id)
);
create index companies_name on companies (org_id, name, id);
comment on table companies is 'A customer of the organisation.';
comment on column companies.org_id is 'The tenant.';
comment on column companies.id is 'UUIDv7, made by the service.';
comment on column companies.name is 'Name that staff and its own clients read; sorted as people sort.';
comment on column companies.website is 'Absolute http or https address.';
comment on column companies.notes is 'For staff only.';
comment on column companies.internal is 'INV-5: nothing of an internal company can be shared.';
comment on column companies.version is 'Raised by every update (API-8).';
comment on column companies.created_at is 'When staff added it.';
comment on column companies.updated_at is 'When staff last changed it.';
comment on column companies.archived_at is 'Hides it from lists and closes its portals; deletes nothing.';

alter table companies enable row level security;
alter table companies force row level security;
create policy owner_all on companies to owner using (true) with check (true);
create policy door_select on companies for select to door using (org_id = (select app_org()));
create policy app_staff_select on companies for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on companies for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on companies for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on companies for select to app_portal
    using (org_id = (select app_org()) and id = (select app_id('app.company')));
grant select (org_id, id, internal, archived_at) on companies to door;
grant select, insert (org_id, id, name, website, notes, internal),
    update (name, website, notes, internal, version, updated_at, archived_at) on companies to app_staff;
grant select (org_id, id, name) on companies to app_portal;

create table contacts (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    name text collate "und-x-icu" not null check (char_length(name) between 1 and 120),
    email text not null check (email = lower(email) and char_length(email) between 3 and 254),
    phone text check (char_length(phone) <= 50),
    status text not null default 'NOT_INVITED' check (status in ('NOT_INVITED', 'INVITED', 'ONBOARDED')),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    unique (org_id, company_id, email),
    unique (org_id, company_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade
);
create index contacts_name on contacts (org_id, name, id);
comment on table contacts is 'A person at a company.';
comment on column contacts.org_id is 'The tenant.';
comment on column contacts.id is 'UUIDv7, made by the service.';
comment on column contacts.company_id is 'Where the person works.';
comment on column contacts.name is 'Name that staff read; sorted as people sort.';
comment on column contacts.email is 'Lower-cased address, unique in the company.';
comment on column contacts.phone is 'As staff wrote it.';
comment on column contacts.status is 'INV-1.';
comment on column contacts.version is 'Raised by every update (API-8).';
comment on column contacts.created_at is 'When staff added the person.';
comment on column contacts.updated_at is 'When staff last changed the person.';
comment on column contacts.archived_at is 'Hides the person from lists; deletes nothing.';

alter table contacts enable row level security;
alter table contacts force row level security;
create policy owner_all on contacts to owner using (true) with check (true);
create policy app_staff_select on contacts for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on contacts for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on contacts for update to app_staff using (org_id = (select app_org()));
grant select, insert (org_id, id, company_id, name, email, phone),
    update (name, email, phone, status, version, updated_at, archived_at) on contacts to app_staff;

-- An organisation's own storage (FILE-3): where its bytes rest from now on. What came before stays where it is,
-- so what was chosen once is kept for as long as anything rests there.

create table storages (
    org_id uuid not null,
    id uuid not null,
    kind text not null check (kind in ('S3', 'DROPBOX')),
    settings jsonb not null,
    secret bytea not null,
    secret_key text not null,
    current boolean not null default true,
    configured_by uuid,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id) references organizations (org_id) on delete cascade,
    foreign key (org_id, configured_by) references members (org_id, id) on delete set null (configured_by)
);
create unique index storages_current on storages (org_id) where current;
create index storages_configured_by on storages (org_id, configured_by) where configured_by is not null;
comment on table storages is 'Accounts that organisations keep their files in; without a current one, the installation''s storage takes them.';
comment on column storages.org_id is 'The tenant.';
comment on column storages.id is 'UUIDv7, made by the service.';
comment on column storages.kind is 'Which interface it speaks.';
comment on column storages.settings is 'Where it is and whose; nothing secret.';
comment on column storages.secret is 'What opens it, sealed with the service''s key; only the worker''s login reads it.';
comment on column storages.secret_key is 'Id of the sealing key.';
comment on column storages.current is 'Whether new files go there.';
comment on column storages.configured_by is 'The member who chose it.';
comment on column storages.created_at is 'When it was chosen.';

alter table storages enable row level security;
alter table storages force row level security;
create policy owner_all on storages to owner using (true) with check (true);
create policy app_staff_select on storages for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on storages for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on storages for update to app_staff using (org_id = (select app_org()));
create policy app_system_select on storages for select to app_system using (org_id = (select app_org()));
grant select (org_id, id, kind, settings, current, configured_by, created_at),
    insert (org_id, id, kind, settings, secret, secret_key, configured_by), update (current) on storages to app_staff;
grant select (org_id, id, kind, settings, secret, secret_key, current) on storages to app_system;

alter table stored_objects add column storage_id uuid,
    add foreign key (org_id, storage_id) references storages (org_id, id) on delete cascade;
create index stored_objects_storage on stored_objects (org_id, storage_id) where storage_id is not null;
comment on column stored_objects.storage_id is 'The organisation''s account that has them; null for the installation''s storage.';

create table record_types (
    org_id uuid not null references organizations (org_id) on delete cascade,
    id uuid not null,
    key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name text collate "und-x-icu" not null check (char_length(name) between 1 and 80),
    name_plural text not null check (char_length(name_plural) between 1 and 80),
    built_in boolean not null default false,
    shared boolean not null default false,
    shared_fields text[] not null default '{PHASE}' check (
        shared_fields <@ array['PHASE', 'STATUS', 'DESCRIPTION', 'PROGRESS', 'MILESTONES', 'DEADLINES']),
    show_stage_names boolean not null default false,
    show_files boolean not null default true,
    show_comments boolean not null default true,
    allow_uploads boolean not null default false,
    email_on_reply boolean not null default false,
    portal_enabled_default boolean not null default true,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    unique (org_id, key)
);
create unique index record_types_name on record_types (org_id, lower(name)) where archived_at is null;
comment on table record_types is 'A kind of record and what clients see of it (REC-2, REC-3).';
comment on column record_types.org_id is 'The tenant.';
comment on column record_types.id is 'UUIDv7, made by the service.';
comment on column record_types.key is 'Stable name for programs; project is the built-in one.';
comment on column record_types.name is 'Singular, as people read it.';
comment on column record_types.name_plural is 'Plural, as people read it.';
comment on column record_types.built_in is 'True for project, which cannot be archived.';
comment on column record_types.shared is 'REC-3: whether clients see records of this type at all.';
comment on column record_types.shared_fields is 'REC-3: the built-in fields clients see besides the name.';
comment on column record_types.show_stage_names is 'REC-7: clients see stage names instead of phases.';
comment on column record_types.show_files is 'REC-3: clients see files marked shared.';
comment on column record_types.show_comments is 'REC-3: clients see the message thread.';
comment on column record_types.allow_uploads is 'REC-3: clients may upload.';
comment on column record_types.email_on_reply is 'REC-3: clients are mailed when staff reply.';
comment on column record_types.portal_enabled_default is 'REC-5: what a new record of the type starts with.';
comment on column record_types.version is 'Raised by every update (API-8).';
comment on column record_types.created_at is 'When it was defined.';
comment on column record_types.archived_at is 'Hides the type and its records from clients; deletes nothing.';

alter table record_types enable row level security;
alter table record_types force row level security;
create policy owner_all on record_types to owner using (true) with check (true);
create policy door_select on record_types for select to door using (org_id = (select app_org()));
create policy app_staff_select on record_types for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on record_types for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on record_types for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on record_types for select to app_portal
    using (org_id = (select app_org()) and id = any ((select app_ids('app.types'))::uuid[]));
grant select (org_id, id, shared, shared_fields, show_stage_names, show_files, show_comments, archived_at)
    on record_types to door;
grant select, insert (org_id, id, key, name, name_plural, built_in, shared, shared_fields, show_stage_names,
        show_files, show_comments, allow_uploads, email_on_reply, portal_enabled_default),
    update (name, name_plural, shared, shared_fields, show_stage_names, show_files, show_comments,
        allow_uploads, email_on_reply, portal_enabled_default, version, archived_at)
    on record_types to app_staff;
grant select (org_id, id, key, name, name_plural, show_stage_names) on record_types to app_portal;

create table stages (
    org_id uuid not null,
    id uuid not null,
    type_id uuid not null,
    name text not null check (char_length(name) between 1 and 80),
    color text not null check (color ~ '^#[0-9a-f]{6}$'),
    client_phase text not null check (client_phase in ('PLANNING', 'SCHEDULED', 'IN_PROGRESS', 'IN_REVIEW', 'DELIVERED')),
    position integer not null check (position >= 0),
    version integer not null default 1,
    archived_at timestamptz,
    primary key (org_id, id),
    unique (org_id, type_id, id),
    foreign key (org_id, type_id) references record_types (org_id, id) on delete cascade
);
create unique index stages_name on stages (org_id, type_id, lower(name)) where archived_at is null;
comment on table stages is 'A step of a type''s pipeline.';
comment on column stages.org_id is 'The tenant.';
comment on column stages.id is 'UUIDv7, made by the service.';
comment on column stages.type_id is 'Whose pipeline it belongs to.';
comment on column stages.name is 'Name staff read; clients only where the type shows stage names (REC-7).';
comment on column stages.color is '#rrggbb, lower case.';
comment on column stages.client_phase is 'REC-7: what clients see of it.';
comment on column stages.position is 'Order in the pipeline, from 0.';
comment on column stages.version is 'Raised by every update (API-8).';
comment on column stages.archived_at is 'No record can be moved there any more; records in it stay.';

alter table stages enable row level security;
alter table stages force row level security;
create policy owner_all on stages to owner using (true) with check (true);
create policy app_staff_select on stages for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on stages for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on stages for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on stages for select to app_portal
    using (org_id = (select app_org()) and type_id = any ((select app_ids('app.stage_types'))::uuid[]));
grant select, insert (org_id, id, type_id, name, color, client_phase, position),
    update (name, color, client_phase, position, version, archived_at) on stages to app_staff;
grant select (org_id, id, type_id, name, color, client_phase, position, archived_at) on stages to app_portal;

create table field_definitions (
    org_id uuid not null,
    id uuid not null,
    type_id uuid not null,
    key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    label text not null check (char_length(label) between 1 and 80),
    kind text not null check (kind in ('TEXT', 'NUMBER', 'MONEY', 'DATE', 'BOOLEAN', 'SELECT', 'URL')),
    options text[] not null default '{}' check (cardinality(options) <= 100),
    shared boolean not null default false,
    position integer not null check (position >= 0),
    version integer not null default 1,
    archived_at timestamptz,
    primary key (org_id, id),
    unique (org_id, type_id, key),
    foreign key (org_id, type_id) references record_types (org_id, id) on delete cascade,
    check ((kind = 'SELECT') = (cardinality(options) > 0))
);
create unique index field_definitions_label on field_definitions (org_id, type_id, lower(label))
    where archived_at is null;
comment on table field_definitions is 'A custom field of a record type (REC-2).';
comment on column field_definitions.org_id is 'The tenant.';
comment on column field_definitions.id is 'UUIDv7, made by the service.';
comment on column field_definitions.type_id is 'Whose field it is.';
comment on column field_definitions.key is 'Key in records.custom; never changes.';
comment on column field_definitions.label is 'Name people read.';
comment on column field_definitions.kind is 'Which values it takes.';
comment on column field_definitions.options is 'The choices of a SELECT, in order.';
comment on column field_definitions.shared is 'REC-3: whether clients see it.';
comment on column field_definitions.position is 'Order among the type''s fields, from 0.';
comment on column field_definitions.version is 'Raised by every update (API-8).';
comment on column field_definitions.archived_at is 'Hides the field and its values; deletes nothing.';

alter table field_definitions enable row level security;
alter table field_definitions force row level security;
create policy owner_all on field_definitions to owner using (true) with check (true);
create policy app_staff_select on field_definitions for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on field_definitions for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on field_definitions for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on field_definitions for select to app_portal
    using (org_id = (select app_org()) and shared and archived_at is null
        and type_id = any ((select app_ids('app.types'))::uuid[]));
grant select, insert (org_id, id, type_id, key, label, kind, options, shared, position),
    update (label, options, shared, position, version, archived_at) on field_definitions to app_staff;
grant select (org_id, id, type_id, key, label, kind, position) on field_definitions to app_portal;

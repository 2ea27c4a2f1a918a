create table records (
    org_id uuid not null,
    id uuid not null,
    type_id uuid not null,
    company_id uuid not null,
    stage_id uuid not null,
    name text collate "und-x-icu" not null check (char_length(name) between 1 and 200),
    description text check (char_length(description) <= 10000),
    internal_status text check (char_length(internal_status) <= 80),
    client_status text check (char_length(client_status) <= 80),
    owner_id uuid not null,
    lead_id uuid,
    starts_on date,
    due_on date,
    percent_set smallint check (percent_set between 0 and 100),
    percent_done smallint not null default 0 check (percent_done between 0 and 100),
    portal_enabled boolean not null,
    custom jsonb not null default '{}' check (jsonb_typeof(custom) = 'object'),
    custom_shared jsonb not null default '{}',
    shared_phase text,
    shared_stage_id uuid,
    shared_status text,
    shared_description text,
    shared_percent smallint,
    shared_starts_on date,
    shared_due_on date,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, type_id) references record_types (org_id, id) on delete restrict,
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, type_id, stage_id) references stages (org_id, type_id, id) on delete restrict,
    foreign key (org_id, owner_id) references members (org_id, id) on delete restrict,
    foreign key (org_id, lead_id) references members (org_id, id) on delete restrict,
    check (starts_on <= due_on)
);
create index records_company on records (org_id, company_id, id);
create index records_stage on records (org_id, type_id, stage_id);
create index records_name on records (org_id, name, id);
create index records_due on records (org_id, due_on, id);
create index records_owner on records (org_id, owner_id);
create index records_lead on records (org_id, lead_id) where lead_id is not null;
comment on table records is 'One thing of a type, belonging to one company. The columns shared_* and custom_shared are what clients may read.';
comment on column records.org_id is 'The tenant.';
comment on column records.id is 'UUIDv7, made by the service.';
comment on column records.type_id is 'Its kind; never changes.';
comment on column records.company_id is 'Whose it is; never changes.';
comment on column records.stage_id is 'Where it stands in its type''s pipeline.';
comment on column records.name is 'Always shown to clients who see the record; sorted as people sort.';
comment on column records.description is 'Clients see it if the type shares DESCRIPTION.';
comment on column records.internal_status is 'A label for staff only (REC-7).';
comment on column records.client_status is 'A label for clients (REC-8), if the type shares STATUS.';
comment on column records.owner_id is 'The member responsible.';
comment on column records.lead_id is 'A project''s lead.';
comment on column records.starts_on is 'Planned first day, in the organisation''s time zone.';
comment on column records.due_on is 'Planned last day, in the organisation''s time zone.';
comment on column records.percent_set is 'Percentage that staff set by hand; wins over milestones (REC-8).';
comment on column records.percent_done is 'percent_set, else the weighted share of completed milestones; written by the milestone and record verbs.';
comment on column records.portal_enabled is 'REC-5: off is not found for clients.';
comment on column records.custom is 'Values of custom fields by key; never granted to app_portal.';
comment on column records.custom_shared is 'The values of shared custom fields; kept by trigger (REC-4).';
comment on column records.shared_phase is 'The stage''s client phase, if shared; kept by trigger.';
comment on column records.shared_stage_id is 'The stage, if phases are shared by stage name; kept by trigger.';
comment on column records.shared_status is 'client_status, if shared; kept by trigger.';
comment on column records.shared_description is 'description, if shared; kept by trigger.';
comment on column records.shared_percent is 'percent_done, if shared; kept by trigger.';
comment on column records.shared_starts_on is 'starts_on, if deadlines are shared; kept by trigger.';
comment on column records.shared_due_on is 'due_on, if deadlines are shared; kept by trigger.';
comment on column records.version is 'Raised by every update (API-8).';
comment on column records.created_at is 'When staff added it.';
comment on column records.updated_at is 'When staff last changed it.';
comment on column records.archived_at is 'Hides it from lists and clients; deletes nothing.';

alter table records enable row level security;
alter table records force row level security;
create policy owner_all on records to owner using (true) with check (true);
create policy door_select on records for select to door using (org_id = (select app_org()));
create policy app_staff_select on records for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on records for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on records for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on records for select to app_portal
    using (org_id = (select app_org()) and id = any ((select app_ids('app.records'))::uuid[]));
grant select (org_id, id, type_id, company_id, portal_enabled, archived_at) on records to door;
grant select, insert (org_id, id, type_id, company_id, stage_id, name, description, internal_status, client_status,
        owner_id, lead_id, starts_on, due_on, percent_set, percent_done, portal_enabled, custom),
    update (stage_id, name, description, internal_status, client_status, owner_id, lead_id, starts_on, due_on,
        percent_set, percent_done, portal_enabled, custom, version, updated_at, archived_at)
    on records to app_staff;
grant select (org_id, id, type_id, company_id, name, custom_shared, shared_phase, shared_stage_id, shared_status,
        shared_description, shared_percent, shared_starts_on, shared_due_on)
    on records to app_portal;

create table record_watchers (
    org_id uuid not null,
    record_id uuid not null,
    member_id uuid not null,
    primary key (org_id, record_id, member_id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index record_watchers_member on record_watchers (org_id, member_id);
comment on table record_watchers is 'Members told of what clients do on a record.';
comment on column record_watchers.org_id is 'The tenant.';
comment on column record_watchers.record_id is 'What is watched.';
comment on column record_watchers.member_id is 'Who watches.';

alter table record_watchers enable row level security;
alter table record_watchers force row level security;
create policy owner_all on record_watchers to owner using (true) with check (true);
create policy app_staff_select on record_watchers for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on record_watchers for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_delete on record_watchers for delete to app_staff using (org_id = (select app_org()));
grant select, insert (org_id, record_id, member_id), delete on record_watchers to app_staff;

create table milestones (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    name text not null check (char_length(name) between 1 and 200),
    weight integer not null default 1 check (weight between 1 and 1000),
    due_on date,
    shared_due_on date,
    completed_at timestamptz,
    position integer not null check (position >= 0),
    version integer not null default 1,
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index milestones_record on milestones (org_id, record_id, position, id);
comment on table milestones is 'A step of a project (REC-8).';
comment on column milestones.org_id is 'The tenant.';
comment on column milestones.id is 'UUIDv7, made by the service.';
comment on column milestones.record_id is 'The project.';
comment on column milestones.name is 'Name staff and clients read.';
comment on column milestones.weight is 'Its share of the project''s percentage, relative to its siblings.';
comment on column milestones.due_on is 'Planned day, in the organisation''s time zone.';
comment on column milestones.shared_due_on is 'due_on, if the type shares DEADLINES; kept by trigger.';
comment on column milestones.completed_at is 'When staff marked it done.';
comment on column milestones.position is 'Order in the project, from 0.';
comment on column milestones.version is 'Raised by every update (API-8).';
comment on column milestones.archived_at is 'Hides it and takes it out of the percentage; deletes nothing.';

alter table milestones enable row level security;
alter table milestones force row level security;
create policy owner_all on milestones to owner using (true) with check (true);
create policy app_staff_select on milestones for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on milestones for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on milestones for update to app_staff using (org_id = (select app_org()));
create policy app_portal_select on milestones for select to app_portal
    using (org_id = (select app_org()) and archived_at is null
        and record_id = any ((select app_ids('app.milestone_records'))::uuid[]));
grant select, insert (org_id, id, record_id, name, weight, due_on, completed_at, position),
    update (name, weight, due_on, completed_at, position, version, archived_at) on milestones to app_staff;
grant select (org_id, id, record_id, name, weight, shared_due_on, completed_at, position) on milestones to app_portal;

-- What clients may read is written here and nowhere else. The functions run as whoever writes the
-- row, so row-level security holds inside them too. Who writes a record holds its type's row in
-- share mode, who changes what a type shares holds it alone: else a record written at the same
-- moment would go on sharing what was just unshared. Locks are taken in the order type, record,
-- milestone.
create function records_share() returns trigger
language plpgsql
as $$
declare
    kind record_types%rowtype;
    stage stages%rowtype;
begin
    select * into strict kind from record_types t where t.org_id = new.org_id and t.id = new.type_id for share;
    select * into strict stage from stages s where s.org_id = new.org_id and s.id = new.stage_id;
    new.shared_phase := case when 'PHASE' = any (kind.shared_fields) then stage.client_phase end;
    new.shared_stage_id := case when 'PHASE' = any (kind.shared_fields) and kind.show_stage_names then stage.id end;
    new.shared_status := case when 'STATUS' = any (kind.shared_fields) then new.client_status end;
    new.shared_description := case when 'DESCRIPTION' = any (kind.shared_fields) then new.description end;
    new.shared_percent := case when 'PROGRESS' = any (kind.shared_fields) then new.percent_done end;
    new.shared_starts_on := case when 'DEADLINES' = any (kind.shared_fields) then new.starts_on end;
    new.shared_due_on := case when 'DEADLINES' = any (kind.shared_fields) then new.due_on end;
    new.custom_shared := coalesce((
        select jsonb_object_agg(f.key, new.custom -> f.key)
        from field_definitions f
        where f.org_id = new.org_id and f.type_id = new.type_id
            and f.shared and f.archived_at is null and new.custom ? f.key), '{}');
    return new;
end $$;
comment on function records_share() is 'Writes the columns of a record that clients may read (REC-4).';
create trigger records_share before insert or update on records
    for each row execute function records_share();

create function milestones_share() returns trigger
language plpgsql
as $$
declare
    deadlines boolean;
begin
    select 'DEADLINES' = any (t.shared_fields) into strict deadlines
    from records r
    join record_types t on t.org_id = r.org_id and t.id = r.type_id
    where r.org_id = new.org_id and r.id = new.record_id
    for share of t;
    new.shared_due_on := case when deadlines then new.due_on end;
    return new;
end $$;
comment on function milestones_share() is 'Writes the column of a milestone that clients may read (REC-4).';
create trigger milestones_share before insert or update on milestones
    for each row execute function milestones_share();

create function record_types_reshare() returns trigger
language plpgsql
as $$
begin
    update records set version = version where org_id = new.org_id and type_id = new.id;
    update milestones m set version = m.version
    from records r
    where r.org_id = new.org_id and r.type_id = new.id and m.org_id = r.org_id and m.record_id = r.id;
    return null;
end $$;
comment on function record_types_reshare() is 'Shares a type''s records anew when what the type shares has changed.';
create trigger record_types_reshare after update on record_types
    for each row
    when (old.shared_fields is distinct from new.shared_fields or old.show_stage_names <> new.show_stage_names)
    execute function record_types_reshare();

create function stages_reshare() returns trigger
language plpgsql
as $$
begin
    perform from record_types t where t.org_id = new.org_id and t.id = new.type_id for no key update;
    update records set version = version where org_id = new.org_id and type_id = new.type_id and stage_id = new.id;
    return null;
end $$;
comment on function stages_reshare() is 'Shares a stage''s records anew when its client phase has changed.';
create trigger stages_reshare after update on stages
    for each row when (old.client_phase <> new.client_phase)
    execute function stages_reshare();

create function field_definitions_reshare() returns trigger
language plpgsql
as $$
begin
    perform from record_types t where t.org_id = new.org_id and t.id = new.type_id for no key update;
    update records set version = version
    where org_id = new.org_id and type_id = new.type_id and custom ? new.key;
    return null;
end $$;
comment on function field_definitions_reshare() is 'Shares anew the records that hold a field which is shared, hidden or archived.';
create trigger field_definitions_reshare_new after insert on field_definitions
    for each row when (new.shared)
    execute function field_definitions_reshare();
create trigger field_definitions_reshare after update on field_definitions
    for each row when (old.shared <> new.shared or old.archived_at is distinct from new.archived_at)
    execute function field_definitions_reshare();

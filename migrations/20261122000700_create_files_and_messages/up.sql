create table files (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    name text not null check (char_length(name) between 1 and 255),
    media_type text not null check (char_length(media_type) between 3 and 255),
    byte_size bigint not null check (byte_size >= 0),
    shared boolean not null default false,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index files_record on files (org_id, record_id, id);
create index files_shared on files (org_id, record_id) where shared and archived_at is null;
comment on table files is 'A file of a record; its bytes lie in storage.';
comment on column files.org_id is 'The tenant.';
comment on column files.id is 'UUIDv7, made by the service.';
comment on column files.record_id is 'What it belongs to.';
comment on column files.name is 'Name people read and download it under.';
comment on column files.media_type is 'Checked by content, never taken from the uploader.';
comment on column files.byte_size is 'Length in bytes.';
comment on column files.shared is 'FILE-1: whether clients see it.';
comment on column files.created_at is 'When it was uploaded.';
comment on column files.archived_at is 'Hides it; deletes nothing.';

alter table files enable row level security;
alter table files force row level security;
create policy owner_all on files to owner using (true) with check (true);
create policy app_staff_select on files for select to app_staff using (org_id = (select app_org()));
create policy app_portal_select on files for select to app_portal
    using (org_id = (select app_org()) and shared and archived_at is null
        and record_id = any ((select app_ids('app.file_records'))::uuid[]));
grant select on files to app_staff;
grant select (org_id, id, record_id, name, media_type, byte_size, created_at) on files to app_portal;

create table messages (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    sender_type text not null check (sender_type in ('STAFF', 'CLIENT')),
    sender_name text not null check (char_length(sender_name) between 1 and 120),
    sender_member_id uuid,
    body text not null check (char_length(body) between 1 and 10000),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, sender_member_id) references members (org_id, id) on delete restrict
);
create index messages_record on messages (org_id, record_id, id desc);
create index messages_sender on messages (org_id, sender_member_id) where sender_member_id is not null;
comment on table messages is 'The thread of a record that staff and clients share (MSG-1). Internal comments are not here.';
comment on column messages.org_id is 'The tenant.';
comment on column messages.id is 'UUIDv7, made by the service; sorts by time.';
comment on column messages.record_id is 'Whose thread it is in.';
comment on column messages.sender_type is 'Which side wrote it.';
comment on column messages.sender_name is 'The name shown beside it.';
comment on column messages.sender_member_id is 'The member, for STAFF.';
comment on column messages.body is 'Plain text.';
comment on column messages.created_at is 'When it was sent.';

alter table messages enable row level security;
alter table messages force row level security;
create policy owner_all on messages to owner using (true) with check (true);
create policy app_staff_select on messages for select to app_staff using (org_id = (select app_org()));
create policy app_portal_select on messages for select to app_portal
    using (org_id = (select app_org()) and record_id = any ((select app_ids('app.message_records'))::uuid[]));
grant select on messages to app_staff;
grant select (org_id, id, record_id, sender_type, sender_name, body, created_at) on messages to app_portal;

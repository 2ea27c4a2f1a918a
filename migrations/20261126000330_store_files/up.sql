-- Files have bytes (FILE-1 to FILE-4): who brought them, where they rest, and whom that is told.

alter table files
    add column sha256 bytea check (octet_length(sha256) = 32),
    add column uploader_type text not null default 'STAFF' check (uploader_type in ('STAFF', 'CLIENT')),
    add column uploader_name text check (char_length(uploader_name) between 1 and 120),
    add column uploader_member_id uuid,
    add column uploader_session_id uuid,
    add column version integer not null default 1,
    add foreign key (org_id, uploader_member_id) references members (org_id, id) on delete set null (uploader_member_id),
    add foreign key (org_id, uploader_session_id) references portal_sessions (org_id, id) on delete set null (uploader_session_id);
create index files_uploader_member on files (org_id, uploader_member_id) where uploader_member_id is not null;
create index files_uploader_session on files (org_id, uploader_session_id) where uploader_session_id is not null;
comment on column files.sha256 is 'Of its bytes, as they came; null for what has none.';
comment on column files.uploader_type is 'Which side brought it.';
comment on column files.uploader_name is 'Who brought it, as they were called then.';
comment on column files.uploader_member_id is 'The member, for STAFF.';
comment on column files.uploader_session_id is 'The portal session, for CLIENT.';
comment on column files.version is 'Raised by every change.';

create policy app_staff_insert on files for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_update on files for update to app_staff using (org_id = (select app_org()));
create policy app_portal_insert on files for insert to app_portal
    with check (org_id = (select app_org()) and shared and archived_at is null and uploader_type = 'CLIENT'
        and uploader_session_id = (select app_id('app.session'))
        and record_id = any ((select app_ids('app.upload_records'))::uuid[]));
create policy app_system_select on files for select to app_system using (org_id = (select app_org()));
grant insert (org_id, id, record_id, name, media_type, byte_size, shared, sha256, uploader_type, uploader_name, uploader_member_id),
    update (name, shared, archived_at, version) on files to app_staff;
grant select (sha256, uploader_type),
    insert (org_id, id, record_id, name, media_type, byte_size, shared, sha256, uploader_type, uploader_name, uploader_session_id)
    on files to app_portal;
grant select (org_id, id) on files to app_system;
grant select (record_id, name, uploader_name, sha256) on files to door;

alter table portals add column upload_folder text check (char_length(upload_folder) between 1 and 200);
comment on column portals.upload_folder is 'FILE-2: the folder of the organisation''s storage below which what clients send here lands; null for the company''s name.';
grant select (upload_folder), update (upload_folder) on portals to app_staff;
grant select (upload_folder) on portals to app_system;

-- What is decided of a version, and locked with it, is the bytes of its files (DEL-3, DEL-4).
drop function version_files_hash(uuid, uuid);
create function version_files_hash(tenant uuid, wanted uuid) returns bytea
language sql stable set search_path = public, pg_temp
as $$
    select sha256(convert_to(coalesce(
        string_agg(f.id || ' ' || coalesce(encode(f.sha256, 'hex'), '') || e'\n', '' order by f.id), ''), 'UTF8'))
    from deliverable_version_files x
    join files f on f.org_id = x.org_id and f.id = x.file_id
    where x.org_id = tenant and x.version_id = wanted
$$;
comment on function version_files_hash(uuid, uuid) is 'SHA-256 over a line for each of a version''s files by id: the id, a space, the SHA-256 of its bytes in hexadecimal; nothing for a file without bytes.';
revoke execute on function version_files_hash(uuid, uuid) from public;
grant execute on function version_files_hash(uuid, uuid) to door;
drop trigger files_keep on files;
create trigger files_keep before update on files for each row
    when ((old.byte_size, old.sha256) is distinct from (new.byte_size, new.sha256)) execute function keep_version_bytes();

create table stored_objects (
    org_id uuid not null,
    id uuid not null,
    storage_key text not null check (char_length(storage_key) between 1 and 1000),
    state text not null default 'RECEIVING' check (state in ('RECEIVING', 'KEPT', 'DROPPED')),
    seen_at timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id) references organizations (org_id) on delete cascade
);
create index stored_objects_unsettled on stored_objects (seen_at) where state <> 'KEPT';
comment on table stored_objects is 'Where the bytes of files rest. The row is there before the first byte is, so that what a crash leaves is found.';
comment on column stored_objects.org_id is 'The tenant.';
comment on column stored_objects.id is 'The file''s id, also before there is a file.';
comment on column stored_objects.storage_key is 'The path in storage. No client and no member reads it.';
comment on column stored_objects.state is 'RECEIVING: bytes are coming, or came and were not settled. KEPT: a file has them. DROPPED: they are being deleted.';
comment on column stored_objects.seen_at is 'When whoever receives it was last heard of.';

alter table stored_objects enable row level security;
alter table stored_objects force row level security;
create policy owner_all on stored_objects to owner using (true) with check (true);
create policy app_system_select on stored_objects for select to app_system using (org_id = (select app_org()));
create policy app_system_insert on stored_objects for insert to app_system with check (org_id = (select app_org()));
create policy app_system_update on stored_objects for update to app_system using (org_id = (select app_org()));
create policy app_system_delete on stored_objects for delete to app_system using (org_id = (select app_org()));
create policy door_select on stored_objects for select to door using (true);
grant select, insert, update (state, seen_at), delete on stored_objects to app_system;
grant select (org_id, id, state, seen_at) on stored_objects to door;

create table upload_notices (
    org_id uuid not null,
    id uuid not null,
    file_id uuid not null,
    member_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, file_id) references files (org_id, id) on delete cascade,
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index upload_notices_file on upload_notices (org_id, file_id);
create index upload_notices_member on upload_notices (org_id, member_id);
create index upload_notices_created on upload_notices (org_id, created_at);
comment on table upload_notices is 'Whom of the team a mail tells of a client''s upload (FILE-2).';
comment on column upload_notices.org_id is 'The tenant.';
comment on column upload_notices.id is 'UUIDv7, made by the service; also the mail''s id.';
comment on column upload_notices.file_id is 'What was sent.';
comment on column upload_notices.member_id is 'Who is told.';
comment on column upload_notices.created_at is 'When it was queued.';

alter table upload_notices enable row level security;
alter table upload_notices force row level security;
create policy owner_all on upload_notices to owner using (true) with check (true);
create policy door_select on upload_notices for select to door using (org_id = (select app_org()));
create policy door_insert on upload_notices for insert to door with check (org_id = (select app_org()));
create policy app_system_select on upload_notices for select to app_system using (org_id = (select app_org()));
create policy app_system_delete on upload_notices for delete to app_system using (org_id = (select app_org()));
grant select (org_id, id, file_id, member_id), insert (org_id, id, file_id, member_id) on upload_notices to door;
grant select (org_id, id, created_at), delete on upload_notices to app_system;

create function app_may_upload() returns boolean
language sql stable parallel safe
as $$ select app_ids('app.upload_records') <> '{}' $$;
comment on function app_may_upload() is 'Whether the portal that was entered takes files for any record (FILE-2).';

create function file_places() returns table (id uuid, name text, takes_uploads boolean)
language sql stable security definer set search_path = public, pg_temp
as $$
    select r.id, r.name, r.id = any (app_ids('app.upload_records'))
    from records r
    where r.org_id = app_org() and r.id = any (app_ids('app.file_records'))
    order by r.name, r.id
$$;
comment on function file_places() is 'The records whose files the portal that was entered shows, by name, and which of them take uploads.';

create function tell_of_upload(file uuid, ids uuid[]) returns void
language sql security definer set search_path = public, pg_temp
as $$
    with told as (
        select ids[row_number() over (order by m.id)] as id, m.id as member_id
        from files f
        join records r on r.org_id = f.org_id and r.id = f.record_id
        join members m on m.org_id = f.org_id and m.ended_at is null and m.role <> 'CLIENT'
            and (m.id = r.owner_id or exists (
                select from record_watchers w where w.org_id = r.org_id and w.record_id = r.id and w.member_id = m.id))
        where f.org_id = app_org() and f.id = file and f.record_id = any (app_ids('app.upload_records'))
    ), noted as (
        insert into upload_notices (org_id, id, file_id, member_id)
        select app_org(), t.id, file, t.member_id from told t where t.id is not null
    )
    insert into outbox (org_id, id, kind, subject_id)
    select app_org(), t.id, 'mail.file_uploaded', t.id from told t where t.id is not null
$$;
comment on function tell_of_upload(uuid, uuid[]) is 'Queues mails to the owner and the watchers of the record that a visitor sent a file to. ids: new ones, for as many mails at most.';

create function upload_notice_to_send(notice uuid)
returns table (email text, member_name text, record_name text, file_name text, uploader_name text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, r.name, f.name, coalesce(f.uploader_name, '')
    from upload_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    join files f on f.org_id = n.org_id and f.id = n.file_id
    join records r on r.org_id = f.org_id and r.id = f.record_id
    where n.org_id = app_org() and n.id = notice
$$;
comment on function upload_notice_to_send(uuid) is 'What the mail of a notice says, and to whom; for the worker, within the organisation.';

create function unsettled_objects(before timestamptz, most integer) returns table (org_id uuid, id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select o.org_id, o.id from stored_objects o
    where app_org() is null and o.state <> 'KEPT' and o.seen_at < before
    order by o.seen_at limit most
$$;
comment on function unsettled_objects(timestamptz, integer) is 'Bytes that nobody has been heard of since, oldest first, for the job that sweeps. Not from within an organisation.';

create function dead_previews(hashes bytea[]) returns bytea[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(array_agg(h), '{}') from unnest(hashes) h
    where app_org() is null and not exists (
        select from portal_previews v
        join staff_sessions s on s.org_id = v.org_id and s.id = v.staff_session_id
        join members m on m.org_id = s.org_id and m.id = s.member_id
        join portals p on p.org_id = v.org_id and p.id = v.portal_id
        join organizations o on o.org_id = v.org_id
        where v.token_hash = h and v.expires_at > now() and s.ended_at is null and s.expires_at > now()
            and m.ended_at is null and o.portal_enabled and p.revoked_at is null
            and coalesce(p.starts_at, '-infinity') <= now() and coalesce(p.expires_at, 'infinity') > now())
$$;
comment on function dead_previews(bytea[]) is 'Which of these previews show nothing any more, for an instance that sends to their holders (LINK-4). Not from within an organisation.';

revoke execute on function app_may_upload(), file_places(), tell_of_upload(uuid, uuid[]), upload_notice_to_send(uuid),
    unsettled_objects(timestamptz, integer), dead_previews(bytea[]) from public;
grant execute on function app_may_upload() to app_portal;
grant execute on function file_places(), tell_of_upload(uuid, uuid[]) to app_portal;
grant execute on function upload_notice_to_send(uuid), unsettled_objects(timestamptz, integer), dead_previews(bytea[]) to app_system;
grant create on schema public to door;
alter function file_places() owner to door;
alter function tell_of_upload(uuid, uuid[]) owner to door;
alter function upload_notice_to_send(uuid) owner to door;
alter function unsettled_objects(timestamptz, integer) owner to door;
alter function dead_previews(bytea[]) owner to door;
revoke create on schema public from door;

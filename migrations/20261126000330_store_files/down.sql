drop function dead_previews(bytea[]);
drop function unsettled_objects(timestamptz, integer);
drop function upload_notice_to_send(uuid);
drop function tell_of_upload(uuid, uuid[]);
drop function file_places();
drop function app_may_upload();
drop table upload_notices;
drop table stored_objects;
alter table portals drop column upload_folder;
revoke select (record_id, name, uploader_name, sha256) on files from door;
revoke select (org_id, id) on files from app_system;
revoke insert (org_id, id, record_id, name, media_type, byte_size, shared) on files from app_portal;
revoke insert (org_id, id, record_id, name, media_type, byte_size, shared), update (name, shared, archived_at) on files from app_staff;
drop policy app_system_select on files;
drop policy app_portal_insert on files;
drop policy app_staff_update on files;
drop policy app_staff_insert on files;
drop trigger files_keep on files;
drop function version_files_hash(uuid, uuid);
alter table files drop column version, drop column uploader_session_id, drop column uploader_member_id,
    drop column uploader_name, drop column uploader_type, drop column sha256;
create trigger files_keep before update on files for each row
    when (old.byte_size is distinct from new.byte_size) execute function keep_version_bytes();
create function version_files_hash(tenant uuid, version uuid) returns bytea
language sql stable set search_path = public, pg_temp
as $$
            select sha256(convert_to(coalesce(string_agg(f.id || ' ' || '' || e'\n', '' order by f.id), ''), 'UTF8'))
            from deliverable_version_files x
            join files f on f.org_id = x.org_id and f.id = x.file_id
            where x.org_id = tenant and x.version_id = version
        $$;
comment on function version_files_hash(uuid, uuid) is 'SHA-256 over a line for each of a version''s files by id: the id, a space, the SHA-256 of its bytes in hexadecimal, as far as it is known.';
revoke execute on function version_files_hash(uuid, uuid) from public;
grant execute on function version_files_hash(uuid, uuid) to door;

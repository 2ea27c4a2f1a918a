-- Two more places for an organisation's own files (FILE-3). That the service may be built without them is no
-- matter of the database.

alter table storages drop constraint storages_kind_check,
    add constraint storages_kind_check check (kind in ('S3', 'DROPBOX', 'GCS', 'AZURE'));

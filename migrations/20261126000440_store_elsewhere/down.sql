-- Stops if anything rests there: forgetting the account would lose the bytes.
alter table storages drop constraint storages_kind_check,
    add constraint storages_kind_check check (kind in ('S3', 'DROPBOX'));

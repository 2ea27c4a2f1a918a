alter table stored_objects drop column storage_id;
drop table storages;

alter table portals drop column tell_first_view;
drop function request_fresh_link(bytea, uuid);

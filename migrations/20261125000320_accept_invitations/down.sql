drop function accept_invitation(bytea, uuid, text, uuid, uuid[]);
drop function find_invitation(bytea);

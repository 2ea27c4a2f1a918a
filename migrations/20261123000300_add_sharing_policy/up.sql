-- What an organisation wants of everything it shares (LINK-11).

alter table organizations
    add column longest_expiry_days integer check (longest_expiry_days between 1 and 3650),
    add column code_required boolean not null default false,
    add column allowed_email_domains text[] not null default '{}' check (cardinality(allowed_email_domains) <= 50);
comment on column organizations.longest_expiry_days is 'LINK-11: how many days from now a portal may stay open at most; null is no limit.';
comment on column organizations.code_required is 'LINK-11: whether every doorway has to ask for an access code.';
comment on column organizations.allowed_email_domains is 'LINK-11: domains that recipients'' addresses may have, lower-cased; none is any.';
grant update (longest_expiry_days, code_required, allowed_email_domains) on organizations to app_staff;

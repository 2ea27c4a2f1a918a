-- LINK-10: whoever holds a dead URL can have a fresh one mailed to the recipient on record. LINK-6: staff can
-- be told when a portal's link is viewed for the first time.

create function request_fresh_link(hash bytea, entry uuid) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    known record;
begin
    select l.org_id, l.id into known
    from (
        select k.org_id, k.id from portal_links k where k.token_hash = hash
        union all
        select t.org_id, t.link_id from portal_link_tokens t where t.token_hash = hash
    ) c
    join portal_links l on l.org_id = c.org_id and l.id = c.id
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where app_org() is null and o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
        and (l.recipient_contact_id is not null or l.recipient_email is not null);
    if known.org_id is null then
        return;
    end if;
    perform set_config('app.org', known.org_id::text, true);
    insert into outbox (org_id, id, kind, subject_id)
    select known.org_id, entry, 'mail.fresh_link', known.id
    where not exists (
        select from outbox q
        where q.org_id = known.org_id and q.subject_id = known.id and q.kind = 'mail.fresh_link'
            and q.due_at > now() - interval '15 minutes'
    );
    perform set_config('app.org', '', true);
end $$;
comment on function request_fresh_link(bytea, uuid) is 'Queues a fresh link for the recipient on record of a link whose present or earlier token this is, once in 15 minutes, if its portal is open; says nothing (LINK-10).';

alter table portals add column tell_first_view boolean not null default false;
comment on column portals.tell_first_view is 'LINK-6: whether its maker is mailed when one of its links is viewed for the first time.';
grant select (tell_first_view), insert (tell_first_view), update (tell_first_view) on portals to app_staff;
grant select (tell_first_view) on portals to app_system;

revoke execute on function request_fresh_link(bytea, uuid) from public;
grant execute on function request_fresh_link(bytea, uuid) to app_portal;
grant create on schema public to door;
alter function request_fresh_link(bytea, uuid) owner to door;
revoke create on schema public from door;

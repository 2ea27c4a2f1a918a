create or replace function request_fresh_link(hash bytea, entry uuid) returns void
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
create or replace function journal_visit(entries jsonb, address text, request text) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    session uuid := app_id('app.session');
    entry jsonb;
begin
    if app_id('app.portal') is null or session is null then
        raise exception 'no visitor with a session has entered' using errcode = 'insufficient_privilege';
    end if;
    for entry in select jsonb_array_elements(entries) loop
        if not coalesce((entry ->> 'companyId')::uuid = app_id('app.company')
            and (entry ->> 'recordId' is null or (entry ->> 'recordId')::uuid = any (app_ids('app.shown_records')))
            and split_part(entry ->> 'kind', '.', 1) = any ('{portal_session,message,feedback,deliverable,file,upload,subscription}'), false)
        then
            raise exception 'a visitor does not do this here' using errcode = 'insufficient_privilege';
        end if;
    end loop;
    insert into audit_entries (org_id, id, action, actor_session_id, subject_id, address, request_id, occurred_at)
    select app_org(), (v ->> 'auditId')::uuid, v ->> 'kind', session, (v -> 'payload' ->> 'id')::uuid,
        journal_visit.address, request, (v ->> 'occurredAt')::timestamptz
    from jsonb_array_elements(entries) v;
    perform append_events((
        select jsonb_agg(v || jsonb_build_object('actorMemberId', null, 'actorSessionId', session) order by n)
        from jsonb_array_elements(entries) with ordinality as e (v, n)));
end $$;
drop function mail_went_to(uuid, text), notification_to_send(uuid), whom_to_notify(text, uuid, uuid, text), renew_consent(bytea, uuid, text, text), withdraw_consent(bytea, uuid, text, text),
    change_consent(bytea, text[], uuid, text, text), confirm_consent(bytea, uuid, text, text), note_consent(uuid, text, uuid, text, text), enter_consent(bytea), find_consent(bytea),
    request_notifications(uuid, uuid, text, text[], text), portal_topics(), link_carries_mail(uuid, uuid, integer),
    consent_state(timestamptz, timestamptz, timestamptz), offered_topics(text[]);
revoke select (name, shared_phase, shared_stage_id, shared_status) on records from door;
revoke select (email_on_reply) on record_types from door;
revoke select (notifications) on portal_links from door;
revoke select (notifications) on portals from app_portal;
revoke select (notifications, title) on portals from door;
revoke select (id, org_id, name) on stages from door;
drop policy door_select on stages;
drop table notifications, suppressions, consent_tokens, consents;

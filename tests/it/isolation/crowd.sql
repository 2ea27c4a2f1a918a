-- Something to hide in every corner, the same in each organisation: rows in every table, and for the
-- first company one of each thing that some gate of REC-10 holds back.
create function pg_temp.low_id() returns uuid language sql volatile
as $$ select overlay(gen_random_uuid()::text placing '00000000' from 1 for 8)::uuid $$;

do $$
declare
    org uuid;
    member uuid;
    company uuid;
    project uuid;
    kind uuid;
    step uuid;
    link uuid;
    portal uuid;
begin
    for org in select org_id from organizations loop
        select id into member from members m where m.org_id = org order by id limit 1;
        select id into company from companies c where c.org_id = org order by id limit 1;
        select id into project from records r where r.org_id = org and r.company_id = company order by id limit 1;

        -- The company's second project is off for clients, its third is archived.
        update records set portal_enabled = false where org_id = org and id = (
            select id from records r where r.org_id = org and r.company_id = company order by id offset 1 limit 1);
        update records set archived_at = now() where org_id = org and id = (
            select id from records r where r.org_id = org and r.company_id = company order by id offset 2 limit 1);

        -- Change requests show their stages by name, and no status.
        update record_types set shared_fields = '{PHASE}', show_stage_names = true where org_id = org and key = 'request';
        select t.id, s.id into kind, step from record_types t join stages s on s.org_id = t.org_id and s.type_id = t.id
        where t.org_id = org and t.key = 'request' order by s.position limit 1;
        insert into records (org_id, id, type_id, company_id, stage_id, name, description, client_status, owner_id, portal_enabled)
        values (org, gen_random_uuid(), kind, company, step, 'A request', 'Unshared', 'Unshared', member, true);

        -- Tickets are not shared at all; their one field says it is.
        insert into record_types (org_id, id, key, name, name_plural, shared) values
            (org, gen_random_uuid(), 'ticket', 'Ticket', 'Tickets', false) returning id into kind;
        insert into stages (org_id, id, type_id, name, color, client_phase, position) values
            (org, gen_random_uuid(), kind, 'Open', '#000000', 'PLANNING', 0) returning id into step;
        insert into field_definitions (org_id, id, type_id, key, label, kind, shared, position) values
            (org, gen_random_uuid(), kind, 'ticket_note', 'Ticket note', 'TEXT', true, 0);
        insert into records (org_id, id, type_id, company_id, stage_id, name, owner_id, portal_enabled, custom)
        values (org, gen_random_uuid(), kind, company, step, 'A ticket', member, true, '{"ticket_note": "note"}');

        -- Archived parts of the project that everyone sees.
        insert into field_definitions (org_id, id, type_id, key, label, kind, shared, position, archived_at)
        select org, gen_random_uuid(), t.id, 'former', 'Former', 'TEXT', true, 9, now()
        from record_types t where t.org_id = org and t.key = 'project';
        update records set custom = custom || '{"former": "former"}' where org_id = org and id = project;
        update milestones set archived_at = now() where org_id = org and record_id = project and position = 4;
        insert into files (org_id, id, record_id, name, media_type, byte_size, shared, archived_at) values
            (org, gen_random_uuid(), project, 'unshared.pdf', 'application/pdf', 1, false, null),
            (org, gen_random_uuid(), project, 'archived.pdf', 'application/pdf', 1, true, now());

        -- Clients may send files to projects; one did, and its owner was told.
        update record_types set allow_uploads = true where org_id = org and key = 'project';
        update files set uploader_type = 'CLIENT', uploader_name = 'A sender', sha256 = sha256('b')
        where org_id = org and id = (select id from files f where f.org_id = org and f.record_id = project and f.shared order by id limit 1)
        returning id into step;
        insert into storages (org_id, id, kind, settings, secret, secret_key, current, configured_by)
        values (org, gen_random_uuid(), 'DROPBOX', '{"kind": "DROPBOX", "app_key": "k", "folder": ""}', 's', 'test', false, member);
        insert into stored_objects (org_id, id, storage_key, state, seen_at) values (org, step, 'company/record/x.pdf', 'KEPT', now());
        insert into team_notices (org_id, id, member_id, about, subject_id) values (org, gen_random_uuid(), member, 'UPLOAD', step);

        -- Rows in the tables that the demo leaves empty, and credentials whose tokens tests know.
        insert into record_watchers (org_id, record_id, member_id) values (org, project, member) on conflict do nothing;
        insert into events (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
        values (org, 1, gen_random_uuid(), 'record.created', member, company, project, false, '{}', now());
        update event_counters set last_seq = 1 where org_id = org;
        insert into audit_entries (org_id, id, action, actor_member_id, subject_id, address, request_id, before, after, occurred_at)
        values (org, gen_random_uuid(), 'portal.created', member, project, '192.0.2.1', 'r1', '{}', '{}', now());
        insert into idempotency_keys (org_id, member_id, key, operation, input_hash, subject_id)
        values (org, member, 'k', 'createCompany', sha256('i'), company);
        insert into outbox (org_id, id, kind) values (org, gen_random_uuid(), 'mail.send') returning id into step;
        insert into mail_attempts (org_id, id, mail_id, attempted_at, failure)
        values (org, gen_random_uuid(), step, now(), 'The mail server did not answer.');
        insert into portal_link_tokens (org_id, token_hash, link_id, generation)
        select org, sha256(('former' || org)::bytea), l.id, 0 from portal_links l where l.org_id = org limit 1;

        -- An invitation to one project, mailed.
        insert into invitations (org_id, id, company_id, contact_id, limited, invited_by, mail_id, expires_at)
        select org, gen_random_uuid(), company, t.id, true, member, step, now() + interval '14 days'
        from contacts t where t.org_id = org and t.company_id = company order by t.id limit 1 returning id into step;
        insert into invitation_records (org_id, invitation_id, record_id) values (org, step, project);
        insert into invitation_tokens (org_id, token_hash, invitation_id, round)
        values (org, sha256(('vi_' || org)::bytea), step, 1);
        insert into staff_sessions (org_id, id, member_id, token_hash, expires_at, ended_at)
        values (org, gen_random_uuid(), member, sha256(('vs_ended' || org)::bytea), now() + interval '1 day', now());
        select l.id into link from portal_links l join portals p on p.org_id = l.org_id and p.id = l.portal_id
        where l.org_id = org and p.company_id = company and p.record_id is null limit 1;
        insert into portal_sessions (org_id, id, link_id, generation, token_hash, expires_at, ended_at) values
            (org, gen_random_uuid(), link, 1, sha256(('vp_ended' || org)::bytea), now() + interval '1 day', now()),
            (org, gen_random_uuid(), link, 1, sha256(('vp_live' || org)::bytea), now() + interval '1 day', null);
        update portal_sessions set given_name = 'A visitor' where org_id = org and token_hash = sha256(('vp_live' || org)::bytea);
        insert into portal_idempotency_keys (org_id, session_id, key, operation, input_hash, subject_id)
        select org, s.id, 'k', 'message.post', sha256('i'), project from portal_sessions s
        where s.org_id = org and s.token_hash = sha256(('vp_live' || org)::bytea);
        insert into portal_usage (org_id, link_id, views, visits, visitors, last_viewed_at) values (org, link, 3, 2, 1, now());
        insert into portal_section_views (org_id, link_id, section, views) values (org, link, 'RECORDS', 3);
        insert into usage_batches (org_id, id, applied_at) values (org, gen_random_uuid(), now());

        -- A door with an access code, its bypass, and a preview of the first portal.
        insert into portals (org_id, id, label, title, company_id, modes, created_by, code_hash, code_key, code_version)
        values (org, gen_random_uuid(), 'Coded', 'Coded', company, '{RECORDS,FILES}', member, sha256('c'), 'test', 1)
        returning id into portal;
        insert into portal_links (org_id, id, portal_id, company_id, token_hash)
        values (org, gen_random_uuid(), portal, company, sha256(('coded' || org)::bytea)) returning id into link;
        insert into door_bypasses (org_id, id, link_id, token_hash, expires_at)
        values (org, gen_random_uuid(), link, sha256(('vb_' || org)::bytea), now() + interval '1 day');
        insert into portal_previews (org_id, id, portal_id, staff_session_id, token_hash, expires_at)
        select org, gen_random_uuid(), p.id, s.id, sha256(('vw_live' || org)::bytea), now() + interval '1 day'
        from portals p, staff_sessions s
        where p.org_id = org and p.company_id = company and p.record_id is null and p.code_hash is null
            and s.org_id = org and s.ended_at is null limit 1;

        -- Keys of partners' programs.
        insert into api_keys (org_id, id, name, token_hash, hint, scopes, company_id, created_by, revoked_at) values
            (org, gen_random_uuid(), 'All', sha256(('vk_all' || org)::bytea), 'aaaa', '{EVENTS_READ,RECORDS_READ,METRICS_WRITE,ACTIVITY_WRITE}', null, member, null),
            (org, gen_random_uuid(), 'Events', sha256(('vk_events' || org)::bytea), 'aaaa', '{EVENTS_READ}', company, member, null),
            (org, gen_random_uuid(), 'Gone', sha256(('vk_revoked' || org)::bytea), 'aaaa', '{EVENTS_READ}', null, member, now());
        insert into partner_idempotency_keys (org_id, api_key_id, key, operation, input_hash, subject_id)
        select org, k.id, 'k', 'activity.append', sha256('i'), project from api_keys k where k.org_id = org;

        -- What is planned, shown and not, and an address that a calendar program reads.
        update portals set modes = modes || '{CALENDAR}' where org_id = org and company_id = company and code_hash is null;
        insert into calendar_events (org_id, id, company_id, record_id, title, body, location, starts_on, ends_on, client_visible, created_by, archived_at)
        select org, gen_random_uuid(), c, r, 'Planned', 'More', 'Somewhere', current_date, current_date, visible, member, gone
        from (values (company, null::uuid, true, null::timestamptz), (company, project, true, null), (company, null, false, null),
            (company, project, true, now()),
            (company, (select id from records r where r.org_id = org and r.company_id = company order by id offset 1 limit 1), true, null),
            ((select id from companies c where c.org_id = org order by id offset 1 limit 1), null, true, null)) as v (c, r, visible, gone);
        insert into calendar_subscriptions (org_id, id, session_id, token_hash)
        select org, gen_random_uuid(), s.id, sha256(('vc_live' || org)::bytea) from portal_sessions s
        where s.org_id = org and s.token_hash = sha256(('vp_live' || org)::bytea);

        -- Dashboards, chosen and not, and numbers of others.
        update portals set modes = modes || '{DASHBOARD}' where org_id = org and company_id = company and code_hash is null;
        insert into dashboards (org_id, id, title, record_id, created_by, archived_at)
        select org, gen_random_uuid(), 'Board', r, member, gone
        from (values (project, null::timestamptz), (project, now()),
            ((select id from records r where r.org_id = org and r.company_id = company order by id offset 1 limit 1), null)) as v (r, gone);
        insert into portal_dashboards (org_id, portal_id, dashboard_id, position)
        select org, p.id, d.id, 0 from portals p, dashboards d where p.org_id = org and d.org_id = org and p.company_id = company;
        insert into dashboards (org_id, id, title, created_by) values (org, gen_random_uuid(), 'Unchosen', member);
        insert into metrics (org_id, id, key, name, unit, created_by) values (org, gen_random_uuid(), 'unshown', 'Unshown', 'secrets', member);
        insert into dashboard_widgets (org_id, id, dashboard_id, kind, title, metric_id, body, position)
        select org, gen_random_uuid(), d.id, w.kind, 'Widget', m.id, w.body, 7
        from dashboards d, (values ('LINE', null), ('TEXT', 'Words')) as w (kind, body)
        left join metrics m on m.org_id = org and w.kind = 'LINE'
            and m.key = 'visits'
        where d.org_id = org and d.title in ('Board', 'Unchosen');
        insert into metric_points (org_id, id, metric_id, company_id, record_id, measured_at, value, point_key)
        select org, gen_random_uuid(), m.id, r.company_id, r.id, now(), 1, 'crowd' || r.id
        from metrics m, records r where m.org_id = org and r.org_id = org;

        -- Where members sign in, and who the first is there.
        insert into sign_in_providers (org_id, issuer, client_id, client_secret, client_secret_key, redirect_url, configured_by)
        values (org, 'https://login.example', 'vestibule', 's', 'test', 'https://staff.example/back', member);
        insert into member_identities (org_id, issuer, subject, member_id) values (org, 'https://login.example', org::text, member);

        -- Somebody who is mailed, what they are to be told, and an address that is not mailed any more.
        insert into consents (org_id, id, portal_id, link_id, generation, session_id, email, language, topics, confirmed_at)
        select org, gen_random_uuid(), l.portal_id, l.id, l.generation, s.id, 'reader@client.example', 'EN', '{STATUS}', now()
        from portal_sessions s join portal_links l on l.org_id = s.org_id and l.id = s.link_id
        where s.org_id = org and s.ended_at is null limit 1 returning id into portal;
        insert into consent_tokens (org_id, token_hash, consent_id) values (org, sha256(('vn_' || org)::bytea), portal);
        insert into notifications (org_id, id, change_id, topic, company_id, record_id, email)
        values (org, gen_random_uuid(), gen_random_uuid(), 'STATUS', company, project, 'reader@client.example');
        insert into suppressions (org_id, id, email, reason) values (org, gen_random_uuid(), 'gone@client.example', 'BOUNCE');

        -- Clients may give feedback.
        update portals set modes = modes || '{FEEDBACK,ACTIVITY}' where org_id = org and code_hash is null;

        -- A deliverable whose first version was approved, the second is in the making; one that is hidden, and
        -- one of the project that is off.
        insert into deliverables (org_id, id, record_id, title, kind, format, internal_status, client_status, visible)
        values (org, pg_temp.low_id(), project, 'Poster', 'Design', 'PDF', 'late', 'Ready', true) returning id into step;
        insert into deliverable_versions (org_id, id, record_id, deliverable_id, number, note)
        values (org, pg_temp.low_id(), project, step, 1, 'A first try') returning id into link;
        insert into deliverable_versions (org_id, id, record_id, deliverable_id, number, note)
        values (org, gen_random_uuid(), project, step, 2, 'In the making');
        insert into deliverable_version_files (org_id, version_id, file_id, record_id)
        select org, link, f.id, project from files f where f.org_id = org and f.record_id = project and f.shared limit 1;
        update deliverable_versions set ready_at = now() where org_id = org and id = link;
        insert into deliverable_decisions (org_id, id, record_id, deliverable_id, version_id, verdict, decided_by, verified,
            session_id, decided_at, files_hash, receipt, receipt_key, public_key, signature)
        select org, pg_temp.low_id(), project, step, link, 'APPROVED', 'Ada', false, s.id, now(), sha256('f'),
            jsonb_build_object('kind', 'vestibule.deliverable_decision.1', 'organizationId', org, 'organization', 'x',
                'companyId', company, 'company', 'x', 'recordId', project, 'record', 'x', 'deliverableId', step,
                'deliverable', 'Poster', 'versionId', link, 'version', 1, 'decision', 'APPROVED', 'reason', null,
                'decidedBy', 'Ada', 'nameVerified', false, 'sessionId', s.id, 'decidedAt', '2026-11-26T00:00:00Z',
                'filesSha256', encode(sha256('f'), 'hex'))::text, 'test', sha256('k'),
            sha256('a') || sha256('b')
        from portal_sessions s where s.org_id = org and s.ended_at is null limit 1;
        update deliverable_versions set approval = 'APPROVED' where org_id = org and id = link;
        insert into deliverables (org_id, id, record_id, title, kind, visible)
        values (org, gen_random_uuid(), project, 'Hidden', 'Design', false) returning id into step;
        insert into deliverable_versions (org_id, id, record_id, deliverable_id, number, note)
        values (org, gen_random_uuid(), project, step, 1, 'Hidden') returning id into link;
        update deliverable_versions set ready_at = now() where org_id = org and id = link;
        insert into deliverables (org_id, id, record_id, title, kind, visible)
        select org, gen_random_uuid(), r.id, 'Off', 'Design', true from records r
        where r.org_id = org and r.company_id = company and not r.portal_enabled order by id limit 1;

        -- What clients are told: of a record, of the company, and of the project that is off.
        insert into activity_entries (org_id, id, company_id, record_id, title, body, url) values
            (org, gen_random_uuid(), company, project, 'A form', 'All of it', 'https://forms.example'),
            (org, gen_random_uuid(), company, null, 'Of the company', 'All of it', null);
        insert into activity_entries (org_id, id, company_id, record_id, title)
        select org, gen_random_uuid(), company, r.id, 'Off' from records r
        where r.org_id = org and r.company_id = company and not r.portal_enabled limit 1;
        insert into events (org_id, seq, id, kind, company_id, record_id, client_visible, payload, occurred_at)
        select org, 1 + row_number() over (order by a.id), gen_random_uuid(), 'activity.appended', company, a.record_id, true,
            jsonb_build_object('id', a.id), now()
        from activity_entries a where a.org_id = org;
        update event_counters set last_seq = 4 where org_id = org;

        -- What staff say among themselves, a task, and what a member is mailed of.
        insert into comments (org_id, id, record_id, author_id, body) values (org, gen_random_uuid(), project, member, 'Among us');
        insert into tasks (org_id, id, company_id, record_id, body, sender_name, sender_verified, assignee_id)
        values (org, gen_random_uuid(), company, project, 'A complaint', 'Ada', false, member) returning id into step;
        insert into team_notices (org_id, id, member_id, about, subject_id)
        values (org, gen_random_uuid(), member, 'FEEDBACK', step);

        -- A colleague who is invited, a contact with an account and its door, and an address to be proved.
        insert into member_invitations (org_id, id, email, role, invited_by, token_hash, expires_at)
        values (org, gen_random_uuid(), 'invited@colleague.example', 'MEMBER', member, sha256(('vm_' || org)::bytea), now() + interval '1 day');
        insert into address_proofs (org_id, id, kind, address, token_hash, expires_at)
        values (org, gen_random_uuid(), 'PASSWORD_RESET', 'forgot@client.example', sha256(('vr_' || org)::bytea), now() + interval '1 day');
        select c.id into portal from contacts c where c.org_id = org and c.company_id = company order by id limit 1;
        insert into people (id, email) values (gen_random_uuid(), 'client@' || org || '.example') returning id into link;
        insert into members (org_id, id, person_id, role, name, email)
        values (org, gen_random_uuid(), link, 'CLIENT', 'A client', 'client@' || org || '.example') returning id into link;
        insert into portal_accounts (org_id, id, company_id, contact_id) values (org, link, company, portal);
        insert into visitor_sessions (id, address, token_hash, expires_at)
        values (gen_random_uuid(), 'client@' || org || '.example', sha256(('va_live' || org)::bytea), now() + interval '1 day');
        insert into staff_sessions (org_id, id, member_id, token_hash, expires_at)
        values (org, gen_random_uuid(), link, sha256(('vs_client' || org)::bytea), now() + interval '1 day');

        -- A webhook endpoint with a delivery and its try.
        insert into webhook_endpoints (org_id, id, url, secret, secret_key, queued_to, created_by)
        values (org, gen_random_uuid(), 'https://partner.example/hook', 's', 'test', 1, member) returning id into link;
        insert into webhook_deliveries (org_id, id, endpoint_id, event_seq, event_id, event_kind, due_at, created_at)
        values (org, gen_random_uuid(), link, 1, gen_random_uuid(), 'record.created', now(), now()) returning id into portal;
        insert into webhook_attempts (org_id, id, delivery_id, attempted_at, duration_ms, status, answer)
        values (org, gen_random_uuid(), portal, now(), 5, 500, 'no');
    end loop;
end $$;

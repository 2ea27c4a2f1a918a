-- Demo content, planted as `owner`. Both organisations get the same names and amounts, so that a
-- row seen on the wrong side could not be told by its look: only isolation keeps them apart.

-- A UUIDv7 for a moment, as the service's clock would have made it then.
create function pg_temp.id_at(moment timestamptz) returns uuid
language sql volatile
as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from moment) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create function pg_temp.pick(choices text[], n bigint) returns text
language sql immutable
as $$ select choices[1 + (n % array_length(choices, 1))] $$;

create function pg_temp.plant_types(org uuid) returns void
language plpgsql
as $$
declare
    project uuid := pg_temp.id_at(now() - interval '400 days');
    request uuid := pg_temp.id_at(now() - interval '399 days');
begin
    insert into record_types (org_id, id, key, name, name_plural, built_in, shared, shared_fields) values
        (org, project, 'project', 'Project', 'Projects', true, true,
            '{PHASE,STATUS,DESCRIPTION,PROGRESS,MILESTONES,DEADLINES}'),
        (org, request, 'request', 'Change request', 'Change requests', false, true, '{PHASE,STATUS}');
    insert into stages (org_id, id, type_id, name, color, client_phase, position)
    select org, gen_random_uuid(), project, s.name, s.color, s.phase, s.n - 1
    from unnest(
        array['Discovery', 'Scheduled', 'Design', 'Build', 'Client review', 'Delivered'],
        array['#7c6f9f', '#4f7cac', '#c9822b', '#b5532a', '#8a4f9e', '#3f8f5f'],
        array['PLANNING', 'SCHEDULED', 'IN_PROGRESS', 'IN_PROGRESS', 'IN_REVIEW', 'DELIVERED'])
        with ordinality as s (name, color, phase, n);
    insert into stages (org_id, id, type_id, name, color, client_phase, position)
    select org, gen_random_uuid(), request, s.name, s.color, s.phase, s.n - 1
    from unnest(array['Received', 'In progress', 'Done'], array['#4f7cac', '#c9822b', '#3f8f5f'],
        array['PLANNING', 'IN_PROGRESS', 'DELIVERED']) with ordinality as s (name, color, phase, n);
    insert into field_definitions (org_id, id, type_id, key, label, kind, options, shared, position) values
        (org, gen_random_uuid(), project, 'scope', 'Scope', 'SELECT', '{Essential,Standard,Complete}', true, 0),
        (org, gen_random_uuid(), project, 'preview_url', 'Preview', 'URL', '{}', true, 1),
        (org, gen_random_uuid(), project, 'kickoff', 'Kick-off', 'DATE', '{}', true, 2),
        (org, gen_random_uuid(), project, 'internal_budget', 'Internal budget', 'MONEY', '{}', false, 3),
        (org, gen_random_uuid(), project, 'margin_note', 'Margin note', 'TEXT', '{}', false, 4);
end $$;

create function pg_temp.plant_companies(org uuid, first_number int, last_number int) returns void
language sql
as $$
    insert into companies (org_id, id, name, website, notes)
    select org, pg_temp.id_at(now() - interval '300 days' + n * interval '1 second'),
        pg_temp.pick(array['Alder & Finch', 'Birchwood Clinic', 'Cobalt Cycles', 'Dune Coffee', 'Eastgate Theatre',
            'Fjord Outdoor', 'Granary Foods', 'Harbour Law'], n) || case when n >= 8 then ' ' || (n / 8 + 1) else '' end,
        'https://client-' || n || '.example', 'Prefers calls before noon.'
    from generate_series(first_number, last_number) as n;
    insert into contacts (org_id, id, company_id, name, email)
    select org, gen_random_uuid(), c.id,
        pg_temp.pick(array['Ada Moreau', 'Bela Novak', 'Chidi Okafor', 'Dana Lindqvist'], row_number() over (order by c.id) - 1),
        'contact@' || substr(c.website, 9)
    from companies c
    where c.org_id = org and not exists (select from contacts k where k.org_id = org and k.company_id = c.id)
$$;

-- A project's dates, status and milestones follow from its stage, so that the page tells one story.
create function pg_temp.plant_projects(org uuid, member uuid, each int) returns void
language sql
as $$
    insert into records (org_id, id, type_id, company_id, stage_id, name, description, internal_status, client_status,
        owner_id, lead_id, starts_on, due_on, percent_done, portal_enabled, custom)
    select org, pg_temp.id_at(now() - interval '200 days' + p.n * interval '7 days'), t.id, c.id, s.id,
        pg_temp.pick(array['Website relaunch', 'Brand refresh', 'Booking app', 'Product photography', 'Spring campaign',
            'Accessibility audit', 'Customer portal', 'Annual report'], p.n)
            || case when p.n >= 8 then ' ' || (p.n / 8 + 1) else '' end,
        'Agreed in the kick-off: one team, one contact, a review every second week.',
        pg_temp.pick(array['margin at risk', 'waiting for payroll', 'good margin'], p.n),
        (array['Getting ready', 'Starts soon', 'On track', 'On track', 'Waiting for your feedback', 'Delivered'])[s.position + 1],
        member, member, dates.starts_on, dates.due_on, (array[0, 11, 33, 67, 78, 100])[s.position + 1], true,
        jsonb_build_object('scope', pg_temp.pick(array['Essential', 'Standard', 'Complete'], p.n),
            'preview_url', 'https://preview.example/' || p.n, 'kickoff', to_char(dates.starts_on, 'YYYY-MM-DD'),
            'internal_budget', jsonb_build_object('amount', '48000.00', 'currency', 'EUR'),
            'margin_note', 'Renegotiate before the second phase.')
    from companies c
    cross join generate_series(0, each - 1) as p (n)
    join record_types t on t.org_id = org and t.key = 'project'
    join stages s on s.org_id = org and s.type_id = t.id and s.position = (p.n * 5 + 2) % 6
    cross join lateral (select
        current_date + (array[14, 5, -20, -40, -60, -110])[s.position + 1] + p.n / 6 * 3 as starts_on,
        current_date + (array[90, 60, 35, 18, 6, -19])[s.position + 1] + p.n / 6 * 3 as due_on) dates
    where c.org_id = org and not exists (select from records r where r.org_id = org and r.company_id = c.id);
    insert into milestones (org_id, id, record_id, name, weight, due_on, completed_at, position)
    select org, gen_random_uuid(), r.id,
        pg_temp.pick(array['Kick-off', 'Concept', 'Implementation', 'Review', 'Handover'], m.n), 1 + m.n % 3,
        r.starts_on + (r.due_on - r.starts_on) * (m.n + 1) / 5,
        case when m.n < s.position
            then least(r.starts_on + (r.due_on - r.starts_on) * (m.n + 1) / 5, current_date - (5 - m.n)) end, m.n
    from records r
    join stages s on s.org_id = org and s.id = r.stage_id
    cross join generate_series(0, 4) as m (n)
    where r.org_id = org and not exists (select from milestones x where x.org_id = org and x.record_id = r.id)
$$;

create function pg_temp.plant_threads(org uuid, member uuid, files_each int, messages_each int) returns void
language sql
as $$
    insert into files (org_id, id, record_id, name, media_type, byte_size, shared)
    select org, gen_random_uuid(), r.id,
        pg_temp.pick(array['Concept.pdf', 'Wireframes.png', 'Offer.docx', 'Photos.zip'], f.n), 
        pg_temp.pick(array['application/pdf', 'image/png',
            'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/zip'], f.n),
        20000 + f.n * 1234, f.n % 10 <> 9
    from records r cross join generate_series(0, files_each - 1) as f (n)
    where r.org_id = org and not exists (select from files x where x.org_id = org and x.record_id = r.id);
    insert into messages (org_id, id, record_id, sender_type, sender_name, sender_member_id, body, created_at)
    select org, pg_temp.id_at(sent.at), r.id, case when m.n % 2 = 0 then 'STAFF' else 'CLIENT' end,
        case when m.n % 2 = 0 then 'Robin Hale' else 'Ada Moreau' end, case when m.n % 2 = 0 then member end,
        pg_temp.pick(array['The new draft is in the files.', 'Thank you, we will look at it today.',
            'Could the header be a little calmer?', 'Done, please have another look.'], m.n), sent.at
    from records r cross join generate_series(0, messages_each - 1) as m (n)
    cross join lateral (select now() - (messages_each - m.n) * interval '3 hours'
        - abs(hashtext(r.name)) % 170 * interval '1 minute' as at) sent
    where r.org_id = org and not exists (select from messages x where x.org_id = org and x.record_id = r.id)
$$;

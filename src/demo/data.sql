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
    insert into files (org_id, id, record_id, name, media_type, byte_size, shared, created_at)
    select org, pg_temp.id_at(added.at), r.id,
        replace(pg_temp.pick(array['Concept.pdf', 'Wireframes.png', 'Offer.docx', 'Walkthrough.mp4'], f.n), '.',
            case when f.n < 4 then '.' else ' ' || f.n / 4 + 1 || '.' end),
        pg_temp.pick(array['application/pdf', 'image/png',
            'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'video/mp4'], f.n),
        20000 + f.n * 1234, f.n % 10 <> 9, added.at
    from records r cross join generate_series(0, files_each - 1) as f (n)
    cross join lateral (select now() - (files_each - f.n) * interval '2 days' as at) added
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

create function pg_temp.plant_calendar(org uuid, member uuid) returns void
language sql
as $$
    insert into calendar_events (org_id, id, company_id, record_id, title, body, location, starts_at, ends_at, client_visible, created_by)
    select org, pg_temp.id_at(now()), c.id, case when e.of_project then p.id end, e.title, e.body, e.place,
        (current_date + e.away + e.first) at time zone 'Europe/Berlin', (current_date + e.away + e.last) at time zone 'Europe/Berlin',
        e.visible, member
    from companies c
    cross join (values
        ('Kick-off workshop', 'Please bring your latest brand guidelines.', 'Our studio, second floor', -12, time '09:30', time '12:00', true, true),
        ('Weekly call', null, 'Video call', -4, time '14:00', time '14:30', true, false),
        ('Weekly call', null, 'Video call', 3, time '14:00', time '14:30', true, false),
        ('Design review', 'We look at the new templates together; the draft is in the files the evening before.', 'Video call', 5, time '10:00', time '11:30', true, true),
        ('Weekly call', null, 'Video call', 10, time '14:00', time '14:30', true, false),
        ('Margin check', 'Before the next invoice.', null, 4, time '16:00', time '16:30', false, true)
    ) as e (title, body, place, away, first, last, visible, of_project)
    left join lateral (select r.id from records r where r.org_id = org and r.company_id = c.id order by r.id limit 1) p on true
    where c.org_id = org and not exists (select from calendar_events x where x.org_id = org and x.company_id = c.id);
    insert into calendar_events (org_id, id, company_id, record_id, title, body, location, starts_on, ends_on, client_visible, created_by)
    select org, pg_temp.id_at(now()), c.id, case when e.of_project then p.id end, e.title, e.body, e.place,
        current_date + e.first, current_date + e.last, true, member
    from companies c
    cross join (values
        ('Photo shoot', 'Two people and a dog, whatever the weather.', 'At your place', 12, 13, true),
        ('Studio closed', 'We are back, rested, the week after.', null, 26, 31, false)
    ) as e (title, body, place, first, last, of_project)
    left join lateral (select r.id from records r where r.org_id = org and r.company_id = c.id order by r.id limit 1) p on true
    where c.org_id = org and not exists (
        select from calendar_events x where x.org_id = org and x.company_id = c.id and x.starts_on is not null)
$$;

-- A dashboard that any portal can show, and what was measured for the first companies and their first
-- project in sixty days.
create function pg_temp.plant_dashboards(org uuid, member uuid) returns void
language plpgsql
as $$
declare
    visits uuid := gen_random_uuid();
    hours uuid := gen_random_uuid();
    rate uuid := gen_random_uuid();
    board uuid := gen_random_uuid();
begin
    insert into metrics (org_id, id, key, name, unit, created_by) values
        (org, visits, 'visits', 'Visits of the website', 'visits', member),
        (org, hours, 'hours', 'Hours worked', 'hours', member),
        (org, rate, 'conversion', 'Visitors who write to us', '%', member);
    insert into metric_points (org_id, id, metric_id, company_id, record_id, measured_at, value, point_key)
    select org, gen_random_uuid(), m.id, c.id, s.record_id, current_date - d.n * m.every + time '08:00',
        case m.id when visits then round(240 - d.n * 1.5 + 38 * sin(d.n / 4.0) - case when d.n % 7 in (2, 3) then 45 else 0 end)
            when hours then 96 - d.n * 1.5
            else round((3.4 - d.n * 0.12 + 0.3 * sin(d.n))::numeric, 1) end,
        'demo-' || coalesce(s.record_id, c.id) || '-' || d.n
    from (select x.id from companies x where x.org_id = org order by x.id limit 6) c
    cross join lateral (select null::uuid as record_id union all
        (select r.id from records r where r.org_id = org and r.company_id = c.id order by r.id limit 1)) s
    cross join (values (visits, 1, 60), (hours, 1, 50), (rate, 7, 9)) as m (id, every, many)
    cross join lateral generate_series(0, m.many - 1) as d (n);
    insert into dashboards (org_id, id, title, created_by) values (org, board, 'How it is going', member);
    insert into dashboard_widgets (org_id, id, dashboard_id, kind, title, metric_id, built_in, target, days, body, position)
    select org, gen_random_uuid(), board, w.kind, w.title, w.metric_id, w.built_in, w.target, w.days, w.body, w.place - 1
    from unnest(
        array['LINE', 'NUMBER', 'PROGRESS', 'BAR', 'PROGRESS', 'TABLE', 'NUMBER', 'TEXT'],
        array['Visits a day', 'Visits yesterday', 'Hours of the budget', 'Where projects stand', 'Milestones on time',
            'Visitors who write to us', 'Projects under way', 'How to read this'],
        array[visits, visits, hours, null, null, rate, null, null],
        array[null, null, null, 'RECORDS_BY_STAGE', 'ON_TIME_MILESTONES', null, 'ACTIVE_RECORDS', null],
        array[null, null, 120, null, null, null, null, null]::double precision[],
        array[60, 7, 60, 90, 90, 90, 90, null],
        array[null, null, null, null, null, null, null,
            'Visits are counted every morning. Hours include what the whole team worked for you, and are billed at the end of the month.'])
        with ordinality as w (kind, title, metric_id, built_in, target, days, body, place);
end $$;

-- What goes on in the demo besides records, files and messages: deliverables, feedback, activity. Planted as
-- `owner`, into the demo only: tests begin with an empty log.

-- Deliverables follow from the stage, so that the page tells one story: before design nothing is ready, then
-- one is approved and one waits for the client in its second version, and at the end all are approved.
create function pg_temp.plant_deliverables(org uuid) returns void
language plpgsql
as $$
begin
    insert into deliverables (org_id, id, record_id, title, kind, format, internal_status, client_status, visible, created_at)
    select org, pg_temp.id_at(r.starts_on + interval '9 hours' + n * interval '1 hour'), r.id, d.title[n], d.kind[n], d.format[n],
        'waits for the freelancer', (array['In the making', 'For your review', 'Final'])[1 + (s.position + 1) / 3], true, r.starts_on + interval '10 hours'
    from records r
    join stages s on s.org_id = org and s.id = r.stage_id
    cross join generate_series(1, 2) as n
    cross join lateral (select
        case when r.name like 'Brand%' then array['Logo and colours', 'Style guide']
            when r.name like 'Booking%' then array['Clickable prototype', 'Booking flow']
            when r.name like 'Product%' then array['Contact sheet', 'Retouched photos']
            when r.name like 'Spring%' then array['Key visual', 'Thirty-second film']
            when r.name like 'Annual%' then array['Chapter texts', 'Printed report']
            else array['Homepage design', 'Page templates'] end as title,
        array['Design', case when r.name like 'Spring%' then 'Film' else 'Design' end] as kind,
        array['PDF', case when r.name like 'Spring%' then '1080p' else 'PNG' end] as format) d
    where r.org_id = org;
    insert into deliverable_versions (org_id, id, record_id, deliverable_id, number, note, created_at)
    select org, pg_temp.id_at(d.created_at + v * interval '9 days'), d.record_id, d.id, v,
        (array['A first version to look at: structure and mood.', 'Calmer header, larger type, your photos instead of ours.'])[v],
        d.created_at + v * interval '9 days'
    from deliverables d
    join records r on r.org_id = org and r.id = d.record_id
    join stages s on s.org_id = org and s.id = r.stage_id
    cross join generate_series(1, 2) as v
    where d.org_id = org and (v = 1 or (s.position >= 2 and d.kind <> '' and d.title in
        ('Style guide', 'Booking flow', 'Retouched photos', 'Thirty-second film', 'Printed report', 'Page templates')));
    insert into deliverable_version_files (org_id, version_id, file_id, record_id)
    select org, v.id, f.id, v.record_id
    from deliverable_versions v
    cross join lateral (
        select f.id from files f where f.org_id = org and f.record_id = v.record_id and f.shared and f.archived_at is null
        order by f.id offset v.number - 1 limit 2) f
    where v.org_id = org;
    update deliverable_versions v set ready_at = least(v.created_at + interval '3 hours', now() - interval '5 hours')
    from records r join stages s on s.org_id = r.org_id and s.id = r.stage_id
    where v.org_id = org and r.org_id = org and r.id = v.record_id and s.position >= 2;
    insert into dashboard_widgets (org_id, id, dashboard_id, kind, title, built_in, days, position)
    select org, pg_temp.id_at(now()), b.id, 'BAR', 'What you decided', 'APPROVALS', 90, 8
    from dashboards b where b.org_id = org;
end $$;

create function pg_temp.plant_feedback(org uuid, member uuid) returns void
language sql
as $$
    insert into tasks (org_id, id, company_id, record_id, body, sender_name, sender_verified, assignee_id, created_at, closed_at, closed_by)
    select org, pg_temp.id_at(at), r.company_id, case when r.n % 3 <> 2 then r.id end,
        pg_temp.pick(array['The weekly call helps a lot. Please keep it.', 'Could the invoices name the purchase order?',
            'We felt a little lost between the second and the third draft.'], r.n),
        'Ada Moreau', false, case when r.n % 3 <> 2 then member end, at,
        case when r.n % 3 = 0 then at + interval '1 day' end, case when r.n % 3 = 0 then member end
    from (select r.*, row_number() over (order by r.id) as n from records r where r.org_id = org order by r.id limit 9) r
    cross join lateral (select now() - r.n * interval '31 hours' as at) t
$$;

create function pg_temp.plant_entries(org uuid) returns void
language sql
as $$
    insert into activity_entries (org_id, id, company_id, record_id, title, body, url, created_at)
    select org, pg_temp.id_at(at), r.company_id, r.id,
        pg_temp.pick(array['The intake form was submitted', 'Work order 2214 was closed', 'The domain was registered'], r.n),
        pg_temp.pick(array['Submitted by Ada Moreau, with two attachments.', 'The photographer was on site for three hours.',
            'It renews by itself in a year.'], r.n),
        case when r.n % 3 = 1 then 'https://forms.example/intake' end, at
    from (select r.*, row_number() over (order by r.id) as n from records r where r.org_id = org and r.starts_on < current_date) r
    cross join lateral (select now() - (r.n % 9) * interval '17 hours' - interval '2 hours' as at) t
    union all
    select org, pg_temp.id_at(now() - interval '26 hours'), c.id, null, 'The studio is closed on 24 and 31 December', null, null,
        now() - interval '26 hours'
    from companies c where c.org_id = org
$$;

-- The log as it would be, had all of this been done through the service: in the order of time, without gaps.
create function pg_temp.plant_events(org uuid, member uuid) returns void
language plpgsql
as $$
begin
    insert into events (org_id, seq, id, kind, actor_member_id, company_id, record_id, client_visible, payload, occurred_at)
    select org, row_number() over (order by e.at, e.subject), pg_temp.id_at(e.at), e.kind, case when e.staff then member end,
        e.company_id, e.record_id, true, jsonb_build_object('id', e.subject), e.at
    from (
        select 'record.created' as kind, r.id as subject, r.company_id, r.id as record_id, true as staff,
            least(r.starts_on::timestamptz + interval '9 hours', now() - interval '3 days') as at
        from records r where r.org_id = org
        union all
        select 'record.moved', r.id, r.company_id, r.id, true, now() - (10 + s.position * 7) * interval '1 hour'
        from records r join stages s on s.org_id = org and s.id = r.stage_id where r.org_id = org and s.position > 0
        union all
        select 'milestone.completed', m.id, r.company_id, r.id, true, m.completed_at + interval '15 hours'
        from milestones m join records r on r.org_id = org and r.id = m.record_id
        where m.org_id = org and m.completed_at is not null
        union all
        select 'message.posted', m.id, r.company_id, r.id, m.sender_type = 'STAFF', m.created_at
        from messages m join records r on r.org_id = org and r.id = m.record_id where m.org_id = org
        union all
        select 'deliverable.ready', v.deliverable_id, r.company_id, r.id, true, v.ready_at
        from deliverable_versions v join records r on r.org_id = org and r.id = v.record_id
        where v.org_id = org and v.ready_at is not null
        union all
        select 'deliverable.' || lower(d.verdict), d.deliverable_id, r.company_id, r.id, false, d.decided_at
        from deliverable_decisions d join records r on r.org_id = org and r.id = d.record_id where d.org_id = org
        union all
        select 'activity.appended', a.id, a.company_id, a.record_id, true, a.created_at from activity_entries a where a.org_id = org
    ) e
    where e.at <= now();
    update event_counters set last_seq = (select coalesce(max(seq), 0) from events where org_id = org) where org_id = org;
end $$;

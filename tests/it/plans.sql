-- A thousand companies of one organisation with 20 projects each, 200,000 files, 1,000,000 messages
-- and 100,000 events, copied from its first project: one statement a table, without triggers, in seconds.
set session_replication_role = replica;
create temporary table one as
    select r.* from records r join organizations o on o.org_id = r.org_id
    where o.slug = 'northlight' order by r.id limit 1;
create temporary table many_companies as
    select gen_random_uuid() as id, n from generate_series(1, 1000) as n;
insert into companies (org_id, id, name)
select one.org_id, c.id, 'Company ' || c.n from one, many_companies c;
create temporary table many_records as
    select gen_random_uuid() as id, c.id as company_id, p as n from many_companies c, generate_series(1, 20) as p;
insert into records (org_id, id, type_id, company_id, stage_id, name, owner_id, portal_enabled, custom, custom_shared,
    shared_phase, shared_status, shared_percent, shared_due_on)
select one.org_id, r.id, one.type_id, r.company_id, one.stage_id, 'Project ' || r.n, one.owner_id, true, one.custom,
    one.custom_shared, one.shared_phase, one.shared_status, one.shared_percent, one.shared_due_on
from one, many_records r;
insert into milestones (org_id, id, record_id, name, position)
select one.org_id, gen_random_uuid(), r.id, 'Milestone', m from one, many_records r, generate_series(0, 4) as m;
insert into files (org_id, id, record_id, name, media_type, byte_size, shared)
select one.org_id, gen_random_uuid(), r.id, 'Concept.pdf', 'application/pdf', 20000, f < 10
from one, many_records r, generate_series(1, 10) as f;
insert into messages (org_id, id, record_id, sender_type, sender_name, body)
select one.org_id, gen_random_uuid(), r.id, 'CLIENT', 'Ada Moreau', 'Thank you, we will look at it today.'
from one, many_records r, generate_series(1, 50) as m;
insert into events (org_id, seq, id, kind, company_id, record_id, client_visible, payload, occurred_at)
select one.org_id, 1000000 + row_number() over (order by e, r.id), gen_random_uuid(), 'message.posted', r.company_id,
    r.id, true, jsonb_build_object('id', gen_random_uuid()), now()
from one, many_records r, generate_series(1, 5) as e;
insert into portals (org_id, id, label, title, company_id, modes, created_by)
select one.org_id, gen_random_uuid(), 'Many', 'Many', c.id, '{RECORDS,FILES,MESSAGES,ACTIVITY}', one.owner_id
from one, many_companies c;
insert into portal_links (org_id, id, portal_id, company_id, token_hash)
select p.org_id, gen_random_uuid(), p.id, p.company_id, sha256(('many' || c.n)::bytea)
from portals p join many_companies c on c.id = p.company_id;
insert into portal_sessions (org_id, id, link_id, generation, token_hash, expires_at)
select l.org_id, gen_random_uuid(), l.id, 1, sha256(('vp_many' || c.n)::bytea), now() + interval '1 day'
from portal_links l join many_companies c on c.id = l.company_id;
set session_replication_role = origin;
analyze;

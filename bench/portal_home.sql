-- The portal home by hand: what `{ portal { doorway home } }` reads, as the same login under the same
-- policies and settings, prepared and pipelined. script/bench makes bench_tokens.
\set n random(1, :portals)
\startpipeline
begin isolation level repeatable read read only;
select enter_portal((select hash from bench_tokens where n = :n));
select p.org_id, p.id, p.title, p.company_id, p.record_id, p.modes, p.attribution, o.name, o.time_zone, o.accent_color,
    o.welcome_message, o.website, o.support_email, c.name
from portals p
join organizations o on o.org_id = p.org_id
join companies c on c.id = p.company_id;
select id, key, name, name_plural, show_stage_names from record_types order by id;
select id, type_id, name, color, client_phase from stages order by position, id;
select id, type_id, name, shared_phase, shared_stage_id, shared_status, shared_percent, shared_starts_on, shared_due_on,
    (select count(*) from files f where f.record_id = r.id), (select count(*) from messages m where m.record_id = r.id)
from records r
order by shared_due_on nulls last, id;
commit;
\endpipeline

-- The staff's list by hand: the first 100 records by name, as the same login under the same policies,
-- prepared and pipelined. script/bench makes bench_staff.
\startpipeline
begin isolation level repeatable read read only;
select enter_staff((select hash from bench_staff));
select m.org_id, m.id, m.role, m.permissions, o.time_zone
from members m join organizations o on o.org_id = m.org_id
where m.id = (select app_id('app.member'));
select id, name, client_status, due_on, type_id, stage_id, company_id, version
from records
where archived_at is null
order by name, id
limit 101;
commit;
\endpipeline

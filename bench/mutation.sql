-- Creating a company by hand: the row, its audit entry and its event, as the same login under the same
-- policies, in one transaction. script/bench makes bench_staff.
begin;
select enter_staff((select hash from bench_staff));
insert into companies (org_id, id, name) values (app_org(), gen_random_uuid(), 'Benchmark');
insert into audit_entries (org_id, id, action, actor_member_id, request_id, occurred_at)
values (app_org(), gen_random_uuid(), 'company.created', app_id('app.member'), 'bench', now());
select append_events(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'kind', 'company.created',
    'actorMemberId', app_id('app.member'), 'clientVisible', false, 'payload', '{}'::jsonb, 'occurredAt', now())));
commit;

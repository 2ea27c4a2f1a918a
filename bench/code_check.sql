-- Opening a coded portal by hand: what `access.openPortal` reads and writes once the code was found right,
-- as the same login through the same doors. script/bench makes bench_coded.
\set n random(1, :coded)
begin;
select * from find_door((select hash from bench_coded where n = :n));
select start_portal_session((select hash from bench_coded where n = :n), gen_random_uuid(),
    sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'API', now() + interval '30 days', (select mark from bench_coded where n = :n));
commit;

-- Deliverables and what clients decide of them (DEL-1 to DEL-4). What shows is marked on every row of one,
-- so that policies compare their own row only; triggers keep the marks.

create table deliverables (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    title text not null check (char_length(title) between 1 and 200),
    kind text not null check (char_length(kind) between 1 and 80),
    format text check (char_length(format) between 1 and 80),
    internal_status text check (char_length(internal_status) between 1 and 80),
    client_status text check (char_length(client_status) between 1 and 80),
    visible boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz,
    primary key (org_id, id),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index deliverables_record on deliverables (org_id, record_id, id);
comment on table deliverables is 'Something that is made for a client and waits for their word (DEL-1).';
comment on column deliverables.org_id is 'The tenant.';
comment on column deliverables.id is 'UUIDv7, made by the service.';
comment on column deliverables.record_id is 'What it is part of.';
comment on column deliverables.title is 'Name staff and clients read.';
comment on column deliverables.kind is 'What it is, in the team''s words: Design, Copy, Film.';
comment on column deliverables.format is 'What it comes as: PDF, 1080p.';
comment on column deliverables.internal_status is 'A label for staff only.';
comment on column deliverables.client_status is 'A label for clients.';
comment on column deliverables.visible is 'DEL-2: whether clients see it.';
comment on column deliverables.version is 'Raised by every change; an update names the one it read.';
comment on column deliverables.created_at is 'When it was added.';
comment on column deliverables.updated_at is 'When it was last changed.';
comment on column deliverables.archived_at is 'Hides it; deletes nothing.';

create table deliverable_versions (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    deliverable_id uuid not null,
    number integer not null check (number >= 1),
    note text check (char_length(note) between 1 and 2000),
    ready_at timestamptz,
    approval text not null default 'PENDING' check (approval in ('PENDING', 'APPROVED', 'REVISION_REQUESTED', 'REJECTED')),
    visible boolean not null default false,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, deliverable_id, number),
    check (approval = 'PENDING' or ready_at is not null),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, deliverable_id) references deliverables (org_id, id) on delete cascade
);
create index deliverable_versions_record on deliverable_versions (org_id, record_id);
comment on table deliverable_versions is 'A version of a deliverable, with an approval of its own (DEL-1). From when it is ready for review it does not change any more.';
comment on column deliverable_versions.org_id is 'The tenant.';
comment on column deliverable_versions.id is 'UUIDv7, made by the service.';
comment on column deliverable_versions.record_id is 'The deliverable''s.';
comment on column deliverable_versions.deliverable_id is 'Of what it is a version.';
comment on column deliverable_versions.number is 'From 1, without gaps.';
comment on column deliverable_versions.note is 'What is new, for staff and clients.';
comment on column deliverable_versions.ready_at is 'When clients were asked for their word; null while the team works on it.';
comment on column deliverable_versions.approval is 'What became of it; written by decide_version.';
comment on column deliverable_versions.visible is 'Whether clients see it: the deliverable''s mark, once it is ready. Kept by trigger.';
comment on column deliverable_versions.created_at is 'When it was begun.';

create table deliverable_version_files (
    org_id uuid not null,
    version_id uuid not null,
    file_id uuid not null,
    record_id uuid not null,
    visible boolean not null default false,
    primary key (org_id, version_id, file_id),
    foreign key (org_id, version_id) references deliverable_versions (org_id, id) on delete cascade,
    foreign key (org_id, file_id) references files (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index deliverable_version_files_file on deliverable_version_files (org_id, file_id);
create index deliverable_version_files_record on deliverable_version_files (org_id, record_id);
comment on table deliverable_version_files is 'Which files of its record a version consists of.';
comment on column deliverable_version_files.org_id is 'The tenant.';
comment on column deliverable_version_files.version_id is 'The version.';
comment on column deliverable_version_files.file_id is 'The file. Clients see it if it is shared as well.';
comment on column deliverable_version_files.record_id is 'The version''s.';
comment on column deliverable_version_files.visible is 'Whether clients see the version. Kept by trigger.';

create table deliverable_decisions (
    org_id uuid not null,
    id uuid not null,
    record_id uuid not null,
    deliverable_id uuid not null,
    version_id uuid not null,
    verdict text not null check (verdict in ('APPROVED', 'REVISION_REQUESTED', 'REJECTED')),
    reason text check (char_length(reason) between 1 and 10000),
    decided_by text not null check (char_length(decided_by) between 1 and 120),
    verified boolean not null,
    session_id uuid not null,
    contact_id uuid,
    decided_at timestamptz not null,
    files_hash bytea not null check (octet_length(files_hash) = 32),
    receipt text not null,
    receipt_key text not null check (char_length(receipt_key) between 1 and 40),
    public_key bytea not null check (octet_length(public_key) = 32),
    signature bytea not null check (octet_length(signature) = 64),
    visible boolean not null default true,
    primary key (org_id, id),
    unique (org_id, version_id),
    check (verdict = 'APPROVED' or reason is not null),
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade,
    foreign key (org_id, deliverable_id) references deliverables (org_id, id) on delete cascade,
    foreign key (org_id, version_id) references deliverable_versions (org_id, id) on delete cascade,
    foreign key (org_id, contact_id) references contacts (org_id, id) on delete set null (contact_id)
);
create index deliverable_decisions_record on deliverable_decisions (org_id, record_id);
create index deliverable_decisions_deliverable on deliverable_decisions (org_id, deliverable_id);
create index deliverable_decisions_contact on deliverable_decisions (org_id, contact_id) where contact_id is not null;
comment on table deliverable_decisions is 'What a client decided of a version: one decision each, kept for good (DEL-3). Append only.';
comment on column deliverable_decisions.org_id is 'The tenant.';
comment on column deliverable_decisions.id is 'UUIDv7, made by the service.';
comment on column deliverable_decisions.record_id is 'The deliverable''s.';
comment on column deliverable_decisions.deliverable_id is 'The version''s.';
comment on column deliverable_decisions.version_id is 'What was decided of.';
comment on column deliverable_decisions.verdict is 'What was decided.';
comment on column deliverable_decisions.reason is 'Why, in the client''s words; it stands in the record''s thread too.';
comment on column deliverable_decisions.decided_by is 'The client''s name as it was then.';
comment on column deliverable_decisions.verified is 'False where the name is only what they said it is.';
comment on column deliverable_decisions.session_id is 'From which portal session. No foreign key: it outlives the session.';
comment on column deliverable_decisions.contact_id is 'Whose link it was, if a contact''s.';
comment on column deliverable_decisions.decided_at is 'When.';
comment on column deliverable_decisions.files_hash is 'SHA-256 over a line for each of the version''s files by id: the id, a space, the SHA-256 of its bytes in hexadecimal, a line feed.';
comment on column deliverable_decisions.receipt is 'What was signed: JSON, byte for byte.';
comment on column deliverable_decisions.receipt_key is 'Id of the sealing key that the signing key was derived from.';
comment on column deliverable_decisions.public_key is 'Ed25519, to check the signature with.';
comment on column deliverable_decisions.signature is 'Ed25519, of receipt.';
comment on column deliverable_decisions.visible is 'Whether clients see the version. Kept by trigger.';

do $$
declare
    name text;
begin
    foreach name in array array['deliverables', 'deliverable_versions', 'deliverable_version_files', 'deliverable_decisions'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy owner_all on %I to owner using (true) with check (true)', name);
        execute format('create policy app_staff_select on %I for select to app_staff using (org_id = (select app_org()))', name);
        execute format('create policy app_staff_update on %I for update to app_staff using (org_id = (select app_org()))', name);
        execute format('create policy door_select on %I for select to door using (org_id = (select app_org()))', name);
        execute format('create policy app_portal_select on %I for select to app_portal using (org_id = (select app_org()) and visible
            %s and record_id = any ((select app_ids(''app.records''))::uuid[]))', name,
            case name when 'deliverables' then 'and archived_at is null' else '' end);
    end loop;
end $$;
create policy app_staff_insert on deliverables for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_insert on deliverable_versions for insert to app_staff
    with check (org_id = (select app_org()) and approval = 'PENDING' and ready_at is null);
create policy app_staff_insert on deliverable_version_files for insert to app_staff with check (org_id = (select app_org()));
create policy app_staff_delete on deliverable_version_files for delete to app_staff using (org_id = (select app_org()));
create policy door_update on deliverable_versions for update to door using (org_id = (select app_org()));
create policy door_insert on deliverable_decisions for insert to door with check (org_id = (select app_org()));
create policy door_insert on messages for insert to door with check (org_id = (select app_org()));

grant select, insert (org_id, id, record_id, title, kind, format, internal_status, client_status, visible),
    update (title, kind, format, internal_status, client_status, visible, version, updated_at, archived_at) on deliverables to app_staff;
grant select, insert (org_id, id, record_id, deliverable_id, number, note), update (note, ready_at, visible)
    on deliverable_versions to app_staff;
grant select, insert (org_id, version_id, file_id, record_id), update (visible), delete on deliverable_version_files to app_staff;
grant select, update (visible) on deliverable_decisions to app_staff;
grant select (org_id, id, record_id, title, kind, format, client_status) on deliverables to app_portal;
grant select (org_id, id, record_id, deliverable_id, number, note, ready_at, approval) on deliverable_versions to app_portal;
grant select (org_id, version_id, file_id, record_id) on deliverable_version_files to app_portal;
grant select (org_id, id, record_id, deliverable_id, version_id, verdict, reason, decided_by, verified, decided_at, receipt,
    receipt_key, public_key, signature) on deliverable_decisions to app_portal;
grant select (org_id, id, record_id, title, visible, archived_at) on deliverables to door;
grant select (org_id, id, record_id, deliverable_id, number, ready_at, approval, visible), update (approval) on deliverable_versions to door;
grant select (org_id, version_id, file_id) on deliverable_version_files to door;
grant select (org_id, id, record_id, deliverable_id, version_id, verdict, reason, decided_by),
    insert (org_id, id, record_id, deliverable_id, version_id, verdict, reason, decided_by, verified, session_id, contact_id,
        decided_at, files_hash, receipt, receipt_key, public_key, signature) on deliverable_decisions to door;
grant insert (org_id, id, record_id, sender_type, sender_name, body, created_at) on messages to door;
grant select (org_id, id) on files to door;
do $$
begin
    if not exists (select from pg_policies where tablename = 'files' and policyname = 'door_select') then
        create policy door_select on files for select to door using (org_id = (select app_org()));
    end if;
end $$;

-- Locked for every login and for the owner: what clients were asked about stays what it was (DEL-4).
create function keep_version() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
begin
    if (new.org_id, new.id, new.record_id, new.deliverable_id, new.number, new.created_at)
            is distinct from (old.org_id, old.id, old.record_id, old.deliverable_id, old.number, old.created_at)
        or (old.ready_at is not null and (new.note, new.ready_at) is distinct from (old.note, old.ready_at))
        or (old.approval <> 'PENDING' and new.approval <> old.approval)
    then
        raise exception 'this version is locked' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return new;
end $$;
comment on function keep_version() is 'A version that is ready for review is not edited, and what was decided of it is not decided again (DEL-4).';
create trigger deliverable_versions_keep before update on deliverable_versions for each row execute function keep_version();

create function keep_version_files() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
declare
    of uuid := case when tg_op = 'INSERT' then new.version_id else old.version_id end;
    tenant uuid := case when tg_op = 'INSERT' then new.org_id else old.org_id end;
begin
    if tg_op = 'UPDATE' and (new.org_id, new.version_id, new.file_id, new.record_id)
        is not distinct from (old.org_id, old.version_id, old.file_id, old.record_id)
    then
        return new;
    end if;
    if tg_op = 'UPDATE' or exists (
        select from deliverable_versions v where v.org_id = tenant and v.id = of and v.ready_at is not null)
    then
        raise exception 'the files of this version are locked' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
comment on function keep_version_files() is 'No file comes to a version that is ready for review, and none leaves it (DEL-4).';
create trigger deliverable_version_files_keep before insert or update or delete on deliverable_version_files
    for each row execute function keep_version_files();

create function keep_decision() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
begin
    if to_jsonb(new) - 'visible' - 'contact_id' is distinct from to_jsonb(old) - 'visible' - 'contact_id' then
        raise exception 'a decision is kept as it was made' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return new;
end $$;
comment on function keep_decision() is 'Nothing of a decision changes (DEL-3).';
create trigger deliverable_decisions_keep before update on deliverable_decisions for each row execute function keep_decision();

create function keep_version_bytes() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
begin
    if exists (
        select from deliverable_version_files f join deliverable_versions v on v.org_id = f.org_id and v.id = f.version_id
        where f.org_id = old.org_id and f.file_id = old.id and v.ready_at is not null)
    then
        raise exception 'the files of this version are locked' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return new;
end $$;
comment on function keep_version_bytes() is 'The bytes of a file stay what they are once a version with it is ready for review (DEL-4).';

create function mark_deliverable() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
declare
    shown boolean := new.visible and new.archived_at is null;
begin
    update deliverable_versions v set visible = shown
    where v.org_id = new.org_id and v.deliverable_id = new.id and v.ready_at is not null and v.visible <> shown;
    update deliverable_decisions d set visible = shown
    where d.org_id = new.org_id and d.deliverable_id = new.id and d.visible <> shown;
    return null;
end $$;
comment on function mark_deliverable() is 'Keeps the marks of what belongs to a deliverable (DEL-2).';
create trigger deliverables_mark after update of visible, archived_at on deliverables for each row execute function mark_deliverable();

create function mark_version() returns trigger
language plpgsql set search_path = public, pg_temp
as $$
begin
    new.visible := new.visible or (old.ready_at is null and new.ready_at is not null and exists (
        select from deliverables d
        where d.org_id = new.org_id and d.id = new.deliverable_id and d.visible and d.archived_at is null));
    if new.visible <> old.visible then
        update deliverable_version_files f set visible = new.visible where f.org_id = new.org_id and f.version_id = new.id;
    end if;
    return new;
end $$;
comment on function mark_version() is 'Shows a version once it is ready, and keeps the marks of its files (DEL-2).';
create trigger deliverable_versions_mark before update on deliverable_versions for each row execute function mark_version();

-- Where files know the hash of their bytes, it is part of what is hashed and locked.
do $do$
declare
    hashed boolean := exists (
        select from pg_attribute where attrelid = 'files'::regclass and attname = 'sha256' and not attisdropped);
begin
    execute format($make$
        create function version_files_hash(tenant uuid, version uuid) returns bytea
        language sql stable set search_path = public, pg_temp
        as $$
            select sha256(convert_to(coalesce(string_agg(f.id || ' ' || %s || e'\n', '' order by f.id), ''), 'UTF8'))
            from deliverable_version_files x
            join files f on f.org_id = x.org_id and f.id = x.file_id
            where x.org_id = tenant and x.version_id = version
        $$
    $make$, case when hashed then $part$coalesce(encode(f.sha256, 'hex'), '')$part$ else $part$''$part$ end);
    execute format('create trigger files_keep before update on files for each row when (%s) execute function keep_version_bytes()',
        case when hashed then '(old.byte_size, old.sha256) is distinct from (new.byte_size, new.sha256)'
            else 'old.byte_size is distinct from new.byte_size' end);
    if hashed then
        grant select (sha256) on files to door;
    end if;
end $do$;
comment on function version_files_hash(uuid, uuid) is 'SHA-256 over a line for each of a version''s files by id: the id, a space, the SHA-256 of its bytes in hexadecimal, as far as it is known.';
revoke execute on function version_files_hash(uuid, uuid) from public;
grant execute on function version_files_hash(uuid, uuid) to door;

create function version_to_decide(wanted uuid) returns table (record_id uuid, deliverable_id uuid, title text, number integer,
    approval text, superseded boolean, files_hash bytea)
language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if app_id('app.portal') is null then
        return;
    end if;
    perform from deliverable_versions v
    where v.org_id = app_org() and v.id = wanted and v.visible and v.record_id = any (app_ids('app.records'))
    for update;
    return query
    select v.record_id, v.deliverable_id, d.title, v.number, v.approval,
        exists (select from deliverable_versions n
            where n.org_id = v.org_id and n.deliverable_id = v.deliverable_id and n.number > v.number and n.visible),
        version_files_hash(v.org_id, v.id)
    from deliverable_versions v
    join deliverables d on d.org_id = v.org_id and d.id = v.deliverable_id
    where v.org_id = app_org() and v.id = wanted and v.visible and v.record_id = any (app_ids('app.records'));
end $$;
comment on function version_to_decide(uuid) is 'What a visitor of the entered portal is about to decide of, held until the transaction ends: of two at once the second waits, and then finds it decided (DEL-4).';

create function decide_version(decision uuid, wanted uuid, verdict text, reason text, message uuid, at timestamptz,
    hash bytea, receipt text, receipt_key text, public_key bytea, signature bytea) returns void
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    found record;
    who record;
begin
    select * into found from version_to_decide(wanted);
    select v.* into who from visitor() v;
    if found.record_id is null or found.approval <> 'PENDING' or found.superseded or found.files_hash <> hash
        or who.session_id is null or who.name is null
    then
        raise exception 'nobody decides this now' using errcode = 'insufficient_privilege';
    end if;
    insert into deliverable_decisions (org_id, id, record_id, deliverable_id, version_id, verdict, reason, decided_by, verified,
        session_id, contact_id, decided_at, files_hash, receipt, receipt_key, public_key, signature)
    values (app_org(), decision, found.record_id, found.deliverable_id, wanted, verdict, decide_version.reason, who.name, who.verified,
        who.session_id, who.contact_id, at, hash, decide_version.receipt, decide_version.receipt_key, decide_version.public_key,
        decide_version.signature);
    update deliverable_versions v set approval = verdict where v.org_id = app_org() and v.id = wanted;
    if decide_version.reason is not null then
        insert into messages (org_id, id, record_id, sender_type, sender_name, body, created_at)
        values (app_org(), message, found.record_id, 'CLIENT', who.name, decide_version.reason, at);
    end if;
    perform notify_team(found.record_id, 'DECISION', decision);
end $$;
comment on function decide_version(uuid, uuid, text, text, uuid, timestamptz, bytea, text, text, bytea, bytea) is 'Keeps what a visitor of the entered portal decides of a version, posts the reason in the record''s thread, and queues the mails to the team (DEL-3): all of it or nothing.';

create or replace function team_notice_to_send(notice uuid) returns table (email text, name text, about text, company_name text,
    record_name text, sender_name text, words text)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.email, m.name, coalesce(d.verdict, n.about), k.name, coalesce(i.title, r.name),
        coalesce(x.sender_name, t.sender_name, d.decided_by), coalesce(x.body, t.body, d.reason)
    from team_notices n
    join members m on m.org_id = n.org_id and m.id = n.member_id and m.ended_at is null
    left join messages x on n.about = 'MESSAGE' and x.org_id = n.org_id and x.id = n.subject_id
    left join tasks t on n.about = 'FEEDBACK' and t.org_id = n.org_id and t.id = n.subject_id
    left join deliverable_decisions d on n.about = 'DECISION' and d.org_id = n.org_id and d.id = n.subject_id
    left join deliverables i on i.org_id = d.org_id and i.id = d.deliverable_id
    left join records r on r.org_id = n.org_id and r.id = coalesce(x.record_id, t.record_id, d.record_id)
    join companies k on k.org_id = n.org_id and k.id = coalesce(r.company_id, t.company_id)
    where n.org_id = app_org() and n.id = notice
$$;

revoke execute on function keep_version(), keep_version_files(), keep_decision(), keep_version_bytes(), mark_deliverable(),
    mark_version(), version_to_decide(uuid),
    decide_version(uuid, uuid, text, text, uuid, timestamptz, bytea, text, text, bytea, bytea) from public;
grant execute on function version_to_decide(uuid),
    decide_version(uuid, uuid, text, text, uuid, timestamptz, bytea, text, text, bytea, bytea) to app_portal;
grant create on schema public to door;
alter function version_to_decide(uuid) owner to door;
alter function decide_version(uuid, uuid, text, text, uuid, timestamptz, bytea, text, text, bytea, bytea) owner to door;
revoke create on schema public from door;

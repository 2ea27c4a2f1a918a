-- Activity (EVT-8): what staff and partners tell clients themselves, and of each event what it is about.

create table activity_entries (
    org_id uuid not null,
    id uuid not null,
    company_id uuid not null,
    record_id uuid,
    title text not null check (char_length(title) between 1 and 200),
    body text check (char_length(body) between 1 and 2000),
    url text check (char_length(url) between 1 and 500),
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, company_id) references companies (org_id, id) on delete cascade,
    foreign key (org_id, record_id) references records (org_id, id) on delete cascade
);
create index activity_entries_company on activity_entries (org_id, company_id, id desc);
create index activity_entries_record on activity_entries (org_id, record_id) where record_id is not null;
comment on table activity_entries is 'What staff and partners put into a client''s activity themselves: a form submitted, a work order closed (EVT-8). Append only; who wrote it, the logs say.';
comment on column activity_entries.org_id is 'The tenant.';
comment on column activity_entries.id is 'UUIDv7, made by the service; sorts by time.';
comment on column activity_entries.company_id is 'Whose activity it is.';
comment on column activity_entries.record_id is 'What it is about; null for the company as a whole.';
comment on column activity_entries.title is 'What happened, in a line.';
comment on column activity_entries.body is 'More of it, plain text.';
comment on column activity_entries.url is 'Where there is more, an absolute http or https address.';
comment on column activity_entries.created_at is 'When it was appended.';

alter table activity_entries enable row level security;
alter table activity_entries force row level security;
create policy owner_all on activity_entries to owner using (true) with check (true);
create policy app_staff_select on activity_entries for select to app_staff using (org_id = (select app_org()));
create policy app_staff_insert on activity_entries for insert to app_staff with check (org_id = (select app_org()));
create policy app_portal_select on activity_entries for select to app_portal
    using (org_id = (select app_org()) and company_id = (select app_id('app.company'))
        and 'ACTIVITY' = any ((select app_modes())::text[])
        and case when record_id is null then (select in_company_portal())
            else record_id = any ((select app_ids('app.shown_records'))::uuid[]) end);
grant select, insert (org_id, id, company_id, record_id, title, body, url, created_at) on activity_entries to app_staff;
grant select (org_id, id, record_id, title, body, url) on activity_entries to app_portal;

create policy door_select on events for select to door using (org_id = (select app_org()));
grant select (org_id, seq, kind, client_visible, company_id, record_id, payload) on events to door;

create function shared_subjects(numbers bigint[]) returns table (seq bigint, subject_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select e.seq, (e.payload ->> 'id')::uuid
    from events e
    where e.org_id = app_org() and e.seq = any (numbers) and e.client_visible and e.company_id = app_id('app.company')
        and app_id('app.portal') is not null and 'ACTIVITY' = any (app_modes())
        and (e.record_id is null or e.record_id = any (app_ids('app.shown_records')))
$$;
comment on function shared_subjects(bigint[]) is 'What these events of the entered portal are about: the id of the message, the milestone. What that says, its own table tells to who may read it.';
revoke execute on function shared_subjects(bigint[]) from public;
grant execute on function shared_subjects(bigint[]) to app_portal;
grant create on schema public to door;
alter function shared_subjects(bigint[]) owner to door;
revoke create on schema public from door;

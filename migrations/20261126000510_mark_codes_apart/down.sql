create or replace function live_doorways(hash bytea) returns table (org_id uuid, link_id uuid, generation integer,
    portal_id uuid, company_id uuid, record_id uuid, modes text[], session_id uuid, ends_at timestamptz,
    code_salt uuid, code_key text, code_hash bytea, mark bytea)
language sql stable
as $$
    select l.org_id, l.id, l.generation, p.id, p.company_id, p.record_id, p.modes, credential.session_id,
        least(p.expires_at, case when l.own_expiry then l.expires_at end),
        case when l.own_code then l.id else p.id end,
        case when l.own_code then l.code_key else p.code_key end,
        case when l.own_code then l.code_hash else p.code_hash end,
        case when case when l.own_code then l.code_hash else p.code_hash end is not null then
            sha256(convert_to(concat_ws('/', l.id, l.generation, p.code_version, l.code_version), 'UTF8'))
        end
    from (
        select k.org_id, k.id as link_id, k.generation, null::uuid as session_id
        from portal_links k where k.token_hash = hash
        union all
        select t.org_id, t.link_id, t.generation, null::uuid
        from portal_link_tokens t where t.token_hash = hash
        union all
        select s.org_id, s.link_id, s.generation, s.id
        from portal_sessions s where s.token_hash = hash and s.ended_at is null and s.expires_at > now()
    ) credential
    join portal_links l on l.org_id = credential.org_id and l.id = credential.link_id
        and l.generation = credential.generation
    join portals p on p.org_id = l.org_id and p.id = l.portal_id
    join organizations o on o.org_id = l.org_id
    where o.portal_enabled and p.revoked_at is null and l.revoked_at is null
        and coalesce(case when l.own_start then l.starts_at else p.starts_at end, '-infinity') <= now()
        and coalesce(p.expires_at, 'infinity') > now()
        and coalesce(case when l.own_expiry then l.expires_at end, 'infinity') > now()
$$;

update calendar_subscriptions c
set code_mark = sha256(convert_to(concat_ws('/', l.id, l.generation, p.code_version, l.code_version), 'UTF8'))
from portal_sessions s
join portal_links l on l.org_id = s.org_id and l.id = s.link_id and l.own_code
join portals p on p.org_id = l.org_id and p.id = l.portal_id
where s.org_id = c.org_id and s.id = c.session_id
    and c.code_mark = sha256(convert_to(concat_ws('/', l.id, l.generation, l.code_version), 'UTF8'));

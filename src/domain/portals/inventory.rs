//! What stands open (LINK-11): what each portal shows, in one statement however many are asked
//! about, and how each breaks the organisation's policy.

use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use chrono::{DateTime, Utc};

use super::DoorState;
use super::policy::{Policy, PolicyBreach};
use super::rows::{Link, Portal};
use crate::db::ids::PortalId;
use crate::db::prepared::Prepare as _;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// `visible_records` is what entering a portal computes, and the gates at files are the policy's for
/// `app_portal`; row-level security keeps all of it in the organisation.
const CONTENT: &str = "select p.id as portal_id,
        count(v.id) filter (where 'RECORDS' = any (p.modes)) as records,
        coalesce(sum(f.files) filter (where 'FILES' = any (p.modes)), 0)::bigint as files
    from portals p
    left join companies c on c.org_id = p.org_id and c.id = p.company_id and not c.internal and c.archived_at is null
    left join lateral visible_records(p.org_id, c.id, p.record_id, null) v on true
    left join lateral (
        select count(*) as files from files f
        where f.org_id = p.org_id and f.record_id = v.id and f.shared and f.archived_at is null
    ) f on v.show_files
    where p.org_id = (select app_org()) and p.id = any ($1)
    group by p.org_id, p.id";

/// How much a portal shows, as its scope and modes tell.
#[derive(Clone, Debug, QueryableByName)]
pub struct Content {
    #[diesel(sql_type = sql_types::Uuid)]
    pub portal_id: PortalId,
    #[diesel(sql_type = sql_types::BigInt)]
    pub records: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub files: i64,
}

/// How much each of these portals shows.
pub async fn contents(tx: &Tx<Staff>, ids: &[PortalId]) -> Result<Vec<Content>> {
    let counted = diesel::sql_query(CONTENT).bind::<sql_types::Array<sql_types::Uuid>, _>(ids).prepared();
    Ok(counted.load(&mut tx.connection()).await?)
}

/// How a portal breaks the policy through links that open now or will. Each comes with its recipient
/// contact's address, if it has one.
pub fn breaches_of(
    policy: &Policy,
    portal: &Portal,
    links: &[(Link, Option<String>)],
    now: DateTime<Utc>,
) -> Vec<PolicyBreach> {
    let open = links
        .iter()
        .filter(|(link, _)| matches!(link.state(portal, now), DoorState::Live | DoorState::Scheduled));
    let mut breaches: Vec<PolicyBreach> =
        open.flat_map(|(link, email)| policy.breaches(&link.terms(portal, email.clone()))).collect();
    breaches.sort_unstable();
    breaches.dedup();
    breaches
}

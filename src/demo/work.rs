//! What goes on in the demo besides records, files and messages: deliverables that were decided of or wait
//! for the client, feedback, and a log of what happened. Not in the world of the tests, which begins with an
//! empty log.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use uuid::Uuid;

use super::data::PlantedOrganization;
use crate::clock::Clock;
use crate::db::enums::Verdict;
use crate::domain::deliverables::receipts::{self, Receipt};
use crate::sealing::SealingKeys;

/// Plants it into what [`super::data::plant`] planted. `url` logs in as `app_migrate`.
pub async fn plant(
    url: &str,
    organizations: &[PlantedOrganization],
    clock: &Clock,
    keys: &SealingKeys,
) -> anyhow::Result<()> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.batch_execute("set role owner").await?;
    connection.batch_execute(concat!(include_str!("data.sql"), include_str!("work.sql"))).await?;
    for organization in organizations {
        let org = organization.id;
        let owner: Owner = diesel::sql_query("select id from members where org_id = $1 order by id limit 1")
            .bind::<SqlUuid, _>(org)
            .get_result(&mut connection)
            .await?;
        run(&mut connection, "select pg_temp.plant_deliverables($1)", org, None).await?;
        for decided in to_decide(&mut connection, org).await? {
            decide(&mut connection, (clock, keys), org, decided).await?;
        }
        run(&mut connection, "select pg_temp.plant_feedback($1, $2)", org, Some(owner.id)).await?;
        run(&mut connection, "select pg_temp.plant_entries($1)", org, None).await?;
        run(&mut connection, "select pg_temp.plant_events($1, $2)", org, Some(owner.id)).await?;
    }
    connection.batch_execute("analyze").await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Owner {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

async fn run(
    connection: &mut AsyncPgConnection,
    sql: &str,
    org: Uuid,
    member: Option<Uuid>,
) -> anyhow::Result<()> {
    let query = diesel::sql_query(sql).bind::<SqlUuid, _>(org);
    match member {
        Some(member) => query.bind::<SqlUuid, _>(member).execute(connection).await?,
        None => query.execute(connection).await?,
    };
    Ok(())
}

/// A version that a client has had a word on.
#[derive(diesel::QueryableByName)]
struct Decided {
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Text)]
    record: String,
    #[diesel(sql_type = SqlUuid)]
    company_id: Uuid,
    #[diesel(sql_type = Text)]
    company: String,
    #[diesel(sql_type = Text)]
    organization: String,
    #[diesel(sql_type = SqlUuid)]
    deliverable_id: Uuid,
    #[diesel(sql_type = Text)]
    deliverable: String,
    #[diesel(sql_type = SqlUuid)]
    version_id: Uuid,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    verdict: Verdict,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Binary)]
    files_hash: Vec<u8>,
}

/// Whatever was overtaken was asked to change; of what is delivered everything is approved, and before that
/// what has no second version.
const TO_DECIDE: &str = "select v.record_id, r.name as record, r.company_id, k.name as company, o.name as organization,
        v.deliverable_id, d.title as deliverable, v.id as version_id, v.number,
        case when n.id is null then 'APPROVED' else 'REVISION_REQUESTED' end as verdict,
        least(v.ready_at + interval '20 hours', now() - interval '4 hours') as at,
        version_files_hash(v.org_id, v.id) as files_hash
    from deliverable_versions v
    join deliverables d on d.org_id = v.org_id and d.id = v.deliverable_id
    join records r on r.org_id = v.org_id and r.id = v.record_id
    join stages s on s.org_id = r.org_id and s.id = r.stage_id
    join companies k on k.org_id = r.org_id and k.id = r.company_id
    join organizations o on o.org_id = v.org_id
    left join deliverable_versions n on n.org_id = v.org_id and n.deliverable_id = v.deliverable_id and n.number = v.number + 1
    where v.org_id = $1 and v.ready_at is not null
        and (n.id is not null or s.position = 5 or v.number = 1)
    order by v.id limit 500";

async fn to_decide(connection: &mut AsyncPgConnection, org: Uuid) -> anyhow::Result<Vec<Decided>> {
    Ok(diesel::sql_query(TO_DECIDE).bind::<SqlUuid, _>(org).load(connection).await?)
}

/// Keeps the decision, with a receipt as good as any.
async fn decide(
    connection: &mut AsyncPgConnection,
    (clock, keys): (&Clock, &SealingKeys),
    org: Uuid,
    decided: Decided,
) -> anyhow::Result<()> {
    const INSERT: &str = "with v as (update deliverable_versions set approval = $6 where org_id = $1 and id = $5)
        insert into deliverable_decisions (org_id, id, record_id, deliverable_id, version_id, verdict, reason, decided_by,
            verified, session_id, decided_at, files_hash, receipt, receipt_key, public_key, signature)
        values ($1, $2, $3, $4, $5, $6, $7, 'Ada Moreau', false, $8, $9, $10, $11, $12, $13, $14)";
    let reason = (decided.verdict != Verdict::Approved).then_some("Could the header be a little calmer?");
    let session = clock.id();
    let receipt = Receipt {
        kind: receipts::KIND.to_owned(),
        organization_id: org.into(),
        organization: decided.organization,
        company_id: decided.company_id.into(),
        company: decided.company,
        record_id: decided.record_id.into(),
        record: decided.record,
        deliverable_id: decided.deliverable_id.into(),
        deliverable: decided.deliverable,
        version_id: decided.version_id.into(),
        version: decided.number,
        decision: decided.verdict,
        reason: reason.map(str::to_owned),
        decided_by: "Ada Moreau".to_owned(),
        name_verified: false,
        session_id: session.into(),
        decided_at: decided.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        files_sha256: hex::encode(&decided.files_hash),
    };
    let signed = receipts::sign(keys, &receipt)?;
    diesel::sql_query(INSERT)
        .bind::<SqlUuid, _>(org)
        .bind::<SqlUuid, _>(clock.id())
        .bind::<SqlUuid, _>(decided.record_id)
        .bind::<SqlUuid, _>(decided.deliverable_id)
        .bind::<SqlUuid, _>(decided.version_id)
        .bind::<Text, _>(decided.verdict)
        .bind::<Nullable<Text>, _>(reason)
        .bind::<SqlUuid, _>(session)
        .bind::<Timestamptz, _>(decided.at)
        .bind::<Binary, _>(decided.files_hash)
        .bind::<Text, _>(signed.text)
        .bind::<Text, _>(signed.key)
        .bind::<Binary, _>(signed.public_key.as_slice())
        .bind::<Binary, _>(signed.signature.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

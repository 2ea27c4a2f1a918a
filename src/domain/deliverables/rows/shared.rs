//! Deliverables in Diesel, as `app_portal`, and the functions by which a decision is made.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::enums::{Approval, Verdict};
use crate::db::ids::{DecisionId, DeliverableId, DeliverableVersionId, MessageId, RecordId};
use crate::db::prepared::Prepare as _;
use crate::db::schema::portal::{
    deliverable_decisions as decisions, deliverable_version_files as version_files,
    deliverable_versions as versions, deliverables, files,
};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::Write;
use crate::domain::files::SharedFile;
use crate::error::Result;

/// A deliverable as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliverables)]
pub struct SharedDeliverable {
    pub id: DeliverableId,
    pub record_id: RecordId,
    pub title: String,
    pub kind: String,
    pub format: Option<String>,
    pub client_status: Option<String>,
}

/// A version as clients see it, once it is ready for review.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = versions)]
pub struct SharedVersion {
    pub id: DeliverableVersionId,
    pub deliverable_id: DeliverableId,
    pub number: i32,
    pub note: Option<String>,
    #[diesel(select_expression = versions::ready_at.assume_not_null())]
    #[diesel(select_expression_type = diesel::helper_types::AssumeNotNull<versions::ready_at>)]
    pub ready_at: DateTime<Utc>,
    pub approval: Approval,
}

/// A decision as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = decisions)]
pub struct SharedDecision {
    pub id: DecisionId,
    pub deliverable_id: DeliverableId,
    pub version_id: DeliverableVersionId,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub decided_by: String,
    pub verified: bool,
    pub decided_at: DateTime<Utc>,
    pub receipt: String,
    pub receipt_key: String,
    pub public_key: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What is about to be decided of.
#[derive(Clone, Debug, QueryableByName)]
pub(in crate::domain::deliverables) struct Pending {
    #[diesel(sql_type = SqlUuid)]
    pub record_id: RecordId,
    #[diesel(sql_type = SqlUuid)]
    pub deliverable_id: DeliverableId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Integer)]
    pub number: i32,
    #[diesel(sql_type = Text)]
    pub approval: Approval,
    #[diesel(sql_type = Bool)]
    pub superseded: bool,
    #[diesel(sql_type = Binary)]
    pub files_hash: Vec<u8>,
}

/// A decision to keep.
#[derive(Clone, Debug)]
pub(in crate::domain::deliverables) struct NewDecision {
    pub id: DecisionId,
    pub version_id: DeliverableVersionId,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub message_id: MessageId,
    pub files_hash: Vec<u8>,
    pub receipt: String,
    pub receipt_key: String,
    pub public_key: [u8; 32],
    pub signature: [u8; 64],
}

pub(in crate::domain::deliverables) async fn by_ids(
    tx: &Tx<Portal>,
    ids: &[DeliverableId],
) -> Result<Vec<SharedDeliverable>> {
    Ok(deliverables::table
        .filter(deliverables::id.eq_any(ids))
        .select(SharedDeliverable::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(in crate::domain::deliverables) async fn of_records(
    tx: &Tx<Portal>,
    of: &[RecordId],
) -> Result<Vec<SharedDeliverable>> {
    Ok(deliverables::table
        .filter(deliverables::record_id.eq_any(of))
        .order(deliverables::id)
        .select(SharedDeliverable::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(in crate::domain::deliverables) async fn versions_of(
    tx: &Tx<Portal>,
    of: &[DeliverableId],
) -> Result<Vec<SharedVersion>> {
    Ok(versions::table
        .filter(versions::deliverable_id.eq_any(of))
        .order(versions::number.desc())
        .select(SharedVersion::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// Whose it is and what became of it, of the newest version of each deliverable.
pub(in crate::domain::deliverables) async fn standing(tx: &Tx<Portal>) -> Result<Vec<(RecordId, Approval)>> {
    Ok(versions::table
        .distinct_on(versions::deliverable_id)
        .order((versions::deliverable_id, versions::number.desc()))
        .select((versions::record_id, versions::approval))
        .load(&mut tx.connection())
        .await?)
}

/// Two policies have to agree: the version shows, and the file is one that the portal hands out.
pub(in crate::domain::deliverables) async fn files_of(
    tx: &Tx<Portal>,
    of: &[DeliverableVersionId],
) -> Result<Vec<(DeliverableVersionId, SharedFile)>> {
    Ok(version_files::table
        .inner_join(files::table.on(files::id.eq(version_files::file_id)))
        .filter(version_files::version_id.eq_any(of))
        .order((files::name, files::id))
        .select((version_files::version_id, SharedFile::as_select()))
        .load(&mut tx.connection())
        .await?)
}

pub(in crate::domain::deliverables) async fn decisions_of(
    tx: &Tx<Portal>,
    of: &[DeliverableVersionId],
) -> Result<Vec<SharedDecision>> {
    Ok(decisions::table
        .filter(decisions::version_id.eq_any(of))
        .select(SharedDecision::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(in crate::domain::deliverables) async fn decision(
    tx: &Tx<Portal>,
    id: DecisionId,
) -> Result<Option<SharedDecision>> {
    Ok(decisions::table
        .filter(decisions::id.eq(id))
        .select(SharedDecision::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// Holds a version for deciding; none if the portal shows no such version.
pub(in crate::domain::deliverables) async fn hold(
    write: &Write<Portal>,
    version: DeliverableVersionId,
) -> Result<Option<Pending>> {
    const PENDING: &str = "select record_id, deliverable_id, title, number, approval, superseded, files_hash
        from version_to_decide($1)";
    Ok(diesel::sql_query(PENDING)
        .bind::<SqlUuid, _>(version)
        .prepared()
        .get_result(&mut write.connection())
        .await
        .optional()?)
}

pub(in crate::domain::deliverables) async fn decide(write: &Write<Portal>, new: &NewDecision) -> Result<()> {
    diesel::sql_query("select decide_version($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind::<SqlUuid, _>(new.id)
        .bind::<SqlUuid, _>(new.version_id)
        .bind::<Text, _>(new.verdict)
        .bind::<Nullable<Text>, _>(&new.reason)
        .bind::<SqlUuid, _>(new.message_id)
        .bind::<Timestamptz, _>(write.at())
        .bind::<Binary, _>(&new.files_hash)
        .bind::<Text, _>(&new.receipt)
        .bind::<Text, _>(&new.receipt_key)
        .bind::<Binary, _>(new.public_key.as_slice())
        .bind::<Binary, _>(new.signature.as_slice())
        .prepared()
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

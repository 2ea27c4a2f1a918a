//! Adding a record.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};

use super::rows::{self, NewRecord};
use super::{check_member, check_percent, custom};
use crate::db::enums::Permission;
use crate::db::ids::{CompanyId, MemberId, RecordId, RecordTypeId, StageId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write};
use crate::domain::companies;
use crate::domain::idempotency::{self, Claim};
use crate::domain::record_types::{self, RecordType, fields, stages};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// What a new record is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct RecordDraft {
    pub company_id: CompanyId,
    pub type_id: RecordTypeId,
    /// Absent is the first of the type's pipeline.
    pub stage_id: Option<StageId>,
    pub name: String,
    pub description: Option<String>,
    pub internal_status: Option<String>,
    pub client_status: Option<String>,
    /// Absent is the caller.
    pub owner_id: Option<MemberId>,
    pub lead_id: Option<MemberId>,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub percent_set: Option<i32>,
    /// Absent is the type's default (REC-5).
    pub portal_enabled: Option<bool>,
    pub custom: Option<Value>,
}

/// Adds a record to a company, once for each idempotency key.
pub async fn create(write: &Write, draft: RecordDraft, key: Option<&str>) -> Result<RecordId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "record.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let kind = record_types::hold(write, draft.type_id).await?;
    let mut checks = Checks::new();
    if kind.archived_at.is_some() {
        checks.problem("typeId", "This record type is in the archive.");
    }
    check_company(write, &mut checks, draft.company_id).await?;
    let new = check(write, &mut checks, &kind, draft).await?;
    checks.finish()?;
    rows::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    let change = Change::new("record.created", new.id).company(new.company_id).record(new.id);
    write.done(change.client_visible());
    Ok(new.id)
}

async fn check(
    write: &Write,
    checks: &mut Checks,
    kind: &RecordType,
    draft: RecordDraft,
) -> Result<NewRecord> {
    let fields = fields::of_types(write, &[kind.id]).await?;
    let percent_set = draft.percent_set.map(|v| check_percent(checks, kind, v));
    let owner = draft.owner_id.unwrap_or(write.scope().member()?.id);
    let lead_id = match draft.lead_id {
        Some(lead) => Some(check_lead(write, checks, kind, lead).await?),
        None => None,
    };
    check_order(checks, draft.starts_on, draft.due_on);
    Ok(NewRecord {
        org_id: write.scope().org_id,
        id: write.id(),
        type_id: kind.id,
        company_id: draft.company_id,
        stage_id: check_stage(write, checks, kind.id, draft.stage_id).await?,
        name: checks.line("name", &draft.name, 200),
        description: checks
            .optional(Some(draft.description), |c, v| c.text("description", v, 10_000))
            .flatten(),
        internal_status: checks
            .optional(Some(draft.internal_status), |c, v| c.line("internalStatus", v, 80))
            .flatten(),
        client_status: checks
            .optional(Some(draft.client_status), |c, v| c.line("clientStatus", v, 80))
            .flatten(),
        owner_id: check_member(write, checks, "ownerId", owner).await?,
        lead_id,
        starts_on: draft.starts_on.map(|day| checks.day("startsOn", day)),
        due_on: draft.due_on.map(|day| checks.day("dueOn", day)),
        percent_set,
        percent_done: percent_set.unwrap_or(0),
        portal_enabled: draft.portal_enabled.unwrap_or(kind.sharing.portal_enabled_default),
        custom: custom::merge(checks, json!({}), &fields, draft.custom),
    })
}

async fn check_company(tx: &Tx<Staff>, checks: &mut Checks, id: CompanyId) -> Result<()> {
    let company = companies::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("company"))?;
    if company.archived_at.is_some() {
        checks.problem("companyId", "This company is in the archive.");
    }
    Ok(())
}

/// A stage of the type that takes records: the one asked for, else the first.
pub(super) async fn check_stage(
    tx: &Tx<Staff>,
    checks: &mut Checks,
    kind: RecordTypeId,
    asked: Option<StageId>,
) -> Result<StageId> {
    let Some(id) = asked else {
        let first = stages::of_types(tx, &[kind]).await?.into_iter().find(|s| s.archived_at.is_none());
        return first.map(|stage| stage.id).ok_or(Error::NotFound("stage"));
    };
    let stage = stages::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("stage"))?;
    if stage.type_id != kind {
        checks.problem("stageId", "This stage belongs to another record type.");
    } else if stage.archived_at.is_some() {
        checks.problem("stageId", "This stage is in the archive.");
    }
    Ok(id)
}

/// A project's lead.
pub(super) async fn check_lead(
    tx: &Tx<Staff>,
    checks: &mut Checks,
    kind: &RecordType,
    lead: MemberId,
) -> Result<MemberId> {
    if !kind.is_project() {
        checks.problem("leadId", "Only a project has a lead.");
    }
    check_member(tx, checks, "leadId", lead).await
}

pub(super) fn check_order(checks: &mut Checks, starts_on: Option<NaiveDate>, due_on: Option<NaiveDate>) {
    if starts_on.zip(due_on).is_some_and(|(start, due)| start > due) {
        checks.problem("dueOn", "The last day must not come before the first.");
    }
}

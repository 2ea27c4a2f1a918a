//! What a portal would show, before it is made or widened (LINK-9): records, fields, deliverables, files,
//! messages, dashboards, plans and activity, counted and listed. The database login that serves clients
//! reads it through `enter_exposure`, so it is what the holder will see and nothing is worked out a second
//! time.
//!
//! From the staff side comes only what a type's built-in fields are: clients cannot read that list,
//! only the values it lets through.

mod rows;

use super::manage::{PortalScope, resolve_scope};
use crate::db::enums::{Permission, PortalMode, SharedField};
use crate::db::ids::{CompanyId, DashboardId, RecordId, RecordTypeId};
use crate::db::pool::Pools;
use crate::db::scope::{CredentialHash, Tx};
use crate::domain::callers::Staff;
use crate::domain::dashboards;
use crate::domain::record_types;
use crate::error::Result;

pub use rows::{ExposedDashboard, ExposedDeliverable, ExposedFile, ExposedRecord};

/// What is asked about. Unchecked.
#[derive(Clone, Debug)]
pub struct Exposing {
    pub scope: PortalScope,
    pub modes: Vec<PortalMode>,
    /// Which would be chosen, in any order.
    pub dashboards: Vec<DashboardId>,
    /// How many records, deliverables, files and dashboards to list of each.
    pub first: usize,
}

/// All that would show.
#[derive(Debug)]
pub struct Exposure {
    pub company: CompanyId,
    /// Whether the door would open at all.
    pub opens: bool,
    pub types: Vec<ExposedType>,
    /// The first by name; `record_count` says how many there are.
    pub records: Vec<ExposedRecord>,
    pub record_count: i64,
    /// The first by title; `deliverable_count` says how many there are.
    pub deliverables: Vec<ExposedDeliverable>,
    pub deliverable_count: i64,
    /// The first by name; `file_count` says how many there are.
    pub files: Vec<ExposedFile>,
    pub file_count: i64,
    pub message_count: i64,
    /// The first by title; `dashboard_count` says how many there are.
    pub dashboards: Vec<ExposedDashboard>,
    pub dashboard_count: i64,
    pub planned_count: i64,
    pub activity_entry_count: i64,
}

/// A type of the records that would show.
#[derive(Clone, Debug)]
pub struct ExposedType {
    pub id: RecordTypeId,
    pub record_count: i64,
    pub fields: Vec<ExposedField>,
}

/// A field that would show of every record of its type that has a value.
#[derive(Clone, Debug)]
pub struct ExposedField {
    pub label: String,
    /// None for a custom field.
    pub built_in: Option<SharedField>,
}

/// Asks what a portal of this scope would show. `hash` is the caller's staff session. Refused where
/// making the portal would be.
pub async fn exposure(
    pools: &Pools,
    hash: CredentialHash,
    staff: &Tx<Staff>,
    asked: &Exposing,
) -> Result<Exposure> {
    staff.scope().require(Permission::PortalsManage)?;
    let (company, record) = resolve_scope(staff, asked.scope).await?;
    let mut chosen = asked.dashboards.clone();
    chosen.sort_unstable();
    chosen.dedup();
    dashboards::check_chosen(staff, (company, record), &chosen).await?;
    let chosen = (asked.modes.as_slice(), chosen.as_slice());
    let stays_off = match record {
        Some(record) => stays_off(staff, record).await?,
        None => false,
    };
    let empty = Exposure {
        company,
        opens: false,
        types: Vec::new(),
        records: Vec::new(),
        record_count: 0,
        deliverables: Vec::new(),
        deliverable_count: 0,
        files: Vec::new(),
        file_count: 0,
        message_count: 0,
        dashboards: Vec::new(),
        dashboard_count: 0,
        planned_count: 0,
        activity_entry_count: 0,
    };
    let Some(tx) = rows::enter(pools, hash, (company, record), chosen).await? else {
        return Ok(empty);
    };
    let seen = rows::read(&tx, asked.first).await?;
    tx.commit().await?;
    Ok(Exposure {
        opens: !stays_off,
        types: types(staff, &seen).await?,
        record_count: seen.records_of.iter().map(|(_, count)| count).sum(),
        records: seen.records,
        deliverables: seen.deliverables,
        deliverable_count: seen.deliverable_count,
        files: seen.files,
        file_count: seen.file_count,
        message_count: seen.message_count,
        dashboards: seen.dashboards,
        dashboard_count: seen.dashboard_count,
        planned_count: seen.planned_count,
        activity_entry_count: seen.activity_entry_count,
        ..empty
    })
}

/// REC-5: the first portal of a record turns it on; where there was one, nothing does but staff.
async fn stays_off(staff: &Tx<Staff>, record: RecordId) -> Result<bool> {
    let found = super::rows::record(staff, record).await?;
    let off = found.is_some_and(|found| !found.portal_enabled);
    Ok(off && super::rows::portals_of_record(staff, record).await? > 0)
}

async fn types(staff: &Tx<Staff>, seen: &rows::Seen) -> Result<Vec<ExposedType>> {
    let ids: Vec<RecordTypeId> = seen.records_of.iter().map(|(id, _)| *id).collect();
    let mut types = record_types::by_ids(staff, &ids).await?;
    types.sort_by(|a, b| a.name.cmp(&b.name));
    let exposed = types.into_iter().map(|kind| {
        let built_in = kind.sharing.shared_fields.iter().map(|field| ExposedField {
            label: label(*field, kind.sharing.show_stage_names).to_owned(),
            built_in: Some(*field),
        });
        let custom = seen.fields.iter().filter(|field| field.type_id == kind.id);
        let custom = custom.map(|field| ExposedField { label: field.label.clone(), built_in: None });
        let records = seen.records_of.iter().find(|(id, _)| *id == kind.id);
        ExposedType {
            id: kind.id,
            record_count: records.map_or(0, |(_, count)| *count),
            fields: built_in.chain(custom).collect(),
        }
    });
    Ok(exposed.collect())
}

/// A built-in field as people call it.
fn label(field: SharedField, shows_stages: bool) -> &'static str {
    match field {
        SharedField::Phase if shows_stages => "Stage",
        SharedField::Phase => "Phase",
        SharedField::Status => "Status",
        SharedField::Description => "Description",
        SharedField::Progress => "Progress",
        SharedField::Milestones => "Milestones",
        SharedField::Deadlines => "Deadlines",
    }
}

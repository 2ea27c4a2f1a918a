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

pub use rows::{Exposed, ExposedDashboard, ExposedDeliverable, ExposedFile, ExposedRecord};

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
    pub exposed: Exposed,
}

impl Exposure {
    /// How many records would show.
    pub fn record_count(&self) -> i64 {
        self.types.iter().map(|kind| kind.record_count).sum()
    }
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
    let Some(tx) = rows::enter(pools, hash, (company, record), chosen).await? else {
        return Ok(Exposure { company, opens: false, types: Vec::new(), exposed: Exposed::default() });
    };
    let exposed = rows::read(&tx, asked.first).await?;
    tx.commit().await?;
    Ok(Exposure { company, opens: !stays_off, types: types(staff, &exposed).await?, exposed })
}

/// REC-5: the first portal of a record turns it on; where there was one, nothing does but staff.
async fn stays_off(staff: &Tx<Staff>, record: RecordId) -> Result<bool> {
    let found = super::rows::record(staff, record).await?;
    let off = found.is_some_and(|found| !found.portal_enabled);
    Ok(off && super::rows::portals_of_record(staff, record).await? > 0)
}

async fn types(staff: &Tx<Staff>, exposed: &Exposed) -> Result<Vec<ExposedType>> {
    let ids: Vec<RecordTypeId> = exposed.records_of.iter().map(|(id, _)| *id).collect();
    let mut types = record_types::by_ids(staff, &ids).await?;
    types.sort_by(|a, b| a.name.cmp(&b.name));
    let with_fields = types.into_iter().map(|kind| {
        let built_in = kind.sharing.shared_fields.iter().map(|field| ExposedField {
            label: label(*field, kind.sharing.show_stage_names).to_owned(),
            built_in: Some(*field),
        });
        let custom = exposed.fields.iter().filter(|field| field.type_id == kind.id);
        let custom = custom.map(|field| ExposedField { label: field.label.clone(), built_in: None });
        let records = exposed.records_of.iter().find(|(id, _)| *id == kind.id);
        ExposedType {
            id: kind.id,
            record_count: records.map_or(0, |(_, count)| *count),
            fields: built_in.chain(custom).collect(),
        }
    });
    Ok(with_fields.collect())
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

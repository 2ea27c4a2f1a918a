//! Dashboards (DASH-2): widgets that staff put together over metrics and what the service knows by itself,
//! for portals to show. Here what staff do; what a portal shows of them is in [`shown`].

pub mod shown;

mod rows;
mod widgets;

pub use rows::{Dashboard, DashboardFilter, Widget};
pub use widgets::{Source, WidgetDraft};

use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::companies::Archival;
use super::idempotency::{self, Claim};
use super::records::{self, Record};
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{CompanyId, DashboardId, PortalId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::{DashboardPatch, NewDashboard};

/// What a new dashboard is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct DashboardDraft {
    pub title: String,
    /// None: it shows the numbers of whichever company or record looks at it.
    pub record_id: Option<RecordId>,
    pub widgets: Vec<WidgetDraft>,
}

/// What changes of a dashboard: absent parts stay. Unchecked.
#[derive(Clone, Debug, Default)]
pub struct DashboardEdit {
    pub title: Option<String>,
    /// All of them, in order.
    pub widgets: Option<Vec<WidgetDraft>>,
}

/// Makes a dashboard, once for each idempotency key.
pub async fn create(write: &Write, draft: DashboardDraft, key: Option<&str>) -> Result<DashboardId> {
    write.scope().require(Permission::RecordsWrite)?;
    let fresh = match idempotency::claim(write, key, "dashboard.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    if let Some(record) = draft.record_id
        && records::by_ids(write, &[record]).await?.is_empty()
    {
        return Err(Error::NotFound("record"));
    }
    let mut checks = Checks::new();
    let new = NewDashboard {
        org_id: write.scope().org_id,
        id: write.id(),
        title: checks.line("title", &draft.title, 120),
        record_id: draft.record_id,
        created_by: write.scope().member()?.id,
    };
    let widgets = widgets::check(write, &mut checks, new.id, draft.widgets).await?;
    checks.finish()?;
    rows::insert(write, &new).await?;
    rows::insert_widgets(write, &widgets).await?;
    fresh.settle(write, new.id).await?;
    note(write, "dashboard.created", new.id);
    Ok(new.id)
}

/// Changes a dashboard that stands at `version` (API-8).
pub async fn update(write: &Write, id: DashboardId, version: i32, edit: DashboardEdit) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    required(write, id).await?;
    let mut checks = Checks::new();
    let title = edit.title.map(|title| checks.line("title", &title, 120));
    let widgets = match edit.widgets {
        Some(drafts) => Some(widgets::check(write, &mut checks, id, drafts).await?),
        None => None,
    };
    checks.finish()?;
    if rows::update(write, id, version, &DashboardPatch { title, archived_at: None }).await? == 0 {
        return Err(missed_update(true, "dashboard"));
    }
    if let Some(widgets) = widgets {
        rows::delete_widgets(write, id).await?;
        rows::insert_widgets(write, &widgets).await?;
    }
    note(write, "dashboard.updated", id);
    Ok(())
}

/// Takes a dashboard out of every portal, or brings it back. Again is no error.
pub async fn archive(write: &Write, id: DashboardId, version: i32, archival: Archival) -> Result<()> {
    write.scope().require(Permission::RecordsWrite)?;
    let before = required(write, id).await?;
    let (kind, archived_at) = match (archival, before.archived_at) {
        (Archival::Archive, None) => ("dashboard.archived", Some(write.at())),
        (Archival::Restore, Some(_)) => ("dashboard.restored", None),
        _ => return Ok(()),
    };
    let patch = DashboardPatch { title: None, archived_at: Some(archived_at) };
    if rows::update(write, id, version, &patch).await? == 0 {
        return Err(missed_update(true, "dashboard"));
    }
    note(write, kind, id);
    Ok(())
}

fn note(write: &Write, kind: &'static str, id: DashboardId) {
    write.done(Change::new(kind, id).client_visible());
}

/// Chooses what a portal shows, in this order, in place of what it showed. Each must be there, and be about
/// a record of the portal's company and scope, or about none.
pub(super) async fn choose(
    write: &Write,
    portal: PortalId,
    (company, only): (CompanyId, Option<RecordId>),
    mut chosen: Vec<DashboardId>,
) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|id| seen.insert(*id));
    check_chosen(write, (company, only), &chosen).await?;
    rows::choose(write, portal, &chosen).await
}

/// Refuses dashboards that a portal of this company, or of this record only, cannot show; each is named
/// once.
pub(super) async fn check_chosen(
    tx: &Tx<Staff>,
    (company, only): (CompanyId, Option<RecordId>),
    chosen: &[DashboardId],
) -> Result<()> {
    let found = rows::by_ids(tx, chosen).await?;
    if found.len() != chosen.len() {
        return Err(Error::NotFound("dashboard"));
    }
    let about: Vec<RecordId> = found.iter().filter_map(|dashboard| dashboard.record_id).collect();
    let strange =
        |record: &Record| record.company_id != company || only.is_some_and(|only| only != record.id);
    if !about.is_empty() && records::by_ids(tx, &about).await?.iter().any(strange) {
        return Err(Error::invalid("input.dashboardIds", "One of these is about another record or company."));
    }
    Ok(())
}

async fn required(tx: &Tx<Staff>, id: DashboardId) -> Result<Dashboard> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("dashboard"))
}

/// The dashboards of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[DashboardId]) -> Result<Vec<Dashboard>> {
    rows::by_ids(tx, ids).await
}

/// The widgets of these dashboards, in their order.
pub async fn widgets_of(tx: &Tx<Staff>, ids: &[DashboardId]) -> Result<Vec<Widget>> {
    rows::widgets_of(tx, ids).await
}

/// The dashboards that these portals show, in their order.
pub async fn of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<(PortalId, Dashboard)>> {
    rows::of_portals(tx, portals).await
}

/// A page of dashboards, the newest first.
pub async fn list(
    tx: &Tx<Staff>,
    filter: DashboardFilter,
    page: &Page<DashboardId>,
) -> Result<Rows<Dashboard>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: DashboardFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

//! What would show, as `app_portal`. No filter by organisation, company or record anywhere: the
//! policies put it there.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use futures::{FutureExt as _, try_join};

use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, DashboardId, DeliverableId, FileId, RecordId, RecordTypeId};
use crate::db::pool::Pools;
use crate::db::schema::portal::{
    activity_entries, calendar_events, dashboards, deliverables, field_definitions, files, messages, records,
};
use crate::db::scope::{Access, CredentialHash, Door, Tx};
use crate::db::settings::app_id;
use crate::error::Result;

diesel::define_sql_function! {
    fn enter_exposure(
        hash: sql_types::Binary,
        company: sql_types::Uuid,
        only_record: sql_types::Nullable<sql_types::Uuid>,
        modes: sql_types::Array<sql_types::Text>
    );
}

diesel::define_sql_function! {
    fn expose_dashboards(chosen: sql_types::Array<sql_types::Uuid>);
}

/// Behind a door that is not made yet.
pub(super) struct Inside;

/// A record that would show.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub struct ExposedRecord {
    pub id: RecordId,
    pub type_id: RecordTypeId,
    pub name: String,
}

/// A deliverable that would show.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliverables)]
pub struct ExposedDeliverable {
    pub id: DeliverableId,
    pub record_id: RecordId,
    pub title: String,
}

/// A dashboard that would show.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = dashboards)]
pub struct ExposedDashboard {
    pub id: DashboardId,
    pub title: String,
}

/// A file that would show.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = files)]
pub struct ExposedFile {
    pub id: FileId,
    pub record_id: RecordId,
    pub name: String,
    pub byte_size: i64,
}

/// A custom field that would show.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = field_definitions)]
pub struct CustomField {
    pub type_id: RecordTypeId,
    pub label: String,
}

/// What would show; of what is listed the first by name.
#[derive(Debug, Default)]
pub struct Exposed {
    pub records: Vec<ExposedRecord>,
    pub deliverables: Vec<ExposedDeliverable>,
    pub files: Vec<ExposedFile>,
    pub dashboards: Vec<ExposedDashboard>,
    pub counts: Counts,
    /// How many records of each type.
    pub(super) records_of: Vec<(RecordTypeId, i64)>,
    pub(super) fields: Vec<CustomField>,
}

/// How much there is in all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub deliverables: i64,
    pub files: i64,
    pub messages: i64,
    pub dashboards: i64,
    /// Events of the calendar, besides milestones.
    pub planned: i64,
    pub activity_entries: i64,
}

/// Enters what a portal of this scope with these dashboards would show; none if its door would not open.
pub(super) async fn enter(
    pools: &Pools,
    hash: CredentialHash,
    (company, record): (CompanyId, Option<RecordId>),
    (modes, chosen): (&[PortalMode], &[DashboardId]),
) -> Result<Option<Tx<Inside>>> {
    let modes: Vec<&str> = modes.iter().map(|mode| mode.as_str()).collect();
    pools
        .enter(Door::Doorstep, Access::Read, |mut connection| {
            let entering = enter_exposure(hash.to_vec(), company, record, modes.clone());
            let choosing = (!chosen.is_empty()).then(|| expose_dashboards(chosen.to_vec()));
            async move {
                diesel::select(entering).execute(&mut connection).await?;
                if let Some(choosing) = choosing {
                    diesel::select(choosing).execute(&mut connection).await?;
                }
                let entered: Option<CompanyId> =
                    diesel::select(app_id("app.company")).get_result(&mut connection).await?;
                Ok(entered.map(|_| Inside))
            }
            .boxed()
        })
        .await
}

/// Reads all of it.
pub(super) async fn read(tx: &Tx<Inside>, first: usize) -> Result<Exposed> {
    let first = first as i64;
    let ((records, records_of, fields), files, deliverables, dashboards, counts) = try_join!(
        of_records(tx, first),
        listed_files(tx, first),
        listed_deliverables(tx, first),
        listed_dashboards(tx, first),
        counts(tx),
    )?;
    Ok(Exposed { records, deliverables, files, dashboards, counts, records_of, fields })
}

type OfRecords = (Vec<ExposedRecord>, Vec<(RecordTypeId, i64)>, Vec<CustomField>);

async fn of_records(tx: &Tx<Inside>, first: i64) -> Result<OfRecords> {
    let mut connections = [tx.connection(); 3];
    let [a, b, c] = &mut connections;
    Ok(try_join!(
        records::table
            .order((records::name, records::id))
            .limit(first)
            .select(ExposedRecord::as_select())
            .load(a),
        records::table.group_by(records::type_id).select((records::type_id, count_star())).load(b),
        field_definitions::table
            .order((field_definitions::position, field_definitions::id))
            .select(CustomField::as_select())
            .load(c),
    )?)
}

async fn listed_files(tx: &Tx<Inside>, first: i64) -> Result<Vec<ExposedFile>> {
    Ok(files::table
        .order((files::name, files::id))
        .limit(first)
        .select(ExposedFile::as_select())
        .load(&mut tx.connection())
        .await?)
}

async fn listed_deliverables(tx: &Tx<Inside>, first: i64) -> Result<Vec<ExposedDeliverable>> {
    Ok(deliverables::table
        .order((deliverables::title, deliverables::id))
        .limit(first)
        .select(ExposedDeliverable::as_select())
        .load(&mut tx.connection())
        .await?)
}

async fn listed_dashboards(tx: &Tx<Inside>, first: i64) -> Result<Vec<ExposedDashboard>> {
    Ok(dashboards::table
        .order((dashboards::title, dashboards::id))
        .limit(first)
        .select(ExposedDashboard::as_select())
        .load(&mut tx.connection())
        .await?)
}

async fn counts(tx: &Tx<Inside>) -> Result<Counts> {
    let mut connections = [tx.connection(); 6];
    let [a, b, c, d, e, f] = &mut connections;
    let (deliverables, files, messages, dashboards, planned, activity_entries) = try_join!(
        deliverables::table.count().get_result(a),
        files::table.count().get_result(b),
        messages::table.count().get_result(c),
        dashboards::table.count().get_result(d),
        calendar_events::table.count().get_result(e),
        activity_entries::table.count().get_result(f),
    )?;
    Ok(Counts { deliverables, files, messages, dashboards, planned, activity_entries })
}

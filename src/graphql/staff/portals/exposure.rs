//! What a portal would show, before it is made or widened (LINK-9).

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};

use super::super::companies::Company;
use super::super::record_types::RecordType;
use super::inputs::PortalScopeInput;
use crate::db::enums::{PortalMode, SharedField};
use crate::db::ids::{CompanyId, DashboardId, DeliverableId, FileId, RecordId, RecordTypeId};
use crate::db::paging::Page;
use crate::domain::portals::{self, Exposing};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Which portal is asked about. For one that exists, give its scope and the modes it would have.
#[derive(InputObject)]
pub struct PortalExposureInput {
    /// What it would open. A record that never had a portal counts as switched on, since its first
    /// portal switches it on.
    scope: PortalScopeInput,
    /// The sections it would show.
    #[graphql(default_with = "vec![PortalMode::Records, PortalMode::Files, PortalMode::Messages]")]
    modes: Vec<PortalMode>,
    /// The dashboards that would be chosen for it; they show where its modes have DASHBOARD.
    #[graphql(default)]
    dashboard_ids: Vec<DashboardId>,
}

/// All that a portal's holder would see now, read as the holder's database login reads it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct PortalExposure {
    #[graphql(skip)]
    company: CompanyId,
    /// Whether its door would open. False for a record of a type that is not shared, and for one
    /// that staff switched off although it has a portal; what is listed shows once it is on.
    opens: bool,
    /// The types of its records, by name, with the fields that show.
    types: Vec<ExposedType>,
    /// Its records, the first by name.
    records: Vec<ExposedRecord>,
    /// How many records there are in all.
    record_count: i64,
    /// The deliverables of its records, the first by title.
    deliverables: Vec<ExposedDeliverable>,
    /// How many deliverables there are in all.
    deliverable_count: i64,
    /// Its files, the first by name.
    files: Vec<ExposedFile>,
    /// How many files there are in all.
    file_count: i64,
    /// How many messages its threads hold.
    message_count: i64,
    /// Its dashboards, the first by title.
    dashboards: Vec<ExposedDashboard>,
    /// How many dashboards there are in all.
    dashboard_count: i64,
    /// How many events its calendar holds, besides milestones.
    planned_count: i64,
    /// How many entries its activity holds that staff and partners wrote.
    activity_entry_count: i64,
}

#[ComplexObject]
impl PortalExposure {
    /// The company whose doorway it would be.
    async fn company(&self, ctx: &Context<'_>) -> Result<Company> {
        let reading = request(ctx).staff().await?;
        reading.loaders.required(self.company, "company").await.map(Company::from)
    }
}

/// A type of the records that would show.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ExposedType {
    #[graphql(skip)]
    id: RecordTypeId,
    /// How many of the records are of it.
    record_count: i64,
    /// What shows of each besides its name, where it has a value.
    fields: Vec<ExposedField>,
}

#[ComplexObject]
impl ExposedType {
    /// The type.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> Result<RecordType> {
        record_type(ctx, self.id).await
    }
}

/// A field that would show.
#[derive(SimpleObject)]
pub struct ExposedField {
    /// The field as people call it.
    label: String,
    /// Which built-in field it is; null for a custom one.
    built_in: Option<SharedField>,
}

/// A record that would show.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ExposedRecord {
    /// Its id.
    id: RecordId,
    #[graphql(skip)]
    type_id: RecordTypeId,
    /// Its name.
    name: String,
}

#[ComplexObject]
impl ExposedRecord {
    /// Its type.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> Result<RecordType> {
        record_type(ctx, self.type_id).await
    }
}

/// A deliverable that would show.
#[derive(SimpleObject)]
pub struct ExposedDeliverable {
    /// Its id.
    id: DeliverableId,
    /// The record it is part of.
    record_id: RecordId,
    /// Its title.
    title: String,
}

/// A dashboard that would show.
#[derive(SimpleObject)]
pub struct ExposedDashboard {
    /// Its id.
    id: DashboardId,
    /// Its title.
    title: String,
}

/// A file that would show.
#[derive(SimpleObject)]
pub struct ExposedFile {
    /// Its id.
    id: FileId,
    /// The record it belongs to.
    record_id: RecordId,
    /// Its name.
    name: String,
    /// Its size in bytes. A whole number; a Float because Int ends at two thousand million.
    byte_size: f64,
}

/// Asking what a portal would show.
#[derive(Default)]
pub struct ExposureQueries;

#[Object]
impl ExposureQueries {
    /// What a portal would expose, before it is made or widened. Needs PORTALS_MANAGE.
    async fn portal_exposure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which portal.")] input: PortalExposureInput,
        #[graphql(desc = "How many of each kind to list: 1 to 100; 25 if absent.")] first: Option<i32>,
    ) -> Option<Result<PortalExposure>> {
        Some(expose(ctx, input, first).await)
    }
}

async fn expose(ctx: &Context<'_>, input: PortalExposureInput, first: Option<i32>) -> Result<PortalExposure> {
    let first = Page::<()>::parse(first, None).map_err(coded)?.limit;
    let PortalExposureInput { scope, modes, dashboard_ids: dashboards } = input;
    let asked = Exposing { scope: scope.into(), modes, dashboards, first };
    let (request, reading) = (request(ctx), request(ctx).staff().await?);
    let exposure = portals::exposure(&request.app.pools, request.session_hash()?, &reading.tx, &asked);
    exposure.await.map(PortalExposure::from).map_err(coded)
}

async fn record_type(ctx: &Context<'_>, id: RecordTypeId) -> Result<RecordType> {
    let reading = request(ctx).staff().await?;
    reading.loaders.required(id, "record type").await.map(RecordType::from)
}

impl From<portals::Exposure> for PortalExposure {
    fn from(exposure: portals::Exposure) -> Self {
        let record_count = exposure.record_count();
        let exposed = exposure.exposed;
        let counts = exposed.counts;
        Self {
            company: exposure.company,
            opens: exposure.opens,
            types: exposure.types.into_iter().map(ExposedType::from).collect(),
            records: exposed.records.into_iter().map(ExposedRecord::from).collect(),
            record_count,
            deliverables: exposed.deliverables.into_iter().map(ExposedDeliverable::from).collect(),
            deliverable_count: counts.deliverables,
            files: exposed.files.into_iter().map(ExposedFile::from).collect(),
            file_count: counts.files,
            message_count: counts.messages,
            dashboards: exposed.dashboards.into_iter().map(ExposedDashboard::from).collect(),
            dashboard_count: counts.dashboards,
            planned_count: counts.planned,
            activity_entry_count: counts.activity_entries,
        }
    }
}

impl From<portals::ExposedType> for ExposedType {
    fn from(kind: portals::ExposedType) -> Self {
        let fields = kind.fields.into_iter();
        let fields = fields.map(|field| ExposedField { label: field.label, built_in: field.built_in });
        Self { id: kind.id, record_count: kind.record_count, fields: fields.collect() }
    }
}

impl From<portals::ExposedRecord> for ExposedRecord {
    fn from(record: portals::ExposedRecord) -> Self {
        Self { id: record.id, type_id: record.type_id, name: record.name }
    }
}

impl From<portals::ExposedDeliverable> for ExposedDeliverable {
    fn from(deliverable: portals::ExposedDeliverable) -> Self {
        Self { id: deliverable.id, record_id: deliverable.record_id, title: deliverable.title }
    }
}

impl From<portals::ExposedDashboard> for ExposedDashboard {
    fn from(dashboard: portals::ExposedDashboard) -> Self {
        Self { id: dashboard.id, title: dashboard.title }
    }
}

impl From<portals::ExposedFile> for ExposedFile {
    fn from(file: portals::ExposedFile) -> Self {
        let byte_size = file.byte_size as f64;
        Self { id: file.id, record_id: file.record_id, name: file.name, byte_size }
    }
}

//! What every organisation starts with: the built-in type `Project` and its pipeline (REC-2,
//! REC-3). From then on they are the organisation's own to change.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::{ClientPhase, SharedField};
use crate::db::ids::{OrgId, RecordTypeId, StageId};
use crate::db::schema::staff::{record_types, stages};
use crate::domain::changes::Write;
use crate::error::Result;

/// Name, colour and client phase of each stage of a new organisation's projects, in order.
pub const PROJECT_STAGES: [(&str, &str, ClientPhase); 6] = [
    ("Discovery", "#7c6f9f", ClientPhase::Planning),
    ("Scheduled", "#4f7cac", ClientPhase::Scheduled),
    ("Design", "#c9822b", ClientPhase::InProgress),
    ("Build", "#b5532a", ClientPhase::InProgress),
    ("Client review", "#8a4f9e", ClientPhase::InReview),
    ("Delivered", "#3f8f5f", ClientPhase::Delivered),
];

#[derive(Insertable)]
#[diesel(table_name = record_types)]
struct NewType {
    org_id: OrgId,
    id: RecordTypeId,
    key: &'static str,
    name: &'static str,
    name_plural: &'static str,
    built_in: bool,
    shared: bool,
    shared_fields: &'static [SharedField],
}

#[derive(Insertable)]
#[diesel(table_name = stages)]
struct NewStage {
    org_id: OrgId,
    id: StageId,
    type_id: RecordTypeId,
    name: &'static str,
    color: &'static str,
    client_phase: ClientPhase,
    position: i32,
}

/// Plants the built-in type in the organisation that `write` founds.
pub async fn plant(write: &Write) -> Result<()> {
    let org_id = write.scope().org_id;
    let project = NewType {
        org_id,
        id: write.id(),
        key: "project",
        name: "Project",
        name_plural: "Projects",
        built_in: true,
        shared: true,
        shared_fields: SharedField::ALL,
    };
    let pipeline: Vec<NewStage> = (0..)
        .zip(PROJECT_STAGES)
        .map(|(position, (name, color, client_phase))| NewStage {
            org_id,
            id: write.id(),
            type_id: project.id,
            name,
            color,
            client_phase,
            position,
        })
        .collect();
    diesel::insert_into(record_types::table).values(project).execute(&mut write.connection()).await?;
    diesel::insert_into(stages::table).values(pipeline).execute(&mut write.connection()).await?;
    Ok(())
}

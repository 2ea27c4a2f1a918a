//! What would show, as `app_portal`. No filter by organisation, company or record anywhere: the
//! policies put it there.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use futures::{FutureExt as _, try_join};

use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, FileId, RecordId, RecordTypeId};
use crate::db::pool::Pools;
use crate::db::schema::portal::{calendar_events, field_definitions, files, messages, records};
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
pub(super) struct CustomField {
    pub type_id: RecordTypeId,
    pub label: String,
}

/// All that was found.
pub(super) struct Seen {
    pub records: Vec<ExposedRecord>,
    /// How many records of each type.
    pub records_of: Vec<(RecordTypeId, i64)>,
    pub fields: Vec<CustomField>,
    pub files: Vec<ExposedFile>,
    pub file_count: i64,
    pub message_count: i64,
    pub planned_count: i64,
}

/// Enters what a portal of this scope would show; none if its door would not open.
pub(super) async fn enter(
    pools: &Pools,
    hash: CredentialHash,
    (company, record): (CompanyId, Option<RecordId>),
    modes: &[PortalMode],
) -> Result<Option<Tx<Inside>>> {
    let modes: Vec<&str> = modes.iter().map(|mode| mode.as_str()).collect();
    pools
        .enter(Door::Doorstep, Access::Read, |mut connection| {
            let entering = enter_exposure(hash.to_vec(), company, record, modes.clone());
            async move {
                diesel::select(entering).execute(&mut connection).await?;
                let entered: Option<CompanyId> =
                    diesel::select(app_id("app.company")).get_result(&mut connection).await?;
                Ok(entered.map(|_| Inside))
            }
            .boxed()
        })
        .await
}

/// Reads all of it; of records and files the first by name.
pub(super) async fn read(tx: &Tx<Inside>, first: usize) -> Result<Seen> {
    let first = first as i64;
    let mut connections = [tx.connection(); 7];
    let [a, b, c, d, e, f, g] = &mut connections;
    let (records, records_of, fields, files, file_count, message_count, planned_count) = try_join!(
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
        files::table.order((files::name, files::id)).limit(first).select(ExposedFile::as_select()).load(d),
        files::table.count().get_result(e),
        messages::table.count().get_result(f),
        calendar_events::table.count().get_result(g),
    )?;
    Ok(Seen { records, records_of, fields, files, file_count, message_count, planned_count })
}

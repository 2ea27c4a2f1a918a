//! `files` in Diesel, for staff and for clients, and the functions that know where clients may send.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{self, Text};
use diesel_async::RunQueryDsl;

use super::uploads::{Arrival, Received};
use crate::db::enums::UploaderType;
use crate::db::ids::{FileId, RecordId};
use crate::db::paging::{MAX_COUNT, Page, contains};
use crate::db::prepared::Prepare as _;
use crate::db::schema::{portal, staff};
use crate::db::scope::Tx;
use crate::domain::callers::{Portal, Staff};
use crate::domain::changes::Write;
use crate::domain::visitors::Visitor;
use crate::error::{Error, Result};

/// A file as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = staff::files)]
pub struct File {
    pub id: FileId,
    pub record_id: RecordId,
    pub name: String,
    pub media_type: String,
    pub byte_size: i64,
    pub shared: bool,
    pub created_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
    /// Of its bytes; none for what has none.
    pub sha256: Option<Vec<u8>>,
    pub uploader_type: UploaderType,
    pub uploader_name: Option<String>,
    pub version: i32,
}

/// A file as clients see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = portal::files)]
pub struct SharedFile {
    pub id: FileId,
    pub record_id: RecordId,
    pub name: String,
    pub media_type: String,
    pub byte_size: i64,
    pub created_at: DateTime<Utc>,
    pub sha256: Option<Vec<u8>>,
    pub uploader_type: UploaderType,
}

/// Which files staff list.
#[derive(Clone, Debug, Default)]
pub struct FileFilter {
    pub record: Option<RecordId>,
    pub shared: Option<bool>,
    /// Whose name holds this.
    pub search: Option<String>,
    pub archived: bool,
}

/// Which files clients list.
#[derive(Clone, Copy, Debug, Default)]
pub struct SharedFileFilter {
    pub record: Option<RecordId>,
}

/// A record whose files a portal shows.
#[derive(Clone, Debug, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = sql_types::Uuid)]
    pub id: RecordId,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = sql_types::Bool)]
    pub takes_uploads: bool,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = staff::files)]
pub(super) struct FilePatch {
    pub name: Option<String>,
    pub shared: Option<bool>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

diesel::define_sql_function! {
    fn tell_team_of_upload(file: sql_types::Uuid);
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[FileId]) -> Result<Vec<File>> {
    use staff::files;
    let found = files::table.filter(files::id.eq_any(ids)).select(File::as_select());
    Ok(found.load(&mut tx.connection()).await?)
}

/// Held until the transaction ends.
pub(super) async fn lock(write: &Write, id: FileId) -> Result<Option<File>> {
    use staff::files;
    let found = files::table.filter(files::id.eq(id)).select(File::as_select()).for_update();
    Ok(found.first(&mut write.connection()).await.optional()?)
}

pub(super) async fn list(tx: &Tx<Staff>, filter: &FileFilter, page: &Page<FileId>) -> Result<Vec<File>> {
    use staff::files;
    let mut query = filtered(filter).order(files::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(files::id.lt(after));
    }
    Ok(query.select(File::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &FileFilter) -> Result<i64> {
    use staff::files;
    let ids: Vec<FileId> =
        filtered(filter).select(files::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &FileFilter) -> staff::files::BoxedQuery<'_, Pg> {
    use staff::files;
    let mut query = files::table.into_boxed();
    if let Some(record) = filter.record {
        query = query.filter(files::record_id.eq(record));
    }
    if let Some(shared) = filter.shared {
        query = query.filter(files::shared.eq(shared));
    }
    if let Some(search) = &filter.search {
        query = query.filter(files::name.ilike(contains(search)));
    }
    if !filter.archived {
        query = query.filter(files::archived_at.is_null());
    }
    query
}

pub(super) async fn update(write: &Write, id: FileId, patch: &FilePatch) -> Result<()> {
    use staff::files;
    diesel::update(files::table.filter(files::id.eq(id)))
        .set((patch, files::version.eq(files::version + 1)))
        .execute(&mut write.connection())
        .await?;
    Ok(())
}

pub(super) async fn shared(tx: &Tx<Portal>, id: FileId) -> Result<Option<SharedFile>> {
    use portal::files;
    let found = files::table.filter(files::id.eq(id)).select(SharedFile::as_select());
    Ok(found.first(&mut tx.connection()).await.optional()?)
}

pub(super) async fn shared_list(
    tx: &Tx<Portal>,
    filter: &SharedFileFilter,
    page: &Page<FileId>,
) -> Result<Vec<SharedFile>> {
    use portal::files;
    let mut query = shared_filtered(*filter).order(files::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(files::id.lt(after));
    }
    Ok(query.select(SharedFile::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn shared_count(tx: &Tx<Portal>, filter: &SharedFileFilter) -> Result<i64> {
    use portal::files;
    let ids: Vec<FileId> =
        shared_filtered(*filter).select(files::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn shared_filtered(filter: SharedFileFilter) -> portal::files::BoxedQuery<'static, Pg> {
    use portal::files;
    let query = files::table.into_boxed();
    match filter.record {
        Some(record) => query.filter(files::record_id.eq(record)),
        None => query,
    }
}

pub(super) async fn places(tx: &Tx<Portal>) -> Result<Vec<Place>> {
    let places = diesel::sql_query("select id, name, takes_uploads from file_places()").prepared();
    Ok(places.load(&mut tx.connection()).await?)
}

pub(super) async fn insert_by_staff(write: &Write, arrival: &Arrival, received: &Received) -> Result<()> {
    use staff::{files, members};
    let member = write.scope().member()?.id;
    let name: String = members::table
        .filter(members::id.eq(member))
        .select(members::name)
        .first(&mut write.connection())
        .await?;
    let row = (
        files::org_id.eq(arrival.id.org),
        files::id.eq(arrival.id.file),
        files::record_id.eq(arrival.record),
        files::name.eq(&arrival.name),
        files::media_type.eq(received.media_type),
        files::byte_size.eq(i64::try_from(received.size).map_err(Error::internal)?),
        files::shared.eq(arrival.shared),
        files::sha256.eq(received.sha256.to_vec()),
        files::uploader_type.eq(UploaderType::Staff),
        files::uploader_name.eq(name),
        files::uploader_member_id.eq(member),
    );
    diesel::insert_into(files::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

pub(super) async fn insert_by_client(
    write: &Write<Portal>,
    arrival: &Arrival,
    received: &Received,
    visitor: &Visitor,
) -> Result<()> {
    use portal::files;
    let row = (
        files::org_id.eq(arrival.id.org),
        files::id.eq(arrival.id.file),
        files::record_id.eq(arrival.record),
        files::name.eq(&arrival.name),
        files::media_type.eq(received.media_type),
        files::byte_size.eq(i64::try_from(received.size).map_err(Error::internal)?),
        files::shared.eq(true),
        files::sha256.eq(received.sha256.to_vec()),
        files::uploader_type.eq(UploaderType::Client),
        files::uploader_name.eq(&visitor.name),
        files::uploader_session_id.eq(visitor.session_id.0),
    );
    diesel::insert_into(files::table).values(row).execute(&mut write.connection()).await?;
    Ok(())
}

/// Mails to the record's owner and watchers.
pub(super) async fn tell_team(write: &Write<Portal>, file: FileId) -> Result<()> {
    diesel::select(tell_team_of_upload(file)).execute(&mut write.connection()).await?;
    Ok(())
}

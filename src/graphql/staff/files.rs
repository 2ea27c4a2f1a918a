//! Files in the staff root (FILE-1, FILE-2): what records hold, what of it is shared, and where to bring
//! more. Their bytes go by HTTP beside GraphQL.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::UploaderType;
use crate::db::ids::{FileId, RecordId};
use crate::db::paging::Page;
use crate::domain::companies::Archival;
use crate::domain::files::tickets::{Bearer, LIFE, Ticket};
use crate::domain::files::uploads;
use crate::domain::files::{self, FileEdit, FileFilter};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A file of a record.
#[derive(SimpleObject)]
pub struct File {
    /// Its id.
    id: FileId,
    /// The record it belongs to.
    record_id: RecordId,
    /// The name it is downloaded under.
    name: String,
    /// Its media type, by its content.
    media_type: String,
    /// Its length in bytes. A whole number; a Float because Int ends at two thousand million.
    byte_size: f64,
    /// SHA-256 of its bytes, hexadecimal; null for one without bytes.
    sha256: Option<String>,
    /// Whether clients see it.
    shared: bool,
    /// Which side brought it.
    uploader_type: UploaderType,
    /// Who brought it, as they were called then.
    uploader_name: Option<String>,
    /// When it was uploaded.
    created_at: DateTime<Utc>,
    /// Raised by every change; an update names the one it read.
    version: i32,
    /// When it was archived, if it is.
    archived_at: Option<DateTime<Utc>>,
    /// Where its bytes are, for a GET with the session's token as `Authorization: Bearer`. With `?inline`
    /// what browsers can show safely is sent to be shown.
    path: String,
}

impl From<files::File> for File {
    fn from(file: files::File) -> Self {
        Self {
            id: file.id,
            record_id: file.record_id,
            name: file.name,
            media_type: file.media_type,
            byte_size: file.byte_size as f64,
            sha256: file.sha256.map(hex::encode),
            shared: file.shared,
            uploader_type: file.uploader_type,
            uploader_name: file.uploader_name,
            created_at: file.created_at,
            version: file.version,
            archived_at: file.archived_at,
            path: format!("/files/{}", file.id),
        }
    }
}

connection!(FileConnection, FileEdge, File, "files");

/// Which files; a part left out does not narrow.
#[derive(Clone, Debug, Default, InputObject)]
pub struct FileFilterInput {
    /// Those of this record.
    record_id: Option<RecordId>,
    /// Those that clients see, or those that they do not.
    shared: Option<bool>,
    /// Those whose name holds this.
    search: Option<String>,
    /// The archived ones too.
    #[graphql(default)]
    archived: bool,
}

/// Reading files.
#[derive(Default)]
pub struct StaffFileQueries;

#[Object]
impl StaffFileQueries {
    /// The files of records, newest first, a page at a time.
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which files.")] filter: Option<FileFilterInput>,
    ) -> Option<Result<FileConnection>> {
        Some(list(ctx, first, after, filter.unwrap_or_default()).await)
    }

    /// A file. Null with NOT_FOUND if there is none.
    async fn file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: FileId,
    ) -> Option<Result<File>> {
        Some(load(ctx, id).await)
    }
}

/// What a member wants to bring.
#[derive(InputObject)]
pub struct RequestUploadInput {
    /// To which record.
    record_id: RecordId,
    /// The file's name.
    file_name: String,
    /// Whether clients see it at once.
    #[graphql(default)]
    shared: bool,
}

/// Where the file goes.
#[derive(SimpleObject)]
pub struct RequestUploadPayload {
    /// POST or PUT the bytes here, as the whole body and once. The answer is 201 with the file's id.
    url: String,
    /// Until when the first byte has to come.
    expires_at: DateTime<Utc>,
    /// The most bytes that are taken. A whole number; a Float because Int ends at two thousand million.
    max_bytes: f64,
}

/// What to change of a file. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateFileInput {
    /// The file.
    id: FileId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// The name it is downloaded under, 1 to 200 characters.
    name: Option<String>,
    /// Whether clients see it.
    shared: Option<bool>,
}

/// Which file to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveFileInput {
    /// The file.
    id: FileId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// The file as it was changed.
#[derive(SimpleObject)]
pub struct UpdateFilePayload {
    /// The changed file.
    file: File,
}

/// The file as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveFilePayload {
    /// The file.
    file: File,
}

/// Changing files.
#[derive(Default)]
pub struct StaffFileMutations;

#[Object]
impl StaffFileMutations {
    /// Gives an address for one file. Nothing is there before all its bytes have come. Needs
    /// RECORDS_WRITE.
    async fn request_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be brought.")] input: RequestUploadInput,
    ) -> Option<Result<RequestUploadPayload>> {
        Some(request_upload(ctx, input).await)
    }

    /// Renames a file, shares it with clients, or takes it back. Needs RECORDS_WRITE.
    async fn update_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateFileInput,
    ) -> Option<Result<UpdateFilePayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a file from clients, or brings it back; staff find it among the archived. Needs RECORDS_WRITE.
    async fn archive_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveFileInput,
    ) -> Option<Result<ArchiveFilePayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: FileFilterInput,
) -> Result<FileConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let filter = FileFilter {
        record: filter.record_id,
        shared: filter.shared,
        search: filter.search,
        archived: filter.archived,
    };
    let reading = request(ctx).staff().await?;
    let rows = files::list(&reading.tx, &filter, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(files::count(&reading.tx, &filter).await.map_err(coded)?),
        false => None,
    };
    Ok(FileConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

async fn load(ctx: &Context<'_>, id: FileId) -> Result<File> {
    let reading = request(ctx).staff().await?;
    let file = files::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    file.map(File::from).ok_or_else(|| coded(Error::NotFound("file")))
}

async fn request_upload(ctx: &Context<'_>, input: RequestUploadInput) -> Result<RequestUploadPayload> {
    let request = request(ctx);
    let app = &request.app;
    let hash = request.session_hash()?;
    let file: FileId = app.clock.id().into();
    let write = request.write().await?;
    let what = (input.file_name.as_str(), input.shared);
    let expected = uploads::expect_of_staff(&write, file, input.record_id, what).await;
    let arrival = write.finish(expected).await.map_err(coded)?;
    let until = app.clock.now() + LIFE;
    let ticket = Ticket {
        bearer: Bearer::Staff(hash),
        file,
        record: arrival.record,
        name: arrival.name,
        shared: arrival.shared,
        until,
    };
    Ok(RequestUploadPayload {
        url: app.config.http.upload_url(&ticket.seal(&app.config.sealing)),
        expires_at: until,
        max_bytes: app.config.storage.staff_bytes as f64,
    })
}

async fn update(ctx: &Context<'_>, input: UpdateFileInput) -> Result<UpdateFilePayload> {
    let edit = FileEdit { name: input.name, shared: input.shared, archival: None };
    let write = request(ctx).write().await?;
    let updated = files::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateFilePayload { file: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveFileInput) -> Result<ArchiveFilePayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let edit = FileEdit { archival: Some(archival), ..FileEdit::default() };
    let write = request(ctx).write().await?;
    let archived = files::update(&write, input.id, input.version, edit).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveFilePayload { file: load(ctx, input.id).await? })
}

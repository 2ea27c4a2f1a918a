//! Files in the portal root (FILE-1, FILE-2): what is shared, and where to send one. Their bytes go by
//! HTTP beside GraphQL.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{PortalMode, UploaderType};
use crate::db::ids::{FileId, RecordId};
use crate::db::paging::Page;
use crate::domain::files::tickets::{LIFE, Ticket};
use crate::domain::files::uploads;
use crate::domain::files::{self, Place, SharedFile, SharedFileFilter};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// A shared file.
#[derive(async_graphql::Description)]
pub struct PortalFile(SharedFile);

#[Object(use_type_description)]
impl PortalFile {
    /// Its id.
    async fn id(&self) -> FileId {
        self.0.id
    }

    /// The record it belongs to.
    async fn record_id(&self) -> RecordId {
        self.0.record_id
    }

    /// The name it is downloaded under.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its media type, by its content.
    async fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// Its length in bytes. A whole number; a Float because Int ends at two thousand million.
    async fn byte_size(&self) -> f64 {
        self.0.byte_size as f64
    }

    /// When it was uploaded.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Which side brought it.
    async fn uploader_type(&self) -> UploaderType {
        self.0.uploader_type
    }

    /// SHA-256 of its bytes, hexadecimal; null for one without bytes.
    async fn sha256(&self) -> Option<String> {
        self.0.sha256.as_ref().map(hex::encode)
    }

    /// Where its bytes are, for a GET with the session's token as `Authorization: Bearer`. With `?inline`
    /// what browsers can show safely is sent to be shown.
    async fn path(&self) -> String {
        format!("/files/{}", self.0.id)
    }
}

impl From<SharedFile> for PortalFile {
    fn from(file: SharedFile) -> Self {
        Self(file)
    }
}

connection!(PortalFileConnection, PortalFileEdge, PortalFile, "files");

/// A record whose files the portal shows.
#[derive(SimpleObject)]
pub struct PortalFilePlace {
    /// The record.
    record_id: RecordId,
    /// Its name.
    name: String,
    /// Whether visitors can send files for it.
    takes_uploads: bool,
}

impl From<Place> for PortalFilePlace {
    fn from(place: Place) -> Self {
        Self { record_id: place.id, name: place.name, takes_uploads: place.takes_uploads }
    }
}

/// Reading files.
#[derive(Default)]
pub struct FileQueries;

#[Object]
impl FileQueries {
    /// The shared files, newest first, a page at a time. Empty where the portal shows no files.
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this record.")] record_id: Option<RecordId>,
    ) -> Option<Result<PortalFileConnection>> {
        Some(list(ctx, first, after, SharedFileFilter { record: record_id }).await)
    }

    /// A shared file. Null with NOT_FOUND for any other.
    async fn file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: FileId,
    ) -> Option<Result<PortalFile>> {
        Some(find(ctx, id).await)
    }

    /// The records whose files are shown, by name, and which of them take files from visitors.
    async fn file_places(&self, ctx: &Context<'_>) -> Result<Vec<PortalFilePlace>> {
        let reading = request(ctx).portal().await?;
        let places = files::places(&reading.tx).await.map_err(coded)?;
        Ok(places.into_iter().map(PortalFilePlace::from).collect())
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: SharedFileFilter,
) -> Result<PortalFileConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).portal().await?;
    let rows = files::shared_list(&reading.tx, &filter, &page).await.map_err(coded)?;
    request(ctx).shows(PortalMode::Files);
    let count = match wants_count(ctx) {
        true => Some(files::shared_count(&reading.tx, &filter).await.map_err(coded)?),
        false => None,
    };
    Ok(PortalFileConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

async fn find(ctx: &Context<'_>, id: FileId) -> Result<PortalFile> {
    let reading = request(ctx).portal().await?;
    let file = files::shared(&reading.tx, id).await.map_err(coded)?;
    request(ctx).shows(PortalMode::Files);
    file.map(PortalFile).ok_or_else(|| coded(crate::error::Error::NotFound("file")))
}

/// What a visitor wants to send.
#[derive(InputObject)]
pub struct PortalRequestUploadInput {
    /// For which record: one of `filePlaces` that takes uploads.
    record_id: RecordId,
    /// The file's name. Its ending has to be one of pdf, png, jpg, jpeg, docx, xlsx and zip.
    file_name: String,
    /// Who sends it, for a session that has no name yet.
    visitor_name: Option<String>,
}

/// Where the file goes.
#[derive(SimpleObject)]
pub struct PortalRequestUploadPayload {
    /// POST or PUT the bytes here, as the whole body and once. The answer is 201 with the file's id.
    url: String,
    /// Until when the first byte has to come.
    expires_at: DateTime<Utc>,
    /// The most bytes that are taken. A whole number; a Float because Int ends at two thousand million.
    max_bytes: f64,
}

/// Sending files.
#[derive(Default)]
pub struct FileMutations;

#[Object]
impl FileMutations {
    /// Gives an address for one file. Nothing is there before its bytes have come, and are what the name
    /// says. FORBIDDEN where the record takes no files.
    async fn request_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be sent.")] input: PortalRequestUploadInput,
    ) -> Option<Result<PortalRequestUploadPayload>> {
        Some(request_upload(ctx, input).await)
    }
}

async fn request_upload(
    ctx: &Context<'_>,
    input: PortalRequestUploadInput,
) -> Result<PortalRequestUploadPayload> {
    let request = request(ctx);
    let app = &request.app;
    let pass = request.portal_pass().await?;
    let file: FileId = app.clock.id().into();
    let write = request.act().await?;
    let what = (input.file_name.as_str(), input.visitor_name.as_deref());
    let expected = uploads::expect_of_client(&write, file, input.record_id, what).await;
    let arrival = write.finish(expected).await.map_err(coded)?;
    let until = app.clock.now() + LIFE;
    let ticket =
        Ticket { bearer: pass.into(), file, record: arrival.record, name: arrival.name, shared: true, until };
    Ok(PortalRequestUploadPayload {
        url: app.config.http.upload_url(&ticket.seal(&app.config.sealing)),
        expires_at: until,
        max_bytes: app.config.storage.client_bytes as f64,
    })
}

//! "Download all": one ZIP of all that the reader may have, written as it is sent. There is no temporary
//! file, and a reader who stops reading stops it.

use std::collections::HashSet;
use std::sync::Arc;

use async_zip::tokio::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::{AsyncWriteExt as _, StreamExt as _, TryStreamExt as _, stream};
use tokio::io::DuplexStream;
use tokio_util::io::ReaderStream;

use super::download::{Sending, guard, open};
use super::headers::disposition;
use crate::app::App;
use crate::db::ids::FileId;
use crate::db::scope::Access;
use crate::domain::files::objects::Location;
use crate::domain::{callers, files};
use crate::error::{Error, Result};
use crate::http::track::header;
use crate::live::{Bearer, Pass};
use crate::usage::Seen;

/// Between who writes and who reads.
const PIECE: usize = 256 * 1024;

/// A file on its way into the archive.
#[derive(Clone, Debug)]
pub struct Entry {
    pub file: FileId,
    /// Folder and name, as people read them.
    pub path: Vec<String>,
    pub place: Location,
    pub size: u64,
    pub at: chrono::DateTime<chrono::Utc>,
}

/// The answer with the archive.
pub fn archive(
    app: &Arc<App>,
    name: &str,
    entries: Vec<Entry>,
    (bearer, seen): (Bearer, Option<Seen>),
) -> Response {
    let (writer, reader) = tokio::io::duplex(PIECE);
    let writing = tokio::spawn(write(app.clone(), bearer, entries, writer));
    let bytes = ReaderStream::with_capacity(reader, PIECE);
    // What ends without its directory must not look as if it were whole.
    let end = stream::once(async move {
        match writing.await {
            Ok(Ok(())) => Ok(Bytes::new()),
            Ok(Err(error)) => Err(std::io::Error::other(error)),
            Err(error) => Err(std::io::Error::other(error)),
        }
    });
    let source = bytes.chain(end).boxed();
    let sending = Sending::new(app, source, app.live.escort(bearer), seen);
    let mut response = Body::from_stream(sending).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, header("application/zip"));
    headers.insert(CONTENT_DISPOSITION, header(&disposition(name, false)));
    guard(headers);
    response
}

async fn write(
    app: Arc<App>,
    bearer: Bearer,
    entries: Vec<Entry>,
    writer: DuplexStream,
) -> anyhow::Result<()> {
    let mut archive = ZipFileWriter::with_tokio(writer);
    let mut taken = HashSet::new();
    for entry in entries {
        if !is_shown(&app, bearer, entry.file).await? {
            continue;
        }
        // What is missing is missing from the archive; the rest comes.
        let mut bytes = match open(&app, &entry.place, 0..entry.size).await {
            Ok(bytes) => bytes,
            Err(Error::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let name = free_name(&mut taken, &entry.path);
        let date = async_zip::ZipDateTime::from_chrono(&entry.at);
        let described = ZipEntryBuilder::new(name.into(), Compression::Stored)
            .last_modification_date(date)
            .unix_permissions(0o644);
        let mut sink = archive.write_entry_stream(described).await?;
        while let Some(piece) = bytes.try_next().await? {
            sink.write_all(&piece).await?;
        }
        sink.close().await?;
    }
    archive.close().await?;
    Ok(())
}

/// Looks again as a file's turn comes, which may be long after the list was made (FILE-1).
async fn is_shown(app: &App, bearer: Bearer, file: FileId) -> Result<bool> {
    let tx = match bearer {
        Bearer::Pass(Pass::Portal(pass)) => callers::enter_portal(&app.pools, pass, Access::Read).await?,
        Bearer::Preview(hash) => callers::enter_preview(&app.pools, hash).await?,
        Bearer::Pass(Pass::Staff(_)) => return Ok(true),
    };
    let found = files::shared(&tx, file).await;
    tx.leave().await?;
    Ok(found?.is_some())
}

/// A path that no other file of the archive has, and that unpacks where it should.
pub fn free_name(taken: &mut HashSet<String>, path: &[String]) -> String {
    // An empty part would begin the path with a slash.
    let part = |text: &String| {
        let part = text.replace(['/', '\\', ':', '\0'], "-").trim_matches(['.', ' ']).to_owned();
        if part.is_empty() { "untitled".to_owned() } else { part }
    };
    let whole = path.iter().map(part).collect::<Vec<_>>().join("/");
    let (stem, ending) = match whole.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') => (stem.to_owned(), format!(".{ending}")),
        _ => (whole.clone(), String::new()),
    };
    let mut name = whole;
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{stem} ({number}){ending}");
        number += 1;
    }
    name
}

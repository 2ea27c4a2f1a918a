//! Sends a file, or a part of it. What was sent is counted as it leaves (FILE-4); nobody waits for it.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use tokio_util::sync::WaitForCancellationFutureOwned;
use uuid::Uuid;

use super::error_of;
use super::headers::{Part, disposition, is_known, is_safe_inline, part, without_range};
use crate::adapters::storage::Source;
use crate::app::App;
use crate::db::ids::{FileId, OrgId};
use crate::domain::files::objects::{self, Location, ObjectId};
use crate::domain::files::{self, File, SharedFile};
use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::{Credential, RequestContext};
use crate::http::Http;
use crate::http::graphql::{self, Asker};
use crate::http::track::{Tracked, header};
use crate::live::{Bearer, Escort, Pass};
use crate::usage::{Seen, Serving, Sighting};

/// Nothing in a download runs, whatever it is, and nobody else shows it in a frame.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// For a PDF that is shown: browsers' own viewers do not start in a sandbox. It has no script of this origin.
const PDF_POLICY: &str =
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// How it is to be sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// `?inline`: shown in its place, where that is safe.
    inline: Option<String>,
}

/// A file that its reader may have.
#[derive(Clone, Debug)]
pub struct Found {
    pub id: ObjectId,
    pub name: String,
    pub media_type: String,
    pub size: u64,
    /// Of its content.
    pub tag: Option<String>,
    /// For whom it is counted.
    pub seen: Option<Seen>,
}

impl Found {
    /// What a portal shows.
    pub fn shared(org: OrgId, file: SharedFile, seen: Option<Seen>) -> Self {
        Self {
            id: ObjectId { org, file: file.id },
            name: file.name,
            media_type: file.media_type,
            size: file.byte_size.unsigned_abs(),
            tag: tag(file.sha256),
            seen,
        }
    }

    fn of_staff(org: OrgId, file: File) -> Self {
        Self {
            id: ObjectId { org, file: file.id },
            name: file.name,
            media_type: file.media_type,
            size: file.byte_size.unsigned_abs(),
            tag: tag(file.sha256),
            seen: None,
        }
    }
}

fn tag(sha256: Option<Vec<u8>>) -> Option<String> {
    sha256.map(|hash| format!("\"{}\"", hex::encode(hash)))
}

/// For programs, with a bearer token of staff, of a portal session or of a preview.
pub async fn by_bearer(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    Path(id): Path<String>,
    (method, mut headers): (Method, HeaderMap),
    Query(asked): Query<Asked>,
) -> Response {
    without_range(&method, &mut headers);
    let asker = Asker::of(&tracked, &headers);
    let context = graphql::plain_context(&http, &asker);
    let found = find(&context, &id, &tracked).await;
    context.finish().await;
    let sent = match found {
        Ok((found, bearer)) => send(&http.app, found, bearer, (&headers, &asked)).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(response) => response,
        Err(error) => {
            if matches!(error, Error::LinkInactive) {
                graphql::wait_for_deadline(&tracked).await;
            }
            graphql::turn_away(&headers, status(&error), error, &tracked)
        }
    }
}

async fn find(context: &RequestContext, id: &str, tracked: &Tracked) -> Result<(Found, Bearer)> {
    let id = FileId(Uuid::try_parse(id).map_err(|_| Error::NotFound("file"))?);
    match context.credential {
        Some(Credential::StaffSession(_) | Credential::ApiKey(_)) => {
            let reading = context.staff().await.map_err(|error| error_of(&error))?;
            let file = files::by_ids(&reading.tx, &[id]).await?.pop().ok_or(Error::NotFound("file"))?;
            let pass = context.staff_pass().map_err(|error| error_of(&error))?;
            Ok((Found::of_staff(reading.tx.scope().org_id, file), Bearer::Pass(Pass::Staff(pass))))
        }
        Some(_) => {
            let reading = context.portal().await.map_err(|error| error_of(&error))?;
            let file = files::shared(&reading.tx, id).await?.ok_or(Error::NotFound("file"))?;
            context.shows(crate::db::enums::PortalMode::Files);
            let seen = context.seen();
            if let Some(seen) = seen.clone() {
                tracked.sighting.note(seen);
            }
            let bearer = context.portal_bearer().await.map_err(|error| error_of(&error))?;
            Ok((Found::shared(reading.tx.scope().org_id, file, seen), bearer))
        }
        None => Err(Error::Unauthenticated),
    }
}

/// The answer with the file, its part, or the word that the reader has it already.
pub async fn send(
    app: &Arc<App>,
    found: Found,
    bearer: Bearer,
    (headers, asked): (&HeaderMap, &Asked),
) -> Result<Response> {
    let tag = found.tag.as_deref();
    if tag.is_some_and(|tag| is_known(headers, tag)) {
        return Ok(describe(&found, asked, StatusCode::NOT_MODIFIED, Body::empty()));
    }
    let place = objects::location(&app.pools, &app.config.sealing, found.id).await?;
    let place = place.ok_or(Error::NotFound("file"))?;
    let (status, range) = match part(headers, found.size, tag) {
        Part::Whole => (StatusCode::OK, 0..found.size),
        Part::Some(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::None => {
            let mut refused = describe(&found, asked, StatusCode::RANGE_NOT_SATISFIABLE, Body::empty());
            refused.headers_mut().insert(CONTENT_RANGE, header(&format!("bytes */{}", found.size)));
            return Ok(refused);
        }
    };
    let source = open(app, &place, range.clone()).await?;
    let sending = Sending::new(app, source, app.live.escort(bearer), found.seen.clone());
    let mut response = describe(&found, asked, status, Body::from_stream(sending));
    let sent = response.headers_mut();
    sent.insert(CONTENT_LENGTH, header(&(range.end - range.start).to_string()));
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, found.size);
        sent.insert(CONTENT_RANGE, header(&part));
    }
    Ok(response)
}

/// Begins to read, as far as it takes to know that the bytes are there.
pub(super) async fn open(app: &App, place: &Location, range: Range<u64>) -> Result<Source> {
    let mut source = app.store(place.account.as_ref())?.read(&place.key, range).await?;
    let first = match source.next().await {
        Some(Ok(first)) => Some(Ok(first)),
        None => None,
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::error!("the bytes of a file are not where they should be");
            return Err(Error::NotFound("file"));
        }
        Some(Err(error)) => {
            tracing::error!(%error, "a file cannot be read");
            return Err(Error::Unavailable("storage"));
        }
    };
    Ok(stream::iter(first).chain(source).boxed())
}

fn describe(found: &Found, asked: &Asked, status: StatusCode, body: Body) -> Response {
    let inline = asked.inline.is_some() && is_safe_inline(&found.media_type);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if status.is_success() {
        headers.insert(CONTENT_TYPE, header(&found.media_type));
    }
    headers.insert(CONTENT_DISPOSITION, header(&disposition(&found.name, inline)));
    headers.insert(ACCEPT_RANGES, header("bytes"));
    if let Some(tag) = &found.tag {
        headers.insert(ETAG, header(tag));
    }
    guard(headers);
    if inline && found.media_type == "application/pdf" {
        headers.insert(CONTENT_SECURITY_POLICY, header(PDF_POLICY));
    }
    response
}

/// What keeps content from doing anything on this origin, and from resting in shared caches.
pub(super) fn guard(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, header("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, header("nosniff"));
    headers.insert(REFERRER_POLICY, header("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, header(POLICY));
    headers.insert(HeaderName::from_static("x-frame-options"), header("SAMEORIGIN"));
    headers.insert(HeaderName::from_static("x-robots-tag"), header("noindex, nofollow"));
}

/// The status of a refusal.
pub(super) fn status(error: &Error) -> StatusCode {
    match error.code() {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::NotFound | ErrorCode::LinkInactive => StatusCode::NOT_FOUND,
        ErrorCode::Validation => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        _ if error.retry_after().is_some() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Bytes as they leave, counted. Ends when the reader's credential does.
pub(super) struct Sending {
    source: Source,
    expelled: Pin<Box<WaitForCancellationFutureOwned>>,
    _escort: Escort,
    serving: Serving,
}

impl Sending {
    pub fn new(app: &Arc<App>, source: Source, escort: Escort, seen: Option<Seen>) -> Self {
        let expelled = Box::pin(escort.expel().clone().cancelled_owned());
        // The request itself is counted when it is answered; this adds its bytes.
        let serving = Serving::new(app, Sighting::from(seen));
        Self { source, expelled, _escort: escort, serving }
    }
}

impl Stream for Sending {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.expelled.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(std::io::Error::other("the credential opens nothing any more"))));
        }
        let piece = self.source.poll_next_unpin(context);
        match &piece {
            Poll::Ready(Some(Ok(bytes))) => self.serving.sent(bytes.len()),
            Poll::Ready(Some(Err(error))) => tracing::error!(%error, "a download broke off"),
            _ => {}
        }
        piece
    }
}

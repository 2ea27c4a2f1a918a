//! Files of a portal over HTTP: their page, one of them, all of them in one archive, and the form by which
//! visitors send some (FILE-1, FILE-2, FILE-4). The form works without script; with it, the page shows how
//! far it has come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::FromRequest as _;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use futures::{TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::door::foreign;
use super::elsewhere;
use super::visitor::{Refusal, Visitor, refusal_of};
use crate::app::App;
use crate::db::enums::PortalMode;
use crate::db::ids::{FileId, OrgId, RecordId};
use crate::db::paging::Page;
use crate::db::scope::PortalPass;
use crate::domain::callers;
use crate::domain::changes::{Origin, Write};
use crate::domain::files::uploads::{self, Arrival};
use crate::domain::files::{self, SharedFile, SharedFileFilter, objects};
use crate::error::{Error, Result};
use crate::graphql::context::RequestContext;
use crate::http::graphql::{self, Asker};
use crate::http::transfer::{self, Asked, Found};
use crate::page::{self, SentFiles};

/// The most files of one archive, and of one form.
const MOST: usize = 10_000;
const MOST_SENT: usize = 20;
/// The longest text of a form's field, and the most fields.
const LONGEST: usize = 1_000;
const MOST_FIELDS: usize = 100;

/// What of the files is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    record: Option<Uuid>,
    after: Option<String>,
}

/// The page.
pub async fn show(visitor: Visitor, Query(which): Query<Which>) -> Response {
    show_with(&visitor, StatusCode::OK, (which, SentFiles::default())).await
}

async fn show_with(visitor: &Visitor, status: StatusCode, (which, sent): (Which, SentFiles)) -> Response {
    let variables = json!({ "recordId": which.record, "after": which.after });
    match visitor.ask(page::FILES, variables).await {
        Ok(data) => {
            let record = which.record.map(|id| id.to_string());
            match page::files(data.clone(), &visitor.visit(), (record, sent)).transpose() {
                Some(page) => visitor.show(status, page),
                None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
            }
        }
        Err(refusal) => visitor.refuse(refusal).await,
    }
}

/// One file.
pub async fn download(
    visitor: Visitor,
    (method, mut headers): (Method, HeaderMap),
    Query(asked): Query<Asked>,
) -> Response {
    transfer::without_range(&method, &mut headers);
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let context = context(&visitor);
    let found = find(&context, FileId(id)).await;
    let bearer = context.portal_bearer().await.map_err(refused);
    context.finish().await;
    let (found, bearer) = match (found, bearer) {
        (Ok(Some(found)), Ok(bearer)) => (found, bearer),
        (Ok(None), _) => return elsewhere(visitor).await,
        (Err(refusal), _) | (_, Err(refusal)) => return visitor.refuse(refusal).await,
    };
    if let Some(seen) = found.seen.clone() {
        visitor.tracked.sighting.note(seen);
    }
    match transfer::send(&visitor.http.app, found, bearer, (&headers, &asked)).await {
        Ok(response) => response,
        Err(Error::NotFound(_)) => elsewhere(visitor).await,
        Err(error) => visitor.refuse(unavailable(error)).await,
    }
}

/// One file in its place (DEL-5).
pub async fn view(visitor: Visitor) -> Response {
    let Some(id) = visitor.record_id() else { return elsewhere(visitor).await };
    let data = match visitor.ask(page::FILE, json!({ "id": id })).await {
        Ok(data) => data,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    match page::file(data.clone(), &visitor.visit()).transpose() {
        Some(found) => visitor.show(StatusCode::OK, found),
        None => visitor.show(StatusCode::NOT_FOUND, page::missing(data, &visitor.visit())),
    }
}

/// All of them, or all of a record's.
pub async fn download_all(visitor: Visitor, Query(which): Query<Which>) -> Response {
    let context = context(&visitor);
    let listed = list(&context, which.record.map(RecordId)).await;
    let bearer = context.portal_bearer().await.map_err(refused);
    context.finish().await;
    let (listed, bearer) = match (listed, bearer) {
        (Ok(listed), Ok(bearer)) => (listed, bearer),
        (Err(refusal), _) | (_, Err(refusal)) => return visitor.refuse(refusal).await,
    };
    if listed.files.is_empty() {
        return elsewhere(visitor).await;
    }
    if let Some(seen) = context.seen() {
        visitor.tracked.sighting.note(seen);
    }
    let app = &visitor.http.app;
    match entries(app, &listed).await {
        Ok(entries) if entries.is_empty() => elsewhere(visitor).await,
        Ok(entries) => {
            let name = format!("{}.zip", listed.title.replace(['/', '\\'], "-"));
            transfer::archive(app, &name, entries, (bearer, context.seen()))
        }
        Err(error) => visitor.refuse(unavailable(error)).await,
    }
}

/// Reads without a document, as the visitor.
fn context(visitor: &Visitor) -> RequestContext {
    let credential = Some(visitor.credential());
    let asker = Asker { tracked: visitor.tracked.clone(), credential, user_agent: None };
    graphql::plain_context(&visitor.http, &asker)
}

async fn find(context: &RequestContext, id: FileId) -> Result<Option<Found>, Refusal> {
    let reading = context.portal().await.map_err(refused)?;
    let file = files::shared(&reading.tx, id).await.map_err(unavailable)?;
    context.shows(PortalMode::Files);
    Ok(file.map(|file| Found::shared(reading.tx.scope().org_id, file, context.seen())))
}

/// What goes into an archive.
struct Listed {
    org: OrgId,
    title: String,
    files: Vec<(SharedFile, String)>,
}

async fn list(context: &RequestContext, record: Option<RecordId>) -> Result<Listed, Refusal> {
    let reading = context.portal().await.map_err(refused)?;
    let (tx, filter) = (&reading.tx, SharedFileFilter { record });
    let places = files::places(tx).await.map_err(unavailable)?;
    let name_of = |id| places.iter().find(|place| place.id == id).map(|place| place.name.clone());
    let page = Page { limit: MOST, after: None };
    let rows = files::shared_list(tx, &filter, &page).await.map_err(unavailable)?.rows;
    let in_folder = |file: SharedFile| {
        let folder = name_of(file.record_id).unwrap_or_default();
        (file, folder)
    };
    let found = rows.into_iter().map(in_folder).collect();
    context.shows(PortalMode::Files);
    let title = record.and_then(name_of).unwrap_or_else(|| tx.scope().title.clone());
    Ok(Listed { org: tx.scope().org_id, title, files: found })
}

/// What of it has bytes.
async fn entries(app: &App, listed: &Listed) -> Result<Vec<transfer::Entry>> {
    let ids: Vec<FileId> = listed.files.iter().map(|(file, _)| file.id).collect();
    let places = objects::locations(&app.pools, &app.config.sealing, listed.org, &ids).await?;
    let places: HashMap<FileId, objects::Location> = places.into_iter().collect();
    let entry = |(file, folder): &(SharedFile, String)| {
        Some(transfer::Entry {
            file: file.id,
            path: vec![folder.clone(), file.name.clone()],
            place: places.get(&file.id)?.clone(),
            size: file.byte_size.unsigned_abs(),
            at: file.created_at,
        })
    };
    Ok(listed.files.iter().filter_map(entry).collect())
}

/// The form: which record, who sends, and files after that.
pub async fn take(visitor: Visitor, request: Request) -> Response {
    if !visitor.from_our_page {
        return foreign();
    }
    let form = Multipart::from_request(request, &visitor.http).await;
    let pass = context(&visitor).portal_pass().await.map_err(refused);
    let pass = match pass {
        Ok(pass) => pass,
        Err(refusal) => return visitor.refuse(refusal).await,
    };
    let app = visitor.http.app.clone();
    let origin = Origin {
        request_id: visitor.tracked.request_id.clone(),
        address: Some(visitor.tracked.network.to_string()),
    };
    // On a task of its own: a sender who hangs up must not keep us from tidying up.
    let taken = tokio::spawn(async move { take_all(&app, (pass, origin), form).await });
    let (mut sent, refused) = taken.await.unwrap_or_else(|_| (SentFiles::default(), Some(Refusal::Broken)));
    match refused {
        // Nothing in the form is to blame: the visitor's session is over.
        Some(Refusal::Wrong(trouble)) => {
            visitor.loses_session();
            sent.trouble = Some(trouble);
        }
        Some(refusal) => return visitor.refuse(refusal).await,
        None => {}
    }
    let status = if sent.trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let which = Which { record: sent.record.as_deref().and_then(|id| id.parse().ok()), after: None };
    show_with(&visitor, status, (which, sent)).await
}

async fn take_all(
    app: &Arc<App>,
    sender: (PortalPass, Origin),
    form: Result<Multipart, MultipartRejection>,
) -> (SentFiles, Option<Refusal>) {
    let mut sent = SentFiles::default();
    let Ok(mut form) = form else {
        sent.trouble = Some("This form came without files.".to_owned());
        return (sent, None);
    };
    let outcome = take_fields(app, &sender, &mut form, &mut sent).await;
    if let Err(error) = outcome {
        if transfer::is_heard_out(&error) {
            let rest = stream::unfold(form, |mut form| async move {
                let field = form.next_field().await.ok()??;
                transfer::drain(field.map_err(std::io::Error::other)).await;
                Some((Ok::<_, std::io::Error>(Bytes::new()), form))
            });
            transfer::drain(Box::pin(rest)).await;
        }
        match error {
            Error::Validation(_) | Error::Forbidden(_) | Error::Conflict(_) => {
                sent.trouble = Some(error.to_string())
            }
            Error::NotFound(_) => {
                sent.record = None;
                sent.trouble = Some("Choose what the files belong to.".to_owned());
            }
            Error::SessionOver => return (sent, Some(Refusal::Wrong(error.to_string()))),
            error => return (sent, Some(unavailable(error))),
        }
    } else if sent.names.is_empty() {
        sent.trouble = Some("Choose at least one file.".to_owned());
    }
    (sent, None)
}

async fn take_fields(
    app: &Arc<App>,
    sender: &(PortalPass, Origin),
    form: &mut Multipart,
    sent: &mut SentFiles,
) -> Result<()> {
    let silence = app.config.storage.silence;
    let mut fields = 0;
    while let Some(field) = in_time(silence, form.next_field()).await? {
        fields += 1;
        if fields > MOST_FIELDS {
            return Err(Error::invalid("file", "This form has too many fields."));
        }
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "record" => sent.record = Some(text(field, silence).await?),
            "name" => sent.visitor = text(field, silence).await?,
            "file" if field.file_name().is_none_or(str::is_empty) => {}
            "file" if sent.names.len() >= MOST_SENT => {
                return Err(Error::invalid("file", format!("At most {MOST_SENT} files at a time.")));
            }
            "file" => {
                let file = take_file(app, sender, sent, field).await?;
                sent.names.push(file);
            }
            _ => {}
        }
    }
    Ok(())
}

async fn take_file(
    app: &Arc<App>,
    (pass, origin): &(PortalPass, Origin),
    sent: &SentFiles,
    field: Field<'_>,
) -> Result<String> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let arrival =
        expect(app, (*pass, origin.clone()), sent, &name).await.map_err(|error| about(&name, error))?;
    let kept = arrival.name.clone();
    let taken = transfer::take_from_client(app, (&arrival, *pass, origin.clone()), field).await;
    taken.map_err(|error| about(&name, error))?;
    Ok(kept)
}

/// Whether the visitor may send it at all; they have a session afterwards, and a name.
async fn expect(
    app: &App,
    (pass, origin): (PortalPass, Origin),
    sent: &SentFiles,
    name: &str,
) -> Result<Arrival> {
    let record = sent.record.as_deref().and_then(|id| Uuid::try_parse(id).ok());
    let record = RecordId(record.ok_or(Error::NotFound("record"))?);
    let visitor = Some(sent.visitor.as_str()).filter(|name| !name.trim().is_empty());
    let tx = callers::act_in_portal(&app.pools, pass, app.clock.id().into()).await?;
    let write = Write::new(tx, app.clock.clone(), origin).observed_by(app.live.clone());
    let expected = uploads::expect_of_client(&write, app.clock.id().into(), record, (name, visitor)).await;
    write.finish(expected).await
}

/// Says which file it is about; what is wrong with the visitor's own name is about none.
fn about(name: &str, error: Error) -> Error {
    match error {
        Error::Validation(problems) if problems.iter().all(|problem| problem.path != "input.name") => {
            let said = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ");
            Error::invalid("file", format!("“{name}” was not taken. {said}"))
        }
        error => error,
    }
}

/// What comes of a form next; whoever stops in the middle of it does not hold on.
async fn in_time<T>(silence: Duration, next: impl Future<Output = Result<T, MultipartError>>) -> Result<T> {
    match tokio::time::timeout(silence, next).await {
        Ok(next) => next.map_err(|_| Error::invalid("file", "The upload broke off.")),
        Err(_) => Err(Error::invalid("file", transfer::STOOD_STILL)),
    }
}

async fn text(mut field: Field<'_>, silence: Duration) -> Result<String> {
    let mut text = Vec::new();
    while let Some(piece) = in_time(silence, field.chunk()).await? {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST {
            return Err(Error::invalid("file", "A field of the form is too long."));
        }
    }
    String::from_utf8(text).map_err(|_| Error::invalid("file", "A field of the form is no text."))
}

fn refused(error: async_graphql::Error) -> Refusal {
    refusal_of(&error.into_server_error(async_graphql::Pos::default())).unwrap_or(Refusal::Broken)
}

/// What went wrong on our side, or that the door is shut.
fn unavailable(error: Error) -> Refusal {
    match error {
        Error::CodeRequired(face) => Refusal::CodeRequired((*face).clone()),
        Error::LinkInactive => Refusal::Inactive,
        Error::Forbidden(why) => Refusal::Wrong(why.to_owned()),
        error => match error.retry_after() {
            Some(wait) => Refusal::Busy(StatusCode::SERVICE_UNAVAILABLE, wait.as_secs().max(1)),
            None => {
                tracing::error!(error = format!("{error:?}"), "a transfer failed");
                Refusal::Broken
            }
        },
    }
}

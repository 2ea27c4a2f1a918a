//! The address that a mutation gave for one upload: the body of a POST or PUT is the file.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::download::status;
use super::receive::{Incoming, drain, is_heard_out, take_from_client, take_in};
use crate::app::App;
use crate::db::ids::FileId;
use crate::db::scope::{Access, PortalPass};
use crate::domain::callers::{self, StaffPass};
use crate::domain::changes::{Origin, Write};
use crate::domain::files::tickets::{self, Ticket};
use crate::domain::files::uploads;
use crate::domain::origins::{self, ForeignPage};
use crate::error::{Error, Result};
use crate::http::track::Tracked;
use crate::http::{Http, graphql};
use crate::live::{Bearer, Pass};

/// Takes the file in. The address is good once, and only while whoever asked for it may still send.
pub async fn by_ticket(
    State(http): State<Http>,
    Extension(tracked): Extension<Tracked>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let app = http.app.clone();
    let origin =
        Origin { request_id: tracked.request_id.clone(), address: Some(tracked.network.to_string()) };
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let page = tracked.page.clone();
    // On a task of its own: a sender who hangs up must not keep us from tidying up.
    let taken = tokio::spawn(async move {
        let mut bytes = body.into_data_stream();
        let taken = take(&app, &ticket, (origin, page, length), &mut bytes).await;
        if taken.as_ref().err().is_some_and(is_heard_out) {
            drain(bytes).await;
        }
        taken
    });
    let taken = taken.await.unwrap_or_else(|error| Err(Error::internal(error)));
    match taken {
        Ok(id) => (StatusCode::CREATED, axum::Json(json!({ "id": id }))).into_response(),
        Err(error) => {
            if matches!(error, Error::LinkInactive) {
                graphql::wait_for_deadline(&tracked).await;
            }
            graphql::turn_away(&headers, status(&error), error, &tracked)
        }
    }
}

type Sender = (Origin, Option<Arc<ForeignPage>>, Option<u64>);

async fn take(
    app: &Arc<App>,
    ticket: &str,
    (origin, page, length): Sender,
    bytes: &mut BodyDataStream,
) -> Result<FileId> {
    let now = app.clock.now();
    let ticket = Ticket::open(&app.config.sealing, ticket, now).ok_or(Error::NotFound("upload"))?;
    match ticket.bearer.clone() {
        tickets::Bearer::Staff(hash) => {
            let most = app.config.storage.staff_bytes;
            check_length(length, most)?;
            let pass = StaffPass::Session(hash);
            let tx = callers::enter_staff(&app.pools, pass, Access::Read).await?;
            let expected = match origins::admit(page.as_deref(), &tx).await {
                Ok(()) => {
                    let what = (ticket.name.as_str(), ticket.shared);
                    uploads::expect_of_staff(&tx, ticket.file, ticket.record, what).await
                }
                Err(refused) => Err(refused),
            };
            tx.rollback().await?;
            let arrival = &expected?;
            let escort = app.live.escort(Bearer::Pass(Pass::Staff(pass)));
            let incoming = Incoming { bytes, most, escort: &escort };
            take_in(app, arrival, incoming, |received| async move {
                let tx = callers::enter_staff(&app.pools, pass, Access::Write).await?;
                let write = Write::new(tx, app.clock.clone(), origin).observed_by(app.live.clone());
                let added = uploads::add_by_staff(&write, arrival, &received).await;
                write.finish(added).await
            })
            .await
        }
        tickets::Bearer::Portal { hash, visit, passed } => {
            check_length(length, app.config.storage.client_bytes)?;
            let pass = PortalPass { hash, visit, passed };
            let tx = callers::act_in_portal(&app.pools, pass, app.clock.id().into()).await?;
            let write = Write::new(tx, app.clock.clone(), origin.clone());
            let expected = match origins::admit(page.as_deref(), &write).await {
                Ok(()) => {
                    let what = (ticket.name.as_str(), None);
                    uploads::expect_of_client(&write, ticket.file, ticket.record, what).await
                }
                Err(refused) => Err(refused),
            };
            let arrival = write.finish(expected).await?;
            take_from_client(app, (&arrival, pass, origin), bytes).await
        }
    }
}

/// Refuses what says of itself that it is too large before it is read.
fn check_length(length: Option<u64>, most: u64) -> Result<()> {
    match length {
        Some(length) if length > most => Err(Error::invalid("file", super::receive::too_large(most))),
        _ => Ok(()),
    }
}

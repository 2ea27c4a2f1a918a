//! All routes on one page, and what wraps them. Handlers turn bytes into calls of `graphql` and
//! `page`; no rule of the product lives here.

pub mod caller;
mod cors;
mod export;
mod graphiql;
mod graphql;
mod health;
mod limits;
pub mod mail_reports;
mod mails;
mod portal;
mod refusals;
pub mod serve;
mod shield;
pub mod track;
pub mod transfer;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;

pub use self::graphql::Persisted;
use crate::app::App;
use crate::graphql::Schema;

/// What handlers share: one pointer, since every layer clones it for every request.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

/// What there is of it.
pub struct Shared {
    pub app: Arc<App>,
    pub schema: Schema,
    /// Documents that were parsed before.
    pub documents: graphql::Documents,
    /// Documents that clients name by hash.
    pub persisted: graphql::Persisted,
}

impl Deref for Http {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Every route of the service.
pub fn router(app: Arc<App>) -> Router {
    let limits = &app.config.graphql;
    let persisted = graphql::Persisted::new(limits.persisted);
    let documents = graphql::Documents::new();
    let shared = Shared { schema: crate::graphql::build(limits), documents, persisted, app };
    let http = Http(Arc::new(shared));
    let limited = Router::new()
        .route("/graphql", graphql_methods().layer(from_fn_with_state(http.clone(), cors::cors)))
        .route("/export/audit.ndjson", get(export::audit))
        .route("/mail/reports", post(mail_reports::take))
        .merge(transfer::routes(&http))
        .merge(portal::routes())
        .route_layer(from_fn_with_state(http.clone(), limits::limit));
    Router::new()
        .merge(limited)
        .route("/graphiql", get(graphiql::page))
        .route("/graphiql/{file}", get(graphiql::asset))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(mails::routes(&http.app.config.mail))
        .fallback(track::not_found)
        .layer(DefaultBodyLimit::max(http.app.config.http.body_bytes))
        .layer(from_fn_with_state(http.clone(), shield::hurry))
        .layer(CatchPanicLayer::custom(track::panicked))
        .layer(from_fn_with_state(http.clone(), shield::shield))
        .layer(from_fn_with_state(http.clone(), track::track))
        .with_state(http)
}

/// HEAD is refused like every other method: it would run a query and throw its answer away.
fn graphql_methods() -> MethodRouter<Http> {
    get(graphql::get)
        .post(graphql::post)
        .options(graphql::options)
        .head(graphql::other)
        .fallback(graphql::other)
}

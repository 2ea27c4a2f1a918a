//! Files over HTTP: bytes in and bytes out, as streams of bounded memory (FILE-2 to FILE-4). A transfer
//! goes on no longer than its credential opens something. Not here: who may have what (`domain::files`),
//! and the pages around it (`http::portal::files`).

mod archive;
mod download;
pub mod headers;
mod receive;
mod upload;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::{Http, cors};
use crate::error::Error;

pub use archive::{Entry, archive, free_name};
pub use download::{Asked, Found, send};
pub use headers::without_range;
pub use receive::{STOOD_STILL, drain, is_heard_out, take_from_client};

/// For programs: what a bearer token opens, and the addresses that mutations give for uploads.
pub fn routes(http: &Http) -> Router<Http> {
    Router::new()
        .route("/files/{id}", get(download::by_bearer))
        .route("/uploads/{ticket}", post(upload::by_ticket).put(upload::by_ticket))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(http.clone(), cors::cors))
}

/// Whether a route takes bytes for as long as they come: it has its own limits of time.
pub fn is_upload(route: &str) -> bool {
    route == "/uploads/{ticket}" || route.ends_with("/{token}/files")
}

/// What a refused reader is: the codes of GraphQL's errors, as ours.
fn error_of(error: &async_graphql::Error) -> Error {
    let extension = |name: &str| error.extensions.as_ref().and_then(|extensions| extensions.get(name));
    let Some(async_graphql::Value::String(code)) = extension("code") else {
        return Error::internal(anyhow::anyhow!("an error without a code"));
    };
    match code.as_str() {
        "UNAUTHENTICATED" => Error::Unauthenticated,
        "FORBIDDEN" => Error::Forbidden("This credential does not open it."),
        "LINK_INACTIVE" | "CODE_REQUIRED" => Error::LinkInactive,
        _ if extension("unavailable").is_some() => Error::Unavailable("database"),
        code => Error::internal(anyhow::anyhow!("refused with {code}")),
    }
}

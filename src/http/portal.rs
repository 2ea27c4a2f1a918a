//! The portal page's routes.
use super::Http;
use axum::Router;
/// Its routes.
pub fn routes() -> Router<Http> {
    Router::new()
}

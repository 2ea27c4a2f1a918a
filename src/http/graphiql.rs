//! GraphiQL, for people who get to know the schema: a page of ours around the files that its
//! packages ship, embedded. It holds no credential; whoever uses it pastes one.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};

use super::track::not_found;
use crate::page::assets;

/// Nothing but our own origin, and the fonts that its style sheet carries.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src data:; connect-src 'self'; form-action 'none'; \
    frame-ancestors 'none'; base-uri 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
/// A file whose name holds its version.
const FOREVER: &str = "public, max-age=31536000, immutable";
const BRIEFLY: &str = "no-cache";

/// The page.
pub async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("graphiql/page.html")).into_response()
}

/// One of its files.
pub async fn asset(Path(file): Path<String>) -> Response {
    let (media_type, caching, text) = match file.as_str() {
        "graphiql-3.8.3.min.js" => (SCRIPT, FOREVER, include_str!("graphiql/graphiql-3.8.3.min.js")),
        "graphiql-3.8.3.min.css" => (STYLE, FOREVER, include_str!("graphiql/graphiql-3.8.3.min.css")),
        "react-18.3.1.production.min.js" => {
            (SCRIPT, FOREVER, include_str!("graphiql/react-18.3.1.production.min.js"))
        }
        "react-dom-18.3.1.production.min.js" => {
            (SCRIPT, FOREVER, include_str!("graphiql/react-dom-18.3.1.production.min.js"))
        }
        "start.js" => (SCRIPT, BRIEFLY, include_str!("graphiql/start.js")),
        "start.css" => (STYLE, BRIEFLY, include_str!("graphiql/start.css")),
        "favicon.svg" => ("image/svg+xml", BRIEFLY, assets::ICON),
        _ => return not_found().await,
    };
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, caching), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}

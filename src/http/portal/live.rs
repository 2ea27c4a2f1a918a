//! What changes while a page is open: the portal's events, for the page's script. A GET that writes
//! nothing; the link, and the cookie of a passed code, are the credential, as for the page itself.

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::visitor::Visitor;
use crate::http::graphql::{self, Asker};
use crate::page;

/// The events as a stream; the inactive page where there is no door.
pub async fn events(visitor: Visitor, headers: HeaderMap) -> Response {
    if let Err(refusal) = visitor.ask(page::DOORWAY, json!({})).await {
        return visitor.refuse(refusal).await;
    }
    let (http, tracked, credential) = (&visitor.http, visitor.tracked.clone(), visitor.credential());
    let asker = Asker { tracked, credential: Some(credential), user_agent: None };
    let request = http.documents.request(page::EVENTS.to_owned()).expect("a document of ours parses");
    graphql::events(http, &asker, request, &headers)
}

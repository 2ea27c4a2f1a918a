//! Parsed documents, so that what clients send again and again is parsed once. Kept in this process
//! only, a bounded number of short ones; whether a document may run is still asked of each request.

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, ServerError};
use quick_cache::sync::Cache;

/// How many are kept.
const MOST: usize = 1_000;
/// The longest that is kept, in bytes.
const LONGEST: usize = 8_192;

/// The documents that were parsed lately.
pub struct Documents(Cache<String, Arc<ExecutableDocument>>);

impl Documents {
    pub fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// Whether a document was parsed before, so that its length in tokens is known to be right.
    pub fn knows(&self, text: &str) -> bool {
        self.0.get(text).is_some()
    }

    /// A document, parsed now or before.
    pub fn parsed(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(document) = self.0.get(text) {
            return Ok(document);
        }
        let document = Arc::new(parse_query(text)?);
        if text.len() <= LONGEST {
            self.0.insert(text.to_owned(), document.clone());
        }
        Ok(document)
    }

    /// A request whose document is parsed already.
    pub fn request(&self, text: String) -> Result<Request, ServerError> {
        let document = self.parsed(&text)?;
        let mut request = Request::new(text);
        request.set_parsed_query(document.as_ref().clone());
        Ok(request)
    }
}

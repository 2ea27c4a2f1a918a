//! Parsed documents, so that what clients send again and again is parsed once. Kept in this process
//! only, a bounded number of short ones; whether a document may run is still asked of each request.

use std::sync::Arc;

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

    /// A request whose document is parsed already.
    pub fn request(&self, text: String) -> Result<Request, ServerError> {
        if let Some(document) = self.0.get(&text) {
            let mut request = Request::new(text);
            request.set_parsed_query(document.as_ref().clone());
            return Ok(request);
        }
        let mut request = Request::new(text);
        let document = request.parsed_query()?;
        let kept = Arc::new(document.clone());
        if request.query.len() <= LONGEST {
            self.0.insert(request.query.clone(), kept);
        }
        Ok(request)
    }
}

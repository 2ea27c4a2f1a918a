//! Automatic persisted queries: documents that clients sent once and name by hash afterwards.
//! Kept in this process only, a bounded number, the oldest forgotten first; whoever names a
//! forgotten one is told so and sends it again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// SHA-256 of a document.
pub type DocumentHash = [u8; 32];

/// The documents that are known by hash.
pub struct Persisted {
    most: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    documents: HashMap<DocumentHash, Arc<str>>,
    order: VecDeque<DocumentHash>,
}

impl Persisted {
    /// Keeps at most so many.
    pub fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    /// The document of a hash.
    pub fn find(&self, hash: &DocumentHash) -> Result<String> {
        let known = self.known.lock().expect("no panic while held");
        known.documents.get(hash).map(|text| text.to_string()).ok_or(Error::PersistedQueryNotFound)
    }

    /// Refuses a document that does not have the hash it came with.
    pub fn verify(hash: &DocumentHash, document: &str) -> Result<()> {
        if <[u8; 32]>::from(Sha256::digest(document.as_bytes())) == *hash {
            return Ok(());
        }
        Err(Error::invalid("extensions.persistedQuery", "The hash is not that of the query."))
    }

    /// Keeps a document that passed every check.
    pub fn keep(&self, hash: DocumentHash, document: &str) {
        let mut known = self.known.lock().expect("no panic while held");
        if self.most == 0 || known.documents.contains_key(&hash) {
            return;
        }
        while known.documents.len() >= self.most {
            let Some(oldest) = known.order.pop_front() else { break };
            known.documents.remove(&oldest);
        }
        known.order.push_back(hash);
        known.documents.insert(hash, document.into());
    }
}

//! What news came to in the words of a subscription. Most who are in a scope ask in the same words, as one
//! frontend does for all its users: the answer is then put together once, and sent to all of them.

use std::sync::{Arc, Mutex};

use super::open;

/// Answers that are kept of each news; whoever asks in other words than these is answered alone.
const MOST: usize = 8;

/// The words of a subscription: a digest of all that an answer depends on, but for the news itself.
pub type Words = [u8; 32];

/// An answer that tells of news.
#[derive(Debug)]
pub struct Telling {
    /// The answer as JSON.
    pub answer: String,
    /// The cursor of the event in it.
    pub cursor: String,
}

/// The answers that were put together so far.
#[derive(Debug, Default)]
pub(super) struct Tellings(Mutex<Vec<(Words, Arc<Telling>)>>);

impl Tellings {
    pub fn get(&self, words: &Words) -> Option<Arc<Telling>> {
        open(&self.0).iter().find(|(known, _)| known == words).map(|(_, telling)| telling.clone())
    }

    pub fn keep(&self, words: Words, telling: Arc<Telling>) {
        let mut kept = open(&self.0);
        if kept.len() < MOST {
            kept.push((words, telling));
        }
    }
}

//! What news came to in the words of a subscription. Most who are in a scope ask in the same words, as one
//! frontend does for all its users: the answer is then put together once, and sent to all of them.

use std::sync::{Arc, Mutex};

use super::open;

/// Answers that are kept of each of the news; whoever asks in other words than these is answered alone.
const MOST: usize = 8;
/// The longest that is kept, in bytes: whoever asks for more pays for it alone.
const LONGEST: usize = 4_096;

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
        let is_new = kept.iter().all(|(known, _)| *known != words);
        if is_new && kept.len() < MOST && telling.answer.len() <= LONGEST {
            kept.push((words, telling));
        }
    }
}

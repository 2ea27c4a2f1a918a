//! Keyset paging: what a list is asked for, and the cursor that says where to go on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The longest page (API-4).
pub const MAX_PAGE: i32 = 100;
/// The page when none is asked for.
pub const DEFAULT_PAGE: i32 = 25;
/// Above this, `totalCount` stops counting (API-4).
pub const MAX_COUNT: i64 = 10_000;
/// The longest cursor that is looked at.
const MAX_CURSOR: usize = 2_048;
/// How JSON writes the one character that Postgres cannot hold.
const NUL: &[u8] = b"\\u0000";

/// A page to read: at most `limit` rows after the row with key `after`.
#[derive(Clone, Debug)]
pub struct Page<K> {
    pub limit: usize,
    pub after: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// Checks `first` (1 to 100, 25 if absent) and opens `after`.
    pub fn parse(first: Option<i32>, after: Option<&str>) -> Result<Self> {
        let first = first.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&first) {
            return Err(Error::invalid("first", format!("Ask for 1 to {MAX_PAGE} at a time.")));
        }
        let after = after.map(open_cursor).transpose()?;
        Ok(Self { limit: first as usize, after })
    }
}

impl<K> Page<K> {
    /// How many rows to fetch: one more than the page, to learn whether there is a next one.
    pub fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Cuts the fetched rows to the page and says whether there are more.
    pub fn cut<T>(&self, mut rows: Vec<T>) -> Rows<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        Rows { rows, more }
    }
}

/// One page of rows.
#[derive(Debug)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub more: bool,
}

/// Writes a row's key as an opaque cursor.
pub fn seal_cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("cursor keys are plain values"))
}

fn open_cursor<K: DeserializeOwned>(cursor: &str) -> Result<K> {
    (cursor.len() <= MAX_CURSOR)
        .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
        .flatten()
        .filter(|json| !json.windows(NUL.len()).any(|part| part == NUL))
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Error::invalid("after", "That is not a cursor of this list."))
}

/// An ILIKE pattern for text that contains `search`, taken literally. Postgres holds
/// no NUL, so neither does the pattern.
pub fn contains(search: &str) -> String {
    let literal =
        search.replace('\0', "").trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

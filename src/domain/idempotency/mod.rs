//! Mutations that must not happen twice (API-8): the same key and input within 24 hours give what
//! the first call made. The claim is a row of the mutation's own transaction, so of two calls at
//! once the second waits for the first.

mod keys;

pub use keys::Holder;

use chrono::TimeDelta;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::changes::Write;
use crate::error::{Error, Result};
use keys::Known;

/// How long a key is remembered.
const MEMORY: TimeDelta = TimeDelta::hours(24);

/// What a key turned out to be.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it yet, or none was given: do the work, then [`Fresh::settle`].
    Fresh(Fresh),
    /// The work was done before and made this.
    Repeated(Uuid),
}

/// A key that is ours until the transaction ends.
#[derive(Debug)]
pub struct Fresh(Option<String>);

/// Claims `key` for `operation` on `input`. Without a key every call is fresh.
pub async fn claim<S: Holder>(
    write: &Write<S>,
    key: Option<&str>,
    operation: &'static str,
    input: &impl Serialize,
) -> Result<Claim> {
    let Some(key) = key else { return Ok(Claim::Fresh(Fresh(None))) };
    if key.is_empty() || key.chars().count() > 200 || key.contains('\0') {
        return Err(Error::invalid("input.idempotencyKey", "A key has 1 to 200 characters."));
    }
    let hash = Sha256::digest(serde_json::to_vec(input).map_err(Error::internal)?).to_vec();
    keys::forget_old(write, write.at() - MEMORY).await?;
    let new = Known { operation: operation.to_owned(), input_hash: hash, subject_id: None };
    if keys::keep(write, key, &new).await? {
        return Ok(Claim::Fresh(Fresh(Some(key.to_owned()))));
    }
    let known = keys::find(write, key).await?;
    match known.subject_id {
        Some(subject) if known.operation == new.operation && known.input_hash == new.input_hash => {
            Ok(Claim::Repeated(subject))
        }
        _ => Err(Error::Conflict(
            "This idempotency key was used for something else in the last 24 hours.".into(),
        )),
    }
}

impl Fresh {
    /// Remembers what the work made.
    pub async fn settle<S: Holder>(self, write: &Write<S>, subject: impl Into<Uuid>) -> Result<()> {
        let Some(key) = self.0 else { return Ok(()) };
        keys::settle(write, &key, subject.into()).await
    }
}

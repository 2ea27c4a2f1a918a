//! When keys were last used: gathered in this process while requests run, and written now and then, so
//! that no request waits for it. What is gathered when an instance is killed is lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::rows;
use crate::clock::Clock;
use crate::db::pool::Pools;
use crate::db::scope::CredentialHash;
use crate::domain::callers::StaffPass;
use crate::error::Result;

/// Uses that are not written yet.
#[derive(Debug, Default)]
pub struct Uses(Mutex<HashMap<CredentialHash, DateTime<Utc>>>);

impl Uses {
    /// Notes that a key has just opened something; a member's session is none.
    pub fn note(&self, pass: StaffPass, clock: &Clock) {
        if let StaffPass::Key(hash) = pass {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, clock.now());
        }
    }

    fn take(&self) -> Vec<(CredentialHash, DateTime<Utc>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

/// Writes what was gathered. What cannot be written is forgotten: the next use says it again.
pub async fn note_uses(pools: &Pools, uses: &Uses) -> Result<()> {
    match uses.take() {
        uses if uses.is_empty() => Ok(()),
        uses => rows::note_uses(pools, uses).await,
    }
}

//! Whoever bytes are sent to, or come from, for longer than a moment: they are looked after like
//! subscribers, and sent away when their credential opens nothing any more (LINK-4).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;

use super::scope::Holder;
use super::{Hub, Pass, open};
use crate::db::scope::CredentialHash;

/// What they presented.
#[derive(Clone, Copy, Debug)]
pub enum Bearer {
    Pass(Pass),
    /// A staff preview.
    Preview(CredentialHash),
}

/// Somebody's transfer under way; over when it is dropped.
pub struct Escort {
    hub: Arc<Hub>,
    id: u64,
    expel: CancellationToken,
}

impl Escort {
    /// Cancelled when the transfer has to end.
    pub fn expel(&self) -> &CancellationToken {
        &self.expel
    }
}

impl Drop for Escort {
    fn drop(&mut self) {
        open(&self.hub.transfers).remove(&self.id);
        open(&self.hub.previews).remove(&self.id);
    }
}

impl Hub {
    /// Looks after somebody's transfer.
    pub fn escort(self: &Arc<Self>, bearer: Bearer) -> Escort {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let expel = CancellationToken::new();
        match bearer {
            Bearer::Pass(pass) => {
                let holder = Holder { pass, member: None, expel: expel.clone() };
                open(&self.transfers).insert(id, holder);
            }
            Bearer::Preview(hash) => {
                open(&self.previews).insert(id, (hash, expel.clone()));
            }
        }
        Escort { hub: self.clone(), id, expel }
    }
}

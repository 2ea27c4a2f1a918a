//! The address that a mutation gives for one upload: whose, for which record and under which name, sealed
//! with the service's key, so that nothing has to be stored until the first byte comes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::db::ids::{FileId, RecordId};
use crate::db::scope::{CredentialHash, PortalPass};
use crate::sealing::{Sealed, SealingKeys};

/// How long an address is good.
pub const LIFE: TimeDelta = TimeDelta::minutes(15);
const PURPOSE: &[u8] = b"upload ticket";

/// Who may send what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub bearer: Bearer,
    /// What it will be: a second upload of the same ticket is refused.
    pub file: FileId,
    pub record: RecordId,
    pub name: String,
    /// For staff: whether clients see it at once.
    pub shared: bool,
    pub until: DateTime<Utc>,
}

/// Who asked for it. Their credential is looked at again when bytes come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bearer {
    /// A member's session.
    Staff(CredentialHash),
    /// A portal's visitor.
    Portal { hash: CredentialHash, visit: Option<CredentialHash>, passed: Option<CredentialHash> },
}

impl From<PortalPass> for Bearer {
    fn from(pass: PortalPass) -> Self {
        Self::Portal { hash: pass.hash, visit: pass.visit, passed: pass.passed }
    }
}

impl Ticket {
    /// As it stands in an address.
    pub fn seal(&self, keys: &SealingKeys) -> String {
        let text = serde_json::to_vec(self).expect("plain values");
        let sealed = keys.seal(PURPOSE, b"", &text);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(sealed.key), URL_SAFE_NO_PAD.encode(sealed.bytes))
    }

    /// None for what we did not seal, and for what is too old.
    pub fn open(keys: &SealingKeys, text: &str, now: DateTime<Utc>) -> Option<Self> {
        let (key, bytes) = text.split_once('.')?;
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
        let sealed = Sealed { bytes: URL_SAFE_NO_PAD.decode(bytes).ok()?, key };
        let opened = keys.open(PURPOSE, b"", &sealed)?;
        let ticket: Self = serde_json::from_slice(opened.expose_secret()).ok()?;
        (ticket.until > now).then_some(ticket)
    }
}

//! Receipts (DEL-3): what a client decided, signed by this installation with Ed25519, for both sides to
//! keep. The signing key is derived from the newest sealing key; the signature is made once, as the
//! decision is, and stored with it, so that it outlives the sealing key (docs/decisions, 30).

use chrono::{DateTime, SecondsFormat, Utc};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::rows::shared::Pending;
use crate::db::enums::Verdict;
use crate::db::ids::{CompanyId, DeliverableId, DeliverableVersionId, OrgId, PortalSessionId, RecordId};
use crate::domain::callers::Portal;
use crate::domain::visitors::Visitor;
use crate::error::{Error, Result};
use crate::sealing::{SealingKey, SealingKeys};

/// What sort of document it is.
pub const KIND: &str = "vestibule.deliverable_decision.1";

/// What is signed: as JSON, its fields in this order, without white space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    pub kind: String,
    pub organization_id: OrgId,
    pub organization: String,
    pub company_id: CompanyId,
    pub company: String,
    pub record_id: RecordId,
    pub record: String,
    pub deliverable_id: DeliverableId,
    pub deliverable: String,
    pub version_id: DeliverableVersionId,
    pub version: i32,
    pub decision: Verdict,
    pub reason: Option<String>,
    pub decided_by: String,
    /// False where the name is only what they said it is.
    pub name_verified: bool,
    pub session_id: PortalSessionId,
    /// RFC 3339, in UTC, to the microsecond.
    pub decided_at: String,
    /// SHA-256 over a line for each file by id: the id, a space, the SHA-256 of its bytes in hexadecimal.
    pub files_sha256: String,
}

impl Receipt {
    pub(super) fn new(
        portal: &Portal,
        (version_id, pending, record): (DeliverableVersionId, &Pending, String),
        (decision, reason): (Verdict, Option<String>),
        (visitor, at): (&Visitor, DateTime<Utc>),
    ) -> Self {
        Self {
            kind: KIND.to_owned(),
            organization_id: portal.org_id,
            organization: portal.organization.name.clone(),
            company_id: portal.company_id,
            company: portal.company.name.clone(),
            record_id: pending.record_id,
            record,
            deliverable_id: pending.deliverable_id,
            deliverable: pending.title.clone(),
            version_id,
            version: pending.number,
            decision,
            reason,
            decided_by: visitor.name.clone(),
            name_verified: visitor.verified,
            session_id: visitor.session_id,
            decided_at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
            files_sha256: hex::encode(&pending.files_hash),
        }
    }
}

/// A receipt with its signature, as the database keeps it.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The signed bytes.
    pub text: String,
    /// Id of the sealing key.
    pub key: String,
    pub public_key: [u8; 32],
    pub signature: [u8; 64],
}

/// The file that people download.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    receipt: Receipt,
    key: String,
    /// Hexadecimal.
    public_key: String,
    /// Hexadecimal, Ed25519 over the receipt as compact JSON.
    signature: String,
}

/// Why a file is no receipt of ours.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt {
    #[error("this is no receipt: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("the signature does not belong to this receipt: somebody changed it, or it was made up")]
    Forged,
    #[error("the receipt was signed with a key that is not the one given")]
    Stranger,
}

/// Signs a receipt with the newest key.
pub fn sign(keys: &SealingKeys, receipt: &Receipt) -> Result<Signed> {
    let text = serde_json::to_string(receipt).map_err(Error::internal)?;
    let key = signing_key(keys.newest());
    Ok(Signed {
        signature: key.sign(text.as_bytes()).to_bytes(),
        public_key: key.verifying_key().to_bytes(),
        key: keys.newest().id.clone(),
        text,
    })
}

/// The file for a decision's parts, as they are stored.
pub fn document(text: &str, key: &str, public_key: &[u8], signature: &[u8]) -> Result<String> {
    let document = Document {
        receipt: serde_json::from_str(text).map_err(Error::internal)?,
        key: key.to_owned(),
        public_key: hex::encode(public_key),
        signature: hex::encode(signature),
    };
    serde_json::to_string_pretty(&document).map_err(Error::internal)
}

/// The keys that receipts are signed with, the one in use first: id and public key.
pub fn public_keys(keys: &SealingKeys) -> Vec<(String, [u8; 32])> {
    keys.each().map(|key| (key.id.clone(), signing_key(key).verifying_key().to_bytes())).collect()
}

/// Reads a file that `document` wrote, whatever its white space, and checks its signature: with one of the
/// `trusted` keys, or, if there is none to hold it against, with the key that it names itself. Returns the
/// receipt and that public key.
pub fn verify(file: &str, trusted: &[[u8; 32]]) -> Result<(Receipt, [u8; 32]), NoReceipt> {
    let document: Document = serde_json::from_str(file)?;
    let bytes = |text: &str| hex::decode(text).map_err(|_| NoReceipt::Forged);
    let public: [u8; 32] = bytes(&document.public_key)?.try_into().map_err(|_| NoReceipt::Forged)?;
    let signature: [u8; 64] = bytes(&document.signature)?.try_into().map_err(|_| NoReceipt::Forged)?;
    let text = serde_json::to_string(&document.receipt)?;
    let key = VerifyingKey::from_bytes(&public).map_err(|_| NoReceipt::Forged)?;
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).map_err(|_| NoReceipt::Forged)?;
    if document.receipt.kind != KIND {
        return Err(NoReceipt::Forged);
    }
    if !trusted.is_empty() && !trusted.contains(&public) {
        return Err(NoReceipt::Stranger);
    }
    Ok((document.receipt, public))
}

fn signing_key(key: &SealingKey) -> SigningKey {
    SigningKey::from_bytes(&key.derive(b"receipts"))
}

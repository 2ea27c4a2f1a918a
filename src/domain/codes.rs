//! Access codes (DOOR-1): six digits are few, so what is kept is a keyed hash whose key is not in the
//! database, salted with the id of the portal or link that the code is for. Checked in constant time.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use super::validation::Checks;
use crate::sealing::{SealingKey, SealingKeys};

/// What is kept of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeHash {
    /// Id of the key it was made with.
    pub key: String,
    /// 32 bytes.
    pub hash: Vec<u8>,
}

impl CodeHash {
    /// Checks a code as staff typed it, and makes what is kept of it for the portal or link of the
    /// id `salt`.
    pub fn of(checks: &mut Checks, keys: &SealingKeys, salt: Uuid, text: &SecretString) -> Self {
        check(checks, text);
        let key = keys.newest();
        let hash = mac(key, salt, text.expose_secret()).finalize().into_bytes().to_vec();
        Self { key: key.id.clone(), hash }
    }

    /// Whether a visitor's text is the code. Takes as long for a wrong one as for the right one.
    pub fn fits(&self, keys: &SealingKeys, salt: Uuid, text: &SecretString) -> bool {
        let Some(key) = keys.by_id(&self.key) else {
            tracing::warn!(key.id = %self.key, "SEALING_KEYS lacks the key of an access code");
            return false;
        };
        mac(key, salt, text.expose_secret().trim()).verify_slice(&self.hash).is_ok()
    }
}

/// Notes a problem with what is no code.
pub fn check(checks: &mut Checks, text: &SecretString) {
    if !is_code(text.expose_secret()) {
        checks.problem("accessCode", "An access code is six digits.");
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn mac(key: &SealingKey, salt: Uuid, code: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key.key.expose_secret())
        .expect("HMAC takes keys of any length")
        .chain_update(b"access code")
        .chain_update(salt.as_bytes())
        .chain_update(code.as_bytes())
}

//! The keys that the service seals and hashes with, which the database never sees (invariant 14).

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

/// The sealing keys, the one in use first.
#[derive(Clone, Debug)]
pub struct SealingKeys(Vec<SealingKey>);

/// One key and the id that stands beside what was made with it.
#[derive(Clone, Debug)]
pub struct SealingKey {
    /// 1 to 40 characters, no comma and no colon.
    pub id: String,
    /// 32 bytes.
    pub key: SecretSlice<u8>,
}

impl SealingKey {
    /// A key for one purpose, which tells nothing of this one or of another purpose's.
    pub fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(self.key.expose_secret())
            .expect("HMAC takes keys of any length")
            .chain_update(b"derived key/")
            .chain_update(purpose)
            .finalize()
            .into_bytes()
            .into()
    }
}

/// The text is not `id:key` pairs. Says nothing of the keys.
#[derive(Debug, thiserror::Error)]
#[error("sealing keys are id:key pairs separated by commas, each key 32 bytes in hexadecimal")]
pub struct NotSealingKeys;

impl SealingKeys {
    /// Reads `id:key` pairs separated by commas, the newest first.
    pub fn parse(text: &SecretString) -> Result<Self, NotSealingKeys> {
        let keys: Option<Vec<SealingKey>> = text.expose_secret().split(',').map(parse).collect();
        keys.map(Self).ok_or(NotSealingKeys)
    }

    /// The key that new values are made with.
    pub fn newest(&self) -> &SealingKey {
        &self.0[0]
    }

    /// Every key, the newest first.
    pub fn each(&self) -> impl Iterator<Item = &SealingKey> {
        self.0.iter()
    }

    /// The key of an id, unless it was taken away.
    pub fn by_id(&self, id: &str) -> Option<&SealingKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

fn parse(pair: &str) -> Option<SealingKey> {
    let (id, key) = pair.trim().split_once(':')?;
    let key = hex::decode(key).ok().filter(|key| key.len() == 32)?;
    (1..=40).contains(&id.chars().count()).then(|| SealingKey { id: id.to_owned(), key: key.into() })
}

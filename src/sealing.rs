//! The keys that the service seals and hashes with, which the database never sees (invariant 14).

use aes_siv::aead::{Aead as _, Payload};
use aes_siv::{Aes128SivAead, Nonce};
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

/// A secret that has to be known again, as it is kept.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub bytes: Vec<u8>,
    /// Id of the sealing key.
    pub key: String,
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

    fn cipher(&self, purpose: &[u8]) -> Aes128SivAead {
        Aes128SivAead::new(&self.derive(purpose).into())
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

    /// Seals a secret for one purpose, bound to what it belongs to: elsewhere it cannot be opened.
    pub fn seal(&self, purpose: &[u8], bound_to: &[u8], secret: &[u8]) -> Sealed {
        let key = self.newest();
        let payload = Payload { msg: secret, aad: bound_to };
        let bytes = key.cipher(purpose).encrypt(&Nonce::default(), payload).expect("memory can be sealed");
        Sealed { bytes, key: key.id.clone() }
    }

    /// Opens what was sealed; none if the key was taken away.
    pub fn open(&self, purpose: &[u8], bound_to: &[u8], sealed: &Sealed) -> Option<SecretSlice<u8>> {
        let payload = Payload { msg: &sealed.bytes, aad: bound_to };
        let opened = self.by_id(&sealed.key)?.cipher(purpose).decrypt(&Nonce::default(), payload).ok()?;
        Some(opened.into())
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

//! A sign-in under way. It is kept by whoever began it, sealed, so that strangers write no rows and
//! nobody else can finish it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::sealing::{Sealed, SealingKeys};

/// How long a member may take at the provider.
const LIFE: TimeDelta = TimeDelta::minutes(15);
const PURPOSE: &[u8] = b"sign-in attempt";

/// A sign-in under way, with what the protocol has to remember of it.
#[derive(Serialize, Deserialize)]
pub struct Attempt<T> {
    /// Slug of the organisation.
    pub organization: String,
    /// Of the provider; a changed one is begun anew.
    pub version: i32,
    expires_at: DateTime<Utc>,
    pub remembered: T,
}

impl<T: Serialize + DeserializeOwned> Attempt<T> {
    pub fn new(organization: String, version: i32, now: DateTime<Utc>, remembered: T) -> Self {
        Self { organization, version, expires_at: now + LIFE, remembered }
    }

    /// The text for who began it.
    pub fn seal(&self, keys: &SealingKeys) -> Result<String> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        let sealed = keys.seal(PURPOSE, b"", &plain);
        Ok(format!("vo_{}.{}", sealed.key, URL_SAFE_NO_PAD.encode(sealed.bytes)))
    }

    /// Reads it back, unless it is too old or not ours.
    pub fn open(keys: &SealingKeys, text: &str, now: DateTime<Utc>) -> Option<Self> {
        let (key, bytes) = text.strip_prefix("vo_")?.rsplit_once('.')?;
        let sealed = Sealed { bytes: URL_SAFE_NO_PAD.decode(bytes).ok()?, key: key.to_owned() };
        let plain = keys.open(PURPOSE, b"", &sealed)?;
        let attempt: Self = serde_json::from_slice(plain.expose_secret()).ok()?;
        (attempt.expires_at > now).then_some(attempt)
    }
}

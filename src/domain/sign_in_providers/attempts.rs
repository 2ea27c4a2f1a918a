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

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> SealingKeys {
        SealingKeys::parse(&text.into()).unwrap()
    }

    /// ORG-2
    #[test]
    fn an_attempt_is_opened_by_its_own_key_and_only_for_a_quarter_of_an_hour() {
        let (one, other) = (keys(&format!("a:{}", "11".repeat(32))), keys(&format!("a:{}", "22".repeat(32))));
        let now = DateTime::UNIX_EPOCH;
        let sealed = Attempt::new("acme".into(), 3, now, "state".to_owned()).seal(&one).unwrap();
        assert!(!sealed.contains("acme"));
        let open = |keys: &SealingKeys, text: &str, minutes| {
            Attempt::<String>::open(keys, text, now + TimeDelta::minutes(minutes))
        };
        assert_eq!(open(&one, &sealed, 14).unwrap().remembered, "state");
        assert!(open(&one, &sealed, 15).is_none());
        assert!(open(&other, &sealed, 1).is_none());
        assert!(open(&one, &sealed[..sealed.len() - 2], 1).is_none());
    }
}

//! What deliveries are signed with: made here, shown once, kept sealed, since unlike a token it must be
//! known again at each delivery (invariant 14).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretSlice};
use standardwebhooks::Webhook;

use crate::db::ids::{OrgId, WebhookEndpointId};
use crate::error::{Error, Result};
use crate::sealing::{Sealed, SealingKeys};

const PURPOSE: &[u8] = b"webhook secret";

/// An endpoint's secret. Cannot be printed.
#[derive(Clone, Debug)]
pub struct WebhookSecret(SecretSlice<u8>);

impl WebhookSecret {
    /// A fresh one of 32 bytes.
    pub(super) fn new() -> Result<Self> {
        let mut bytes = vec![0u8; 32];
        SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        Ok(Self(bytes.into()))
    }

    /// The text for its holder, as Standard Webhooks writes it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0.expose_secret()))
    }

    /// Seals it for one endpoint.
    pub(super) fn seal(&self, keys: &SealingKeys, org: OrgId, endpoint: WebhookEndpointId) -> Sealed {
        keys.seal(PURPOSE, &bound_to(org, endpoint), self.0.expose_secret())
    }

    /// Opens what was sealed; none if the key was taken away.
    pub(super) fn open(
        keys: &SealingKeys,
        org: OrgId,
        endpoint: WebhookEndpointId,
        sealed: &Sealed,
    ) -> Option<Self> {
        keys.open(PURPOSE, &bound_to(org, endpoint), sealed).map(Self)
    }

    /// The signature of a message sent at `timestamp`, in seconds since 1970.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> Result<String> {
        let webhook = Webhook::from_bytes(self.0.expose_secret().to_vec()).map_err(Error::internal)?;
        webhook.sign(id, timestamp, body.as_bytes()).map_err(Error::internal)
    }
}

fn bound_to(org: OrgId, endpoint: WebhookEndpointId) -> Vec<u8> {
    [org.0.as_bytes().as_slice(), endpoint.0.as_bytes()].concat()
}

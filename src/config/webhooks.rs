//! Where webhooks may go.

use std::num::NonZeroU64;
use std::time::Duration;

use ipnet::IpNet;

use super::env::{Env, Setting};

const NETWORKS: Setting = Setting {
    name: "WEBHOOKS_PRIVATE_NETWORKS",
    unit: "networks such as 10.0.0.0/8, separated by commas",
    default: Some(""),
    about: "Private, loopback and link-local networks that webhooks may reach after all, and sign-in providers may stand in, also without TLS. Too wide lets administrators of organisations call what is behind your firewall; empty allows public addresses by https only.",
};
const TIMEOUT: Setting = Setting {
    name: "WEBHOOKS_TIMEOUT_MS",
    unit: "milliseconds",
    default: Some("15000"),
    about: "How long an endpoint may take to answer. Shorter fails slow receivers; longer lets slow ones hold on.",
};
pub(super) const SETTINGS: &[Setting] = &[NETWORKS, TIMEOUT];

/// Webhooks.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub private_networks: Vec<IpNet>,
    pub timeout: Duration,
}

impl WebhookConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            private_networks: env.networks(&NETWORKS)?,
            timeout: Duration::from_millis(env.parse::<NonZeroU64>(&TIMEOUT)?.get()),
        })
    }
}

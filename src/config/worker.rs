//! What runs beside the requests.

use std::num::NonZeroU64;
use std::time::Duration;

use super::env::{Env, Setting};

const USAGE_DRAIN: Setting = Setting {
    name: "USAGE_DRAIN_MS",
    unit: "milliseconds",
    default: Some("5000"),
    about: "How often counts of portals move from Redis to Postgres. Longer risks more of them if Redis keeps nothing on disk; shorter is more work.",
};
pub(super) const SETTINGS: &[Setting] = &[USAGE_DRAIN];

/// How often jobs run.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    pub usage_drain: Duration,
}

impl WorkerConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self { usage_drain: Duration::from_millis(env.parse::<NonZeroU64>(&USAGE_DRAIN)?.get()) })
    }
}

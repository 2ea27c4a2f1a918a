//! What runs beside the requests.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use chrono::TimeDelta;

use super::env::{Env, Setting};

const USAGE_DRAIN: Setting = Setting {
    name: "USAGE_DRAIN_MS",
    unit: "milliseconds",
    default: Some("5000"),
    about: "How often counts of portals move from Redis to Postgres. Longer risks more of them if Redis keeps nothing on disk; shorter is more work.",
};
const EVENTS_KEPT: Setting = Setting {
    name: "EVENTS_KEPT_DAYS",
    unit: "days",
    default: Some("90"),
    about: "How long events, ended webhook deliveries and ended sessions of staff are kept. Longer takes room; a subscriber who comes back later than this has to read everything anew.",
};
const AUDIT_KEPT: Setting = Setting {
    name: "AUDIT_KEPT_DAYS",
    unit: "days",
    default: Some("3650"),
    about: "How long audit entries are kept. Longer takes room; shorter forgets who did what.",
};
pub(super) const SETTINGS: &[Setting] = &[USAGE_DRAIN, EVENTS_KEPT, AUDIT_KEPT];

/// How often jobs run, and how long logs are kept.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    pub usage_drain: Duration,
    pub events_kept: TimeDelta,
    pub audit_kept: TimeDelta,
}

impl WorkerConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let days = |setting| env.parse::<NonZeroU32>(setting).map(|days| TimeDelta::days(days.get().into()));
        Ok(Self {
            usage_drain: Duration::from_millis(env.parse::<NonZeroU64>(&USAGE_DRAIN)?.get()),
            events_kept: days(&EVENTS_KEPT)?,
            audit_kept: days(&AUDIT_KEPT)?,
        })
    }
}

//! How subscribers are looked after.

use std::num::NonZeroU64;
use std::time::Duration;

use super::env::{Env, Setting};

const POLL: Setting = Setting {
    name: "LIVE_POLL_MS",
    unit: "milliseconds",
    default: Some("500"),
    about: "How often Postgres is asked what subscribers missed of Redis, and whose credential has ended. Longer lets an ended one be told for longer; shorter is more work.",
};
const INIT: Setting = Setting {
    name: "LIVE_INIT_MS",
    unit: "milliseconds",
    default: Some("10000"),
    about: "How long a WebSocket may take to say who it is. Longer lets idle strangers hold connections; too short refuses slow networks.",
};
pub(super) const SETTINGS: &[Setting] = &[POLL, INIT];

/// Subscriptions.
#[derive(Clone, Copy, Debug)]
pub struct LiveConfig {
    pub poll: Duration,
    pub init: Duration,
}

impl LiveConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let milliseconds = |setting| {
            env.parse::<NonZeroU64>(setting).map(|milliseconds| Duration::from_millis(milliseconds.get()))
        };
        Ok(Self { poll: milliseconds(&POLL)?, init: milliseconds(&INIT)? })
    }
}

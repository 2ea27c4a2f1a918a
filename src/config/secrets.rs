//! The sealing keys.

use anyhow::{Context as _, anyhow};

use super::env::{Env, Setting};
use crate::sealing::SealingKeys;

const SEALING_KEYS: Setting = Setting {
    name: "SEALING_KEYS",
    unit: "id:key pairs separated by commas, each key 32 bytes in hexadecimal",
    default: None,
    about: "Access codes are hashed with the first key and checked with the one they name. Put a new one in front to rotate; take an old one away and the codes made with it stop working. `echo \"1:$(openssl rand -hex 32)\"` makes the first. SEALING_KEYS_FILE names a file that holds them.",
};
pub(super) const SETTINGS: &[Setting] = &[SEALING_KEYS];

pub(super) fn read(env: &Env) -> anyhow::Result<SealingKeys> {
    let text = env.secret(&SEALING_KEYS)?;
    let text = text.ok_or_else(|| anyhow!("{} is not set: {}", SEALING_KEYS.name, SEALING_KEYS.about))?;
    SealingKeys::parse(&text).context(SEALING_KEYS.name)
}

/// The sealing keys, if they are set: for commands that do without.
pub fn sealing_keys(env: &Env) -> anyhow::Result<Option<SealingKeys>> {
    match env.secret(&SEALING_KEYS)? {
        Some(text) => Ok(Some(SealingKeys::parse(&text).context(SEALING_KEYS.name)?)),
        None => Ok(None),
    }
}

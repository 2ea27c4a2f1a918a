//! The access code that an invitation brings (LINK-11, DOOR-1). What is kept of a portal's code is hashed with
//! the portal's id, and an account's portals are made only as its invitation is accepted; until then the code
//! is sealed, for that invitation only.

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::db::ids::InvitationId;
use crate::domain::codes::{self, CodeHash};
use crate::domain::validation::Checks;
use crate::sealing::{Sealed, SealingKeys};

const PURPOSE: &[u8] = b"access code of an invitation";

/// Notes a problem with what is no code.
pub(super) fn check(checks: &mut Checks, code: &SecretString) {
    codes::check(checks, code);
}

/// Seals it.
pub(super) fn seal(keys: &SealingKeys, invitation: InvitationId, code: &SecretString) -> Sealed {
    keys.seal(PURPOSE, Uuid::from(invitation).as_bytes(), code.expose_secret().as_bytes())
}

/// What each of these portals keeps of it; none if the key was taken away.
pub(in crate::domain) fn of_portals(
    keys: &SealingKeys,
    (invitation, sealed): (InvitationId, &Sealed),
    portals: impl Iterator<Item = Uuid>,
) -> Option<(String, Vec<Vec<u8>>)> {
    let opened = keys.open(PURPOSE, Uuid::from(invitation).as_bytes(), sealed)?;
    let code = SecretString::from(String::from_utf8(opened.expose_secret().to_vec()).ok()?);
    let kept = portals.map(|portal| CodeHash::of(&mut Checks::new(), keys, portal, &code).hash);
    Some((keys.newest().id.clone(), kept.collect()))
}

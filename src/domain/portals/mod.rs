//! Portals, their links, and the sessions that open through them (LINK). Whether a link is alive is
//! decided by `enter_portal` in the database and nowhere else; the states here only tell staff.

pub mod doors;
pub mod letters;

mod bulk;
mod expiry;
mod exposure;
mod inventory;
mod links;
mod manage;
mod open_sessions;
mod policy;
mod previews;
mod rows;
mod sessions;
mod share;

pub use bulk::{Rotated, revoke_many, rotate_many};
pub use expiry::{Expiry, end_of_day};
pub use exposure::{
    ExposedDashboard, ExposedDeliverable, ExposedField, ExposedFile, ExposedRecord, ExposedType, Exposing,
    Exposure, exposure,
};
pub use inventory::{Content, breaches_of, contents};
pub use links::{
    LinkDraft, LinkEdit, NewUrl, Recipient, create_link, link_by_id, links_of, revoke_link, rotate_link,
    unlock, update_link,
};
pub(super) use manage::about;
pub use manage::{CreatedPortal, PortalDraft, PortalEdit, PortalScope, create, revoke, rotate, update};
pub use manage::{by_ids, count, list};
pub use open_sessions::{
    OpenSession, OpenSessions, count_open_sessions, end_open_session, open_sessions, open_sessions_of,
};
pub(in crate::domain) use policy::Paths;
pub use policy::{Policy, PolicyBreach, Terms};
pub use previews::{Preview, preview};
pub use rows::{Link, Portal, PortalFilter};
pub use sessions::{OpenedPortal, Opening, end_session, end_session_of, open};
pub use share::{Delivery, Earlier, Share, address_to_share_with, share};

use async_graphql::Enum;
use chrono::{DateTime, Utc};

/// Whether a portal or link opens, as far as its own dates tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DoorState {
    /// Its start lies ahead.
    Scheduled,
    /// It opens.
    Live,
    /// Its end has come.
    Expired,
    /// It was revoked, for good.
    Revoked,
}

impl DoorState {
    /// Judges dates at a moment.
    pub fn at(
        now: DateTime<Utc>,
        starts_at: Option<DateTime<Utc>>,
        expires_at: Option<DateTime<Utc>>,
        revoked_at: Option<DateTime<Utc>>,
    ) -> Self {
        if revoked_at.is_some() {
            Self::Revoked
        } else if expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else if starts_at.is_some_and(|start| start > now) {
            Self::Scheduled
        } else {
            Self::Live
        }
    }
}

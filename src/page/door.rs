//! What stands before a door with an access code (DOOR-1): whose it is, and the field for the code.

use askama::Template;

use super::{Visit, accent, assets};
use crate::error::DoorFace;

/// What the page says besides asking.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// Why the last try did not open the door.
    pub trouble: Option<String>,
    /// A mail was asked for.
    pub mailed: bool,
    /// The mailed bypass that the next try carries.
    pub bypass: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "door.html")]
pub(super) struct DoorPage {
    organization: String,
    initial: String,
    accent: String,
    version: &'static str,
    /// Path of the portal.
    home: String,
    prompt: Prompt,
}

impl DoorPage {
    pub fn new(face: &DoorFace, visit: &Visit<'_>, prompt: Prompt) -> Self {
        Self {
            initial: face.organization.chars().next().map(String::from).unwrap_or_default(),
            organization: face.organization.clone(),
            accent: accent::sheet_name(&face.accent_color),
            version: assets::version(),
            home: visit.home(),
            prompt,
        }
    }
}

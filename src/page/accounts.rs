//! The pages before any door: accept an invitation, sign in, choose a password, and the doors that are
//! meant for who proved an address (DOOR-6, DOOR-7). They wear nobody's look, but an invitation's: whose
//! doors there are is known only afterwards.

use askama::Template;
use serde::Deserialize;

use super::{accent, assets};

/// Signs in with a password; takes `$input`, as all of these.
pub const SIGN_IN: &str = include_str!("documents/sign_in.graphql");
/// Asks for a mailed link.
pub const ASK_FOR_LINK: &str = include_str!("documents/ask_for_link.graphql");
/// Signs in with a mailed link.
pub const FOLLOW_LINK: &str = include_str!("documents/follow_link.graphql");
/// Asks for a mail with which a password is replaced.
pub const ASK_FOR_RESET: &str = include_str!("documents/ask_for_reset.graphql");
/// Replaces a password.
pub const RESET_PASSWORD: &str = include_str!("documents/reset_password.graphql");
/// Reads an invitation.
pub const INVITATION: &str = include_str!("documents/invitation.graphql");
/// Accepts an invitation.
pub const ACCEPT: &str = include_str!("documents/accept.graphql");
/// Joins as an invited colleague.
pub const JOIN: &str = include_str!("documents/join.graphql");
/// Reads the doors.
pub const DOORS: &str = include_str!("documents/doors.graphql");
/// Opens one of them.
pub const OPEN_DOOR: &str = include_str!("documents/open_door.graphql");
/// Signs out.
pub const SIGN_OUT: &str = include_str!("documents/sign_out.graphql");

/// What the page asks, or says.
#[derive(Debug)]
pub enum Step {
    /// Address and password, or a mailed link.
    SignIn { email: String },
    /// A mail was asked for that signs in here.
    Sent,
    /// A mail was asked for with which a password is chosen.
    ResetSent,
    /// The mailed link was opened: going on takes a click, since programs open links too.
    FollowLink { token: String },
    /// The address whose password is forgotten.
    ForgotPassword,
    /// A new password.
    NewPassword { token: String },
    /// An invitation.
    Accept { token: String, invitation: Invitation },
    /// A colleague's invitation.
    Join { token: String },
    /// A colleague who has joined.
    Joined { organization: String },
    /// The doors.
    Doors { doors: Vec<Door> },
    /// A link that is no longer good.
    NoLongerGood,
}

/// An invitation, as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    organization_name: String,
    accent_color: String,
    company_name: String,
    email: String,
    has_password: bool,
}

impl Invitation {
    /// First letter of the organisation's name, for its mark.
    fn initial(&self) -> String {
        self.organization_name.chars().next().map(String::from).unwrap_or_default()
    }
}

/// A door, as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Door {
    id: String,
    organization_name: String,
    title: String,
    code_required: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct AccountPage {
    step: Step,
    trouble: Option<String>,
    accent: Option<String>,
    version: &'static str,
}

impl AccountPage {
    pub fn new(step: Step, trouble: Option<String>) -> Self {
        let accent = match &step {
            Step::Accept { invitation, .. } => Some(accent::sheet_name(&invitation.accent_color)),
            _ => None,
        };
        Self { step, trouble, accent, version: assets::version() }
    }

    fn title(&self) -> &'static str {
        match self.step {
            Step::SignIn { .. } | Step::FollowLink { .. } => "Sign in",
            Step::Sent | Step::ResetSent => "Look into your mail",
            Step::ForgotPassword | Step::NewPassword { .. } => "Choose a password",
            Step::Accept { .. } | Step::Join { .. } => "Invitation",
            Step::Joined { .. } => "Welcome",
            Step::Doors { .. } => "Your portals",
            Step::NoLongerGood => "No longer good",
        }
    }
}

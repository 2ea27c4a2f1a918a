//! The pages before any door: accept an invitation, sign in, choose a password, and the doors that are
//! meant for who proved an address (DOOR-6, DOOR-7). They wear nobody's look, but an invitation's: whose
//! doors there are is known only afterwards.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{accent, assets, words};

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
/// Ends a session of the same address elsewhere.
pub const END_SESSION: &str = include_str!("documents/end_session.graphql");
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
    /// The doors, and where the address is signed in.
    Doors { hosts: Vec<Host>, sessions: Vec<Session>, now: DateTime<Utc> },
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
    ends_at: Option<DateTime<Utc>>,
}

impl Door {
    /// The last day on which it opens, if it closes by itself.
    fn until(&self, now: &DateTime<Utc>) -> Option<String> {
        let last = self.ends_at? - TimeDelta::seconds(1);
        Some(words::day(last.date_naive(), now.date_naive()))
    }
}

/// An organisation, and the doors to it.
#[derive(Debug)]
pub struct Host {
    name: String,
    doors: Vec<Door>,
}

impl Host {
    /// One for each organisation, from doors that are in its order.
    pub(super) fn each(doors: Vec<Door>) -> Vec<Self> {
        let mut hosts: Vec<Self> = Vec::new();
        for door in doors {
            match hosts.last_mut().filter(|host| host.name == door.organization_name) {
                Some(host) => host.doors.push(door),
                None => hosts.push(Self { name: door.organization_name.clone(), doors: vec![door] }),
            }
        }
        hosts
    }

    /// First letter of the organisation's name, for its mark.
    fn initial(&self) -> String {
        self.name.chars().next().map(String::from).unwrap_or_default()
    }
}

/// A place where the address is signed in, as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    id: String,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    current: bool,
}

impl Session {
    /// "Firefox on Android", or what can be told of it.
    fn device(&self) -> String {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let named = |names: &[(&'static str, &'static str)]| {
            names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
        };
        match (named(&BROWSERS), named(&SYSTEMS)) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "A browser or program".to_owned(),
        }
    }

    fn since(&self, now: &DateTime<Utc>) -> String {
        words::day(self.created_at.date_naive(), now.date_naive())
    }
}

/// By what browsers' names for themselves hold; who imitates others comes first.
const BROWSERS: [(&str, &str); 5] =
    [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")];
const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

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

    /// A list takes more room than a question.
    fn is_wide(&self) -> bool {
        matches!(self.step, Step::Doors { .. })
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

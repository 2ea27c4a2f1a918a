//! Notifications by mail: the page within the portal where visitors ask for them (NOTE-1), and the page
//! that the links of mails lead to, which shows nothing of a portal (NOTE-3).

use askama::Template;
use serde::Deserialize;

use super::doorway::{self, Frame};
use super::sections::Here;
use super::{Visit, accent, assets};

/// A topic to tick.
#[derive(Debug)]
pub(super) struct Choice {
    /// As the API writes it.
    pub value: String,
    pub label: &'static str,
    pub about: &'static str,
    pub chosen: bool,
}

/// The choices among what is offered, and what was chosen before.
fn choices(offered: &[String], chosen: &[String]) -> Vec<Choice> {
    let choice = |value: &String| {
        let (label, about) = words(value)?;
        Some(Choice { value: value.clone(), label, about, chosen: chosen.contains(value) })
    };
    offered.iter().filter_map(choice).collect()
}

/// A topic that this page has no words for yet is not shown.
fn words(topic: &str) -> Option<(&'static str, &'static str)> {
    Some(match topic {
        "STATUS" => ("Status changes", "when work moves on to its next step"),
        "REPLIES" => ("Replies", "when somebody writes to you"),
        "REVIEWS" => ("Reviews", "when something waits for your word"),
        "INVOICES" => ("Invoices", "when one is sent or due"),
        _ => return None,
    })
}

/// `MailConsent`, as the documents ask for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consent {
    organization_name: String,
    accent_color: String,
    email: String,
    topics: Vec<String>,
    offered_topics: Vec<String>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Requested,
    Confirmed,
    Withdrawn,
    Lapsed,
}

/// The page that mails lead to.
#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage {
    organization: String,
    initial: String,
    accent: String,
    version: &'static str,
    email: String,
    /// Path of the page.
    here: String,
    state: State,
    choices: Vec<Choice>,
    /// What has just been done.
    told: Option<&'static str>,
    trouble: Option<String>,
}

impl ConsentPage {
    pub fn new(consent: Consent, here: String, told: Option<&'static str>, trouble: Option<String>) -> Self {
        Self {
            initial: consent.organization_name.chars().next().map(String::from).unwrap_or_default(),
            accent: accent::sheet_name(&consent.accent_color),
            version: assets::version(),
            choices: choices(&consent.offered_topics, &consent.topics),
            organization: consent.organization_name,
            email: consent.email,
            here,
            state: consent.state,
            told,
            trouble,
        }
    }
}

/// What the page within the portal reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    notification_topics: Vec<String>,
    consents: Vec<Own>,
}

#[derive(Debug, Deserialize)]
struct Own {
    id: String,
    email: String,
    topics: Vec<String>,
    withdrawn: bool,
}

/// A consent of this visitor's.
#[derive(Debug)]
struct OwnConsent {
    id: String,
    email: String,
    choices: Vec<Choice>,
}

/// What the form held, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub email: String,
    pub topics: Vec<String>,
    /// Why nothing came of it.
    pub trouble: Option<String>,
    /// What has been done.
    pub told: Option<&'static str>,
}

/// The page within the portal.
#[derive(Template)]
#[template(path = "notifications.html")]
pub(super) struct NotificationsPage {
    frame: Frame,
    choices: Vec<Choice>,
    own: Vec<OwnConsent>,
    asked: Asked,
}

impl NotificationsPage {
    pub fn new(answer: Answer, visit: &Visit<'_>, asked: Asked) -> Self {
        let offered = answer.notification_topics;
        let chosen = if asked.topics.is_empty() { &offered } else { &asked.topics };
        let own = answer.consents.into_iter().filter(|own| !own.withdrawn);
        let own = own.map(|own| OwnConsent {
            choices: choices(&offered, &own.topics),
            id: own.id,
            email: own.email,
        });
        Self {
            own: own.collect(),
            choices: choices(&offered, chosen),
            frame: Frame::new(answer.around, Here::Elsewhere, visit),
            asked,
        }
    }
}

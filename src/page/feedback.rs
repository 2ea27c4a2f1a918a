//! Feedback on the page (MSG-3): a form. What was given is the team's to read.

use askama::Template;
use serde::Deserialize;

use super::Visit;
use super::doorway::{self, Frame};
use super::messages::{Typed, VisitorAnswer};
use super::sections::Here;

/// What the page reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    visitor: Option<VisitorAnswer>,
    feedback_subjects: Vec<Subject>,
}

/// `PortalFeedbackSubject`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    record_id: String,
    name: String,
}

/// What the form held, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub typed: Typed,
    /// The record that was chosen.
    pub about: String,
    /// Whether it was given.
    pub done: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "feedback.html")]
pub(super) struct FeedbackPage {
    frame: Frame,
    subjects: Vec<Subject>,
    /// Who writes, if that is known.
    name: Option<String>,
    given: Given,
}

impl FeedbackPage {
    /// None where the portal takes no feedback.
    pub fn new(answer: Answer, visit: &Visit<'_>, given: Given) -> Option<Self> {
        let frame = Frame::new(answer.around, Here::Section("FEEDBACK"), visit);
        frame.shows_feedback.then(|| Self {
            subjects: answer.feedback_subjects,
            name: answer.visitor.map(|visitor| visitor.name),
            given,
            frame,
        })
    }
}

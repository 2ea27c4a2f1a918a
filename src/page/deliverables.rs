//! Deliverables on the page (DEL-2, DEL-3): their list on a record's page, a page for each with the form
//! for the client's word, and the receipt to print; each version with its files (DEL-5). Without script it
//! works as well.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::Visit;
use super::doorway::{self, Frame};
use super::files::{FileAnswer, FileList};
use super::messages::{Typed, VisitorAnswer};
use super::sections::Here;

/// A deliverable in the answer for a record's page.
#[derive(Debug, Deserialize)]
pub(super) struct ListedAnswer {
    id: String,
    title: String,
    #[serde(rename = "type")]
    kind: String,
    format: Option<String>,
    status: Option<String>,
    current: Option<CurrentAnswer>,
}

#[derive(Debug, Deserialize)]
struct CurrentAnswer {
    number: i64,
    approval: String,
    files: Vec<FileAnswer>,
}

/// A line of the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub href: String,
    pub title: String,
    /// "Design, PDF".
    pub kind: String,
    pub status: Option<String>,
    /// "Version 2".
    pub version: Option<String>,
    pub approval: Option<Approval>,
    /// The files of that version.
    pub list: Option<FileList>,
}

impl Listed {
    pub fn new(answer: ListedAnswer, frame: &Frame) -> Self {
        let (current, files) = match answer.current {
            Some(current) => (Some((current.number, current.approval)), current.files),
            None => (None, Vec::new()),
        };
        Self {
            href: format!("{}/deliverables/{}", frame.home, answer.id),
            kind: kind(&answer.kind, answer.format.as_deref()),
            version: current.as_ref().map(|(number, _)| format!("Version {number}")),
            approval: current.map(|(_, approval)| Approval::of(&approval)),
            list: FileList::part(files, frame),
            title: answer.title,
            status: answer.status,
        }
    }
}

fn kind(kind: &str, format: Option<&str>) -> String {
    match format {
        Some(format) => format!("{kind}, {format}"),
        None => kind.to_owned(),
    }
}

/// An approval in people's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Approval {
    pub class: &'static str,
    pub words: &'static str,
}

impl Approval {
    fn of(approval: &str) -> Self {
        let (class, words) = match approval {
            "APPROVED" => ("approved", "Approved"),
            "REVISION_REQUESTED" => ("revision", "Changes requested"),
            "REJECTED" => ("rejected", "Rejected"),
            _ => ("pending", "Waiting for your word"),
        };
        Self { class, words }
    }
}

/// What the page of one reads.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    visitor: Option<VisitorAnswer>,
    deliverable: Option<DeliverableAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeliverableAnswer {
    id: String,
    record_id: String,
    record_name: String,
    title: String,
    #[serde(rename = "type")]
    kind: String,
    format: Option<String>,
    status: Option<String>,
    versions: Vec<VersionAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionAnswer {
    id: String,
    number: i64,
    note: Option<String>,
    ready_at: DateTime<Utc>,
    approval: String,
    files: Vec<FileAnswer>,
    decision: Option<DecisionAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DecisionAnswer {
    id: String,
    reason: Option<String>,
    decided_by: String,
    name_verified: bool,
    decided_at: DateTime<Utc>,
}

/// The page of one.
#[derive(Template)]
#[template(path = "deliverable.html")]
pub(super) struct DeliverablePage {
    frame: Frame,
    title: String,
    kind: String,
    status: Option<String>,
    record_name: String,
    record_path: String,
    /// Where the form is posted to.
    action: String,
    versions: Vec<Version>,
    asks_name: bool,
    can_decide: bool,
    typed: Typed,
}

struct Version {
    id: String,
    number: i64,
    note: Option<String>,
    ready: String,
    approval: Approval,
    list: Option<FileList>,
    decision: Option<Decision>,
}

struct Decision {
    receipt: String,
    reason: Option<String>,
    by: String,
    verified: bool,
    time: String,
}

impl DeliverablePage {
    /// None if the portal shows no such deliverable.
    pub fn new(answer: Answer, visit: &Visit<'_>, typed: Typed) -> Option<Self> {
        let deliverable = answer.deliverable?;
        let frame = Frame::new(answer.around, Here::Elsewhere, visit);
        let waits = deliverable.versions.first().is_some_and(|version| version.approval == "PENDING");
        let versions = deliverable.versions.into_iter().map(|version| Version::new(version, &frame));
        Some(Self {
            versions: versions.collect(),
            title: deliverable.title,
            kind: kind(&deliverable.kind, deliverable.format.as_deref()),
            status: deliverable.status,
            record_path: format!("{}/records/{}", frame.home, deliverable.record_id),
            record_name: deliverable.record_name,
            action: format!("{}/deliverables/{}", frame.home, deliverable.id),
            asks_name: answer.visitor.is_none(),
            can_decide: waits && frame.inside.is_some(),
            typed,
            frame,
        })
    }
}

impl Version {
    fn new(version: VersionAnswer, frame: &Frame) -> Self {
        let decision = version.decision.map(|decision| Decision {
            receipt: format!("{}/receipts/{}", frame.home, decision.id),
            reason: decision.reason,
            by: decision.decided_by,
            verified: decision.name_verified,
            time: frame.moment(decision.decided_at),
        });
        Self {
            id: version.id,
            number: version.number,
            note: version.note,
            ready: frame.moment(version.ready_at),
            approval: Approval::of(&version.approval),
            list: FileList::part(version.files, frame),
            decision,
        }
    }
}

/// What a receipt's page reads.
#[derive(Debug, Deserialize)]
pub(super) struct ReceiptAnswer {
    #[serde(flatten)]
    around: doorway::Answer,
    decision: Option<SignedAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedAnswer {
    id: String,
    verdict: String,
    decided_at: DateTime<Utc>,
    receipt: String,
}

/// A receipt, as far as it is printed.
#[derive(Debug, Deserialize)]
struct Document {
    receipt: Facts,
    key: String,
    #[serde(rename = "publicKey")]
    public_key: String,
    signature: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    organization: String,
    company: String,
    record: String,
    deliverable_id: String,
    deliverable: String,
    version: i64,
    reason: Option<String>,
    decided_by: String,
    name_verified: bool,
    session_id: String,
    decided_at: String,
    files_sha256: String,
}

/// The page to print.
#[derive(Template)]
#[template(path = "receipt.html")]
pub(super) struct ReceiptPage {
    frame: Frame,
    document: Document,
    approval: Approval,
    time: String,
    download: String,
}

impl ReceiptPage {
    /// None if the portal shows no such decision.
    pub fn new(answer: ReceiptAnswer, visit: &Visit<'_>) -> Option<Self> {
        let signed = answer.decision?;
        let document: Document = serde_json::from_str(&signed.receipt).ok()?;
        let frame = Frame::new(answer.around, Here::Elsewhere, visit);
        Some(Self {
            document,
            approval: Approval::of(&signed.verdict),
            time: frame.moment(signed.decided_at),
            download: format!("{}/receipts/{}/receipt.json", frame.home, signed.id),
            frame,
        })
    }
}

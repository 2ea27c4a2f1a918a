//! Threads on the page (MSG-1): the list of them, and one with its form, which also stands on a record's
//! page. Without script it works as well.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::doorway::{self, Frame};
use super::sections::Here;
use super::{Visit, counted};

/// What a form held, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub body: String,
    pub name: String,
    /// Why nothing came of it.
    pub trouble: Option<String>,
}

/// `PortalVisitor`, as the documents ask for it.
#[derive(Debug, Deserialize)]
pub(super) struct VisitorAnswer {
    pub name: String,
}

/// The part of an answer that a thread is made of.
#[derive(Debug, Deserialize)]
pub(super) struct ThreadAnswer {
    visitor: Option<VisitorAnswer>,
    /// None if the portal shows no such record, or not its messages.
    thread: Option<Heading>,
    messages: Messages,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heading {
    record_id: String,
    record_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Messages {
    edges: Vec<Edge<MessageAnswer>>,
    page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
struct Edge<T> {
    node: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageAnswer {
    id: String,
    sender_type: String,
    sender_name: String,
    sender_verified: bool,
    body: String,
    sent_at: DateTime<Utc>,
}

/// A thread as templates read it.
#[derive(Debug)]
pub(super) struct Thread {
    /// Where its form is posted to.
    pub action: String,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Where the ones before these are.
    pub earlier: Option<String>,
    /// Whether these are not the newest.
    pub looks_back: bool,
    /// The newest message shown: the form says after what it was written.
    pub last: String,
    /// Who writes, if that is known.
    pub name: Option<String>,
    pub can_write: bool,
    pub typed: Typed,
}

#[derive(Debug)]
pub(super) struct Message {
    pub from_team: bool,
    pub sender: String,
    pub verified: bool,
    pub initial: String,
    pub body: String,
    pub iso: String,
    pub time: String,
}

impl Thread {
    /// None if there is none to show. `action` is below the portal's path.
    pub fn new(answer: ThreadAnswer, action: &str, frame: &Frame, typed: Typed) -> Option<Self> {
        let record = answer.thread?.record_id;
        let page = answer.messages.page_info;
        let last = answer.messages.edges.first().map(|edge| edge.node.id.clone());
        let mut messages: Vec<Message> =
            answer.messages.edges.into_iter().map(|edge| Message::new(edge.node, frame)).collect();
        messages.reverse();
        let earlier = page.end_cursor.filter(|_| page.has_next_page);
        Some(Self {
            action: format!("{}/{action}", frame.home),
            messages,
            earlier: earlier.map(|cursor| format!("{}/messages/{record}?after={cursor}", frame.home)),
            looks_back: page.has_previous_page,
            last: last.unwrap_or_default(),
            name: answer.visitor.map(|visitor| visitor.name),
            can_write: frame.inside.is_some() && !page.has_previous_page,
            typed,
        })
    }
}

impl Message {
    fn new(message: MessageAnswer, frame: &Frame) -> Self {
        Self {
            from_team: message.sender_type == "STAFF",
            verified: message.sender_verified,
            initial: message.sender_name.chars().next().map(String::from).unwrap_or_default(),
            sender: message.sender_name,
            body: message.body,
            iso: message.sent_at.to_rfc3339(),
            time: frame.moment(message.sent_at),
        }
    }
}

/// The page of one thread.
#[derive(Template)]
#[template(path = "thread.html")]
pub(super) struct ThreadPage {
    frame: Frame,
    record_name: String,
    thread: Thread,
}

/// What it reads.
#[derive(Debug, Deserialize)]
pub(super) struct ThreadPageAnswer {
    #[serde(flatten)]
    around: doorway::Answer,
    #[serde(flatten)]
    thread: ThreadAnswer,
}

impl ThreadPage {
    /// None if the portal shows no such thread.
    pub fn new(answer: ThreadPageAnswer, visit: &Visit<'_>, typed: Typed) -> Option<Self> {
        let frame = Frame::new(answer.around, Here::Below("MESSAGES"), visit);
        let heading = answer.thread.thread.as_ref()?;
        let (record_name, action) = (heading.record_name.clone(), format!("messages/{}", heading.record_id));
        let thread = Thread::new(answer.thread, &action, &frame, typed)?;
        Some(Self { record_name, thread, frame })
    }
}

/// What the list of threads reads.
#[derive(Debug, Deserialize)]
pub(super) struct ThreadsAnswer {
    #[serde(flatten)]
    around: doorway::Answer,
    threads: Threads,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Threads {
    edges: Vec<Edge<Listed>>,
    page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    record_id: String,
    record_name: String,
    count: i64,
    newest: Option<MessageAnswer>,
}

/// The list of threads.
#[derive(Template)]
#[template(path = "messages.html")]
pub(super) struct ThreadsPage {
    frame: Frame,
    lines: Vec<Line>,
    more: Option<String>,
}

struct Line {
    href: String,
    name: String,
    count: String,
    newest: Option<Message>,
}

impl ThreadsPage {
    pub fn new(answer: ThreadsAnswer, visit: &Visit<'_>) -> Self {
        let frame = Frame::new(answer.around, Here::Section("MESSAGES"), visit);
        let page = answer.threads.page_info;
        let more = page.end_cursor.filter(|_| page.has_next_page);
        let line = |Edge { node }: Edge<Listed>| Line {
            href: format!("{}/messages/{}", frame.home, node.record_id),
            name: node.record_name,
            count: counted(node.count, "message", "messages"),
            newest: node.newest.map(|message| Message::new(message, &frame)),
        };
        Self {
            lines: answer.threads.edges.into_iter().map(line).collect(),
            more: more.map(|cursor| format!("{}/messages?after={cursor}", frame.home)),
            frame,
        }
    }
}

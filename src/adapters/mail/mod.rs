//! Where mails go (NOTE-5): by SMTP with TLS, or without SMTP settings into a folder, as `.eml` files.
//! A mail is made of parsed addresses, single lines and bodies, so no text of anybody's can become a
//! header.

mod folder;
mod smtp;

use std::time::SystemTime;

use anyhow::Context as _;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

pub use folder::{Folder, Written};

use crate::config::{Delivery, MailConfig};

/// One line of text without control characters: what may stand in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// Control characters become spaces, and the ends are trimmed.
    pub fn new(text: &str) -> Self {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self(plain.trim().to_owned())
    }
}

/// Somebody's address, and how they are called.
#[derive(Clone, Debug)]
pub struct Correspondent(Mailbox);

impl Correspondent {
    /// None if it is no address.
    pub fn new(name: Option<&Line>, local: &str, domain: &str) -> Option<Self> {
        let name = name.map(|line| line.0.clone()).filter(|name| !name.is_empty());
        Some(Self(Mailbox::new(name, Address::new(local, domain).ok()?)))
    }

    /// Reads `Name <local@domain>` or `local@domain`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The same address under another name.
    pub fn called(&self, name: &Line) -> Self {
        Self(Mailbox::new(Some(name.0.clone()), self.0.email.clone()))
    }
}

/// A mail, whole.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The same for every try, so that a second copy is known as one: it names the row and the moment.
    pub id: String,
    pub at: SystemTime,
    /// How the sender is called; its address is the installation's.
    pub sender: Line,
    pub to: Correspondent,
    pub reply_to: Option<Correspondent>,
    pub subject: Line,
    pub text: String,
    pub html: String,
    /// RFC 8058: where one click is posted to.
    pub one_click: Option<url::Url>,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody else answers for it now.
    Taken,
    /// Refused for good, and why.
    Refused(String),
    /// Not taken, or nobody knows: to be tried again.
    Failed(String),
}

/// Sends mails.
pub struct Mailer {
    from: Correspondent,
    way: Way,
}

enum Way {
    Smtp(Box<smtp::Smtp>),
    Folder(Folder),
}

impl Mailer {
    /// Prepares the way; connects nothing yet.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let way = match &config.delivery {
            Delivery::Smtp(relay) => Way::Smtp(Box::new(smtp::Smtp::new(relay)?)),
            Delivery::Folder(path) => Way::Folder(Folder::new(path)),
        };
        Ok(Self { from: config.from.clone(), way })
    }

    /// The folder, if mails go into one.
    pub fn folder(&self) -> Option<&Folder> {
        match &self.way {
            Way::Folder(folder) => Some(folder),
            Way::Smtp(_) => None,
        }
    }

    /// Sends one mail, once.
    pub async fn send(&self, mail: Mail) -> Answer {
        let id = mail.id.clone();
        match (self.message(mail), &self.way) {
            (Err(error), _) => {
                tracing::error!(error = format!("{error:#}"), mail.id = id, "a mail cannot be written");
                Answer::Refused("The mail could not be written.".into())
            }
            (Ok(message), Way::Smtp(server)) => server.send(&message).await,
            (Ok(message), Way::Folder(folder)) => folder.send(&id, &message.formatted()).await,
        }
    }

    fn message(&self, mail: Mail) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.0.email.domain())))
            .date(mail.at)
            .from(self.from.called(&mail.sender).0)
            .to(mail.to.0)
            .subject(mail.subject.0);
        if let Some(reply_to) = mail.reply_to {
            message = message.reply_to(reply_to.0);
        }
        // Machines should not answer a machine (RFC 3834).
        message = message.raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(url) = mail.one_click {
            message = message.raw_header(header("List-Unsubscribe", &format!("<{url}>")));
            message = message.raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        message.multipart(MultiPart::alternative_plain_html(mail.text, mail.html)).context("a mail")
    }
}

/// `value` is ours or a parsed address: never text that somebody wrote.
fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

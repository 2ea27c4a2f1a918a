//! The mails of a demo, as pages.

use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::assets;
use crate::error::{Error, Result};

/// Characters of a mail's text that stand beside its subject.
const EXCERPT: usize = 160;

/// A mail that was written into the demo's folder.
#[derive(Clone, Debug)]
pub struct WrittenMail {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl WrittenMail {
    /// When it was queued, which its id tells.
    fn queued(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanoseconds) = Uuid::parse_str(&self.id).ok()?.get_timestamp()?.to_unix();
        DateTime::from_timestamp(seconds.cast_signed(), nanoseconds)
    }

    /// How its text begins, after the greeting.
    fn excerpt(&self) -> String {
        let lines = self.text.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1);
        lines.collect::<Vec<_>>().join(" ").chars().take(EXCERPT).collect()
    }
}

#[derive(Template)]
#[template(path = "mails.html")]
struct Mails {
    mails: Vec<WrittenMail>,
    version: &'static str,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Mail {
    mail: WrittenMail,
    version: &'static str,
}

/// All of them, the newest first.
pub fn mails(mails: Vec<WrittenMail>) -> Result<String> {
    Mails { mails, version: assets::version() }.render().map_err(Error::internal)
}

/// One of them, as text and as it looks.
pub fn mail(mail: WrittenMail) -> Result<String> {
    Mail { mail, version: assets::version() }.render().map_err(Error::internal)
}

//! The mails of a demo, as pages.

use askama::Template;

use crate::error::{Error, Result};

/// A mail that was written into the demo's folder.
#[derive(Clone, Debug)]
pub struct WrittenMail {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "mails.html")]
struct Mails {
    mails: Vec<WrittenMail>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Mail {
    mail: WrittenMail,
}

/// All of them, the newest first.
pub fn mails(mails: Vec<WrittenMail>) -> Result<String> {
    Mails { mails }.render().map_err(Error::internal)
}

/// One of them, as text and as it looks.
pub fn mail(mail: WrittenMail) -> Result<String> {
    Mail { mail }.render().map_err(Error::internal)
}

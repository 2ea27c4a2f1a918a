//! A folder of `.eml` files, one a mail, for installations without a mail server and for the demo. A
//! mail that is sent twice has one file: its name is the mail's id.

use std::path::{Path, PathBuf};

use mail_parser::MessageParser;

use super::Answer;

/// The folder. Made with the first mail.
pub struct Folder(PathBuf);

/// A mail that was written, read again.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its file without the ending.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) async fn send(&self, id: &str, message: &[u8]) -> Answer {
        match self.write(id, message).await {
            Ok(()) => Answer::Taken,
            Err(error) => {
                tracing::error!(%error, "a mail cannot be written into MAIL_FOLDER");
                Answer::Failed("The folder for mails cannot be written.".into())
            }
        }
    }

    async fn write(&self, id: &str, message: &[u8]) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.0).await?;
        let half = self.0.join(format!("{id}.new"));
        tokio::fs::write(&half, message).await?;
        tokio::fs::rename(half, self.0.join(format!("{id}.eml"))).await
    }

    /// What was written, the newest first.
    pub async fn list(&self) -> std::io::Result<Vec<Written>> {
        let mut ids = Vec::new();
        let mut entries = match tokio::fs::read_dir(&self.0).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            ids.extend(name.to_str().and_then(|name| name.strip_suffix(".eml")).map(str::to_owned));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let mut mails = Vec::with_capacity(ids.len());
        for id in ids {
            mails.extend(self.read(&id).await?);
        }
        Ok(mails)
    }

    /// One of them. An id that is no name of ours finds nothing.
    pub async fn read(&self, id: &str) -> std::io::Result<Option<Written>> {
        if !id.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Ok(None);
        }
        let bytes = match tokio::fs::read(self.0.join(format!("{id}.eml"))).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let Some(message) = MessageParser::default().parse(&bytes) else { return Ok(None) };
        let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
        Ok(Some(Written {
            id: id.to_owned(),
            to: to.to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            html: message.body_html(0).unwrap_or_default().replace("\r\n", "\n"),
        }))
    }
}

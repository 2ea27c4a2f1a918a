//! Mails to members about what clients did. They lead nowhere: staff have their own way in.

use super::rows;
use crate::domain::mails::{Desk, Letter, MailKind};
use crate::error::Result;

/// What a client did, if its reader is still there.
pub async fn notice(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(notice) = rows::to_send(desk.tx, desk.subject).await? else { return Ok(None) };
    let Some(letter) = desk.letter(&notice.email, Some(notice.name), None) else { return Ok(None) };
    let kind = match notice.about.as_str() {
        "FEEDBACK" => MailKind::ClientFeedback,
        "MESSAGE" => MailKind::ClientMessage,
        "UPLOAD" => MailKind::FileUploaded,
        _ => MailKind::ClientDecision,
    };
    let about = notice.record_name.unwrap_or_else(|| notice.company_name.clone());
    let sender = notice.sender_name.unwrap_or_default();
    let letter = Letter { kind, ..letter }.with("sender", sender).with("record", about);
    let letter = letter.with("company", notice.company_name).with("verdict", notice.about);
    Ok(Some(match notice.words {
        Some(file) if kind == MailKind::FileUploaded => letter.with("file", file),
        Some(words) => letter.quoting(words),
        None => letter,
    }))
}

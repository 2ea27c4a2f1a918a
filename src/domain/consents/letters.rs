//! The mail that asks an address whether it wants notifications (NOTE-1).

use super::{mail_token, rows};
use crate::db::ids::ConsentId;
use crate::domain::mails::{Budget, Desk, Letter, MailKind};
use crate::error::Result;

/// The question; or, where the answer was yes before, the way to the settings: who asked in the portal
/// learns of neither.
pub async fn question(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let id = ConsentId(desk.subject);
    let Some(question) = rows::question(desk.tx, id).await? else { return Ok(None) };
    let token = mail_token(desk.tx, desk.keys, id).await?;
    let page = desk.url(&format!("/notifications/{}", token.reveal()));
    let kind = if question.is_open { MailKind::Consent } else { MailKind::ConsentStands };
    let letter = desk.letter(&question.email, None, Some(question.language));
    Ok(letter.map(|letter| Letter { kind, ..letter.button(page).counted(Budget::Visitor) }))
}

//! The invitation as it is mailed (INV-3): its token is made as it is sent.

use super::rows;
use crate::db::ids::InvitationId;
use crate::domain::mails::{Budget, Desk, Letter};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;

/// A pending invitation, to the contact.
pub async fn invitation(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let found = rows::to_mail(desk.tx, InvitationId(desk.subject)).await?;
    let Some(found) = found.filter(|found| found.is_open(desk.clock.now())) else { return Ok(None) };
    let Some(letter) = desk.letter(&found.email, Some(found.name), found.language) else { return Ok(None) };
    let token = Token::new(TokenKind::Invitation)?;
    rows::add_token(desk.tx, (InvitationId(desk.subject), found.round), token.hash()).await?;
    let letter = letter
        .with("inviter", found.inviter)
        .with("company", found.company)
        .with("until", found.expires_at)
        .button(desk.url(&format!("/invitation/{}", token.reveal())))
        .counted(Budget::Staff);
    Ok(Some(letter))
}

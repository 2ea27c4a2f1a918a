//! A colleague's invitation as it is mailed: its token is made as it is sent.

use super::rows;
use crate::db::ids::MemberInvitationId;
use crate::domain::mails::{Budget, Desk, Letter};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;

/// A pending invitation, to the colleague.
pub async fn member_invitation(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let id = MemberInvitationId(desk.subject);
    let found = rows::to_mail(desk.tx, id, desk.clock.now()).await?;
    let Some((email, expires_at, inviter)) = found else { return Ok(None) };
    let Some(letter) = desk.letter(&email, None, None) else { return Ok(None) };
    let token = Token::new(TokenKind::MemberInvitation)?;
    rows::give_token(desk.tx, id, token.hash()).await?;
    let letter = letter.with("inviter", inviter).with("until", expires_at);
    Ok(Some(letter.button(desk.url(&format!("/join/{}", token.reveal()))).counted(Budget::Staff)))
}

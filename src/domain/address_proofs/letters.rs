//! What somebody asked for to prove an address, as it is mailed: its token is made as it is sent.

use super::rows;
use crate::domain::mails::{Budget, Desk, Letter};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;

/// A way to a new password.
pub async fn password_reset(desk: &Desk<'_>) -> Result<Option<Letter>> {
    write(desk, TokenKind::PasswordReset, "/portal/password").await
}

/// A way in, for the browser that asked.
pub async fn sign_in_link(desk: &Desk<'_>) -> Result<Option<Letter>> {
    write(desk, TokenKind::SignInLink, "/portal/sign-in/link").await
}

async fn write(desk: &Desk<'_>, kind: TokenKind, path: &str) -> Result<Option<Letter>> {
    let Some(address) = rows::to_mail(desk.tx, desk.subject, desk.clock.now()).await? else {
        return Ok(None);
    };
    let Some(letter) = desk.letter(&address, None, None) else { return Ok(None) };
    let token = Token::new(kind)?;
    rows::give_token(desk.tx, desk.subject, token.hash()).await?;
    Ok(Some(letter.button(desk.url(&format!("{path}/{}", token.reveal()))).counted(Budget::Visitor)))
}

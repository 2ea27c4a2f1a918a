//! Mails with which people prove that an address is theirs: to choose a new password (ORG-2), or to come
//! in as a visitor (DOOR-6). What is asked for is answered alike for every address; the worker makes the
//! token as it sends. Not here: what a visitor finds; that is [`super::accounts`].

pub(super) mod letters;
mod rows;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::callers::hash_token;
use super::passwords;
use super::people::Stranger;
use super::tokens::{Token, TokenKind};
use super::validation::Checks;
use crate::db::ids::OrgId;
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::Request;

/// How long a mailed token is good.
const RESET: TimeDelta = TimeDelta::hours(1);
const SIGN_IN: TimeDelta = TimeDelta::minutes(30);

/// Asks for a mail with which the person of an address chooses a new password.
pub async fn ask_for_reset(stranger: &Stranger<'_>, email: &str) -> Result<()> {
    let request = Request { kind: "PASSWORD_RESET", email: normal(email), organization: None, ask: None };
    rows::request(stranger.pools, stranger.clock, request, RESET).await
}

/// Chooses a new password with a mailed token, and ends every session of the person. Whoever was signed
/// in with the old one is not any more.
pub async fn reset(stranger: &Stranger<'_>, token: &str, password: Arc<SecretString>) -> Result<()> {
    let mut checks = Checks::new();
    passwords::check(&mut checks, "password", &password);
    checks.finish()?;
    let hash = passwords::hash_aside(password).await?;
    if rows::reset(stranger.pools, hash_token(token), hash).await? {
        Ok(())
    } else {
        Err(Error::invalid("input.token", "This link is no longer good. Ask for a new one."))
    }
}

/// Asks for a mail with a link that signs its reader in, in the browser that keeps what is returned.
pub async fn ask_to_sign_in(
    stranger: &Stranger<'_>,
    email: &str,
    organization: Option<String>,
) -> Result<Token> {
    let ask = Token::new(TokenKind::SignInAsk)?;
    let request = Request { kind: "SIGN_IN", email: normal(email), organization, ask: Some(ask.hash()) };
    rows::request(stranger.pools, stranger.clock, request, SIGN_IN).await?;
    Ok(ask)
}

/// The address that a mailed token proves, in the browser that asked; used up by it.
pub(super) async fn prove(stranger: &Stranger<'_>, ask: &str, token: &str) -> Result<Option<String>> {
    rows::prove(stranger.pools, hash_token(token), hash_token(ask)).await
}

/// Forgets what was of no use any more before a moment.
pub(super) async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    rows::forget(tx, before).await
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

//! Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes): the library's defaults.
//! Everything here takes tens of milliseconds of a core; requests use [`hash_aside`] and
//! [`verify_aside`], which keep off the async threads and take turns.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::validation::Checks;
use crate::error::{Error, Result};

/// How many are hashed at once. Each takes 19 MiB: a flood of sign-ins waits instead of growing
/// the process.
static TURNS: Semaphore = Semaphore::const_new(4);

/// The hash of a password that nobody has: verified for an unknown address, so that it takes as
/// long as a known one.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Checks a password that a person chooses: 12 to 200 characters, whatever they are.
pub fn check(checks: &mut Checks, path: &str, password: &SecretString) {
    match password.expose_secret().chars().count() {
        0..12 => checks.problem(path, "A password has at least 12 characters."),
        12..=200 => {}
        _ => checks.problem(path, "A password has at most 200 characters."),
    }
}

/// [`hash`], in its turn, on a thread for work.
pub async fn hash_aside(password: Arc<SecretString>) -> Result<String> {
    aside(move || hash(password.expose_secret())).await?
}

/// Whether the password is the one that was hashed; of nobody, never, in the same time.
pub async fn verify_aside(password: Arc<SecretString>, known: Option<String>) -> Result<bool> {
    aside(move || {
        let fits = verify(password.expose_secret(), known.as_deref().unwrap_or(NOBODY));
        fits && known.is_some()
    })
    .await
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Hashes a password, in PHC form. Never on an async thread.
pub fn hash(password: &str) -> Result<String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed.map_err(|e| Error::internal(anyhow::anyhow!("argon2: {e}")))?.to_string())
}

/// Whether the password is the one that was hashed; in constant time. As slow as [`hash`].
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

//! Argon2id with the parameters that OWASP recommends (19 MiB, 2 passes): the library's defaults.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use crate::error::{Error, Result};

/// Hashes a password, in PHC form. Takes tens of milliseconds of a core: never on an async thread.
pub fn hash(password: &str) -> Result<String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed.map_err(|e| Error::internal(anyhow::anyhow!("argon2: {e}")))?.to_string())
}

/// Whether the password is the one that was hashed; in constant time. As slow as [`hash`].
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

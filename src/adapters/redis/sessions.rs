//! The mark "code passed" of portal sessions (DOOR-2), under the hash of the session's token. What
//! a mark says is the database's to judge: it names the link's generation and the code's version,
//! so rotation and a new code end it without anybody deleting it here.
//!
//! Without Redis nobody has passed a code: coded doors stay shut, others open all the same.

use chrono::TimeDelta;
use redis::AsyncCommands as _;

use super::Redis;
use crate::db::scope::CredentialHash;
use crate::error::Result;

impl Redis {
    /// What a session passed, if it passed anything.
    pub async fn passed(&self, session: &CredentialHash) -> Result<Option<CredentialHash>> {
        let key = self.session_key(session);
        let mark: Option<Vec<u8>> = self.ask(async |redis| redis.get(key).await).await?;
        Ok(mark.and_then(|mark| mark.try_into().ok()))
    }

    /// Remembers for `life` that a session passed.
    pub async fn pass(&self, session: &CredentialHash, mark: &CredentialHash, life: TimeDelta) -> Result<()> {
        let key = self.session_key(session);
        let seconds = u64::try_from(life.num_seconds()).unwrap_or(0).max(1);
        self.ask(async |redis| redis.set_ex(key, mark.as_slice(), seconds).await).await
    }

    fn session_key(&self, session: &CredentialHash) -> String {
        let hash = hex::encode(session);
        self.key(&hash, "session")
    }
}

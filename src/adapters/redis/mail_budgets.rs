//! How many mails an address gets (INV-4), decided in one step: five in any 24 hours, and a minute
//! between two. Staff's mails (invitations, shared links), what visitors ask for, and ways around a
//! locked door have budgets of their own. A place is taken before a mail is queued, for the organisation
//! and the address; and as it is sent, for the address over all organisations.
//!
//! A place belongs to an id: taking it again costs nothing, so who tries again is not counted twice.
//! The moment is the caller's; Redis's own clock only throws away what no longer counts.
//!
//! Without Redis nothing may be mailed: what is asked for is refused, what is queued waits.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use redis::{ErrorKind, Script, ServerErrorKind};
use sha2::{Digest as _, Sha256};

use super::Redis;
use crate::db::ids::OrgId;
use crate::error::{Error, Result};

/// Mails to one address.
const MOST: i64 = 5;
/// In any so long a time.
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// Between two of them.
const GAP: TimeDelta = TimeDelta::minutes(1);

/// Whose budget a mail is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailBudget {
    /// Invitations and links that staff mail.
    Staff,
    /// What visitors ask for.
    Visitor,
    /// Ways around a locked door.
    Bypass,
}

/// One mail's place in a budget.
#[derive(Clone, Debug)]
pub struct MailPlace {
    pub budget: MailBudget,
    /// None: over all organisations.
    pub org: Option<OrgId>,
    /// In its one form: what is the same address has to be the same text.
    pub address: String,
    /// What the place is for.
    pub id: String,
}

/// What came of asking for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// It is ours from now on.
    Taken,
    /// It was ours before.
    Held,
    /// There is none for so long.
    Wait(TimeDelta),
}

/// Answers 0: taken; -1: held before; or for how many milliseconds there is no place.
/// KEYS: moments. ARGV: now, id, most, window, gap.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local now, window = tonumber(ARGV[1]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then return -1 end
local wait = 0
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if newest[2] then
    -- Of two instances one's clock is behind: no mail comes before the one that was placed last.
    now = math.max(now, tonumber(newest[2]))
    wait = tonumber(newest[2]) + tonumber(ARGV[5]) - now
end
local oldest = redis.call('ZREVRANGE', KEYS[1], ARGV[3] - 1, ARGV[3] - 1, 'WITHSCORES')
if oldest[2] then wait = math.max(wait, tonumber(oldest[2]) + window - now) end
if wait > 0 then return wait end
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0",
    )
});

impl Redis {
    /// Takes a place.
    pub async fn take_mail_place(&self, place: &MailPlace, now: DateTime<Utc>) -> Result<Placing> {
        let mut answers = self.take_mail_places(std::slice::from_ref(place), now).await?;
        answers.pop().ok_or_else(|| Error::internal(anyhow::anyhow!("Redis answered nothing")))
    }

    /// Takes many places in one round trip, each for itself.
    pub async fn take_mail_places(&self, places: &[MailPlace], now: DateTime<Utc>) -> Result<Vec<Placing>> {
        // Keys of different addresses lie in different slots: one call of the script each, which
        // `Script` would send one after another.
        let mut pipe = redis::pipe();
        for place in places {
            pipe.cmd("EVALSHA").arg(TAKE.get_hash()).arg(1).arg(self.place_key(place));
            pipe.arg(now.timestamp_millis()).arg(&place.id);
            pipe.arg(MOST).arg(WINDOW.num_milliseconds()).arg(GAP.num_milliseconds());
        }
        let asked = self.ask(async |redis| match pipe.query_async(redis).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                // A Redis that was just started knows no script yet.
                TAKE.load_async(redis).await?;
                pipe.query_async(redis).await
            }
            answered => answered,
        });
        let answers: Vec<i64> = asked.await?;
        if answers.len() != places.len() {
            return Err(Error::internal(anyhow::anyhow!("Redis did not answer for every place")));
        }
        let placing = |answer| match answer {
            0 => Placing::Taken,
            ..0 => Placing::Held,
            wait => Placing::Wait(TimeDelta::milliseconds(wait)),
        };
        Ok(answers.into_iter().map(placing).collect())
    }

    /// Gives places back for which nothing was queued after all.
    pub async fn give_back_mail_places(&self, places: &[MailPlace]) -> Result<()> {
        let mut pipe = redis::pipe();
        for place in places {
            pipe.zrem(self.place_key(place), &place.id).ignore();
        }
        self.ask(async |redis| pipe.query_async(redis).await).await
    }

    /// Addresses are kept as hashes.
    fn place_key(&self, place: &MailPlace) -> String {
        let budget = match place.budget {
            MailBudget::Staff => "staff",
            MailBudget::Visitor => "visitor",
            MailBudget::Bypass => "bypass",
        };
        let whose = place.org.map_or_else(|| "all".to_owned(), |org| org.to_string());
        let address = hex::encode(Sha256::digest(place.address.as_bytes()));
        self.key(&format!("mail {whose} {address}"), budget)
    }
}

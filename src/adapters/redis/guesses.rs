//! How often an access code was tried (DOOR-3), counted in one step before the code is looked at.
//!
//! A link's guesses lie under two keys: a hash with what each network did, and the moments of the
//! last hour's checked guesses from everywhere. Without Redis no guess is checked at all.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use redis::Script;
use uuid::Uuid;

use super::Redis;
use crate::db::ids::LinkId;
use crate::error::Result;

/// Wrong codes that lock a network out, and that end a bypass.
const PER_GUESSER: i64 = 5;
/// Checked guesses a link and hour, from everywhere.
const PER_HOUR: i64 = 20;
/// The first lock of a network; each further one lasts twice as long.
const FIRST_LOCK: TimeDelta = TimeDelta::minutes(15);
/// The longest lock: as long as a bypass lives. A quiet link's guesses are remembered for twice as long.
const LONGEST_LOCK: TimeDelta = TimeDelta::hours(24);

/// Who guesses.
#[derive(Clone, Copy, Debug)]
pub enum Guesser<'a> {
    /// A network: an IPv4 address, or the /64 of an IPv6 one.
    Network(&'a str),
    /// The holder of a bypass, whom strangers cannot lock out: has five tries of their own, and none
    /// after them until the door is unlocked.
    Bypass(Uuid),
}

/// A guess that was counted and may be checked.
#[derive(Debug)]
pub struct CountedGuess {
    id: String,
    guesser: String,
}

/// What a link's door has seen lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorWatch {
    /// Guesses, checked or not, since the door was last quiet for two days or unlocked.
    pub attempts: i64,
    /// Until when nobody's guess is checked, or the longest lock of any guesser.
    pub locked_until: Option<DateTime<Utc>>,
}

/// Answers 0 for a guess that may be checked, else for how many milliseconds the door is locked.
/// KEYS: networks, checked. ARGV: now, guesser, guess, per guesser, per hour, first lock, longest, hour (0: none).
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local now = tonumber(ARGV[1])
local who = ARGV[2]
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[7]))
local locked = tonumber(redis.call('HGET', KEYS[1], who .. ' until')) or 0
if locked > now then return locked - now end
local hour = tonumber(ARGV[8])
if hour > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - hour)
    if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
        local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
        return tonumber(oldest[2]) + hour - now
    end
    redis.call('ZADD', KEYS[2], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[2], hour)
end
if redis.call('HINCRBY', KEYS[1], who .. ' wrong', 1) >= tonumber(ARGV[4]) then
    local times = redis.call('HINCRBY', KEYS[1], who .. ' locks', 1)
    local lock = math.min(tonumber(ARGV[6]) * 2 ^ (times - 1), tonumber(ARGV[7]))
    redis.call('HSET', KEYS[1], who .. ' until', string.format('%.0f', now + lock), who .. ' wrong', 0)
end
return 0",
    )
});

/// A right code takes back what its own guess and the guesser's earlier ones counted.
static FORGIVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
redis.call('HDEL', KEYS[1], ARGV[1] .. ' wrong', ARGV[1] .. ' locks', ARGV[1] .. ' until')
redis.call('ZREM', KEYS[2], ARGV[2])
return 1",
    )
});

/// ARGV: now, per hour, hour. Answers attempts, and until when (0: not locked).
static WATCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local now = tonumber(ARGV[1])
local attempts, latest = 0, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
    if fields[i] == 'attempts' then attempts = tonumber(fields[i + 1]) end
    if string.sub(fields[i], -6) == ' until' then latest = math.max(latest, tonumber(fields[i + 1])) end
end
local since = '(' .. (now - tonumber(ARGV[3]))
if redis.call('ZCOUNT', KEYS[2], since, '+inf') >= tonumber(ARGV[2]) then
    local oldest = redis.call('ZRANGEBYSCORE', KEYS[2], since, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    latest = math.max(latest, tonumber(oldest[2]) + tonumber(ARGV[3]))
end
if latest <= now then latest = 0 end
return {attempts, latest}",
    )
});

const HOUR: TimeDelta = TimeDelta::hours(1);

impl Redis {
    /// Counts a guess before it is checked. `Err(wait)`: the door is locked, for a right code too.
    pub async fn count_guess(
        &self,
        link: LinkId,
        guesser: Guesser<'_>,
        guess: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Result<CountedGuess, TimeDelta>> {
        let (name, hour, first_lock) = match guesser {
            Guesser::Network(network) => (network.to_owned(), HOUR, FIRST_LOCK),
            Guesser::Bypass(bypass) => (bypass.to_string(), TimeDelta::zero(), LONGEST_LOCK),
        };
        let counted = CountedGuess { id: guess.to_string(), guesser: name };
        let mut call = COUNT.prepare_invoke();
        let [networks, checked] = self.guess_keys(link);
        call.key(networks).key(checked).arg(now.timestamp_millis()).arg(&counted.guesser).arg(&counted.id);
        call.arg(PER_GUESSER).arg(PER_HOUR);
        call.arg(first_lock.num_milliseconds())
            .arg(LONGEST_LOCK.num_milliseconds())
            .arg(hour.num_milliseconds());
        let wait: i64 = self.ask(async |redis| call.invoke_async(redis).await).await?;
        Ok(if wait > 0 { Err(TimeDelta::milliseconds(wait)) } else { Ok(counted) })
    }

    /// Takes a guess back that was right.
    pub async fn forgive_guess(&self, link: LinkId, guess: &CountedGuess) -> Result<()> {
        let mut call = FORGIVE.prepare_invoke();
        let [networks, checked] = self.guess_keys(link);
        call.key(networks).key(checked).arg(&guess.guesser).arg(&guess.id);
        self.ask(async |redis| call.invoke_async(redis).await).await
    }

    /// What a door has seen, for staff.
    pub async fn watch_door(&self, link: LinkId, now: DateTime<Utc>) -> Result<DoorWatch> {
        let mut call = WATCH.prepare_invoke();
        let [networks, checked] = self.guess_keys(link);
        call.key(networks).key(checked);
        call.arg(now.timestamp_millis()).arg(PER_HOUR).arg(HOUR.num_milliseconds());
        let (attempts, until): (i64, i64) = self.ask(async |redis| call.invoke_async(redis).await).await?;
        let locked_until = (until > 0).then(|| DateTime::from_timestamp_millis(until)).flatten();
        Ok(DoorWatch { attempts, locked_until })
    }

    /// Forgets every guess at a door.
    pub async fn unlock_door(&self, link: LinkId) -> Result<()> {
        let keys = self.guess_keys(link);
        self.ask(async |redis| redis::cmd("DEL").arg(&keys).query_async(redis).await).await
    }

    fn guess_keys(&self, link: LinkId) -> [String; 2] {
        let tag = format!("guesses {link}");
        [self.key(&tag, "networks"), self.key(&tag, "checked")]
    }
}

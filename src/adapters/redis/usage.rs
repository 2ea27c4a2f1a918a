//! Counts of what portals show (LINK-6), on their way to Postgres. All keys share one hash tag:
//!
//! | key | holds |
//! | --- | --- |
//! | `counts` | a hash: what was counted since the last drain, with the id of its batch from its first count on, and the server that began it |
//! | `batch <uuid>` | a `counts` that was taken to be drained |
//! | `batches` | the set of those not yet drained to the end |
//! | `visitor <link> <hash>` | a hash: when the visitor was first and last counted; a month |
//! | `pending <link> <hash>` | a hash: loads of a browser that has not come back yet; a day |
//! | `sent <instance>` | how many requests of an instance were counted; a month after it was last heard of |
//!
//! What the numbers mean:
//! - a *view* is a request that showed at least one section; it counts once for each section shown;
//! - a browser's first load is *unconfirmed*. When the browser comes back with its cookie, by beacon,
//!   POST or next load, within a day, its loads move: unconfirmed down, views up. So counts may be
//!   negative in one batch, and the sum over all batches is exact;
//! - a *visit* begins with a view after half an hour without one of the same visitor;
//! - a *visitor* is a session that viewed something, once in the month that sessions live;
//! - *bytes* are those of every answer as sent, and of every event told, confirmed or not.
//!
//! Moments are the caller's; Redis's own clock only throws away what nobody will ask for again.
//!
//! Without Redis nothing is counted: [`crate::usage`] reports how much was not. A Redis that forgets,
//! or comes back with older memory, loses what was not drained, and takes known visitors for new ones;
//! the instances notice by `sent`. Counts that come back may be in Postgres already, under the id of
//! their batch. So only the server that began `counts` adds to it; what another finds becomes a batch
//! of its own.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use redis::{Script, ScriptInvocation};
use uuid::Uuid;

use super::Redis;
use crate::db::enums::PortalMode;
use crate::db::ids::{LinkId, OrgId};
use crate::db::scope::CredentialHash;
use crate::error::Result;

/// After so long without a view, the next one begins a visit.
const SILENCE: TimeDelta = TimeDelta::minutes(30);
/// As long as a session lives.
const MONTH: TimeDelta = TimeDelta::days(30);
/// How long a load waits for its visitor to come back.
const PENDING: TimeDelta = TimeDelta::days(1);
/// While so many batches wait, because Postgres is away, a drain lets counts gather in one place.
const MOST_BATCHES: usize = 4;
/// Fields of `counts` that count nothing.
const ABOUT: [&str; 2] = ["batch", "server"];

/// What one request showed of a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub org: OrgId,
    pub link: LinkId,
    pub visitor: Visitor,
    /// What was shown; none for a request that showed only the door.
    pub sections: Vec<PortalMode>,
    /// Of the answer's body, as sent.
    pub bytes: u64,
    pub at: DateTime<Utc>,
}

/// Who saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody that could be known again.
    Unknown,
    /// A browser that is given this session's cookie with the answer, and may never come back.
    First(CredentialHash),
    /// A session that was opened with the API, or a browser that came back with its cookie.
    Known {
        session: CredentialHash,
        /// For a browser whose session is not stored yet, so that the drain stores it (DOOR-4).
        browser: Option<Returned>,
    },
}

/// How a browser came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Hash of the link's token that it came with.
    pub link: CredentialHash,
    /// Whether it signed out.
    pub left: bool,
}

/// Counts that were taken and not yet drained to the end.
#[derive(Clone, Debug)]
pub struct Batch {
    /// From its first count on.
    pub id: Uuid,
    pub counts: Vec<Count>,
    pub sessions: Vec<KeptSession>,
}

/// One number of one link. Differences: they may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub org: OrgId,
    pub link: LinkId,
    pub measure: Measure,
    pub value: i64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Views,
    SectionViews(PortalMode),
    Visits,
    Visitors,
    UnconfirmedViews,
    BytesServed,
    /// A moment in milliseconds: the earliest counts.
    FirstViewedAt,
    /// A moment in milliseconds: the latest counts.
    LastViewedAt,
}

/// The session of a browser that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSession {
    pub org: OrgId,
    /// Of the link's token that it came with.
    pub link: CredentialHash,
    pub session: CredentialHash,
    pub at: DateTime<Utc>,
    /// Whether it signed out before the session was stored.
    pub left: bool,
}

/// How many requests of this instance Redis has counted, as far as it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Fewer than it had said when it was last asked, if its memory is older than that.
    pub before: u64,
    /// With those of this call.
    pub now: u64,
}

/// What there is to drain.
#[derive(Clone, Debug)]
pub struct Taken {
    pub remembered: Remembered,
    /// Whether all that was counted is in batches by now.
    pub whole: bool,
    /// The names of all batches that wait, those of crashed drains among them.
    pub batches: Vec<Uuid>,
}

/// How scripts begin. KEYS: counts, batches, a new batch, sent. ARGV: a new id, how many requests of
/// this instance Redis last said to remember, month.
const BEGINNING: &str = r"
local counts, batches = KEYS[1], KEYS[2]
local before = tonumber(redis.call('GET', KEYS[4]) or 0)
local older = before < tonumber(ARGV[2])
local function remember(now) redis.call('SET', KEYS[4], string.format('%.0f', now), 'PX', ARGV[3]) end
local function set_aside()
    if redis.call('EXISTS', counts) == 0 then return end
    redis.call('RENAME', counts, KEYS[3])
    redis.call('SADD', batches, ARGV[1])
end
";

/// KEYS: as above, then for each request its visitor and pending.
/// ARGV: as above, silence, pending's life, then for each request seven:
/// `org/link/`, now, bytes, sections with commas, who (unknown, first, known), session to keep, and
/// whether it signed out (then its moment is kept below zero).
///
/// Where `INFO` is forbidden, counts are set aside only if memory is older than this instance was told.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local month, silence = tonumber(ARGV[3]), tonumber(ARGV[4])
local requests = (#KEYS - 4) / 2
local info = redis.pcall('INFO', 'server')
local server = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
local function add(field, n) if n ~= 0 then redis.call('HINCRBY', counts, field, n) end end
local function note(field, at, better)
    local known = tonumber(redis.call('HGET', counts, field))
    if not known or better(at, known) == at then redis.call('HSET', counts, field, string.format('%.0f', at)) end
end
local function view(link, visitor, at)
    note(link .. 'first', at, math.min)
    note(link .. 'last', at, math.max)
    local since = tonumber(redis.call('HGET', visitor, 'since'))
    if not since or at - since >= month then
        add(link .. 'visitors', 1)
        redis.call('HSET', visitor, 'since', string.format('%.0f', at))
        redis.call('PEXPIRE', visitor, ARGV[3])
    end
    local last = tonumber(redis.call('HGET', visitor, 'last'))
    if not last or at - last >= silence then add(link .. 'visits', 1) end
    redis.call('HSET', visitor, 'last', string.format('%.0f', math.max(at, last or at)))
end
local function move(link, visitor, pending)
    local fields = redis.call('HGETALL', pending)
    if #fields == 0 then return end
    redis.call('DEL', pending)
    for i = 1, #fields, 2 do
        local n = tonumber(fields[i + 1])
        if fields[i] == 'at' then view(link, visitor, n)
        elseif fields[i] == 'loads' then add(link .. 'unconfirmed', -n) add(link .. 'views', n)
        else add(link .. fields[i], n) end
    end
end
if older or redis.call('HGET', counts, 'server') ~= server then set_aside() end
if redis.call('HSETNX', counts, 'batch', ARGV[1]) == 1 then redis.call('HSET', counts, 'server', server) end
for i = 0, requests - 1 do
    local visitor, pending = KEYS[5 + 2 * i], KEYS[6 + 2 * i]
    local link, at, bytes, sections, who, keep, left = unpack(ARGV, 6 + 7 * i, 12 + 7 * i)
    at = tonumber(at)
    add(link .. 'bytes', tonumber(bytes))
    if who == 'known' then
        move(link, visitor, pending)
        if left ~= '' then redis.call('HSET', counts, keep, string.format('%.0f', -at))
        elseif keep ~= '' then redis.call('HSETNX', counts, keep, string.format('%.0f', at)) end
    end
    if sections ~= '' then
        if who == 'known' then
            add(link .. 'views', 1)
            view(link, visitor, at)
        else
            add(link .. 'unconfirmed', 1)
        end
        if who == 'first' then
            redis.call('HINCRBY', pending, 'loads', 1)
            redis.call('HSETNX', pending, 'at', string.format('%.0f', at))
            redis.call('PEXPIRE', pending, ARGV[5])
        end
        for section in string.gmatch(sections, '[^,]+') do
            if who == 'known' then add(link .. 'views/' .. section, 1) end
            if who == 'first' then redis.call('HINCRBY', pending, 'views/' .. section, 1) end
        end
    end
end
remember(before + requests)
return {before, before + requests}",
    )
});

/// KEYS: as above. ARGV: as above, most batches.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if older or redis.call('SCARD', batches) < tonumber(ARGV[4]) then set_aside() end
remember(before)
return {before, 1 - redis.call('EXISTS', counts), redis.call('SMEMBERS', batches)}",
    )
});

/// KEYS: batches, the batch. ARGV: its name.
static CLEAR: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
redis.call('DEL', KEYS[2])
return redis.call('SREM', KEYS[1], ARGV[1])",
    )
});

fn script(rest: &str) -> Script {
    Script::new(&[BEGINNING, rest].concat())
}

impl Redis {
    /// Counts requests, all or none. `new` is the id of the batch they begin, if they begin one; `told`
    /// is what Redis last said to remember.
    pub async fn count_usage(&self, seen: &[Seen], new: Uuid, told: u64) -> Result<Remembered> {
        let mut call = self.usage_call(&COUNT, new, told);
        call.arg(SILENCE.num_milliseconds()).arg(PENDING.num_milliseconds());
        for seen in seen {
            let (who, session, browser) = match seen.visitor {
                Visitor::Unknown => ("unknown", None, None),
                Visitor::First(session) => ("first", Some(session), None),
                Visitor::Known { session, browser } => ("known", Some(session), browser),
            };
            let session = session.map(hex::encode).unwrap_or_default();
            let keep = browser
                .map(|Returned { link, .. }| format!("session/{}/{}/{session}", seen.org, hex::encode(link)));
            let left = if browser.is_some_and(|browser| browser.left) { "left" } else { "" };
            let sections: Vec<&str> = seen.sections.iter().map(|section| section.as_str()).collect();
            call.key(self.usage_key(&format!("visitor {} {session}", seen.link)));
            call.key(self.usage_key(&format!("pending {} {session}", seen.link)));
            call.arg(format!("{}/{}/", seen.org, seen.link)).arg(seen.at.timestamp_millis());
            call.arg(seen.bytes).arg(sections.join(",")).arg(who);
            call.arg(keep.unwrap_or_default()).arg(left);
        }
        let (before, now): (u64, u64) = self.ask(async |redis| call.invoke_async(redis).await).await?;
        Ok(Remembered { before, now })
    }

    /// Takes what was counted as a new batch, and lists all that wait. `new` names it; `told` is what
    /// Redis last said to remember.
    pub async fn take_usage(&self, new: Uuid, told: u64) -> Result<Taken> {
        let mut call = self.usage_call(&TAKE, new, told);
        call.arg(MOST_BATCHES);
        let (before, whole, batches): (u64, bool, Vec<String>) =
            self.ask(async |redis| call.invoke_async(redis).await).await?;
        let mut batches: Vec<Uuid> = batches.iter().filter_map(|name| Uuid::try_parse(name).ok()).collect();
        // Names sort by time: what was counted first is drained first.
        batches.sort_unstable();
        Ok(Taken { remembered: Remembered { before, now: before }, whole, batches })
    }

    /// Reads a batch; none if somebody else has drained it, or Redis forgot it.
    pub async fn read_usage(&self, name: Uuid) -> Result<Option<Batch>> {
        let key = self.batch_key(name);
        let fields: Vec<(String, String)> =
            self.ask(async |redis| redis::cmd("HGETALL").arg(key).query_async(redis).await).await?;
        let Some((_, id)) = fields.iter().find(|(field, _)| field == "batch") else { return Ok(None) };
        let id = Uuid::try_parse(id).unwrap_or(name);
        let mut batch = Batch { id, counts: Vec::new(), sessions: Vec::new() };
        for (field, value) in fields.iter().filter(|(field, _)| !ABOUT.contains(&field.as_str())) {
            match (parse_count(field, value), parse_session(field, value)) {
                (Some(count), _) => batch.counts.push(count),
                (_, Some(session)) => batch.sessions.push(session),
                (None, None) => tracing::error!(usage.batch = %id, "a count cannot be read"),
            }
        }
        Ok(Some(batch))
    }

    /// Forgets a batch that was applied.
    pub async fn clear_usage(&self, name: Uuid) -> Result<()> {
        let mut call = CLEAR.prepare_invoke();
        call.key(self.usage_key("batches")).key(self.batch_key(name)).arg(name.to_string());
        self.ask(async |redis| call.invoke_async(redis).await).await
    }

    /// A script with what [`BEGINNING`] needs.
    fn usage_call<'a>(&self, script: &'a Script, new: Uuid, told: u64) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.usage_key("counts")).key(self.usage_key("batches")).key(self.batch_key(new));
        call.key(self.usage_key(&format!("sent {}", self.instance)));
        call.arg(new.to_string()).arg(told).arg(MONTH.num_milliseconds());
        call
    }

    fn batch_key(&self, name: Uuid) -> String {
        self.usage_key(&format!("batch {name}"))
    }

    fn usage_key(&self, name: &str) -> String {
        self.key("usage", name)
    }
}

/// Reads `org/link/measure`.
fn parse_count(field: &str, value: &str) -> Option<Count> {
    let (org, rest) = field.split_once('/')?;
    let (link, measure) = rest.split_once('/')?;
    let measure = match measure {
        "views" => Measure::Views,
        "visits" => Measure::Visits,
        "visitors" => Measure::Visitors,
        "unconfirmed" => Measure::UnconfirmedViews,
        "bytes" => Measure::BytesServed,
        "first" => Measure::FirstViewedAt,
        "last" => Measure::LastViewedAt,
        section => {
            let section = section.strip_prefix("views/")?;
            Measure::SectionViews(*PortalMode::ALL.iter().find(|mode| mode.as_str() == section)?)
        }
    };
    Some(Count {
        org: Uuid::try_parse(org).ok()?.into(),
        link: Uuid::try_parse(link).ok()?.into(),
        measure,
        value: value.parse().ok()?,
    })
}

/// Reads `session/org/link's hash/session's hash`.
fn parse_session(field: &str, value: &str) -> Option<KeptSession> {
    let mut parts = field.strip_prefix("session/")?.split('/');
    let org = Uuid::try_parse(parts.next()?).ok()?.into();
    let mut hash = || CredentialHash::try_from(hex::decode(parts.next()?).ok()?).ok();
    let (link, session) = (hash()?, hash()?);
    let moment: i64 = value.parse().ok()?;
    let at = DateTime::from_timestamp_millis(moment.abs())?;
    Some(KeptSession { org, link, session, at, left: moment < 0 })
}

//! How often callers may ask (API-6): counted in this process, forgotten once a caller has been
//! quiet for long enough. Not here: what a caller looks like from outside; that is `http::caller`.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::RateLimits;
use crate::db::scope::CredentialHash;
use crate::domain::callers::hash_token;
use crate::error::{Error, Result};

/// What is allowed at once, as a multiple of what is allowed a second.
const BURST: u32 = 10;
/// After so many checks the quiet ones are forgotten.
pub const SWEEP: u32 = 10_000;

/// The limits of one process.
pub struct Limits {
    networks: Counter<IpAddr>,
    callers: Counter<CredentialHash>,
    sign_in_networks: Counter<CredentialHash>,
    sign_in_emails: Counter<CredentialHash>,
    mail_networks: Counter<CredentialHash>,
}

impl Limits {
    pub fn new(rates: &RateLimits) -> Self {
        let often = |rate: NonZeroU32| {
            Quota::per_second(rate)
                .allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(BURST - 1)))
        };
        Self {
            networks: Counter::new(often(rates.per_address)),
            callers: Counter::new(often(rates.per_caller)),
            sign_in_networks: Counter::new(Quota::per_minute(rates.sign_ins_per_address)),
            sign_in_emails: Counter::new(Quota::per_minute(rates.sign_ins_per_email)),
            mail_networks: Counter::new(Quota::per_minute(rates.sign_ins_per_address)),
        }
    }

    /// Counts a request of a network (see `http::caller::network`), and of a credential if it came
    /// with one.
    pub fn check_request(&self, network: IpAddr, credential: Option<CredentialHash>) -> Result<()> {
        self.networks.check(network)?;
        credential.map_or(Ok(()), |credential| self.callers.check(credential))
    }

    /// Counts an attempt to sign in, before the password is looked at: `network` as
    /// [`crate::domain::changes::Origin`] holds it. Attempts on one address count together,
    /// wherever they come from.
    pub fn check_sign_in(&self, network: Option<&str>, email: &str) -> Result<()> {
        self.check_sign_in_network(network)?;
        self.sign_in_emails.check(hash_token(&email.trim().to_lowercase()))
    }

    /// The same, before anybody knows whose attempt it is.
    pub fn check_sign_in_network(&self, network: Option<&str>) -> Result<()> {
        self.sign_in_networks.check(hash_token(network.unwrap_or_default()))
    }

    /// Counts that a network asked for a mail without signing in.
    pub fn check_mail_request(&self, network: Option<&str>) -> Result<()> {
        self.mail_networks.check(hash_token(network.unwrap_or_default()))
    }

    /// How many callers it remembers, whatever they are counted for.
    pub fn remembered(&self) -> usize {
        let hashed = [&self.callers, &self.sign_in_networks, &self.sign_in_emails, &self.mail_networks];
        self.networks.size() + hashed.iter().map(|counter| counter.size()).sum::<usize>()
    }
}

/// Counts by key.
struct Counter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Counter<K> {
    fn new(quota: Quota) -> Self {
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default(), checks: AtomicU32::new(1) }
    }

    fn check(&self, key: K) -> Result<()> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP) {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(&key)
            .map_err(|refusal| Error::RateLimited(refusal.wait_time_from(self.clock.now())))
    }

    fn size(&self) -> usize {
        self.limiter.len()
    }
}

//! How the service is reached, and how often.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::env::{Env, Setting};

const LISTEN: Setting = Setting {
    name: "LISTEN",
    unit: "an address and port",
    default: Some("127.0.0.1:8080"),
    about: "Where the service listens; TLS ends before it.",
};
const BASE_URL: Setting = Setting {
    name: "BASE_URL",
    unit: "an absolute http or https address without a path",
    default: Some("http://127.0.0.1:8080"),
    about: "Begins every URL that the service hands out.",
};
const TRUSTED_PROXIES: Setting = Setting {
    name: "TRUSTED_PROXIES",
    unit: "networks such as 10.0.0.0/8, separated by commas",
    default: Some(""),
    about: "Whose X-Forwarded-For is believed. Too wide lets callers choose their address; empty believes nobody.",
};
const BODY_BYTES: Setting = Setting {
    name: "HTTP_BODY_BYTES",
    unit: "bytes",
    default: Some("262144"),
    about: "The largest request body.",
};
const REQUEST_TIMEOUT: Setting = Setting {
    name: "HTTP_TIMEOUT_MS",
    unit: "milliseconds",
    default: Some("15000"),
    about: "A request that takes longer is ended with 503.",
};
const DRAIN: Setting = Setting {
    name: "HTTP_DRAIN_MS",
    unit: "milliseconds",
    default: Some("10000"),
    about: "How long requests may finish after SIGTERM.",
};
const PER_ADDRESS: Setting = Setting {
    name: "RATE_PER_ADDRESS",
    unit: "requests a second from one address, tenfold in a burst",
    default: Some("50"),
    about: "Too low locks out offices behind one address.",
};
const PER_CALLER: Setting = Setting {
    name: "RATE_PER_CALLER",
    unit: "requests a second of one credential, tenfold in a burst",
    default: Some("50"),
    about: "Too low slows down integrations.",
};

const SIGN_INS_PER_ADDRESS: Setting = Setting {
    name: "RATE_SIGN_INS_PER_ADDRESS",
    unit: "attempts a minute from one address",
    default: Some("30"),
    about: "Too low locks out offices behind one address; too high lets one machine guess passwords.",
};
const SIGN_INS_PER_EMAIL: Setting = Setting {
    name: "RATE_SIGN_INS_PER_EMAIL",
    unit: "attempts a minute on one email address",
    default: Some("10"),
    about: "Counted wherever they come from. Too low lets a stranger keep a member out; too high lets many machines guess.",
};

pub(super) const SETTINGS: &[Setting] = &[
    LISTEN,
    BASE_URL,
    TRUSTED_PROXIES,
    BODY_BYTES,
    REQUEST_TIMEOUT,
    DRAIN,
    PER_ADDRESS,
    PER_CALLER,
    SIGN_INS_PER_ADDRESS,
    SIGN_INS_PER_EMAIL,
];

/// Where the service listens, whom it believes, and how much it takes.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    pub base_url: Url,
    pub trusted_proxies: Vec<IpNet>,
    pub body_bytes: usize,
    pub timeout: Duration,
    pub drain: Duration,
    pub rates: RateLimits,
}

/// Requests a second, and attempts to sign in a minute (API-6).
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    pub per_address: NonZeroU32,
    pub per_caller: NonZeroU32,
    pub sign_ins_per_address: NonZeroU32,
    pub sign_ins_per_email: NonZeroU32,
}

impl HttpConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            listen: env.parse(&LISTEN)?,
            base_url: env.parse(&BASE_URL)?,
            trusted_proxies: env.networks(&TRUSTED_PROXIES)?,
            body_bytes: env.parse(&BODY_BYTES)?,
            timeout: Duration::from_millis(env.parse(&REQUEST_TIMEOUT)?),
            drain: Duration::from_millis(env.parse(&DRAIN)?),
            rates: RateLimits {
                per_address: env.parse(&PER_ADDRESS)?,
                per_caller: env.parse(&PER_CALLER)?,
                sign_ins_per_address: env.parse(&SIGN_INS_PER_ADDRESS)?,
                sign_ins_per_email: env.parse(&SIGN_INS_PER_EMAIL)?,
            },
        })
    }

    /// The secret URL of a link (LINK-2).
    pub fn portal_url(&self, token: &str) -> String {
        format!("{}/portal/{token}", self.base())
    }

    /// Where staff look through a portal's eyes (LINK-9).
    pub fn preview_url(&self, token: &str) -> String {
        format!("{}/preview/{token}", self.base())
    }

    /// Where a calendar program reads a portal's calendar (CAL-1).
    pub fn calendar_url(&self, token: &str) -> String {
        format!("{}/calendar/{token}.ics", self.base())
    }

    /// Where the bytes of one upload go (FILE-2).
    pub fn upload_url(&self, ticket: &str) -> String {
        format!("{}/uploads/{ticket}", self.base())
    }

    fn base(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }
}

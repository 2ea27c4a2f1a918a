//! How mails leave.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::env::{Env, Setting};
use crate::adapters::mail::Correspondent;

const URL: Setting = Setting {
    name: "SMTP_URL",
    unit: "an address such as smtp://user:password@host:587 or smtps://user:password@host:465, or SMTP_URL_FILE",
    default: None,
    about: "The mail server. smtps speaks TLS from the start; smtp insists on STARTTLS, unless the address ends with ?tls=none, which is for a relay on the same machine. Without it mails become files in MAIL_FOLDER.",
};
const AUTHORITY: Setting = Setting {
    name: "SMTP_CA",
    unit: "certificates in PEM form, or SMTP_CA_FILE",
    default: None,
    about: "Trusted beside the system's, for a mail server with a certificate of your own authority.",
};
const TIMEOUT: Setting = Setting {
    name: "SMTP_TIMEOUT_MS",
    unit: "milliseconds",
    default: Some("40000"),
    about: "How long the mail server may take for one mail, from connecting to its last word. Too short, and a slow server may be sent a mail twice; longer than 180000 is of no effect.",
};
const CONNECTIONS: Setting = Setting {
    name: "SMTP_CONNECTIONS",
    unit: "connections",
    default: Some("4"),
    about: "How many each instance opens to the mail server at most. Too many and servers refuse; too few and mails wait.",
};
const FROM: Setting = Setting {
    name: "MAIL_FROM",
    unit: "an address such as portal@example.org",
    default: Some("portal@localhost"),
    about: "The sender's address. Each organisation's name stands before it, and its support address is where answers go. The mail server has to accept it, so it must be set with SMTP_URL.",
};
const FOLDER: Setting = Setting {
    name: "MAIL_FOLDER",
    unit: "a folder",
    default: Some("mails"),
    about: "Without SMTP_URL: where mails are written as .eml files. They hold links with their secrets.",
};
pub(super) const SETTINGS: &[Setting] = &[URL, AUTHORITY, TIMEOUT, CONNECTIONS, FROM, FOLDER];

/// Mails.
#[derive(Clone, Debug)]
pub struct MailConfig {
    pub delivery: Delivery,
    pub from: Correspondent,
    /// Whether written mails can be read at `/mails`. Only the demo says so.
    pub shown: bool,
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum Delivery {
    Smtp(Relay),
    Folder(PathBuf),
}

/// The mail server.
#[derive(Clone, Debug)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: RelayTls,
    pub login: Option<(String, SecretString)>,
    /// PEM.
    pub authority: Option<Vec<u8>>,
    /// For one mail.
    pub timeout: Duration,
    pub connections: u32,
}

/// Whether the way is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayTls {
    /// From the start.
    Wrapped,
    /// After STARTTLS; a server without it gets no mail.
    StartTls,
    /// Never: for a relay on the same machine.
    None,
}

impl MailConfig {
    /// Reads the section.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        let from: String = env.parse(&FROM)?;
        let from = Correspondent::parse(&from).ok_or_else(|| anyhow!("MAIL_FROM is not {}", FROM.unit))?;
        let delivery = match env.secret(&URL)? {
            None => Delivery::Folder(env.parse::<PathBuf>(&FOLDER)?),
            Some(_) if env.text(&FROM)?.as_deref() == FROM.default => {
                bail!("MAIL_FROM is not set: {}", FROM.about)
            }
            Some(url) => Delivery::Smtp(relay(env, &url)?),
        };
        Ok(Self { delivery, from, shown: false })
    }
}

/// Errors name the setting, never its value: it may hold a password.
fn relay(env: &Env, url: &SecretString) -> anyhow::Result<Relay> {
    let wrong = || anyhow!("{} is not {}", URL.name, URL.unit);
    let url = Url::parse(url.expose_secret()).map_err(|_| wrong())?;
    let tls = match (url.scheme(), url.query()) {
        ("smtps", None) => RelayTls::Wrapped,
        ("smtp", None) => RelayTls::StartTls,
        ("smtp", Some("tls=none")) => RelayTls::None,
        _ => return Err(wrong()),
    };
    let plain = |text: &str| {
        let decoded: Option<String> =
            url::form_urlencoded::parse(format!("v={}", text.replace('+', "%2B")).as_bytes())
                .next()
                .map(|(_, value)| value.into_owned());
        decoded.unwrap_or_default()
    };
    let login = url.password().map(|password| (plain(url.username()), SecretString::from(plain(password))));
    let port = url.port().unwrap_or(if tls == RelayTls::Wrapped { 465 } else { 587 });
    let authority = env.secret(&AUTHORITY)?.map(|pem| pem.expose_secret().as_bytes().to_vec());
    Ok(Relay {
        host: url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?.to_owned(),
        port,
        tls,
        login,
        authority,
        timeout: Duration::from_millis(env.parse::<NonZeroU64>(&TIMEOUT)?.get()),
        connections: env.parse::<NonZeroU32>(&CONNECTIONS).context("SMTP_CONNECTIONS")?.get(),
    })
}

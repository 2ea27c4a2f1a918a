//! Turns hostile input into values that hold what their name says. Collects every problem, so a
//! person mends a form once. Not here: rules that need the database.

use std::str::FromStr as _;

use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;
use email_address::EmailAddress;
use url::Url;

use crate::error::{Error, FieldProblem, Result};

/// Checks the fields of one input. Every method returns a usable value even when it noted a
/// problem; [`Checks::finish`] then refuses.
#[derive(Debug, Default)]
pub struct Checks {
    problems: Vec<FieldProblem>,
}

impl Checks {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a problem with the field at `path` of the input.
    pub fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem { path: format!("input.{path}"), message: message.into() });
    }

    /// Refuses if any problem was noted.
    pub fn finish(self) -> Result<()> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Validation(self.problems)) }
    }

    /// One line of 1 to `max` characters, trimmed.
    pub fn line(&mut self, path: &str, value: &str, max: usize) -> String {
        let line = self.text(path, value, max);
        if line.contains(['\n', '\r']) {
            self.problem(path, "This must be a single line.");
        }
        line
    }

    /// Text of 1 to `max` characters, trimmed, without control characters but line breaks and tabs.
    pub fn text(&mut self, path: &str, value: &str, max: usize) -> String {
        let text = value.trim();
        if text.is_empty() {
            self.problem(path, "This must not be empty.");
        } else if text.chars().count() > max {
            self.problem(path, format!("This must be at most {max} characters long."));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.problem(path, "This must not contain control characters.");
        }
        text.to_owned()
    }

    /// An address for mail, lower-cased.
    pub fn email(&mut self, path: &str, value: &str) -> String {
        let email = value.trim().to_lowercase();
        if email.len() > 254 || EmailAddress::from_str(&email).is_err() {
            self.problem(path, "This is not an email address.");
        }
        email
    }

    /// An absolute http or https address of at most 500 characters.
    pub fn web_address(&mut self, path: &str, value: &str) -> String {
        let address = value.trim();
        let fits = address.chars().count() <= 500
            && !address.contains(char::is_control)
            && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !fits {
            self.problem(path, "This must be a web address that starts with http:// or https://.");
        }
        address.to_owned()
    }

    /// A day of the years 1 to 9999: what people write and Postgres holds.
    pub fn day(&mut self, path: &str, day: NaiveDate) -> NaiveDate {
        if !(1..=9999).contains(&day.year()) {
            self.problem(path, "This must be a day of the years 1 to 9999.");
        }
        day
    }

    /// `#rrggbb`, lower-cased.
    pub fn color(&mut self, path: &str, value: &str) -> String {
        let color = value.trim().to_lowercase();
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.problem(path, "This must be a colour such as #3454d1.");
        }
        color
    }

    /// A stable key for programs: a small letter, then up to 39 small letters, digits or `_`.
    pub fn key(&mut self, path: &str, value: &str) -> String {
        let mut bytes = value.bytes();
        let fits = value.len() <= 40
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            self.problem(path, "This must start with a small letter and hold at most 40 of a-z, 0-9 and _.");
        }
        value.to_owned()
    }

    /// An organisation's name in addresses: 1 to 63 of a-z, 0-9 and hyphens, none at the ends.
    pub fn slug(&mut self, path: &str, value: &str) -> String {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=63).contains(&value.len())
            && value.bytes().all(|b| plain(b) || b == b'-')
            && !value.starts_with('-')
            && !value.ends_with('-');
        if !fits {
            self.problem(path, "This must hold 1 to 63 of a-z, 0-9 and hyphens, and no hyphen at its ends.");
        }
        value.to_owned()
    }

    /// An IANA time zone.
    pub fn time_zone(&mut self, path: &str, value: &str) -> String {
        if Tz::from_str(value).is_err() {
            self.problem(path, "This is not a time zone such as Europe/Berlin.");
        }
        value.to_owned()
    }

    /// Applies a check to a field that may be absent, or present and null.
    pub fn optional(
        &mut self,
        value: Option<Option<String>>,
        check: impl FnOnce(&mut Self, &str) -> String,
    ) -> Option<Option<String>> {
        match value {
            Some(Some(text)) if !text.trim().is_empty() => Some(Some(check(self, &text))),
            Some(_) => Some(None),
            None => None,
        }
    }
}

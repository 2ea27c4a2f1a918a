//! A letter before it is put into words: to whom, about what, with which facts. The worker renders
//! it (`crate::letters`) and sends it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::address::MailAddress;
use super::kinds::MailKind;
use crate::db::enums::Language;
use crate::db::schema::system::organizations;

/// The organisation that writes (BRAND-1).
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = organizations)]
pub struct House {
    pub name: String,
    pub time_zone: String,
    /// BRAND-3: off, and no letter leads to a portal.
    pub portal_enabled: bool,
    /// `#rrggbb`.
    pub accent_color: String,
    pub website: Option<String>,
    pub support_email: Option<String>,
    pub postal_address: Option<String>,
    /// Of readers whose own is not known.
    pub language: Language,
}

/// Who reads it.
#[derive(Clone, Debug)]
pub struct Reader {
    pub address: MailAddress,
    pub name: Option<String>,
    pub language: Language,
}

/// How often a reader may be written to (INV-4), besides the organisation's own limit, which was
/// asked before the letter was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Invitations and links that staff mail.
    Staff,
    /// What visitors ask for.
    Visitor,
    /// Ways around a locked door: nothing else that is asked for takes their place (DOOR-3).
    Bypass,
    /// Mails to staff, and notifications that the reader chose.
    Free,
}

/// A letter. Its words are the message of its kind in `src/letters/words`, with `facts` for the
/// message's variables; `organization` and `name` are always there.
#[derive(Clone, Debug)]
pub struct Letter {
    pub kind: MailKind,
    pub house: House,
    pub reader: Reader,
    pub facts: Vec<(&'static str, Fact)>,
    /// Where the message's button leads.
    pub button: Option<String>,
    /// What somebody else wrote, shown as a quotation.
    pub quote: Option<String>,
    pub budget: Budget,
    pub unsubscribe: Option<Unsubscribe>,
}

/// A variable of a message.
#[derive(Clone, Debug)]
pub enum Fact {
    Text(String),
    Number(i64),
    /// Written as a day, in the organisation's time zone and the reader's language.
    Day(DateTime<Utc>),
}

/// NOTE-3, for notifications.
#[derive(Clone, Debug)]
pub struct Unsubscribe {
    /// The page that people open.
    pub page: String,
    /// Where RFC 8058's one click is posted to.
    pub one_click: String,
}

impl Letter {
    /// A fact for the words.
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.facts.push((name, fact.into()));
        self
    }

    /// Where the button leads: an absolute address, mostly [`super::Desk::url`]'s.
    pub fn button(self, url: String) -> Self {
        Self { button: Some(url), ..self }
    }

    /// Somebody's own words.
    pub fn quoting(self, text: String) -> Self {
        Self { quote: Some(text), ..self }
    }

    /// Which limits hold.
    pub fn counted(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// How the reader stops such mails.
    pub fn stopped_by(self, unsubscribe: Unsubscribe) -> Self {
        Self { unsubscribe: Some(unsubscribe), ..self }
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<DateTime<Utc>> for Fact {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Day(moment)
    }
}

//! The messages of `words/*.ftl` (Fluent). A message's value is the subject; its attributes are the
//! parts of the letter. Facts are put in as plain text: templates escape them.

use std::sync::LazyLock;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::db::enums::Language;

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("words/en.ftl")));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| bundle("de", include_str!("words/de.ftl")));

fn bundle(code: &str, text: &str) -> Bundle {
    let language: LanguageIdentifier = code.parse().expect("a language of ours");
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // Subjects and plain text do without the invisible marks for mixed directions.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(text.to_owned()).expect("the words parse; a test renders all");
    bundle.add_resource(resource).expect("no message twice");
    bundle
}

/// Messages in one language, and the facts of one letter.
pub(super) struct Words {
    bundle: &'static Bundle,
    facts: FluentArgs<'static>,
    language: Language,
}

impl Words {
    pub(super) fn of(language: Language) -> Self {
        let bundle = match language {
            Language::English => &*ENGLISH,
            Language::German => &*GERMAN,
        };
        Self { bundle, facts: FluentArgs::new(), language }
    }

    pub(super) fn set(&mut self, name: &'static str, text: &str) {
        self.facts.set(name, FluentValue::from(text.to_owned()));
    }

    pub(super) fn set_number(&mut self, name: &'static str, number: i64) {
        self.facts.set(name, FluentValue::from(number));
    }

    /// "4 December 2026", "4. Dezember 2026".
    pub(super) fn set_day(&mut self, name: &'static str, moment: DateTime<Utc>, zone: &str) {
        let day = moment.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).date_naive();
        let months = match self.language {
            Language::English => ENGLISH_MONTHS,
            Language::German => GERMAN_MONTHS,
        };
        let dot = if self.language == Language::German { "." } else { "" };
        self.set(name, &format!("{}{dot} {} {}", day.day(), months[day.month0() as usize], day.year()));
    }

    /// A message's value.
    pub(super) fn message(&self, id: &str) -> anyhow::Result<String> {
        self.text(id, None)?.with_context(|| format!("{id} has no value"))
    }

    /// An attribute that the message has to have.
    pub(super) fn part(&self, id: &str, attribute: &str) -> anyhow::Result<String> {
        self.optional_part(id, attribute)?.with_context(|| format!("{id} has no {attribute}"))
    }

    /// An attribute that the message may have.
    pub(super) fn optional_part(&self, id: &str, attribute: &str) -> anyhow::Result<Option<String>> {
        self.text(id, Some(attribute))
    }

    fn text(&self, id: &str, attribute: Option<&str>) -> anyhow::Result<Option<String>> {
        let message = self.bundle.get_message(id).with_context(|| format!("no message {id}"))?;
        let pattern = match attribute {
            None => message.value(),
            Some(attribute) => message.get_attribute(attribute).map(|part| part.value()),
        };
        let Some(pattern) = pattern else { return Ok(None) };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&self.facts), &mut errors).into_owned();
        match errors.first() {
            None => Ok(Some(text)),
            Some(error) => Err(anyhow!("{id}: {error}")),
        }
    }
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

//! Letters in words (NOTE-4): text and HTML from one template each, in the organisation's branding and
//! the reader's language. Not here: whom a letter goes to and what is true; that is the composer's.

mod words;

use askama::Template;

use crate::domain::mails::{Fact, Letter};
use crate::page::readable_on;
use words::Words;

/// A letter as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What both templates show.
struct Sheet {
    language: &'static str,
    subject: String,
    organization: String,
    accent: String,
    on_accent: String,
    greeting: String,
    paragraphs: Vec<String>,
    quote: Option<String>,
    button: Option<Button>,
    /// Small print below the button.
    note: Option<String>,
    footer: Vec<String>,
    unsubscribe: Option<Button>,
}

/// A link and what it says.
struct Button {
    label: String,
    url: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    sheet: &'a Sheet,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    sheet: &'a Sheet,
}

/// Puts a letter into words.
pub fn render(letter: &Letter) -> anyhow::Result<Rendered> {
    let sheet = lay_out(letter)?;
    Ok(Rendered {
        text: Text { sheet: &sheet }.render()?,
        html: Html { sheet: &sheet }.render()?,
        subject: sheet.subject,
    })
}

fn lay_out(letter: &Letter) -> anyhow::Result<Sheet> {
    let (house, reader) = (&letter.house, &letter.reader);
    let mut words = Words::of(reader.language);
    words.set("organization", &house.name);
    words.set("name", reader.name.as_deref().unwrap_or_default());
    for (name, fact) in &letter.facts {
        match fact {
            Fact::Text(text) => words.set(name, text),
            Fact::Number(number) => words.set_number(name, *number),
            Fact::Day(moment) => words.set_day(name, *moment, &house.time_zone),
        }
    }
    let message = letter.kind.as_str().trim_start_matches("mail.").replace('_', "-");
    let greeting = if reader.name.is_some() { "greeting" } else { "greeting-unknown" };
    let button = match &letter.button {
        Some(url) => Some(Button { label: words.part(&message, "button")?, url: url.clone() }),
        None => None,
    };
    let unsubscribe = match &letter.unsubscribe {
        Some(stop) => Some(Button { label: words.message("unsubscribe")?, url: stop.page.clone() }),
        None => None,
    };
    let address = house.postal_address.iter().flat_map(|text| text.lines().map(str::to_owned));
    let contact = [house.website.clone(), house.support_email.clone()].into_iter().flatten();
    Ok(Sheet {
        language: reader.language.code(),
        subject: words.message(&message)?,
        organization: house.name.clone(),
        accent: house.accent_color.clone(),
        on_accent: readable_on(&house.accent_color),
        greeting: words.message(greeting)?,
        paragraphs: words.part(&message, "body")?.split("\n\n").map(str::to_owned).collect(),
        quote: letter.quote.clone(),
        button,
        note: words.optional_part(&message, "note")?,
        footer: std::iter::once(house.name.clone()).chain(address).chain(contact).collect(),
        unsubscribe,
    })
}

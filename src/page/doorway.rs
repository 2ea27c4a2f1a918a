//! What stands around every page of a portal: whose it is, who shares, and the look.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use super::sections::{self, Entry, Here, Tally};
use super::{Inside, Visit, accent, assets, words};

/// The part of every answer that the frame is made of.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub doorway: Doorway,
    pub sections: Vec<Tally>,
}

/// `PortalDoorway`, as the documents ask for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Doorway {
    title: String,
    modes: Vec<String>,
    notifications: bool,
    attribution: Option<String>,
    company_name: String,
    organization: Organization,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    name: String,
    accent_color: String,
    welcome_message: Option<String>,
    website: Option<String>,
    support_email: Option<String>,
    time_zone: String,
}

/// The frame as templates read it.
#[derive(Debug)]
pub(super) struct Frame {
    pub title: String,
    pub company: String,
    /// The company's name, unless the title says it already.
    pub subtitle: Option<String>,
    pub organization: String,
    /// First letter of the organisation's name, for its mark.
    pub initial: String,
    pub attribution: Option<String>,
    pub welcome: Option<String>,
    pub website: Option<Website>,
    pub support_email: Option<String>,
    /// Path of the home.
    pub home: String,
    /// How the visitor came in, where there is a session to leave.
    pub inside: Option<Inside>,
    /// Name of the accent's stylesheet.
    pub accent: String,
    /// The navigation.
    pub sections: Vec<Entry>,
    pub version: &'static str,
    pub shows_files: bool,
    pub shows_messages: bool,
    pub shows_feedback: bool,
    pub shows_calendar: bool,
    pub shows_dashboards: bool,
    pub shows_activity: bool,
    pub shows_records: bool,
    /// Whether visitors can ask to be mailed.
    pub notifies: bool,
    zone: Tz,
    pub today: NaiveDate,
}

/// A website that may be linked to.
#[derive(Debug)]
pub(super) struct Website {
    pub address: String,
    pub text: String,
}

impl Website {
    /// Takes http and https addresses; anything else is not made into a link.
    pub fn new(address: &str) -> Option<Self> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        let text = rest.trim_start_matches("www.").trim_end_matches('/').to_owned();
        Some(Self { address: address.to_owned(), text })
    }
}

impl Frame {
    pub fn new(Answer { doorway, sections }: Answer, here: Here<'_>, visit: &Visit<'_>) -> Self {
        let organization = doorway.organization;
        let zone: Tz = organization.time_zone.parse().unwrap_or(Tz::UTC);
        let shows = |mode: &str| doorway.modes.iter().any(|shown| shown == mode);
        Self {
            subtitle: (doorway.title != doorway.company_name).then(|| doorway.company_name.clone()),
            initial: organization.name.chars().next().map(String::from).unwrap_or_default(),
            website: organization.website.as_deref().and_then(Website::new),
            accent: accent::sheet_name(&organization.accent_color),
            sections: sections::entries(&sections, &visit.home(), here),
            home: visit.home(),
            inside: visit.inside,
            version: assets::version(),
            shows_files: shows("FILES"),
            shows_messages: shows("MESSAGES"),
            shows_feedback: shows("FEEDBACK"),
            shows_calendar: shows("CALENDAR"),
            shows_dashboards: shows("DASHBOARD"),
            shows_activity: shows("ACTIVITY"),
            shows_records: shows("RECORDS"),
            notifies: doorway.notifications,
            today: visit.now.with_timezone(&zone).date_naive(),
            zone,
            title: doorway.title,
            company: doorway.company_name,
            organization: organization.name,
            attribution: doorway.attribution,
            welcome: organization.welcome_message,
            support_email: organization.support_email,
        }
    }

    /// The hour and minute of a moment where the organisation is.
    pub fn clock_of(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.zone).format("%H:%M").to_string()
    }

    /// The organisation's time zone as people read it: "Europe/Berlin".
    pub fn zone_name(&self) -> String {
        self.zone.name().replace('_', " ")
    }

    /// The day a moment falls on where the organisation is.
    pub fn day_of(&self, moment: DateTime<Utc>) -> NaiveDate {
        moment.with_timezone(&self.zone).date_naive()
    }

    /// The time of day there: "14:05".
    pub fn clock(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.zone).format("%H:%M").to_string()
    }

    /// A moment as the clocks there showed it.
    pub fn moment(&self, moment: DateTime<Utc>) -> String {
        words::moment(moment.with_timezone(&self.zone).naive_local(), self.today)
    }
}

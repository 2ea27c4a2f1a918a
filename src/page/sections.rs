//! The page's navigation (NAV-1): one entry a section that the portal shows and that has something
//! in it, or that the visitor can add to. A feature with a page of its own adds its line to
//! [`PAGES`]; its route stands in `http::portal`, its count in `domain::sections`.

use serde::Deserialize;

/// The sections with a page of their own, in the order people read them.
const PAGES: &[Page] = &[
    Page {
        mode: "DASHBOARD",
        path: "dashboards",
        label: "Dashboards",
        icon: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
    },
    Page {
        mode: "CALENDAR",
        path: "calendar",
        label: "Calendar",
        icon: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
    },
    Page { mode: "FILES", path: "files", label: "Files", icon: FILES },
    Page { mode: "MESSAGES", path: "messages", label: "Messages", icon: "M4 5h16v11H9.5L5 20v-4H4z" },
    Page { mode: "ACTIVITY", path: "activity", label: "Activity", icon: "M3 12h4l3-8 4 16 3-8h4" },
    Page {
        mode: "FEEDBACK",
        path: "feedback",
        label: "Feedback",
        icon: "M12 20.5 4.6 13a4.6 4.6 0 0 1 6.5-6.5l.9.9.9-.9a4.6 4.6 0 0 1 6.5 6.5z",
    },
];

/// A section's page.
struct Page {
    /// The mode that shows it.
    mode: &'static str,
    /// Its path below the portal's.
    path: &'static str,
    label: &'static str,
    /// An outline on a grid of 24.
    icon: &'static str,
}

const OVERVIEW: &str = "M5 20v-9a7 7 0 0 1 14 0v9M3 20h18";
const FILES: &str = "M4 7a1.5 1.5 0 0 1 1.5-1.5h4l2 2.5h7A1.5 1.5 0 0 1 20 9.5v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5z";
const RECORDS: &str = "M4 9h16v11H4zM6.5 6h11M9 3h6";

/// `PortalTally`, as the documents ask for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    pub mode: String,
    pub count: Option<i64>,
    pub can_add: bool,
    #[serde(default)]
    pub types: Vec<TypeTally>,
}

/// `PortalTypeTally`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypeTally {
    pub key: String,
    pub name_plural: String,
    pub count: i64,
}

/// Where in the portal a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Here<'a> {
    Overview,
    /// The page of a mode's section.
    Section(&'a str),
    /// A page below it.
    Below(&'a str),
    /// Below a record type, by its key.
    Type(&'a str),
    Elsewhere,
}

/// An entry of the navigation.
#[derive(Debug)]
pub(super) struct Entry {
    pub href: String,
    pub label: String,
    pub count: Option<i64>,
    pub icon: &'static str,
    /// The value of `aria-current`: `page`, or `true` for a page below this one.
    pub current: Option<&'static str>,
}

/// The entries, the overview first.
pub(super) fn entries(tallies: &[Tally], home: &str, here: Here<'_>) -> Vec<Entry> {
    let current = |is: bool, value| is.then_some(value);
    let overview = Entry {
        href: home.to_owned(),
        label: "Overview".to_owned(),
        count: None,
        icon: OVERVIEW,
        current: current(here == Here::Overview, "page"),
    };
    let types = tallies.iter().flat_map(|tally| &tally.types).map(|kind| Entry {
        href: format!("{home}#{}", anchor(&kind.key)),
        label: kind.name_plural.clone(),
        count: Some(kind.count),
        icon: RECORDS,
        current: current(here == Here::Type(&kind.key), "true"),
    });
    let pages = PAGES.iter().filter_map(|page| {
        let tally = tallies.iter().find(|tally| tally.mode == page.mode)?;
        let has_something = tally.can_add || tally.count.unwrap_or_default() > 0;
        has_something.then(|| Entry {
            href: format!("{home}/{}", page.path),
            label: page.label.to_owned(),
            // How often something happened tells nobody anything.
            count: tally.count.filter(|count| *count > 0 && page.mode != "ACTIVITY"),
            icon: page.icon,
            current: current(here == Here::Section(page.mode), "page")
                .or(current(here == Here::Below(page.mode), "true")),
        })
    });
    std::iter::once(overview).chain(types).chain(pages).collect()
}

/// What a record type's part of the home is called in addresses.
pub(super) fn anchor(key: &str) -> String {
    format!("type-{key}")
}

//! The page's static files: embedded, served under a version that changes whenever one of them does.

use std::borrow::Cow;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use super::accent;

/// One file a feature, sent as one: a page waits for a single style sheet.
const STYLES: &str = concat!(
    include_str!("assets/portal.css"),
    include_str!("assets/sections.css"),
    include_str!("assets/consents.css"),
    include_str!("assets/accounts.css"),
    include_str!("assets/mails.css"),
    include_str!("assets/messages.css"),
    include_str!("assets/calendar.css"),
    include_str!("assets/dashboards.css"),
    include_str!("assets/files.css"),
    include_str!("assets/deliverables.css"),
    include_str!("assets/activity.css")
);
/// The beacon, what changes while a page is open, and how far a file has been sent.
const SCRIPT: &str = concat!(include_str!("assets/portal.js"), include_str!("assets/files.js"));
/// The viewer of PDFs, and what it runs: see `pdfjs/README.md`.
const VIEWER: &str = include_str!("assets/viewer.mjs");
const PDF: &str = include_str!("pdfjs/pdf.min.mjs");
const PDF_WORKER: &str = include_str!("pdfjs/pdf.worker.min.mjs");
/// The mark in the browser's tab.
pub const ICON: &str = include_str!("assets/favicon.svg");

/// A file as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    pub media_type: &'static str,
    pub text: Cow<'static, str>,
}

/// The version in the files' addresses. An accent's stylesheet stands for all of them: they differ
/// by colour only.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let accent = accent::sheet("accent-3454d1.css").unwrap_or_default();
    let hash = Sha256::new()
        .chain_update(STYLES)
        .chain_update(SCRIPT)
        .chain_update(ICON)
        .chain_update(VIEWER)
        .chain_update(PDF)
        .chain_update(PDF_WORKER)
        .chain_update(accent)
        .finalize();
    hex::encode(&hash[..6])
});

/// The version in the files' addresses.
pub fn version() -> &'static str {
    &VERSION
}

/// The file of that name.
pub fn find(name: &str) -> Option<Asset> {
    let css = |text| Asset { media_type: "text/css; charset=utf-8", text };
    let script = |text| Asset { media_type: "text/javascript; charset=utf-8", text: Cow::Borrowed(text) };
    match name {
        "portal.css" => Some(css(Cow::Borrowed(STYLES))),
        "portal.js" => Some(script(SCRIPT)),
        "viewer.mjs" => Some(script(VIEWER)),
        "pdf.min.mjs" => Some(script(PDF)),
        "pdf.worker.min.mjs" => Some(script(PDF_WORKER)),
        "favicon.svg" => Some(Asset { media_type: "image/svg+xml", text: Cow::Borrowed(ICON) }),
        name => accent::sheet(name).map(|text| css(Cow::Owned(text))),
    }
}

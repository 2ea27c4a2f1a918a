//! The media types of GraphQL over HTTP (API-2): which one the client wants answered, and whether
//! it sent JSON.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};

/// The two media types we answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: request errors are 400.
    Response,
    /// `application/json`: a well-formed request is always 200.
    Json,
}

impl Media {
    /// The header's value.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// What the client accepts. Nothing named, or anything: `application/json`, as clients older
    /// than the specification expect. None if it accepts neither.
    pub fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut ranges = headers.get_all(ACCEPT).iter().flat_map(|v| v.to_str().unwrap_or("").split(','));
        let mut best: Option<(Self, f32)> = None;
        let mut named = false;
        for range in &mut ranges {
            named = true;
            let Some((media, quality)) = read_range(range) else { continue };
            if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
                best = Some((media, quality));
            }
        }
        if named { best.map(|(media, _)| media) } else { Some(Self::Json) }
    }
}

/// What to answer with; for who takes nothing but events, refusals come as JSON.
pub fn of(headers: &HeaderMap) -> Option<Media> {
    Media::negotiate(headers).or_else(|| accepts_events(headers).then_some(Media::Json))
}

/// Whether the client takes server-sent events.
pub fn accepts_events(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(ACCEPT).iter().flat_map(|v| v.to_str().unwrap_or("").split(','));
    ranges.any(|range| {
        range.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

/// One media range with its weight. We write UTF-8 only, so another charset is not ours to give.
fn read_range(range: &str) -> Option<(Media, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Media::Response,
        "application/json" | "application/*" | "*/*" => Media::Json,
        _ => return None,
    };
    let mut quality = 1.0;
    for parameter in parts {
        let (name, value) = parameter.split_once('=')?;
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = value.trim().parse().ok()?,
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some((media, quality))
}

/// Whether the body is declared to be JSON in UTF-8. Forms and plain text, which a page of any
/// origin can send without asking, are not.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.filter(|parameter| !parameter.is_empty()).all(|parameter| {
        parameter
            .split_once('=')
            .is_some_and(|(name, value)| !name.trim().eq_ignore_ascii_case("charset") || is_utf8(value))
    })
}

fn is_utf8(value: &str) -> bool {
    value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

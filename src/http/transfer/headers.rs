//! What the headers of a download say (FILE-4): its name in every script, its part, and that nothing in it
//! runs here.

use std::ops::Range;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, Method};

/// What browsers show without running anything; with the sandbox that every download is sent in.
const INLINE: [&str; 7] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "video/mp4", "video/webm"];

/// Whether a browser may show it in its place.
pub fn is_safe_inline(media_type: &str) -> bool {
    INLINE.contains(&media_type)
}

/// `Content-Disposition` (RFC 6266): a plain name for old programs, and the whole one (RFC 8187).
pub fn disposition(name: &str, inline: bool) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|character| match character {
            '"' | '\\' | '%' => '_',
            ' '..='~' => character,
            _ => '_',
        })
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => whole.push(byte.into()),
            _ => whole.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// Which part is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Whole,
    Some(Range<u64>),
    /// There is no such part (416).
    None,
}

/// Takes out what only a GET may ask for: to HEAD a range means nothing (RFC 9110, 14.2).
pub fn without_range(method: &Method, headers: &mut HeaderMap) {
    if *method != Method::GET {
        headers.remove(RANGE);
    }
}

/// The part that was asked for: one, and only of the version that the reader has (`If-Range`). Several at
/// once are answered with the whole, as RFC 9110 allows.
pub fn part(headers: &HeaderMap, size: u64, tag: Option<&str>) -> Part {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let Some(range) = text(RANGE) else { return Part::Whole };
    if let Some(condition) = text(IF_RANGE)
        && Some(condition) != tag
    {
        return Part::Whole;
    }
    let Some((unit, wanted)) = range.split_once('=') else { return Part::Whole };
    let Some((first, last)) = wanted.split_once('-').filter(|_| unit.eq_ignore_ascii_case("bytes")) else {
        return Part::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    // A sign is no digit, though Rust reads it.
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| is_number(text));
    let (start, end) = match (number(first), number(last)) {
        (Some(start), Some(end)) if start <= end => (start, end.saturating_add(1)),
        (Some(start), None) if last.is_empty() => (start, size),
        (None, Some(0)) if first.is_empty() => return Part::None,
        (None, Some(length)) if first.is_empty() => (size.saturating_sub(length), size),
        _ => return Part::Whole,
    };
    if start >= size { Part::None } else { Part::Some(start..end.min(size)) }
}

/// Whether the reader has this version already.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
    })
}

//! The cookie of a portal: a session's token, random, one for each link, so that several portals in
//! one browser know nothing of each other (DOOR-5). It is worth nothing at any other route.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use crate::db::scope::CredentialHash;

/// As long as a session may live (DOOR-2).
const LIFE: Duration = Duration::days(30);
const LONGEST: usize = 64;

/// What a browser keeps besides, of which there is one.
pub struct Kept {
    name: &'static str,
    prefix: &'static str,
    life: Duration,
}

/// Who proved an address.
pub const VISITOR: Kept = Kept { name: "vestibule_visitor", prefix: "va_", life: LIFE };
/// What a mailed sign-in link works together with.
pub const ASK: Kept = Kept { name: "vestibule_ask", prefix: "vq_", life: Duration::minutes(30) };

impl Kept {
    pub fn read(&self, headers: &HeaderMap) -> Option<String> {
        find(headers, self.name).filter(|value| is_token(value, self.prefix))
    }

    pub fn keep(&self, headers: &mut HeaderMap, value: &str, secure: bool) {
        set(headers, Cookie::build((self.name, value.to_owned())).max_age(self.life), secure);
    }

    pub fn forget(&self, headers: &mut HeaderMap, secure: bool) {
        set(headers, Cookie::build((self.name, "")).max_age(Duration::ZERO), secure);
    }
}

/// The session that a browser kept of the link, whose name says nothing of the token.
pub fn read(headers: &HeaderMap, link: &CredentialHash) -> Option<String> {
    find(headers, &name(link)).filter(|value| is_token(value, "vp_"))
}

fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// Keeps a session in the browser.
pub fn keep(headers: &mut HeaderMap, link: &CredentialHash, session: &str, secure: bool) {
    set(headers, Cookie::build((name(link), session.to_owned())).max_age(LIFE), secure);
}

/// Takes the session of a link away.
pub fn forget(headers: &mut HeaderMap, link: &CredentialHash, secure: bool) {
    set(headers, Cookie::build((name(link), "")).max_age(Duration::ZERO), secure);
}

fn set(headers: &mut HeaderMap, cookie: cookie::CookieBuilder<'_>, secure: bool) {
    let cookie = cookie.path("/portal").http_only(true).secure(secure).same_site(SameSite::Lax).build();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

fn name(link: &CredentialHash) -> String {
    format!("vestibule_{}", hex::encode(&link[..8]))
}

fn is_token(value: &str, prefix: &str) -> bool {
    value.starts_with(prefix)
        && value.len() <= LONGEST
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

//! What every request gets: an id, a log line, its measures, and an answer even if we panic.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::HttpBody as _;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::Http;
use super::caller;
use crate::domain::origins::ForeignPage;
use crate::usage::Sighting;

/// What is known of a request before anything is read of it.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// In logs, answers and the audit log.
    pub request_id: String,
    /// IPv4 address, or the /64 of an IPv6 one.
    pub network: IpAddr,
    /// When it came in.
    pub start: Instant,
    /// The page of another origin that sent it (API-7).
    pub page: Option<Arc<ForeignPage>>,
    /// What it shows of a portal, counted when it is answered (LINK-6).
    pub sighting: Sighting,
}

/// Gives a request its id, and logs and measures it when it is answered.
pub async fn track(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    let address = caller::address(request.headers(), peer, &http.app.config.http.trusted_proxies);
    #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
    let start = Instant::now();
    let request_id = http.app.clock.id().simple().to_string();
    let sighting = Sighting::default();
    let tracked = Tracked {
        request_id: request_id.clone(),
        network: caller::network(address),
        start,
        page: None,
        sighting: sighting.clone(),
    };
    // The template, never the path: a path may hold a token.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_name(request.method());
    let span = tracing::info_span!(
        "request",
        request.id = %request_id,
        trace.id = trace_id(&request).unwrap_or_default(),
        http.route = %route,
        http.method = method,
    );
    request.extensions_mut().insert(tracked);
    let mut response = next.run(request).instrument(span.clone()).await;
    let seconds = start.elapsed().as_secs_f64();
    let status = response.status();
    span.in_scope(|| tracing::info!(http.status = status.as_u16(), http.seconds = seconds, "answered"));
    let class = format!("{}xx", status.as_u16() / 100);
    http.app.metrics.requests.with_label_values(&[route.as_str(), method, &class]).inc();
    http.app.metrics.request_seconds.with_label_values(&[&route]).observe(seconds);
    // A whole answer has its length by now. What is still to be sent, as files and events are, has none:
    // a `Serving` counts its bytes as they leave. What is asked over WebSocket is counted there.
    let bytes = response.body().size_hint().exact().unwrap_or_default();
    if let Some(seen) = sighting.answered(bytes, status.is_success()) {
        http.app.usage.record(seen);
    }
    response.headers_mut().insert("x-request-id", header(&request_id));
    response
}

/// Anybody can make up methods; measures must not grow with them.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The trace id of a W3C `traceparent`, if it is well formed.
fn trace_id(request: &Request) -> Option<&str> {
    parse_traceparent(request.headers().get("traceparent")?.to_str().ok()?)
}

/// The trace id of `version-trace-parent-flags`, all lower-case hexadecimal; later versions may say more.
pub fn parse_traceparent(header: &str) -> Option<&str> {
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let is_zero = |text: &str| text.bytes().all(|b| b == b'0');
    let fits = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let ends = version != "00" || parts.next().is_none();
    (fits && ends && version != "ff" && !is_zero(trace) && !is_zero(parent)).then_some(trace)
}

/// Nothing lives at this address.
pub async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
}

/// A panic is our defect: logged, and answered without its text.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text");
    tracing::error!(panic = text, "a handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Please quote the request id.\n")
        .into_response()
}

/// A header value of text that we made ourselves.
pub fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

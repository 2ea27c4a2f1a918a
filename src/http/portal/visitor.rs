//! Whoever opened an address of the page, and the page's documents run on their behalf.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Response as Answer, ServerError, Value as Extension, Variables};
use axum::extract::{FromRequestParts, Path};
use axum::http::header::{HOST, ORIGIN, RETRY_AFTER, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;
use uuid::Uuid;

use super::door::{SIGNED_OUT, foreign, to};
use super::{DOOR, PORTAL, PREVIEW, accounts, cookies, html};
use crate::db::scope::CredentialHash;
use crate::domain::callers::hash_token;
use crate::domain::tokens::{Presented, Token, TokenKind, hash_link};
use crate::error::DoorFace;
use crate::graphql::context::Credential;
use crate::graphql::errors::code;
use crate::http::track::{Tracked, header};
use crate::http::{Http, graphql};
use crate::page::{self, Inside, Prompt, Visit};

/// Whoever opened an address below one of the entrances.
pub struct Visitor {
    pub http: Http,
    pub tracked: Tracked,
    entrance: &'static str,
    /// The path's parameters; none if they are no UTF-8.
    parameters: HashMap<String, String>,
    /// The session that the browser kept.
    pub session: Option<String>,
    /// Whether that session turned out to be over when the visitor did something.
    is_over: AtomicBool,
    /// Whether a page of ours sent the request, as the browser tells.
    pub from_our_page: bool,
    /// As the browser names itself, for lists of sessions.
    user_agent: Option<String>,
}

impl FromRequestParts<Http> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Infallible> {
        let parameters =
            Path::from_request_parts(parts, http).await.map_or_else(|_| HashMap::new(), |path| path.0);
        let tracked = parts.extensions.get::<Tracked>().cloned().expect("the router tracks every request");
        let path = parts.uri.path();
        let entrance = [PREVIEW, DOOR].into_iter().find(|entrance| path.starts_with(&format!("{entrance}/")));
        let entrance = entrance.unwrap_or(PORTAL);
        let mut visitor = Self {
            http: http.clone(),
            tracked,
            entrance,
            parameters,
            session: None,
            is_over: AtomicBool::new(false),
            from_our_page: is_from_our_page(&parts.headers, http),
            user_agent: parts
                .headers
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        };
        visitor.session = cookies::read(&parts.headers, &visitor.link());
        Ok(visitor)
    }
}

/// Why there is no page to show.
pub enum Refusal {
    /// LINK-5.
    Inactive,
    /// DOOR-1.
    CodeRequired(DoorFace),
    /// DOOR-3: seconds to wait.
    Locked(String, u64),
    /// What was typed is not what was asked for, or came too late.
    Wrong(String),
    /// Another site sent the form.
    Foreign,
    /// The service cannot answer now; seconds to wait.
    Busy(StatusCode, u64),
    /// Logged where it happened.
    Broken,
}

impl Visitor {
    /// The link's token as it stands in the address.
    pub fn token(&self) -> &str {
        self.parameters.get("token").map_or("", String::as_str)
    }

    /// What the address carries besides.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub fn record_id(&self) -> Option<Uuid> {
        Uuid::try_parse(self.parameter("id")?).ok()
    }

    /// The link, as it is looked up.
    pub fn link(&self) -> CredentialHash {
        hash_link(self.token())
    }

    /// Path of the portal's home.
    pub fn home(&self) -> String {
        format!("{}/{}", self.entrance, self.token())
    }

    /// Where who leaves goes.
    pub fn outside(&self) -> &'static str {
        if self.entrance == DOOR { accounts::DOORS } else { SIGNED_OUT }
    }

    pub fn visit(&self) -> Visit<'_> {
        let coded = self.session.as_deref().is_some_and(|session| Presented::of(session).coded);
        let inside = match self.entrance {
            PREVIEW => None,
            DOOR => Some(Inside::ByAddress),
            _ if coded => Some(Inside::ByCode),
            _ => Some(Inside::ByLink),
        };
        Visit { entrance: self.entrance, token: self.token(), now: self.http.app.clock.now(), inside }
    }

    /// Runs a document of the page as the visitor. A malformed token is looked up like any other.
    pub async fn ask(&self, document: &str, variables: Value) -> Result<Value, Refusal> {
        self.run(Some(self.credential()), document, variables).await
    }

    /// What the visitor presents.
    pub fn credential(&self) -> Credential {
        match self.entrance {
            PREVIEW => Credential::Preview(hash_token(self.token())),
            DOOR => Credential::PortalSession(Presented::of(self.session.as_deref().unwrap_or_default())),
            _ => Credential::Link(self.link(), self.session.as_deref().map(Presented::of)),
        }
    }

    /// Runs a document as somebody who is not inside yet.
    pub async fn ask_outside(&self, document: &str, input: Value) -> Result<Value, Refusal> {
        self.ask_as_nobody(document, serde_json::json!({ "input": input })).await
    }

    /// The same with any variables.
    pub async fn ask_as_nobody(&self, document: &str, variables: Value) -> Result<Value, Refusal> {
        self.run(None, document, variables).await
    }

    async fn run(
        &self,
        as_whom: Option<Credential>,
        document: &str,
        variables: Value,
    ) -> Result<Value, Refusal> {
        let request = self.http.documents.request(document.to_owned()).map_err(|_| Refusal::Broken)?;
        let request = request.variables(Variables::from_json(variables));
        let tracked = self.tracked.clone();
        let is_inside = as_whom.is_some();
        let asker = graphql::Asker { tracked, credential: as_whom, user_agent: self.user_agent.clone() };
        let answer = graphql::execute(self.http.clone(), asker, request).await;
        if is_inside && answer.errors.iter().any(|error| code(error) == Some("UNAUTHENTICATED")) {
            self.loses_session();
        }
        data_of(answer)
    }

    /// Notes that the session is over which the browser kept, though the link still opens: the answer
    /// brings another in its place (DOOR-4).
    pub fn loses_session(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// A page of the portal.
    pub fn show(&self, status: StatusCode, page: crate::error::Result<String>) -> Response {
        let mut response = html(status, page);
        let needs_one = self.session.is_none() || self.is_over.load(Ordering::Relaxed);
        if self.entrance == PORTAL
            && needs_one
            && let Ok(session) = Token::new(TokenKind::PortalSession)
        {
            cookies::keep(response.headers_mut(), &self.link(), &session.reveal(), self.is_secure());
            self.tracked.sighting.gives_cookie(session.hash());
        }
        response
    }

    /// Whether cookies may be kept to encrypted connections.
    pub fn is_secure(&self) -> bool {
        self.http.app.config.http.base_url.scheme() == "https"
    }

    /// The answer to who cannot be shown what they asked for.
    pub async fn refuse(&self, refusal: Refusal) -> Response {
        match refusal {
            // There is no secret in the address that could be dead: whoever is signed in sees what is open.
            Refusal::Foreign => foreign(),
            Refusal::Inactive | Refusal::CodeRequired(_) if self.entrance == DOOR => to(accounts::DOORS),
            Refusal::Inactive => {
                graphql::wait_for_deadline(&self.tracked).await;
                html(StatusCode::NOT_FOUND, page::inactive())
            }
            Refusal::CodeRequired(face) => {
                html(StatusCode::OK, page::door(&face, &self.visit(), Prompt::default()))
            }
            Refusal::Busy(status, wait) => after(html(status, page::unavailable()), wait),
            Refusal::Locked(_, wait) => after(html(StatusCode::TOO_MANY_REQUESTS, page::unavailable()), wait),
            Refusal::Wrong(_) | Refusal::Broken => html(StatusCode::INTERNAL_SERVER_ERROR, page::broken()),
        }
    }
}

/// The same answer, with the seconds to wait.
pub fn after(mut response: Response, wait: u64) -> Response {
    response.headers_mut().insert(RETRY_AFTER, header(&wait.to_string()));
    response
}

/// Browsers say which site sent a form; old ones name the origin only. Who says nothing is no
/// browser of a visitor, and a cookie alone decides nothing (API-7).
fn is_from_our_page(headers: &HeaderMap, http: &Http) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    origin == http.app.config.http.base_url.origin().ascii_serialization()
        || (authority.is_some() && authority == text(HOST.as_str()))
}

/// The data of an answer, if nothing failed but a record that is not found.
fn data_of(answer: Answer) -> Result<Value, Refusal> {
    match answer.errors.iter().find_map(refusal_of) {
        Some(refusal) => Err(refusal),
        None => answer.data.into_json().map_err(|_| Refusal::Broken),
    }
}

pub(super) fn refusal_of(error: &ServerError) -> Option<Refusal> {
    let extension = |name: &str| error.extensions.as_ref()?.get(name).cloned();
    let wait = || match extension("retryAfter") {
        Some(Extension::Number(seconds)) => seconds.as_u64().unwrap_or(1),
        _ => 1,
    };
    if let Some((status, wait)) = graphql::busy(error) {
        return Some(Refusal::Busy(status, wait));
    }
    Some(match code(error) {
        Some("NOT_FOUND") => return None,
        Some("LINK_INACTIVE") => Refusal::Inactive,
        Some("LOCKED") => Refusal::Locked(error.message.clone(), wait()),
        Some("VALIDATION" | "FORBIDDEN" | "UNAUTHENTICATED" | "CONFLICT") => {
            Refusal::Wrong(error.message.clone())
        }
        Some("CODE_REQUIRED") => {
            let face = extension("door").and_then(|door| door.into_json().ok());
            match face.and_then(|face| serde_json::from_value(face).ok()) {
                Some(face) => Refusal::CodeRequired(face),
                None => Refusal::Broken,
            }
        }
        _ => Refusal::Broken,
    })
}

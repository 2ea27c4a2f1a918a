//! The closed set of errors that callers see (API-3), and the one place where a library's error
//! becomes one of them. Not here: how an error is written to a response; that is `graphql::errors`
//! and `http::graphql`.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Enum;

/// What went wrong, for programs. `extensions.code` of every error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ErrorCode {
    /// No credential, or one that no longer lives.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// No such thing, or none that this caller may see.
    NotFound,
    /// The request or its input is wrong; `extensions.fields` names the input fields.
    Validation,
    /// Something else changed it first, or it exists already.
    Conflict,
    /// Too many requests; `extensions.retryAfter` says how many seconds to wait.
    RateLimited,
    /// Locked for a while; `extensions.retryAfter` says how many seconds.
    Locked,
    /// The link or portal session opens nothing.
    LinkInactive,
    /// The portal wants its access code.
    CodeRequired,
    /// The organisation's plan does not include this.
    PlanRequired,
    /// The query is too deep, too wide or too long.
    QueryTooComplex,
    /// No document is known by this hash: send it again together with the hash.
    PersistedQueryNotFound,
    /// Our fault; `extensions.requestId` finds it in the logs.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Validation => "VALIDATION",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Locked => "LOCKED",
            Self::LinkInactive => "LINK_INACTIVE",
            Self::CodeRequired => "CODE_REQUIRED",
            Self::PlanRequired => "PLAN_REQUIRED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Internal => "INTERNAL",
        }
    }
}

/// The one sentence of LINK-5.
pub const LINK_INACTIVE: &str =
    "This link is no longer active. Please contact the organisation that shared it with you.";

/// One input field that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// Path inside the input, for instance `input.name`.
    pub path: String,
    /// A sentence the person who typed it can act on.
    pub message: String,
}

/// All that shows of a portal before its access code was given (DOOR-1).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DoorFace {
    /// Name of the organisation.
    pub organization: String,
    /// Its colour, `#rrggbb`.
    pub accent_color: String,
}

/// An outcome that is not success. Cloning is cheap; loaders need it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("Sign in to do this.")]
    Unauthenticated,
    /// At sign-in: unknown address and wrong password alike.
    #[error("That email address and password do not belong together.")]
    WrongPassword,
    /// At sign-in through a provider: whatever went wrong there, and whoever is no member.
    #[error("Your organisation's sign-in provider did not let you in. Begin again, or ask an administrator.")]
    NotVouchedFor,
    /// At a portal: what the browser kept of it was ended or ran out, though the link still opens (DOOR-4).
    #[error("Your session at this portal is over, and nothing was sent. Open the link again and repeat it.")]
    SessionOver,
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("No such {0}.")]
    NotFound(&'static str),
    #[error("{}", describe(.0))]
    Validation(Vec<FieldProblem>),
    #[error("{0}")]
    Conflict(String),
    #[error("Too many requests. Try again in {} seconds.", .0.as_secs().max(1))]
    RateLimited(Duration),
    #[error("{LINK_INACTIVE}")]
    LinkInactive,
    /// What stands before the door may be shown; nothing behind it (DOOR-1).
    #[error("This portal asks for its access code.")]
    CodeRequired(Arc<DoorFace>),
    /// The same for a right and a wrong code (DOOR-3).
    #[error("Too many codes were tried. Try again in {}.", in_words(.0))]
    Locked(Duration),
    #[error("{0}")]
    QueryTooComplex(String),
    /// The text is part of the protocol: clients compare it.
    #[error("PersistedQueryNotFound")]
    PersistedQueryNotFound,
    /// Postgres or Redis is away; the caller may try again.
    #[error("The service cannot reach its {0} right now. Try again in a few seconds.")]
    Unavailable(&'static str),
    /// The request or one of its statements ran into its time limit; the caller may try again.
    #[error("This took too long. Try again in a few seconds.")]
    TooSlow,
    #[error("Something went wrong on our side. Please quote the request id.")]
    Internal(Arc<anyhow::Error>),
}

/// What domain verbs return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A single wrong field.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Validation(vec![FieldProblem { path: path.into(), message: message.into() }])
    }

    /// A defect of ours. The text is logged, never answered.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(Arc::new(error.into()))
    }

    /// Its code, for `extensions.code`.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated | Self::WrongPassword | Self::NotVouchedFor | Self::SessionOver => {
                ErrorCode::Unauthenticated
            }
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Validation(_) => ErrorCode::Validation,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::LinkInactive => ErrorCode::LinkInactive,
            Self::CodeRequired(_) => ErrorCode::CodeRequired,
            Self::Locked(_) => ErrorCode::Locked,
            Self::QueryTooComplex(_) => ErrorCode::QueryTooComplex,
            Self::PersistedQueryNotFound => ErrorCode::PersistedQueryNotFound,
            Self::Unavailable(_) | Self::TooSlow | Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// How long to wait before trying again, where waiting helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(wait) | Self::Locked(wait) => Some(*wait),
            Self::Unavailable(_) | Self::TooSlow => Some(Duration::from_secs(2)),
            _ => None,
        }
    }
}

/// The one mapping from the database's errors. Its texts name tables, so none is ever answered.
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match &error {
            Diesel::DatabaseError(Kind::UniqueViolation, _) => Self::Conflict("That already exists.".into()),
            Diesel::DatabaseError(Kind::SerializationFailure, _) => {
                Self::Conflict("Somebody else changed it at the same time. Try again.".into())
            }
            Diesel::DatabaseError(Kind::CheckViolation, info)
                if info.constraint_name() == Some("internal_or_reachable") =>
            {
                Self::Conflict("Nothing of an internal company can be shared, and a company whose clients are invited, have access or hold a live portal cannot become internal.".into())
            }
            Diesel::DatabaseError(Kind::ClosedConnection, _) => Self::Unavailable("database"),
            Diesel::DatabaseError(_, info) if cannot_be_stored(info.message()) => {
                Self::invalid("input", "One of the values holds something that cannot be stored.")
            }
            Diesel::DatabaseError(_, info) if info.message().contains("lock timeout") => {
                Self::Conflict("Somebody else is changing it right now. Try again.".into())
            }
            Diesel::DatabaseError(_, info) if info.message().contains("statement timeout") => Self::TooSlow,
            Diesel::DatabaseError(_, info) if is_shutting_down(info.message()) => {
                Self::Unavailable("database")
            }
            _ => Self::internal(error),
        }
    }
}

/// A NUL in a text, or a moment before or after all that Postgres knows.
fn cannot_be_stored(message: &str) -> bool {
    message.starts_with("invalid byte sequence for encoding") || message.ends_with("out of range")
}

fn is_shutting_down(message: &str) -> bool {
    [
        "terminating connection",
        "connection closed",
        "error communicating with the server",
        "the database system is",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// A wait as people say it, rounded up.
fn in_words(wait: &Duration) -> String {
    match wait.as_secs().div_ceil(60).max(1) {
        1 => "a minute".to_owned(),
        minutes @ ..=90 => format!("{minutes} minutes"),
        minutes => format!("{} hours", minutes.div_ceil(60)),
    }
}

fn describe(problems: &[FieldProblem]) -> String {
    problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>().join(" ")
}

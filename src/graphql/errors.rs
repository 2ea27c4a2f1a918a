//! From the domain's errors to GraphQL's, and the mask over everything else (API-3): an error
//! without a code of ours is either the caller's document or a defect that nobody may read.

use async_graphql::{ErrorExtensions as _, Response, ServerError, Value};

use crate::error::Error;

/// What resolvers return.
pub type Result<T, E = async_graphql::Error> = std::result::Result<T, E>;

/// Puts the code and what belongs to it into the extensions.
pub fn coded(error: Error) -> async_graphql::Error {
    if let Error::Internal(cause) = &error {
        tracing::error!(error = format!("{cause:#}"), "request failed");
    }
    async_graphql::Error::new(error.to_string()).extend_with(|_, extensions| {
        extensions.set("code", error.code().as_str());
        if let Some(wait) = error.retry_after() {
            extensions.set("retryAfter", wait.as_secs().max(1));
        }
        if matches!(error, Error::Unavailable(_) | Error::TooSlow) {
            extensions.set("unavailable", true);
        }
        if let Error::CodeRequired(face) = &error {
            let face = serde_json::to_value(face.as_ref()).expect("plain strings");
            extensions.set("door", Value::from_json(face).expect("plain JSON"));
        }
        if let Error::Validation(problems) = &error {
            let fields = serde_json::to_value(problems).expect("plain strings");
            extensions.set("fields", Value::from_json(fields).expect("plain JSON"));
        }
    })
}

/// Whether the door may open after all: to the access code, or once it can be asked.
pub fn is_for_now(refused: &async_graphql::Error) -> bool {
    let says = |name| refused.extensions.as_ref().is_some_and(|extensions| extensions.get(name).is_some());
    says("door") || says("unavailable")
}

/// Gives every error of a response a code, masks what has none, and adds the request id to
/// internal ones. Errors without a path come from parsing or validating the document.
pub fn finish(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        match code(error) {
            None if error.path.is_empty() => code_document_error(error),
            None if is_input_error(&error.message) => code_input_error(error),
            None => mask(error),
            Some(_) => {}
        }
        if code(error) == Some("INTERNAL") {
            extensions(error).set("requestId", request_id);
        }
    }
}

/// The code of an error, once it has one.
pub fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Whether the engine refused a value: a scalar did not take it, or it was null where a default stands
/// in for an absent one only.
fn is_input_error(message: &str) -> bool {
    message.starts_with("Failed to parse \"") || message.starts_with("Expected input type \"")
}

/// A value that a scalar did not take. The scalar's name is the schema's; what its library says
/// about the value is nobody's business.
fn code_input_error(error: &mut ServerError) {
    let scalar = error.message.split('"').nth(1).unwrap_or("value");
    error.message = format!("A value given as {scalar} is not one.");
    set_code(error, "VALIDATION");
}

fn code_document_error(error: &mut ServerError) {
    if error.message.trim_start().starts_with("--> ") {
        error.message = match error.locations.first() {
            Some(at) => format!("The document does not parse at line {}, column {}.", at.line, at.column),
            None => "The document does not parse.".to_owned(),
        };
    }
    const LIMITS: [&str; 4] = [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth",
        "The number of directives",
    ];
    let too_complex = LIMITS.iter().any(|limit| error.message.starts_with(limit));
    set_code(error, if too_complex { "QUERY_TOO_COMPLEX" } else { "VALIDATION" });
}

fn mask(error: &mut ServerError) {
    let cause = anyhow::anyhow!("{}", error.message);
    let masked = coded(Error::internal(cause));
    error.message = masked.message;
    error.extensions = masked.extensions;
    error.source = None;
}

fn set_code(error: &mut ServerError, code: &str) {
    extensions(error).set("code", code);
}

fn extensions(error: &mut ServerError) -> &mut async_graphql::ErrorExtensionValues {
    error.extensions.get_or_insert_default()
}

//! The messages of `graphql-transport-ws`, read strictly: what is not one of them closes the
//! connection with 4400 and says why.

use async_graphql::{Response as Answer, ServerError};
use serde_json::{Map, Value, json};

use crate::http::graphql::parameters::Parameters;

/// What a client says.
#[derive(Debug)]
pub enum Heard {
    /// `connection_init`, with what its payload says under `authorization`.
    Init(Option<String>),
    Ping(Option<Value>),
    Pong,
    Subscribe(String, Box<Parameters>),
    Complete(String),
}

/// What is wrong with a message; the reason of the close.
pub type Wrong = String;

/// Reads a text frame.
pub fn read(text: &str) -> Result<Heard, Wrong> {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return Err("Message is not JSON".into());
    };
    let Value::Object(mut message) = message else { return Err("Message is not an object".into()) };
    let Some(Value::String(kind)) = message.remove("type") else {
        return Err("Message has no type".into());
    };
    match kind.as_str() {
        "connection_init" => Ok(Heard::Init(authorization(optional_object(&mut message, "payload")?))),
        "ping" => Ok(Heard::Ping(optional_object(&mut message, "payload")?.map(Value::Object))),
        "pong" => optional_object(&mut message, "payload").map(|_| Heard::Pong),
        "complete" => Ok(Heard::Complete(id(&mut message)?)),
        "subscribe" => {
            let id = id(&mut message)?;
            let payload = optional_object(&mut message, "payload")?.ok_or("Message has no payload")?;
            Ok(Heard::Subscribe(id, Box::new(parameters(payload)?)))
        }
        _ => Err("Message has an unknown type".into()),
    }
}

/// `connection_ack`.
pub fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// `pong`, with the payload of its ping.
pub fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// `next`: a result of an operation.
pub fn next(id: &str, answer: &Answer) -> String {
    json!({ "id": id, "type": "next", "payload": answer }).to_string()
}

/// `next`: news, in an answer that is JSON already.
pub fn event(id: &str, answer: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"id":{id},"type":"next","payload":{answer}}}"#)
}

/// `error`: the operation was not run.
pub fn error(id: &str, errors: &[ServerError]) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

/// `complete`: the operation has ended.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

fn id(message: &mut Map<String, Value>) -> Result<String, Wrong> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("Message has no id".into()),
    }
}

fn optional_object(
    message: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<Map<String, Value>>, Wrong> {
    match message.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(format!("{name} is not an object")),
    }
}

fn authorization(payload: Option<Map<String, Value>>) -> Option<String> {
    let (_, value) = payload?.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    Some(value.as_str().unwrap_or_default().to_owned())
}

fn parameters(mut payload: Map<String, Value>) -> Result<Parameters, Wrong> {
    let query = match payload.remove("query") {
        Some(Value::String(query)) => query,
        _ => return Err("Payload has no query".into()),
    };
    let operation_name = match payload.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err("operationName is not a string".into()),
    };
    Ok(Parameters {
        query: Some(query),
        operation_name,
        variables: optional_object(&mut payload, "variables")?.unwrap_or_default(),
        extensions: optional_object(&mut payload, "extensions")?.unwrap_or_default(),
    })
}

//! The parameters of a request, from a POST body or a GET query.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::config::GraphqlLimits;
use crate::error::{Error, Result};

/// What a client asks to run.
#[derive(Debug, Default)]
pub struct Parameters {
    pub query: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
    pub extensions: Map<String, Value>,
}

/// Maps stay unread until their size is known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

impl Parameters {
    /// Reads a JSON body: one object, never a batch.
    pub fn from_body(body: &[u8], limits: &GraphqlLimits) -> Result<Self> {
        let opening = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if opening == Some(&b'[') {
            return Err(Error::invalid("body", "Batches are not served: send one operation a request."));
        }
        let body: Body<'_> = serde_json::from_slice(body).map_err(|error| match error.is_data() {
            true => Error::invalid(
                "body",
                "The body must be one JSON object with the text `query`, and optionally `variables`, `operationName` and `extensions`.",
            ),
            false => Error::invalid("body", "The body is not JSON."),
        })?;
        Ok(Self {
            query: body.query,
            operation_name: body.operation_name,
            variables: read_map("variables", body.variables.map(RawValue::get), limits)?,
            extensions: read_map("extensions", body.extensions.map(RawValue::get), limits)?,
        })
    }

    /// Reads the query of a URL.
    pub fn from_query(query: &str, limits: &GraphqlLimits) -> Result<Self> {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let given = (!value.is_empty()).then_some(&*value);
            match &*name {
                "query" => parameters.query = Some(value.into_owned()),
                "operationName" => parameters.operation_name = given.map(str::to_owned),
                "variables" => parameters.variables = read_map("variables", given, limits)?,
                "extensions" => parameters.extensions = read_map("extensions", given, limits)?,
                _ => {}
            }
        }
        Ok(parameters)
    }

    /// The hash of an automatic persisted query, if the request names one.
    pub fn persisted_hash(&self) -> Result<Option<[u8; 32]>> {
        let Some(persisted) = self.extensions.get("persistedQuery") else { return Ok(None) };
        let wrong = || {
            Error::invalid(
                "extensions.persistedQuery",
                "Give `version` 1 and `sha256Hash` with 64 hexadecimal digits.",
            )
        };
        if persisted.get("version").and_then(Value::as_u64) != Some(1) {
            return Err(wrong());
        }
        let text = persisted.get("sha256Hash").and_then(Value::as_str).ok_or_else(wrong)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| wrong())?;
        Ok(Some(hash))
    }
}

fn read_map(name: &str, json: Option<&str>, limits: &GraphqlLimits) -> Result<Map<String, Value>> {
    let Some(json) = json else { return Ok(Map::new()) };
    if json.len() > limits.variables {
        let message = format!("`{name}` may be at most {} bytes of JSON.", limits.variables);
        return Err(Error::QueryTooComplex(message));
    }
    let map: Option<Map<String, Value>> = serde_json::from_str(json)
        .map_err(|_| Error::invalid(name, format!("`{name}` must be a JSON object.")))?;
    Ok(map.unwrap_or_default())
}

//! The values of custom fields, checked against their definitions (REC-2). Not here: which of them
//! clients see; that is kept by trigger in `records.custom_shared` (REC-4).

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::db::enums::FieldKind;
use crate::domain::currencies;
use crate::domain::record_types::fields::FieldDefinition;
use crate::domain::validation::Checks;

/// The longest TEXT value.
const TEXT: usize = 2_000;

/// The values as they stand after `changes`: what is not named stays, null takes a value away. A key
/// without a living definition is refused.
pub fn merge(checks: &mut Checks, now: Value, fields: &[FieldDefinition], changes: Option<Value>) -> Value {
    let mut values = match now {
        Value::Object(values) => values,
        _ => Map::new(),
    };
    match changes {
        None => {}
        Some(Value::Object(changes)) => {
            for (key, value) in changes {
                merge_one(checks, &mut values, fields, key, value);
            }
        }
        Some(_) => checks.problem("custom", "This must be an object of values by field key."),
    }
    Value::Object(values)
}

/// The values whose fields live, for staff to read.
pub fn living(values: Value, fields: &[FieldDefinition]) -> Value {
    let Value::Object(mut values) = values else { return json!({}) };
    values.retain(|key, _| fields.iter().any(|field| field.archived_at.is_none() && field.key == *key));
    Value::Object(values)
}

fn merge_one(
    checks: &mut Checks,
    values: &mut Map<String, Value>,
    fields: &[FieldDefinition],
    key: String,
    value: Value,
) {
    let path = format!("custom.{}", key.chars().take(60).collect::<String>());
    let Some(field) = fields.iter().find(|field| field.archived_at.is_none() && field.key == key) else {
        checks.problem(&path, "The record type has no such field.");
        return;
    };
    if value.is_null() {
        values.remove(&key);
        return;
    }
    values.insert(key, check(checks, &path, field, value));
}

fn check(checks: &mut Checks, path: &str, field: &FieldDefinition, value: Value) -> Value {
    let wanted = match (field.kind, &value) {
        (FieldKind::Text, Value::String(text)) => return checks.text(path, text, TEXT).into(),
        (FieldKind::Url, Value::String(url)) => return checks.web_address(path, url).into(),
        (FieldKind::Number, Value::Number(_)) | (FieldKind::Boolean, Value::Bool(_)) => return value,
        (FieldKind::Select, Value::String(choice)) if field.options.contains(choice) => return value,
        (FieldKind::Date, Value::String(day)) if is_day(day) => return value,
        (FieldKind::Money, Value::Object(parts)) if is_money(parts) => return value,
        (FieldKind::Text, _) => "This must be a text.",
        (FieldKind::Url, _) => "This must be a web address that starts with http:// or https://.",
        (FieldKind::Number, _) => "This must be a number.",
        (FieldKind::Boolean, _) => "This must be true or false.",
        (FieldKind::Select, _) => "This must be one of the field's options.",
        (FieldKind::Date, _) => "This must be a day such as 2026-11-22.",
        (FieldKind::Money, _) => r#"This must be an amount such as {"amount": "12.50", "currency": "EUR"}."#,
    };
    checks.problem(path, wanted);
    value
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_money(parts: &Map<String, Value>) -> bool {
    let part = |name| parts.get(name).and_then(Value::as_str);
    parts.len() == 2
        && part("amount").is_some_and(is_decimal)
        && part("currency").is_some_and(currencies::is_known)
}

/// A decimal of at most 15 digits before the point and 4 after it.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole, 15) && digits(fraction, 4),
        None => digits(unsigned, 15),
    }
}

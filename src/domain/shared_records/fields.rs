//! Shared custom fields and their values (REC-3, REC-4). A field that is not shared is not in the
//! list, and neither is one without a value: nothing tells which.

use chrono::NaiveDate;
use serde_json::Value;

use super::{SharedField, SharedRecord};
use crate::db::enums::FieldKind;

/// A shared field with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedValue {
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    /// The value as people read it.
    pub text: String,
    /// The value as it is kept.
    pub value: Value,
}

/// The values of a record, in the order of its type's shared fields.
pub fn values(record: &SharedRecord, fields: &[SharedField]) -> Vec<SharedValue> {
    fields
        .iter()
        .filter_map(|field| {
            let value = record.custom_shared.get(&field.key)?.clone();
            let text = text(field.kind, &value)?;
            Some(SharedValue {
                key: field.key.clone(),
                label: field.label.clone(),
                kind: field.kind,
                text,
                value,
            })
        })
        .collect()
}

/// A value as people read it; none for null, empty text, and what is not of its kind.
fn text(kind: FieldKind, value: &Value) -> Option<String> {
    match (kind, value) {
        (FieldKind::Boolean, Value::Bool(true)) => Some("Yes".to_owned()),
        (FieldKind::Boolean, Value::Bool(false)) => Some("No".to_owned()),
        (FieldKind::Number, Value::Number(number)) => Some(number.to_string()),
        (FieldKind::Money, Value::Object(money)) => {
            let (amount, currency) = (money.get("amount")?, money.get("currency")?.as_str()?);
            Some(format!("{currency} {}", grouped(&plain(amount)?)))
        }
        (FieldKind::Date, Value::String(day)) => {
            let parsed = day.parse::<NaiveDate>();
            Some(parsed.map_or_else(|_| day.clone(), |day| day.format("%-d %B %Y").to_string()))
        }
        (_, Value::String(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn plain(amount: &Value) -> Option<String> {
    match amount {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `1234567.50` as `1,234,567.50`.
fn grouped(amount: &str) -> String {
    let (whole, rest) = amount.split_at(amount.find('.').unwrap_or(amount.len()));
    let mut text = String::with_capacity(amount.len() + amount.len() / 3);
    for (place, digit) in whole.char_indices() {
        let left = whole.len() - place;
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

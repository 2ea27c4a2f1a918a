//! Documents made from the SDL: a call of any field, with arguments made up by type and name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::sdl::{Argument, Field, Sdl};

/// A field and the way to it from the operation.
#[derive(Clone)]
pub struct Call {
    /// `query` or `mutation`.
    pub operation: &'static str,
    /// The type the field is on, and its name: how the field is spoken of.
    pub coordinate: String,
    /// From the operation's root type down to the field.
    pub path: Vec<Field>,
    /// Everywhere it takes an id.
    pub places: Vec<Place>,
}

/// Where a call takes an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Argument, then field by field into the input.
    pub path: Vec<String>,
    /// What the id is of, in words: `recipient contact`, `update company`.
    pub of: Vec<String>,
}

/// Gives the id for a place.
pub type Ids<'a> = &'a dyn Fn(&Place) -> String;

/// The calls of every field on the way from the roots, `depth` objects deep.
pub fn calls(sdl: &Sdl, depth: usize) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut known = BTreeMap::new();
    for (operation, root) in [("query", "Query"), ("mutation", "Mutation")] {
        descend(sdl, (operation, root), &mut Vec::new(), &mut known, &mut calls, depth);
    }
    calls
}

/// Depth first would find long ways; each type is entered from where it is first met, level by level.
fn descend(
    sdl: &Sdl,
    (operation, on): (&'static str, &str),
    way: &mut Vec<Field>,
    known: &mut BTreeMap<String, usize>,
    calls: &mut Vec<Call>,
    depth: usize,
) {
    if way.len() > depth || known.get(on).is_some_and(|level| *level <= way.len()) {
        return;
    }
    let first = known.insert(on.to_owned(), way.len()).is_none();
    for field in sdl.fields(on) {
        way.push(field.clone());
        let coordinate = format!("{on}.{}", field.name);
        if !first {
            calls.retain(|call: &Call| call.coordinate != coordinate);
        }
        let places = places(sdl, field);
        calls.push(Call { operation, coordinate, path: way.clone(), places });
        descend(sdl, (operation, &field.kind.name), way, known, calls, depth);
        way.pop();
    }
}

/// Everywhere a field takes an id.
fn places(sdl: &Sdl, field: &Field) -> Vec<Place> {
    let mut found = Vec::new();
    for argument in &field.arguments {
        places_in(sdl, argument, &field.name, &mut Vec::new(), &mut found);
    }
    found
}

fn places_in(sdl: &Sdl, argument: &Argument, holder: &str, path: &mut Vec<String>, found: &mut Vec<Place>) {
    if path.len() > 5 {
        return;
    }
    path.push(argument.name.clone());
    if argument.kind.name == "ID" {
        found.push(Place { path: path.clone(), of: subject(&argument.name, holder) });
    }
    for inner in sdl.inputs(&argument.kind.name) {
        places_in(sdl, inner, &argument.kind.name, path, found);
    }
    path.pop();
}

/// `contactId` is of a contact; a bare `id` is of what holds it.
fn subject(name: &str, holder: &str) -> Vec<String> {
    let stem = name.strip_suffix("Ids").or_else(|| name.strip_suffix("Id")).unwrap_or(name);
    let stem =
        if matches!(stem, "id" | "ids") { holder.strip_suffix("Input").unwrap_or(holder) } else { stem };
    words(stem)
}

/// The words of a camel-cased name, in lower case.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        words.last_mut().unwrap().push(letter.to_ascii_lowercase());
    }
    words
}

impl Call {
    /// The guarded root it goes through: `staff`, `portal`, `access` or what is open to all.
    pub fn root(&self) -> &str {
        &self.path[0].name
    }

    /// A document and its variables. `wanted` is a place to fill even where it may be left out;
    /// `select` says how many objects deep the answer goes.
    pub fn document(
        &self,
        sdl: &Sdl,
        ids: Ids<'_>,
        wanted: Option<&Place>,
        select: usize,
    ) -> (String, Value) {
        let mut variables = serde_json::Map::new();
        let (mut head, mut body) = (String::new(), String::new());
        let last = self.path.len() - 1;
        for (level, field) in self.path.iter().enumerate() {
            let wanted = wanted.filter(|_| level == last);
            let _ = write!(body, "{{ {}", field.name);
            let mut given = Vec::new();
            for argument in &field.arguments {
                let maker = Maker { sdl, ids, wanted, holder: &field.name };
                if let Some(value) = maker.argument(argument, &mut Vec::new()) {
                    let variable = format!("v{}", variables.len());
                    let _ = write!(head, "${variable}: {} ", argument.kind.text);
                    given.push(format!("{}: ${variable}", argument.name));
                    variables.insert(variable, value);
                }
            }
            if !given.is_empty() {
                let _ = write!(body, "({})", given.join(", "));
            }
            body.push(' ');
        }
        body.push_str(&selection(sdl, &self.path[last].kind.name, select));
        body.push_str(&"}".repeat(self.path.len()));
        let head = if head.is_empty() { head } else { format!("({head})") };
        (format!("{}{head} {body}", self.operation), Value::Object(variables))
    }
}

/// Everything an object answers without being given arguments.
pub fn selection(sdl: &Sdl, on: &str, depth: usize) -> String {
    let fields = sdl.fields(on);
    if fields.is_empty() {
        return String::new();
    }
    let mut text = "{ __typename ".to_owned();
    for field in fields.iter().filter(|field| field.arguments.iter().all(|argument| argument.optional)) {
        let leaf = sdl.fields(&field.kind.name).is_empty();
        if leaf {
            let _ = write!(text, "{} ", field.name);
        } else if depth > 0 {
            let inner = selection(sdl, &field.kind.name, depth - 1);
            let _ = write!(text, "{} {inner}", field.name);
        }
    }
    text + "} "
}

/// Makes up arguments.
struct Maker<'a> {
    sdl: &'a Sdl,
    ids: Ids<'a>,
    wanted: Option<&'a Place>,
    holder: &'a str,
}

impl Maker<'_> {
    fn argument(&self, argument: &Argument, path: &mut Vec<String>) -> Option<Value> {
        path.push(argument.name.clone());
        let wanted = self.wanted.is_some_and(|place| place.path.starts_with(path));
        let value = (!argument.optional || wanted).then(|| self.value(argument, path));
        path.pop();
        value
    }

    fn value(&self, argument: &Argument, path: &mut Vec<String>) -> Value {
        let value = match argument.kind.name.as_str() {
            "ID" => {
                let of = subject(&argument.name, self.holder);
                Value::String((self.ids)(&Place { path: path.clone(), of }))
            }
            name if !self.sdl.inputs(name).is_empty() => self.input(name, path),
            name => match self.sdl.values(name).first() {
                Some(first) => json!(first),
                None => scalar(name, &argument.name),
            },
        };
        if argument.kind.list { json!([value]) } else { value }
    }

    fn input(&self, name: &str, path: &mut Vec<String>) -> Value {
        let inner = Maker { holder: name, ..*self };
        let fields = self.sdl.inputs(name);
        let mut object = serde_json::Map::new();
        if self.sdl.is_one_of(name) {
            let wanted = fields.iter().find(|field| {
                path.push(field.name.clone());
                let found = self.wanted.is_some_and(|place| place.path.starts_with(path));
                path.pop();
                found
            });
            let field = wanted.unwrap_or(&fields[0]);
            path.push(field.name.clone());
            object.insert(field.name.clone(), inner.value(field, path));
            path.pop();
        } else {
            for field in fields {
                if let Some(value) = inner.argument(field, path) {
                    object.insert(field.name.clone(), value);
                }
            }
        }
        Value::Object(object)
    }
}

/// A value that the field of this name takes.
fn scalar(kind: &str, name: &str) -> Value {
    let lower = name.to_ascii_lowercase();
    match kind {
        "Int" if lower == "version" => json!(1),
        "Int" if lower == "first" => json!(50),
        "Int" => json!(1),
        "Float" => json!(1.0),
        "Boolean" => json!(true),
        "DateTime" => json!("2999-01-01T00:00:00Z"),
        "NaiveDate" | "Date" => json!("2026-12-01"),
        "JSON" | "JSONObject" => json!({}),
        "String" if lower.contains("email") => json!("somebody@new.example"),
        "String" if lower.contains("url") || lower == "website" => json!("https://new.example"),
        "String" if lower.contains("color") => json!("#123456"),
        "String" if lower.contains("timezone") => json!("UTC"),
        "String" if lower.contains("password") => json!("correct horse battery staple"),
        "String" if lower == "metric" => json!("visits"),
        "String" if lower == "token" => json!("0123456789abcdefghijABCDEFGHIJ01"),
        "String" if lower == "key" || lower == "slug" => json!("something"),
        "String" if lower == "filename" => json!("Something.pdf"),
        "String" => json!("Something"),
        // If this failed, you probably added a scalar: say here what a value of it looks like.
        other => panic!("teach scalar() a value of {other}, for {name}"),
    }
}

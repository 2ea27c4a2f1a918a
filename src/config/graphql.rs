//! How large a query may be (API-5).

use super::env::{Env, Setting};

const DEPTH: Setting = Setting {
    name: "GRAPHQL_DEPTH",
    unit: "levels of fields",
    default: Some("16"),
    about: "Below 15 the standard introspection query no longer passes.",
};
const COMPLEXITY: Setting = Setting {
    name: "GRAPHQL_COMPLEXITY",
    unit: "cost points, one a field times the page sizes around it, and times 10 for each plain list",
    default: Some("50000"),
    about: "The most a query may cost. Too low refuses pages within pages; too high lets one caller keep a core busy.",
};
const FIELDS: Setting = Setting {
    name: "GRAPHQL_FIELDS",
    unit: "selected fields, fragments counted as often as they are spread",
    default: Some("1000"),
    about: "The widest query.",
};
const ALIASES: Setting = Setting {
    name: "GRAPHQL_ALIASES",
    unit: "aliases",
    default: Some("50"),
    about: "The most aliases in one query.",
};
const DIRECTIVES: Setting = Setting {
    name: "GRAPHQL_DIRECTIVES",
    unit: "directives on one field or fragment",
    default: Some("8"),
    about: "The most directives on one field.",
};
const TOKENS: Setting = Setting {
    name: "GRAPHQL_TOKENS",
    unit: "tokens",
    default: Some("5000"),
    about: "The longest document, counted before it is parsed.",
};
const CHARACTERS: Setting = Setting {
    name: "GRAPHQL_CHARACTERS",
    unit: "bytes",
    default: Some("50000"),
    about: "The longest document in bytes, looked at before anything else of it.",
};
const VARIABLES: Setting = Setting {
    name: "GRAPHQL_VARIABLES",
    unit: "bytes of JSON",
    default: Some("200000"),
    about: "The largest variables. Above HTTP_BODY_BYTES it has no effect.",
};
const PERSISTED: Setting = Setting {
    name: "GRAPHQL_PERSISTED",
    unit: "documents kept for automatic persisted queries",
    default: Some("1000"),
    about: "Few make clients send their documents again; each takes up to GRAPHQL_CHARACTERS of memory. 0 switches them off.",
};
const INTROSPECTION: Setting = Setting {
    name: "GRAPHQL_INTROSPECTION",
    unit: "true or false",
    default: Some("true"),
    about: "Whether callers may read the schema. GraphiQL needs it.",
};

pub(super) const SETTINGS: &[Setting] = &[
    DEPTH,
    COMPLEXITY,
    FIELDS,
    ALIASES,
    DIRECTIVES,
    TOKENS,
    CHARACTERS,
    VARIABLES,
    PERSISTED,
    INTROSPECTION,
];

/// The limits of a query.
#[derive(Clone, Copy, Debug)]
pub struct GraphqlLimits {
    pub depth: usize,
    pub complexity: usize,
    pub fields: usize,
    pub aliases: usize,
    pub directives: usize,
    pub tokens: usize,
    pub characters: usize,
    pub variables: usize,
    pub persisted: usize,
    pub introspection: bool,
}

impl GraphqlLimits {
    /// Reads the section.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        Ok(Self {
            depth: env.parse(&DEPTH)?,
            complexity: env.parse(&COMPLEXITY)?,
            fields: env.parse(&FIELDS)?,
            aliases: env.parse(&ALIASES)?,
            directives: env.parse(&DIRECTIVES)?,
            tokens: env.parse(&TOKENS)?,
            characters: env.parse(&CHARACTERS)?,
            variables: env.parse(&VARIABLES)?,
            persisted: env.parse(&PERSISTED)?,
            introspection: env.parse(&INTROSPECTION)?,
        })
    }
}

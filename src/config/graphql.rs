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
    unit: "cost points, one a field times the page sizes around it",
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
    unit: "directives on one field",
    default: Some("8"),
    about: "The most directives on one field.",
};
const TOKENS: Setting = Setting {
    name: "GRAPHQL_TOKENS",
    unit: "tokens",
    default: Some("5000"),
    about: "The longest document, counted before it is parsed.",
};
const INTROSPECTION: Setting = Setting {
    name: "GRAPHQL_INTROSPECTION",
    unit: "true or false",
    default: Some("true"),
    about: "Whether callers may read the schema. GraphiQL needs it.",
};

pub(super) const SETTINGS: &[Setting] =
    &[DEPTH, COMPLEXITY, FIELDS, ALIASES, DIRECTIVES, TOKENS, INTROSPECTION];

/// The limits of a query.
#[derive(Clone, Copy, Debug)]
pub struct GraphqlLimits {
    pub depth: usize,
    pub complexity: usize,
    pub fields: usize,
    pub aliases: usize,
    pub directives: usize,
    pub tokens: usize,
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
            introspection: env.parse(&INTROSPECTION)?,
        })
    }
}

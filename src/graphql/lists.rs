//! Which fields answer plain lists of objects, by name, read from the schema itself: what is asked
//! inside one is asked of every item, and costs accordingly (API-5).

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, ServiceDocument, TypeKind, TypeSystemDefinition};

/// Items that a plain list is taken to have: few have more, and none is paged.
pub const ITEMS: u64 = 10;

static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let schema = parse_schema(super::root::bare().sdl()).expect("our own schema parses");
    names(&schema)
});

/// Whether a field of this name lists objects in some type of ours. Pages go by `edges`, and their
/// size, instead.
pub fn is_plain_list(field: &str) -> bool {
    NAMES.contains(field)
}

fn names(schema: &ServiceDocument) -> HashSet<String> {
    let types = || {
        schema.definitions.iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(&definition.node),
            _ => None,
        })
    };
    let objects: HashSet<&str> = types()
        .filter(|kind| matches!(kind.kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)))
        .map(|kind| kind.name.node.as_str())
        .collect();
    types()
        .filter_map(|kind| match &kind.kind {
            TypeKind::Object(object) => Some(&object.fields),
            _ => None,
        })
        .flatten()
        .filter(|field| match &field.node.ty.node.base {
            BaseType::List(item) => {
                matches!(&item.base, BaseType::Named(name) if objects.contains(name.as_str()))
            }
            BaseType::Named(_) => false,
        })
        .map(|field| field.node.name.node.to_string())
        .filter(|name| name != "edges")
        .collect()
}

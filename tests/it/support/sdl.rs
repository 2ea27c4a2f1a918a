//! The contract as tests read it: what there is to call and with which arguments, taken from the SDL
//! so that a new field is known the moment it is served.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use vestibule::config::{Env, GraphqlLimits};

/// Every type by its name.
pub struct Sdl {
    pub types: BTreeMap<String, Definition>,
}

/// One type.
pub struct Definition {
    pub described: bool,
    /// Whether exactly one field of this input type is given.
    pub one_of: bool,
    pub shape: Shape,
}

/// What a type is made of.
pub enum Shape {
    Object(Vec<Field>),
    Input(Vec<Argument>),
    /// The values, and whether each is described.
    Enum(Vec<(String, bool)>),
    Scalar,
}

/// A field of an object type.
#[derive(Clone)]
pub struct Field {
    pub name: String,
    pub described: bool,
    pub arguments: Vec<Argument>,
    pub kind: Kind,
}

/// An argument, or a field of an input type.
#[derive(Clone)]
pub struct Argument {
    pub name: String,
    pub described: bool,
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A type as it is referred to.
#[derive(Clone)]
pub struct Kind {
    /// The name inside lists and non-null marks.
    pub name: String,
    pub list: bool,
    /// As SDL writes it, for variables.
    pub text: String,
}

impl Sdl {
    /// The schema that is served.
    pub fn served() -> Self {
        let text = vestibule::graphql::sdl(&GraphqlLimits::read(&Env::default()).unwrap());
        let document = parse_schema(text).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(kind) => {
                let kind = kind.node;
                let described = kind.description.is_some();
                let one_of = kind.directives.iter().any(|directive| directive.node.name.node == "oneOf");
                Some((kind.name.node.to_string(), Definition { described, one_of, shape: shape(kind.kind) }))
            }
            _ => None,
        });
        Self { types: types.collect() }
    }

    /// The fields of an object type; none for everything else.
    pub fn fields(&self, name: &str) -> &[Field] {
        match self.types.get(name).map(|definition| &definition.shape) {
            Some(Shape::Object(fields)) => fields,
            _ => &[],
        }
    }

    /// The fields of an input type; none for everything else.
    pub fn inputs(&self, name: &str) -> &[Argument] {
        match self.types.get(name).map(|definition| &definition.shape) {
            Some(Shape::Input(arguments)) => arguments,
            _ => &[],
        }
    }

    /// Whether an input type takes exactly one of its fields.
    pub fn is_one_of(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|definition| definition.one_of)
    }

    /// The values of an enum; none for everything else.
    pub fn values(&self, name: &str) -> Vec<&str> {
        match self.types.get(name).map(|definition| &definition.shape) {
            Some(Shape::Enum(values)) => values.iter().map(|(value, _)| value.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

fn shape(kind: TypeKind) -> Shape {
    match kind {
        TypeKind::Object(object) => Shape::Object(object.fields.into_iter().map(|f| field(f.node)).collect()),
        TypeKind::Interface(interface) => {
            Shape::Object(interface.fields.into_iter().map(|f| field(f.node)).collect())
        }
        TypeKind::InputObject(input) => {
            Shape::Input(input.fields.into_iter().map(|f| argument(f.node)).collect())
        }
        TypeKind::Enum(values) => Shape::Enum(
            values
                .values
                .into_iter()
                .map(|value| (value.node.value.node.to_string(), value.node.description.is_some()))
                .collect(),
        ),
        TypeKind::Scalar | TypeKind::Union(_) => Shape::Scalar,
    }
}

fn field(field: FieldDefinition) -> Field {
    Field {
        name: field.name.node.to_string(),
        described: field.description.is_some(),
        arguments: field.arguments.into_iter().map(|a| argument(a.node)).collect(),
        kind: reference(&field.ty.node),
    }
}

fn argument(argument: InputValueDefinition) -> Argument {
    Argument {
        name: argument.name.node.to_string(),
        described: argument.description.is_some(),
        kind: reference(&argument.ty.node),
        optional: argument.ty.node.nullable || argument.default_value.is_some(),
    }
}

fn reference(kind: &Type) -> Kind {
    let (mut base, mut list) = (&kind.base, false);
    while let BaseType::List(inner) = base {
        list = true;
        base = &inner.base;
    }
    let BaseType::Named(name) = base else { unreachable!("lists end in a name") };
    Kind { name: name.to_string(), list, text: kind.to_string() }
}

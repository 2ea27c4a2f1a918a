//! The manual: every type, field, argument and enum value says what it is to the person who calls it.

use crate::support::sdl::{Sdl, Shape};

/// API-1
#[test]
fn everything_in_the_contract_is_described() {
    let sdl = Sdl::served();
    let mut bare: Vec<String> = Vec::new();
    for (name, definition) in &sdl.types {
        let mut expect = |described: bool, path: String| {
            if !described {
                bare.push(path);
            }
        };
        expect(definition.described || built_in(name), name.clone());
        match &definition.shape {
            Shape::Object(fields) => {
                for field in fields {
                    expect(field.described, format!("{name}.{}", field.name));
                    for argument in &field.arguments {
                        expect(argument.described, format!("{name}.{}({})", field.name, argument.name));
                    }
                }
            }
            Shape::Input(arguments) => {
                for argument in arguments {
                    expect(argument.described, format!("{name}.{}", argument.name));
                }
            }
            Shape::Enum(values) => {
                for (value, described) in values {
                    expect(*described, format!("{name}.{value}"));
                }
            }
            Shape::Scalar => {}
        }
    }
    // If this failed, you probably added something to the schema without a doc comment, or an
    // argument without `#[graphql(desc = "…")]`.
    assert!(bare.is_empty(), "these have no description: {bare:#?}");
    assert!(sdl.types.len() > 20, "the SDL was read as {} types only", sdl.types.len());
}

/// GraphQL's own scalars are described by its specification.
fn built_in(name: &str) -> bool {
    ["Boolean", "Float", "ID", "Int", "String"].contains(&name)
}

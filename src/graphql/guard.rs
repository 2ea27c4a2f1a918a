//! Looks at a document before it runs: what the engine's own limits do not cover (API-5), and that
//! an operation enters one root only.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};

use crate::config::GraphqlLimits;
use crate::error::{Error, Result};

/// The one operation of a document that a request runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub kind: OperationType,
    /// Whether it enters the portal root, whose dead links leave at fixed deadlines.
    pub enters_portal: bool,
}

/// Checks the document and finds the operation that `name` means.
pub fn inspect(
    document: &ExecutableDocument,
    name: Option<&str>,
    limits: &GraphqlLimits,
) -> Result<Operation> {
    let operation = find(document, name)?;
    let mut walk = Walk { document, limits, fields: 0, aliases: 0, roots: Vec::new() };
    walk.selections(&operation.selection_set.node, 0, true)?;
    let mut roots: Vec<&str> = walk.roots.clone();
    roots.sort_unstable();
    roots.dedup();
    if roots.len() > 1 {
        return Err(Error::invalid("query", "An operation enters one root only: split it in two."));
    }
    Ok(Operation { kind: operation.ty, enters_portal: roots == ["portal"] })
}

fn find<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(all), Some(name)) => {
            all.iter().find(|(known, _)| known.as_str() == name).map(|(_, operation)| operation)
        }
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        _ => None,
    };
    found.map(|operation| &operation.node).ok_or_else(|| {
        Error::invalid("operationName", "The document has no such operation; name one of those it has.")
    })
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a GraphqlLimits,
    fields: usize,
    aliases: usize,
    roots: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// Walks fragments as often as they are spread: that is how often they run.
    fn selections(&mut self, set: &'a SelectionSet, depth: usize, top: bool) -> Result<()> {
        if depth > self.limits.depth * 4 {
            return Err(too_complex("The query nests its fragments too deep."));
        }
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.fields += 1;
                    self.aliases += usize::from(field.alias.is_some());
                    self.check()?;
                    let name = field.name.node.as_str();
                    if top && matches!(name, "staff" | "portal" | "access") {
                        self.roots.push(name);
                    }
                    self.selections(&field.selection_set.node, depth + 1, false)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.selections(&fragment.node.selection_set.node, depth + 1, top)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node, depth + 1, top)?;
                }
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.aliases > self.limits.aliases {
            return Err(too_complex(&format!("A query may hold at most {} aliases.", self.limits.aliases)));
        }
        if self.fields > self.limits.fields {
            return Err(too_complex(&format!("A query may select at most {} fields.", self.limits.fields)));
        }
        Ok(())
    }
}

fn too_complex(message: &str) -> Error {
    Error::QueryTooComplex(message.to_owned())
}

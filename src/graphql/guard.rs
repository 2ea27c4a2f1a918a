//! Looks at a document before it runs: how large it is once its fragments are spread, what it
//! costs, that its variables are there, and that its operation enters one root only (API-5).
//!
//! Fragments are measured once each, so that looking takes no longer than the document is long,
//! however often they spread each other. Not here: what the schema says; the engine checks that.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Positioned, Value, Variables};

use super::lists::{ITEMS, is_plain_list};
use crate::config::GraphqlLimits;
use crate::db::paging::{DEFAULT_PAGE, MAX_PAGE};
use crate::error::{Error, FieldProblem, Result};

/// How deep fragments may spread each other, and fields nest, while measuring.
const LEVELS: usize = 128;
/// Lists within lists of the schema about itself; the standard query needs one less.
const INTROSPECTION_LISTS: usize = 2;

/// The one operation of a document that a request runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub kind: OperationType,
    /// One a field, times the sizes of the pages and lists around it.
    pub cost: u64,
}

/// Checks the document and finds the operation that `name` means.
pub fn inspect(
    document: &ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
    limits: &GraphqlLimits,
) -> Result<Operation> {
    let operation = find(document, name)?;
    if operation.ty == OperationType::Subscription {
        check_subscription(operation)?;
    }
    let mut ruler = Ruler { document, operation, variables, limits, fragments: HashMap::new() };
    let size = ruler.operation(operation)?;
    ruler.check(&size)?;
    ruler.check_document()?;
    check_variables(operation, variables)?;
    let mut roots = Vec::new();
    collect_roots(document, &operation.selection_set.node, &mut roots);
    roots.sort_unstable();
    roots.dedup();
    if roots.len() > 1 {
        return Err(Error::invalid("query", "An operation enters one root only: split it in two."));
    }
    Ok(Operation { kind: operation.ty, cost: size.cost() })
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

/// A subscription asks for one thing, and says so itself: the engine follows no fragment there, and a
/// directive that skips it would leave nothing.
fn check_subscription(operation: &OperationDefinition) -> Result<()> {
    match operation.selection_set.node.items.as_slice() {
        [only] if matches!(&only.node, Selection::Field(field) if field.node.directives.is_empty()) => Ok(()),
        _ => Err(Error::invalid(
            "query",
            "A subscription selects exactly one field, not by a fragment and without a directive.",
        )),
    }
}

/// Every required variable has a value. The engine would find out only while it runs.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<()> {
    let missing: Vec<FieldProblem> = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node)
        .filter(|definition| !definition.var_type.node.nullable)
        .filter(|definition| match variables.get(&definition.name.node) {
            Some(Value::Null) => true,
            Some(_) => false,
            None => definition.default_value.is_none(),
        })
        .map(|definition| FieldProblem {
            path: format!("variables.{}", definition.name.node),
            message: format!("The variable ${} needs a value.", definition.name.node),
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::Validation(missing)) }
}

/// Only after the size was checked: it follows every spread.
fn collect_roots<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet, roots: &mut Vec<&'a str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                if matches!(name, "staff" | "portal" | "access") {
                    roots.push(name);
                }
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_roots(document, &fragment.node.selection_set.node, roots);
                }
            }
            Selection::InlineFragment(fragment) => {
                collect_roots(document, &fragment.node.selection_set.node, roots);
            }
        }
    }
}

/// What a selection amounts to when it runs.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    /// Fields, spreads and inline fragments.
    selections: u64,
    aliases: u64,
    depth: u64,
    /// Cost of `edges` at the top of the selection: the connection around it multiplies that.
    edges: u64,
    /// Cost of everything else.
    others: u64,
    /// Lists within lists of the schema about itself.
    lists: usize,
}

impl Size {
    fn cost(&self) -> u64 {
        self.edges.saturating_add(self.others)
    }

    fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            depth: self.depth.max(other.depth),
            edges: self.edges.saturating_add(other.edges),
            others: self.others.saturating_add(other.others),
            lists: self.lists.max(other.lists),
        }
    }
}

/// Measures a document.
struct Ruler<'a> {
    document: &'a ExecutableDocument,
    /// The one that runs: its variables' defaults count.
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a GraphqlLimits,
    /// None while a fragment is being measured: whoever finds it so has come round in a circle.
    fragments: HashMap<&'a str, Option<Size>>,
}

impl<'a> Ruler<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size> {
        self.check_directives(&operation.directives)?;
        self.set(&operation.selection_set.node, 0)
    }

    /// The engine walks every definition of a document, so each has to be within bounds.
    fn check_document(&mut self) -> Result<()> {
        let mut whole = Size::default();
        for (_, operation) in self.document.operations.iter() {
            whole = whole.and(self.operation(&operation.node)?);
        }
        for name in self.document.fragments.keys() {
            whole = whole.and(self.fragment(name, 0)?);
        }
        if whole.selections > self.limits.fields as u64 * 4 {
            return Err(too_complex("The document's operations and fragments select too much in all."));
        }
        Ok(())
    }

    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size> {
        if level > LEVELS {
            return Err(too_complex("The query nests its fragments too deep."));
        }
        let mut size = Size::default();
        for selection in &set.items {
            let one = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::FragmentSpread(spread) => {
                    self.check_directives(&spread.node.directives)?;
                    self.fragment(&spread.node.fragment_name.node, level)?
                }
                Selection::InlineFragment(fragment) => {
                    self.check_directives(&fragment.node.directives)?;
                    self.set(&fragment.node.selection_set.node, level + 1)?
                }
            };
            size = size.and(one).and(Size { selections: 1, ..Size::default() });
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Size> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Error::invalid("query", "A fragment must not spread itself.")),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        self.check_directives(&fragment.node.directives)?;
        let size = self.set(&fragment.node.selection_set.node, level + 1)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Size> {
        self.check_directives(&field.directives)?;
        let inside = self.set(&field.selection_set.node, level + 1)?;
        let name = field.name.node.as_str();
        let cost = inside.edges.saturating_mul(self.page(field)).saturating_add(inside.others);
        let items = if inside.edges == 0 && is_plain_list(name) { ITEMS } else { 1 };
        let cost = cost.saturating_mul(items).saturating_add(1);
        let is_edges = name == "edges";
        let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        if matches!(name, "__schema" | "__type") && inside.lists > INTROSPECTION_LISTS {
            return Err(too_complex("The query asks the schema about itself in circles."));
        }
        Ok(Size {
            selections: inside.selections,
            aliases: inside.aliases + u64::from(field.alias.is_some()),
            depth: inside.depth + 1,
            edges: if is_edges { cost } else { 0 },
            others: if is_edges { 0 } else { cost },
            lists: inside.lists + usize::from(is_list),
        })
    }

    /// How many edges a connection may answer. What is no page size is refused where it is read.
    fn page(&self, field: &Field) -> u64 {
        let asked = field.get_argument("first").and_then(|argument| {
            argument.node.clone().into_const_with(|name| self.variable(&name).ok_or(())).ok()
        });
        let asked = match asked {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        asked.unwrap_or(DEFAULT_PAGE as u64).min(MAX_PAGE as u64)
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let definition = || self.operation.variable_definitions.iter().find(|v| v.node.name.node == name);
        self.variables.get(name).or_else(|| definition()?.node.default_value()).cloned()
    }

    fn check_directives(&self, directives: &[Positioned<Directive>]) -> Result<()> {
        if directives.len() > self.limits.directives {
            let most = self.limits.directives;
            return Err(too_complex(&format!("A field may carry at most {most} directives.")));
        }
        Ok(())
    }

    fn check(&self, size: &Size) -> Result<()> {
        let limits = self.limits;
        let exceeds = |measured: u64, most: usize| measured > most as u64;
        let refusal = if exceeds(size.aliases, limits.aliases) {
            format!("A query may hold at most {} aliases.", limits.aliases)
        } else if exceeds(size.selections, limits.fields) {
            format!("A query may select at most {} fields.", limits.fields)
        } else if exceeds(size.depth, limits.depth) {
            format!("A query may be at most {} fields deep.", limits.depth)
        } else if exceeds(size.cost(), limits.complexity) {
            format!("A query may cost at most {}; this one costs {}.", limits.complexity, size.cost())
        } else {
            return Ok(());
        };
        Err(too_complex(&refusal))
    }
}

fn too_complex(message: &str) -> Error {
    Error::QueryTooComplex(message.to_owned())
}

//! Lists of objects whose fields are all at hand: no field of theirs waits for anything. The engine
//! makes a future on the heap for every field of every object, which is most of what a portal home
//! costs us; here an object's fields are read one after another instead (docs/decisions, 12).

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::ContainerType;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

/// A list of them. In the schema it is `[T!]`. Not for objects that ask loaders: read one after
/// another, they would never be in one batch.
pub struct AtHand<T>(Vec<T>);

impl<T, F: Into<T>> FromIterator<F> for AtHand<T> {
    fn from_iter<I: IntoIterator<Item = F>>(items: I) -> Self {
        Self(items.into_iter().map(Into::into).collect())
    }
}

impl<T: ContainerType + Send + Sync> OutputType for AtHand<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut values = Vec::with_capacity(self.0.len());
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            let value = match read(item, &ctx).await {
                Ok(Some(value)) => Ok(value),
                Ok(None) => item.resolve(&ctx, field).await,
                Err(error) => Err(error),
            };
            values.push(value.map_err(|error| ctx.set_error_path(error))?);
        }
        Ok(Value::List(values))
    }
}

/// The object, if plain fields are all that is asked of it. What else a selection may hold
/// (fragments, directives, `__typename`, a field asked twice) is the engine's to resolve.
async fn read<T: ContainerType>(object: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Option<Value>> {
    let selections = &ctx.item.node.items;
    let mut values = IndexMap::with_capacity(selections.len());
    for selection in selections {
        let Selection::Field(field) = &selection.node else { return Ok(None) };
        if !field.node.directives.is_empty() || field.node.name.node == "__typename" {
            return Ok(None);
        }
        let value = object.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default();
        if values.insert(field.node.response_key().node.clone(), value).is_some() {
            return Ok(None);
        }
    }
    Ok(Some(Value::Object(values)))
}

//! SQL written by hand that Postgres parses and plans once a connection, like all that Diesel builds. Diesel
//! itself sends such text to be prepared anew at each use, for it cannot know that the text never changes.

use std::marker::PhantomData;

use diesel::expression::{
    AppearsOnTable, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// An expression in SQL, in place of `diesel::dsl::sql`.
#[derive(Clone, Copy, Debug)]
pub struct Literal<T> {
    sql: &'static str,
    kind: PhantomData<T>,
}

/// An expression in SQL, of the type that the caller says.
pub const fn literal<T>(sql: &'static str) -> Literal<T> {
    Literal { sql, kind: PhantomData }
}

impl<T: TypedExpressionType> Expression for Literal<T> {
    type SqlType = T;
}

impl<T, S> AppearsOnTable<S> for Literal<T> where Self: Expression {}

impl<T, S> SelectableExpression<S> for Literal<T> where Self: AppearsOnTable<S> {}

impl<T, G> ValidGrouping<G> for Literal<T> {
    type IsAggregate = is_aggregate::Never;
}

impl<T> QueryId for Literal<T> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> QueryFragment<Pg> for Literal<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql);
        Ok(())
    }
}

/// A `diesel::sql_query` whose text is the same at each use: whatever differs is bound.
#[derive(Clone, Copy, Debug)]
pub struct Prepared<Q>(Q);

/// Makes one of a query.
pub trait Prepare: Query + Sized {
    /// Says that the text is the same at each use.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Q: Query> Prepare for Q {}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

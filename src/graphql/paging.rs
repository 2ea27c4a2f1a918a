//! Relay connections (API-4). `connection!` declares the pair of types for one kind of node.

use async_graphql::{Context, SimpleObject};

use crate::db::paging::Rows;

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether more follow after `endCursor`.
    pub has_next_page: bool,
    /// Whether this page was asked for with `after`.
    pub has_previous_page: bool,
    /// Cursor of the page's first node.
    pub start_cursor: Option<String>,
    /// Cursor of the page's last node; pass it as `after` for the next page.
    pub end_cursor: Option<String>,
}

/// Declares a connection type, its edge, and how both are built from a page of rows.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $many:literal) => {
        #[doc = concat!("A page of ", $many, ".")]
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// The page's nodes, each with its cursor.
            pub edges: Vec<$edge>,
            /// Where the page stands in the list.
            pub page_info: $crate::graphql::paging::PageInfo,
            /// How many there are in all, counted up to 10,000; computed only when asked for.
            pub total_count: Option<i64>,
        }

        #[doc = concat!("One of the ", $many, " of a page.")]
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Where this node stands in the list.
            pub cursor: String,
            /// The node itself.
            pub node: $node,
        }

        impl $connection {
            /// Builds the page. `key` gives a row's cursor key, `continued` says whether `after` was given.
            pub fn new<R, K: serde::Serialize>(
                rows: $crate::db::paging::Rows<R>,
                key: impl Fn(&R) -> K,
                continued: bool,
                total_count: Option<i64>,
            ) -> Self
            where
                $node: From<R>,
            {
                let page_info = $crate::graphql::paging::page_info(&rows, &key, continued);
                let edges = rows
                    .rows
                    .into_iter()
                    .map(|row| $edge {
                        cursor: $crate::db::paging::seal_cursor(&key(&row)),
                        node: row.into(),
                    })
                    .collect();
                Self { edges, page_info, total_count }
            }
        }
    };
}
pub(crate) use connection;

/// The page info of a page of rows.
pub fn page_info<R, K: serde::Serialize>(rows: &Rows<R>, key: impl Fn(&R) -> K, continued: bool) -> PageInfo {
    let cursor = |row: &R| crate::db::paging::seal_cursor(&key(row));
    PageInfo {
        has_next_page: rows.more,
        has_previous_page: continued,
        start_cursor: rows.rows.first().map(cursor),
        end_cursor: rows.rows.last().map(cursor),
    }
}

/// Whether the query asks for `totalCount`.
pub fn wants_count(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

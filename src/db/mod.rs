//! Everything that knows how Postgres is spoken to: pools, the only BEGIN, ids, closed sets,
//! keyset paging, migrations. Not here: any rule of the product, and any query of a feature.

pub mod bootstrap;
pub mod constraints;
pub mod enums;
pub mod ids;
pub mod migrate;
pub mod paging;
pub mod pool;
pub mod prepared;
#[rustfmt::skip]
pub mod schema;
pub mod scope;
pub mod settings;

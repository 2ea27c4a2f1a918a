//! The API's shape: parse the input, call one domain verb, map the outcome. Not here: rules, SQL,
//! and anything about HTTP.

pub mod access;
mod at_hand;
pub mod context;
pub mod errors;
pub mod guard;
pub mod lists;
pub mod loaders;
pub mod paging;
pub mod portal;
pub mod root;
pub mod scalars;
pub mod staff;
pub mod subscriptions;
pub mod tokens;

pub use root::{Schema, build, sdl};

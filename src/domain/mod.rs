//! The rules of the product, a folder a feature: `mod.rs` holds verbs and rules, the private
//! `rows.rs` its Diesel. Not here: GraphQL, HTTP, Redis, mail; and nobody reads another's rows.

pub mod api_keys;
pub mod audit;
pub mod callers;
pub mod changes;
pub mod codes;
pub mod companies;
pub mod contacts;
pub mod currencies;
pub mod events;
pub mod home;
pub mod idempotency;
pub mod invitations;
pub mod mails;
pub mod members;
pub mod organizations;
pub mod origins;
pub mod outbox;
pub mod passwords;
pub mod people;
pub mod portals;
pub mod positions;
pub mod record_types;
pub mod records;
pub mod retention;
pub mod sections;
pub mod shared_records;
pub mod sign_in_providers;
pub mod staff_sessions;
pub mod tokens;
pub mod usage;
pub mod validation;
pub mod visitors;
pub mod webhooks;
